//! Tokens that are kept, by a clock that moves with the runtime's.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::time::{Instant, advance, sleep};
use url::Url;

use super::jwt::unsigned;
use super::{CachedToken, Cognito, Iam, Lambda, Oidc, Token};
use crate::{AuthProvider, Authorization, Error, ErrorKind, Target, TargetKind};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// A token endpoint that counts, and a clock.
#[derive(Clone)]
struct Endpoint(Arc<Inner>);

struct Inner {
    began: Instant,
    epoch: SystemTime,
    asked: AtomicUsize,
    dropped: AtomicUsize,
    takes: AtomicU64,
    lifetime: Duration,
    /// What it does in place of giving a token.
    fails: Mutex<Option<Failure>>,
}

#[derive(Clone, Copy)]
enum Failure {
    Error,
    Panic,
    PanicAtOnce,
    SameToken,
}

struct CountDrop(Arc<Inner>, bool);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(usize::from(!self.1), Ordering::SeqCst);
    }
}

impl Endpoint {
    /// Its tokens live for an hour, and it takes a second.
    fn new() -> Self {
        Self::with_lifetime(HOUR)
    }

    fn with_lifetime(lifetime: Duration) -> Self {
        Self(Arc::new(Inner {
            began: Instant::now(),
            epoch: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            asked: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
            takes: AtomicU64::new(1000),
            lifetime,
            fails: Mutex::default(),
        }))
    }

    fn fetch(&self) -> impl Future<Output = Result<Token, Error>> + Send + 'static + use<> {
        let inner = Arc::clone(&self.0);
        let number = inner.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let failure = *inner.fails.lock().unwrap();
        assert!(!matches!(failure, Some(Failure::PanicAtOnce)), "at once");
        let end = self.now() + inner.lifetime;
        async move {
            let mut guard = CountDrop(Arc::clone(&inner), false);
            sleep(Duration::from_millis(inner.takes.load(Ordering::SeqCst))).await;
            guard.1 = true;
            let name = match failure {
                Some(Failure::Error) => return Err(Error::new(ErrorKind::Connect, "no token endpoint")),
                Some(Failure::SameToken) => "token-1".to_owned(),
                Some(_) => panic!("later"),
                None => format!("token-{number}"),
            };
            Ok(Token::new(name).expires_at(end))
        }
    }

    fn provider(&self) -> Cognito {
        let this = self.clone();
        Cognito::cached(move || this.fetch())
    }

    fn now(&self) -> SystemTime {
        self.0.epoch + self.0.began.elapsed()
    }

    fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    fn takes(&self, time: Duration) {
        self.0.takes.store(time.as_millis() as u64, Ordering::SeqCst);
    }

    fn fails(&self, failure: impl Into<Option<Failure>>) {
        *self.0.fails.lock().unwrap() = failure.into();
    }

    async fn ask(&self, provider: &dyn AuthProvider) -> Result<Authorization, Error> {
        let url = Url::parse("https://api.example.com/graphql").unwrap();
        let target = Target::new(TargetKind::Http, &url, "{}").at(self.now());
        provider.authorize(target).await
    }

    /// The number of the token that is given.
    async fn token(&self, provider: &dyn AuthProvider) -> usize {
        number(&self.ask(provider).await.unwrap())
    }
}

fn number(authorization: &Authorization) -> usize {
    let value = authorization.headers["authorization"].to_str().unwrap();
    value.strip_prefix("token-").unwrap().parse().unwrap()
}

fn refusal() -> Error {
    Error::new(ErrorKind::Auth, "no")
}

