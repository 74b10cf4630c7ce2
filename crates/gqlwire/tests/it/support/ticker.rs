use std::ops::AddAssign;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use appsync_local::{Api, Limits, Server};
use futures_util::StreamExt;
use gqlwire::{Event, Gap, Subscription};
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::KEY;

pub(crate) const TICKS: &str = "subscription { onTick { n pad } }";

const TICK: &str = "mutation($n: Int!, $pad: String!) { tick(n: $n, pad: $pad) { n pad } }";

const SDL: &str = r#"
    type Tick { n: Int! pad: String! }
    type Query { none: Tick }
    type Mutation { tick(n: Int!, pad: String!): Tick }
    type Subscription { onTick: Tick @aws_subscribe(mutations: ["tick"]) }
"#;

/// Nothing that works is silent for so long while events are being sent.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How much earlier than the last frame before a gap an event may have been sent that is lost in it: what was on its way
/// then, on a busy machine.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// How far the wall clock and the monotonic one may drift apart in a gap.
const DRIFT: Duration = Duration::from_millis(50);

/// A local AppSync that sends numbered events.
#[derive(Clone)]
pub(crate) struct Ticker {
    pub(crate) server: Arc<Server>,
    /// As long as an event is, besides its number.
    pad: Arc<str>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

/// When an event was sent: between these two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    before: SystemTime,
    after: SystemTime,
}

/// What a subscription yielded.
#[derive(Clone, Debug)]
pub(crate) enum Got {
    Gap(Gap),
    Number(usize),
}

impl Ticker {
    pub(crate) async fn start() -> Self {
        Self::with_limits(Limits::default()).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        Self {
            server: Arc::new(serve("127.0.0.1:0", limits).await),
            pad: "".into(),
            sent: Arc::default(),
        }
    }

    /// Each event is so many bytes longer.
    pub(crate) fn padded(mut self, bytes: usize) -> Self {
        self.pad = "x".repeat(bytes).into();
        self
    }

    /// Ends the server and starts another in its place.
    pub(crate) async fn restart(self) -> Self {
        let Self { server, pad, sent } = self;
        let address = server.address().to_string();
        Arc::into_inner(server).expect("nobody sends").shutdown().await;
        Self {
            server: Arc::new(serve(&address, Limits::default()).await),
            pad,
            sent,
        }
    }

    /// Sends the next number.
    pub(crate) async fn tick(&self) -> usize {
        let number = self.sent.lock().unwrap().len();
        let variables = Map::from_iter([
            ("n".to_owned(), Value::from(number)),
            ("pad".to_owned(), Value::from(&*self.pad)),
        ]);
        let before = SystemTime::now();
        let answer = self.server.execute(TICK, variables);
        assert!(!answer.await.contains("errors"));
        let after = SystemTime::now();
        self.sent.lock().unwrap().push(Sent { before, after });
        number
    }

    /// Sends number after number until the answer is dropped.
    pub(crate) fn keep_ticking(&self, every: Duration) -> JoinSet<()> {
        let ticker = self.clone();
        let mut ticking = JoinSet::new();
        ticking.spawn(async move {
            let mut interval = interval(every);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                interval.tick().await;
                ticker.tick().await;
            }
        });
        ticking
    }

    /// How many numbers have been sent.
    pub(crate) fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// See [`abandoned`].
    pub(crate) async fn abandoned(&self) {
        abandoned(&self.server).await;
    }

    /// A number that is sent after this call, and so is every greater one.
    pub(crate) fn first_after_now(&self) -> usize {
        // One may be on its way.
        self.count() + 1
    }

    /// Panics unless every number from this one to the last came once and in order, or lies in a gap at its place.
    pub(crate) fn check(&self, from: usize, log: &[Got]) -> Account {
        let sent = self.sent.lock().unwrap().clone();
        let mut account = Account::default();
        let mut last = None;
        let mut gaps: Vec<&Gap> = Vec::new();
        for got in log {
            let number = match got {
                Got::Gap(gap) => {
                    account.gaps += 1;
                    assert!(gap.since <= gap.until, "{gap:?}");
                    gaps.push(gap);
                    continue;
                }
                Got::Number(number) => *number,
            };
            assert!(last.is_none_or(|last| last < number), "{number} came after {last:?}");
            let next = last.map_or(from, |last| last + 1).min(number);
            for (missing, Sent { before, after }) in (next..).zip(&sent[next..number]) {
                let excused = |gap: &&&Gap| *before <= gap.until + DRIFT && *after + ON_ITS_WAY >= gap.since;
                assert!(
                    gaps.iter().any(|gap| excused(&gap)),
                    "{missing}, sent {before:?} to {after:?}, is missing between {last:?} and {number} with {gaps:?}"
                );
                account.missing += 1;
            }
            account.numbers += 1;
            last = Some(number);
            gaps.clear();
        }
        account
    }
}

/// What a log comes to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Account {
    pub(crate) cuts: usize,
    pub(crate) reconnects: u64,
    pub(crate) numbers: usize,
    pub(crate) gaps: usize,
    pub(crate) missing: usize,
}

impl AddAssign for Account {
    fn add_assign(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.reconnects += other.reconnects;
        self.numbers += other.numbers;
        self.gaps += other.gaps;
        self.missing += other.missing;
    }
}

async fn serve(address: &str, limits: Limits) -> Server {
    let api = Api::from_sdl(SDL).unwrap();
    let server = Server::builder().api(api).api_key(KEY).limits(limits);
    server.bind(address).await.unwrap()
}

/// Waits until the server has nothing left of any client: it hears of a closed socket a little later.
pub(crate) async fn abandoned(server: &Server) {
    let left = || {
        let stats = server.stats();
        (stats.realtime_connections, stats.subscriptions)
    };
    let waited = timeout(PATIENCE, async {
        while left() != (0, 0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "connections and subscriptions left: {:?}", left());
}

/// What comes next; panics where nothing does.
pub(crate) async fn next(subscription: &mut Subscription<Value>) -> Got {
    let event = timeout(PATIENCE, subscription.next()).await.expect("nothing comes");
    match event
        .expect("the subscription is over")
        .expect("the subscription failed")
    {
        Event::Gap(gap) => Got::Gap(gap),
        Event::Next(response) => {
            let data = response.into_data().unwrap();
            Got::Number(data["onTick"]["n"].as_u64().unwrap().try_into().unwrap())
        }
        other => panic!("{other:?}"),
    }
}