#[tokio::test(start_paused = true)]
async fn a_hundred_callers_have_one_token_fetched_and_later_ones_none() {
    let endpoint = Endpoint::new();
    let provider = endpoint.provider();
    let tokens = join_all((0..100).map(|_| endpoint.token(&provider))).await;
    assert_eq!(tokens, [1; 100]);
    advance(50 * MINUTE).await;
    let authorization = endpoint.ask(&provider).await.unwrap();
    assert_eq!(
        (number(&authorization), authorization.generation, endpoint.asked()),
        (1, 1, 1)
    );
    assert_eq!(authorization.expires_at, Some(endpoint.0.epoch + HOUR));
    assert!(authorization.headers["authorization"].is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn before_the_end_the_first_fetches_and_the_others_go_on_with_what_there_is() {
    let endpoint = Endpoint::new();
    let provider = endpoint.provider();
    endpoint.token(&provider).await;
    advance(54 * MINUTE).await;
    let began = Instant::now();
    let all = join_all((0..100).map(|_| async {
        let token = endpoint.token(&provider).await;
        (token, began.elapsed())
    }));
    let all = all.await;
    assert_eq!(all[0], (2, SECOND));
    assert!(all[1..].iter().all(|other| *other == (1, Duration::ZERO)), "{all:?}");
    let authorization = endpoint.ask(&provider).await.unwrap();
    assert_eq!(
        (number(&authorization), authorization.generation, endpoint.asked()),
        (2, 2, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_short_life_is_given_up_by_a_quarter_and_the_margin_can_be_set() {
    let endpoint = Endpoint::with_lifetime(8 * MINUTE);
    let provider = endpoint.provider();
    endpoint.token(&provider).await;
    advance(6 * MINUTE - 2 * SECOND).await;
    assert_eq!(endpoint.token(&provider).await, 1);
    advance(2 * SECOND).await;
    assert_eq!(endpoint.token(&provider).await, 2);

    let endpoint = Endpoint::new();
    let cache = CachedToken::new({
        let endpoint = endpoint.clone();
        move || endpoint.fetch()
    });
    let provider = Oidc::from_cache(cache.clone().refresh_early(MINUTE));
    endpoint.token(&provider).await;
    advance(58 * MINUTE).await;
    assert_eq!(endpoint.token(&provider).await, 1);
    advance(MINUTE).await;
    // Another provider, and the same token.
    assert_eq!(endpoint.token(&Lambda::from_cache(cache)).await, 2);
    assert_eq!(endpoint.token(&provider).await, 2);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_live_for_seconds_are_replaced_early_each_time() {
    let endpoint = Endpoint::with_lifetime(20 * SECOND);
    let provider = endpoint.provider();
    for step in 0..60 {
        let authorization = endpoint.ask(&provider).await.unwrap();
        assert!(authorization.expires_at.unwrap() > endpoint.now(), "at step {step}");
        advance(SECOND).await;
    }
    assert_eq!(endpoint.asked(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_has_nothing_newer_yet_is_asked_again_every_half_minute() {
    let endpoint = Endpoint::new();
    let end = endpoint.now() + HOUR;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provider = Cognito::cached(move || {
        count.fetch_add(1, Ordering::SeqCst);
        async move { Ok(Token::new("token-1").expires_at(end)) }
    });
    endpoint.token(&provider).await;
    advance(54 * MINUTE).await;
    for _ in 0..120 {
        assert_eq!(endpoint.ask(&provider).await.unwrap().generation, 1);
        advance(SECOND).await;
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1 + 4);
}

#[tokio::test(start_paused = true)]
async fn an_early_fetch_that_fails_is_no_error_and_not_repeated_at_once() {
    let endpoint = Endpoint::new();
    let provider = endpoint.provider();
    endpoint.token(&provider).await;
    advance(54 * MINUTE).await;
    endpoint.fails(Failure::Error);
    // Calls for 29 seconds, the first of which waits for one.
    for _ in 0..29 {
        assert_eq!(endpoint.token(&provider).await, 1);
        advance(SECOND).await;
    }
    assert_eq!(endpoint.asked(), 2);
    advance(SECOND).await;
    assert_eq!(endpoint.token(&provider).await, 1);
    assert_eq!(endpoint.asked(), 3);
    endpoint.fails(None);
    advance(30 * SECOND).await;
    assert_eq!(endpoint.token(&provider).await, 4);
}

#[tokio::test(start_paused = true)]
async fn an_early_fetch_that_hangs_holds_nobody_up_for_long() {
    let endpoint = Endpoint::new();
    let provider = endpoint.provider();
    endpoint.token(&provider).await;
    advance(55 * MINUTE).await;
    endpoint.takes(HOUR);
    let began = Instant::now();
    assert_eq!(endpoint.token(&provider).await, 1);
    assert_eq!(began.elapsed(), 5 * SECOND);
    assert_eq!(endpoint.token(&provider).await, 1);
    assert_eq!((began.elapsed(), endpoint.asked()), (5 * SECOND, 2));
}

#[tokio::test(start_paused = true)]
async fn without_a_token_the_failure_is_told_to_all_and_then_tried_again() {
    let endpoint = Endpoint::new();
    let provider = endpoint.provider();
    endpoint.fails(Failure::Error);
    let all = join_all((0..100).map(|_| endpoint.ask(&provider))).await;
    assert!(all.iter().all(|one| one.as_ref().is_err_and(Error::is_connect)));
    assert_eq!(endpoint.asked(), 1);
    endpoint.fails(None);
    assert_eq!(endpoint.token(&provider).await, 2);

    // An expired one is none, and is not handed out while another is sought.
    advance(HOUR).await;
    endpoint.fails(Failure::Error);
    endpoint.takes(Duration::ZERO);
    endpoint.ask(&provider).await.unwrap_err();
    endpoint.ask(&provider).await.unwrap_err();
    assert_eq!(endpoint.asked(), 3, "repeated at once");
    advance(SECOND).await;
    endpoint.fails(None);
    assert_eq!(endpoint.token(&provider).await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_once_for_all_who_were_refused_and_that_is_all() {
    let endpoint = Endpoint::new();
    let provider = endpoint.provider();
    let sent = endpoint.ask(&provider).await.unwrap();
    let why = refusal();
    let refused = || async { provider.refused(&sent, &why).await };
    let (better, meanwhile) = tokio::join!(join_all((0..100).map(|_| refused())), endpoint.token(&provider));
    assert_eq!(better, [true; 100]);
    assert_eq!((meanwhile, endpoint.asked()), (2, 2));
    // Who is late with the first one has nothing fetched.
    assert!(refused().await);
    let second = endpoint.ask(&provider).await.unwrap();
    assert!(!provider.refused(&second, &why).await, "a loop");
    assert_eq!(endpoint.asked(), 2);
    advance(30 * SECOND).await;
    endpoint.ask(&provider).await.unwrap();
    assert!(provider.refused(&second, &why).await);
    assert_eq!(endpoint.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_brings_the_same_token_or_none_has_nothing_better() {
    for failure in [Failure::SameToken, Failure::Error, Failure::Panic] {
        let endpoint = Endpoint::new();
        let provider = endpoint.provider();
        let sent = endpoint.ask(&provider).await.unwrap();
        endpoint.fails(failure);
        assert!(!provider.refused(&sent, &refusal()).await);
        assert!(!provider.refused(&sent, &refusal()).await);
        assert_eq!(endpoint.asked(), 2);
        let after = endpoint.ask(&provider).await.unwrap();
        assert_eq!((number(&after), after.generation), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_stops_nobody_and_the_last_to_leave_stops_the_fetch() {
    let endpoint = Endpoint::new();
    let provider = endpoint.provider();
    {
        let mut first = pin!(endpoint.token(&provider));
        assert!(poll_fn(|cx| Poll::Ready(first.poll_unpin(cx).is_pending())).await);
        let mut second = pin!(endpoint.token(&provider));
        assert!(poll_fn(|cx| Poll::Ready(second.poll_unpin(cx).is_pending())).await);
        // The one that began it goes.
        first.set(endpoint.token(&provider));
        assert_eq!(second.await, 1);
    }
    assert_eq!((endpoint.asked(), endpoint.0.dropped.load(Ordering::SeqCst)), (1, 0));

    advance(HOUR).await;
    let left = tokio::time::timeout(Duration::from_millis(500), endpoint.token(&provider)).await;
    assert!(left.is_err());
    assert_eq!((endpoint.asked(), endpoint.0.dropped.load(Ordering::SeqCst)), (2, 1));
    assert_eq!(endpoint.token(&provider).await, 3);
    // Nothing is left behind.
    let inner = Arc::downgrade(&endpoint.0);
    drop((endpoint, provider));
    assert_eq!(inner.strong_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_panics_or_hangs_gives_an_error_and_is_called_again() {
    let endpoint = Endpoint::new();
    let provider = endpoint.provider();
    for failure in [Failure::Panic, Failure::PanicAtOnce] {
        endpoint.fails(failure);
        let error = endpoint.ask(&provider).await.unwrap_err();
        assert!(error.is_auth() && error.to_string().contains("panicked"), "{error}");
        advance(SECOND).await;
    }
    endpoint.fails(None);
    endpoint.takes(HOUR);
    let began = Instant::now();
    let all = join_all((0..10).map(|_| endpoint.ask(&provider))).await;
    assert!(all.iter().all(|one| one.as_ref().is_err_and(Error::is_timeout)));
    assert_eq!((began.elapsed(), endpoint.asked()), (30 * SECOND, 3));
    endpoint.takes(SECOND);
    assert_eq!(endpoint.token(&provider).await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_ended_by_our_clock_is_used_and_not_fetched_for_each_call() {
    let endpoint = Endpoint::with_lifetime(Duration::ZERO);
    let provider = endpoint.provider();
    for _ in 0..8 {
        let authorization = endpoint.ask(&provider).await.unwrap();
        assert_eq!((number(&authorization), authorization.expires_at), (1, None));
        advance(SECOND).await;
    }
    advance(2 * SECOND).await;
    assert_eq!(endpoint.token(&provider).await, 2);
}

#[tokio::test(start_paused = true)]
async fn the_end_is_what_was_said_else_what_the_jwt_says_else_unknown() {
    let endpoint = Endpoint::new();
    let jwt = unsigned(r#"{"exp":1700003600}"#);
    let end = |token: Token| {
        let endpoint = &endpoint;
        async move {
            let provider = Oidc::cached(move || {
                let token = token.clone();
                async { Ok(token) }
            });
            endpoint.ask(&provider).await.unwrap().expires_at
        }
    };
    let at = |time| Some(endpoint.0.epoch + time);
    assert_eq!(end(jwt.as_str().into()).await, at(HOUR));
    assert_eq!(end(Token::new(jwt.clone()).expires_in(MINUTE)).await, at(MINUTE));
    assert_eq!(end(Token::new(jwt).expires_at(at(SECOND).unwrap())).await, at(SECOND));
    assert_eq!(end("opaque".to_owned().into()).await, None);
    assert_eq!(end(Token::new("opaque").expires_in(Duration::MAX)).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_asked_each_time_gives_tokens_whose_end_is_known_if_it_lies_ahead() {
    let endpoint = Endpoint::new();
    let end = |claims: &'static str| {
        let endpoint = &endpoint;
        async move {
            let provider = Cognito::from_fn(move || async move { Ok(unsigned(claims)) });
            endpoint.ask(&provider).await.unwrap().expires_at
        }
    };
    assert_eq!(end(r#"{"exp":1700003600}"#).await, Some(endpoint.0.epoch + HOUR));
    assert_eq!(end(r#"{"exp":1600000000}"#).await, None);
    assert_eq!(end("{}").await, None);
}

#[tokio::test(start_paused = true)]
async fn iam_keeps_credentials_that_are_fetched_and_renews_refused_ones() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let iam = Iam::cached(move || {
        let id = format!("AKID{}", count.fetch_add(1, Ordering::SeqCst) + 1);
        async {
            sleep(SECOND).await;
            Ok(super::Credentials::new(id, "secret").with_expiry(SystemTime::now() + HOUR))
        }
    });
    let iam = iam.region("eu-west-1");
    let endpoint = Endpoint::new();
    let all = join_all((0..100).map(|_| endpoint.ask(&iam))).await;
    assert!(all.iter().all(|one| one.as_ref().unwrap().expires_at.is_some()));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let sent = all[0].as_ref().unwrap();
    let why = refusal();
    let better = join_all((0..10).map(|_| iam.refused(sent, &why))).await;
    assert_eq!(better, [true; 10]);
    let fresh = endpoint.ask(&iam).await.unwrap();
    assert!(fresh.headers["authorization"].to_str().unwrap().contains("AKID2/"));
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_fixed_token_says_when_it_ended_and_is_not_taken_for_one_that_can_be_replaced() {
    let over = Cognito::new(unsigned(r#"{"exp":1700000000}"#));
    let described = over.describe();
    assert!(
        described.contains("which expired at Tue, 14 Nov 2023 22:13:20 GMT"),
        "{described}"
    );
    let good = Oidc::new(unsigned(r#"{"exp":253402300799}"#));
    assert!(
        good.describe().contains("good until Fri, 31 Dec 9999"),
        "{}",
        good.describe()
    );
    assert_eq!(Lambda::new("opaque").describe(), "the token for the Lambda authorizer");
    let url = Url::parse("https://api.example.com/graphql").unwrap();
    let sent = over
        .authorize(Target::new(TargetKind::Connect, &url, "{}"))
        .now_or_never();
    assert_eq!(sent.unwrap().unwrap().expires_at, None);
}

#[tokio::test]
async fn nothing_shows_a_token_that_is_kept() {
    let cache = CachedToken::new(|| async { Ok("veryverysecret") });
    let provider = Lambda::from_cache(cache.clone());
    let endpoint = Endpoint::new();
    let authorization = endpoint.ask(&provider).await.unwrap();
    let token = Token::new("veryverysecret");
    let shown = format!("{cache:?} {provider:?} {authorization:?} {token:?}");
    assert!(!shown.contains("veryverysecret"), "{shown}");
}
