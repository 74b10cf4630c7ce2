use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::beat::{Beat, Beaten};
use super::ledger::Ledger;
use super::phoenix_message::{Event, PhoenixMessage, Reply, Subscribed, read};
use super::{
    Action, Data, Disconnect, End, PhoenixSettings, Pings, Protocol, Refusal, Settings, Start, SubscriptionId,
};
use crate::response::excerpt;

/// One connection to an Absinthe server over a Phoenix channel.
///
/// ```text
///  opened ──phx_join──▶ AwaitingAck ──phx_reply ok──▶ Ready ──phx_leave──▶ Closed
///                            │                          │                    ▲
///                            └──────────────────────────┴────────────────────┘
///       from each of them:  phx_error, phx_close, a frame that is no message, closed by the peer, lost, close()
///       from AwaitingAck:   phx_reply error, no reply in time
///       from Ready:         a heartbeat, and nothing after it for too long
///
///  start_in() ──doc──▶ Asked ──phx_reply ok, subscriptionId──▶ Active ──stop()──unsubscribe──▶ ended: Stopped
///                        │ └─ phx_reply ok with a result: an event, and then ended: Completed
///                        │ └─ phx_reply error: Refused
///                        └──stop(): ended: Stopped; what is subscribed all the same is unsubscribed
/// ```
///
/// A query or mutation counts as acknowledged when it is sent, a subscription when the server has named it.
#[derive(Debug)]
pub struct Phoenix {
    settings: PhoenixSettings,
    ledger: Ledger<State>,
    beat: Beat,
    references: u64,
    /// Which operation a reply is about, by its reference.
    asked: BTreeMap<u64, SubscriptionId>,
    /// What has been stopped before the server has named it, by its reference.
    abandoned: BTreeSet<u64>,
    /// By the server's names.
    named: BTreeMap<String, SubscriptionId>,
    /// Names that have been unsubscribed, the newest last: their events may still be on their way.
    retired: VecDeque<String>,
    /// What has had its only result.
    answered: VecDeque<SubscriptionId>,
}

#[derive(Debug)]
pub(super) enum State {
    Asked { reference: u64, acknowledged: bool },
    Active { name: String },
    Answered,
}

/// The first reference, and the join that all others name.
const JOIN: u64 = 1;

impl Phoenix {
    /// A connection whose socket has just opened: says `phx_join` with this JSON, or `{}`.
    pub fn opened(settings: &Settings, params: Option<&str>, now: Instant) -> Self {
        let phoenix = settings.phoenix.clone();
        let join = phoenix
            .version
            .write(Some(JOIN), JOIN, &phoenix.channel, "phx_join", params.unwrap_or("{}"));
        let beat = Pings {
            interval: phoenix.heartbeat,
            timeout: phoenix.heartbeat_timeout,
        };
        Self {
            settings: phoenix,
            ledger: Ledger::opened(join, settings.timeouts.ack, now),
            beat: Beat::new(Some(beat)),
            references: JOIN,
            asked: BTreeMap::new(),
            abandoned: BTreeSet::new(),
            named: BTreeMap::new(),
            retired: VecDeque::new(),
            answered: VecDeque::new(),
        }
    }

    /// Starts an operation. Nobody watches how long its reply takes: that is for whoever has started it.
    pub fn start_in(&mut self, slot: u16, start: Start<'_>) -> SubscriptionId {
        let reference = self.references + 1;
        let acknowledged = start.once;
        let (id, ready) = self.ledger.begin(
            slot,
            State::Asked {
                reference,
                acknowledged,
            },
        );
        if !ready {
            return id;
        }
        self.say("doc", &document(start.body));
        self.asked.insert(reference, id);
        if acknowledged {
            self.ledger.push(Action::Acknowledged(id));
        }
        id
    }

    /// Stops an operation; one that is over is left alone.
    pub fn stop(&mut self, id: SubscriptionId) {
        self.over(id, End::Stopped);
    }

    /// An operation has all that is wanted of it.
    pub fn finish(&mut self, id: SubscriptionId) {
        self.over(id, End::Completed);
    }

    /// Leaves the channel, closes the connection, and with it everything on it.
    pub fn close(&mut self) {
        if self.ledger.is_ready() {
            self.say("phx_leave", "{}");
        }
        self.end(Disconnect::Requested);
    }

    /// A text frame arrived. Returns the event, if it is one for an operation that wants it.
    pub fn frame<'f>(&mut self, frame: &'f str, now: Instant) -> Option<Data<'f>> {
        if self.ledger.is_closed() {
            return None;
        }
        self.ledger.heard(now);
        let message = match PhoenixMessage::parse(frame) {
            Ok(message) => message,
            Err(why) => {
                self.violation(format!("a frame that is not a message ({why}): {}", excerpt(frame)));
                return None;
            }
        };
        match &*message.event {
            "subscription:data" => return self.event(&message),
            "phx_reply" => return self.reply(&message, now),
            "phx_close" if self.is_about_the_channel(&message) => {
                self.end(Disconnect::ChannelClosed { event: "phx_close" });
            }
            "phx_error" if self.is_about_the_channel(&message) => {
                self.end(Disconnect::ChannelClosed { event: "phx_error" });
            }
            // Presence, what the application pushes for itself, the later parts of a deferred answer.
            _ => {}
        }
        None
    }

    /// When [`tick`](Self::tick) has to be called at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        if !self.answered.is_empty() {
            return Some(self.ledger.last_frame());
        }
        let beat = self.beat.deadline().filter(|_| self.ledger.is_ready());
        self.ledger.deadline().or(beat)
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant) {
        self.ledger.tick(now);
        while let Some(id) = self.answered.pop_front() {
            self.over(id, End::Completed);
        }
        if !self.ledger.is_ready() {
            return;
        }
        let last = self.ledger.last_frame();
        match self.beat.tick(last, now) {
            Beaten::Ask => {
                self.references += 1;
                let heartbeat = self
                    .settings
                    .version
                    .write(None, self.references, "phoenix", "heartbeat", "{}");
                self.ledger.send(heartbeat);
            }
            Beaten::Dead => self.end(Disconnect::Silent(now.saturating_duration_since(last))),
            Beaten::Nothing => {}
        }
    }

    pub(super) fn end(&mut self, cause: Disconnect) {
        self.asked.clear();
        self.abandoned.clear();
        self.named.clear();
        // What has its answer is not lost with the connection.
        while let Some(id) = self.answered.pop_front() {
            self.ledger.over(id, End::Completed);
        }
        self.ledger.end(cause);
    }

    pub(super) fn ledger(&self) -> &Ledger<State> {
        &self.ledger
    }

    pub(super) fn ledger_mut(&mut self) -> &mut Ledger<State> {
        &mut self.ledger
    }

    fn say(&mut self, event: &str, payload: &str) {
        self.references += 1;
        let PhoenixSettings { version, channel, .. } = &self.settings;
        let text = version.write(Some(JOIN), self.references, channel, event, payload);
        self.ledger.send(text);
    }

    fn is_about_the_channel(&self, message: &PhoenixMessage<'_>) -> bool {
        message.topic == self.settings.channel && message.join_ref.is_none_or(|join| join == JOIN)
    }

    fn event<'f>(&mut self, message: &PhoenixMessage<'f>) -> Option<Data<'f>> {
        let Some(event) = read::<Event<'f>>(message.payload) else {
            self.violation("subscription:data without a payload that is an object".to_owned());
            return None;
        };
        let name = event.id.as_ref().map_or(&*message.topic, |id| &*id.0);
        let id = match self.named.get(name) {
            Some(id) => *id,
            None => self.named_by_event(name)?,
        };
        let payload = event.result.map_or("null", RawValue::get);
        Some(Data { id, payload })
    }

    /// Whose an event is that has overtaken the reply with its name: Absinthe registers a subscription before it answers.
    ///
    /// That is plain where one subscription alone waits for its reply. An event that comes after an `unsubscribe` is for
    /// nobody.
    fn named_by_event(&mut self, name: &str) -> Option<SubscriptionId> {
        if self.retired.iter().any(|retired| retired == name) || !self.abandoned.is_empty() {
            return None;
        }
        let ledger = &self.ledger;
        let mut unnamed = self.asked.values().copied().filter(|id| {
            let state = ledger.live(*id);
            matches!(
                state,
                Some(State::Asked {
                    acknowledged: false,
                    ..
                })
            )
        });
        let (id, None) = (unnamed.next()?, unnamed.next()) else {
            return None;
        };
        self.subscribed(id, name.to_owned());
        Some(id)
    }

    fn reply<'f>(&mut self, message: &PhoenixMessage<'f>, now: Instant) -> Option<Data<'f>> {
        let reference = message.reference?;
        let asked = self.asked.remove(&reference);
        let abandoned = self.abandoned.remove(&reference);
        let joining = reference == JOIN && self.ledger.is_awaiting_ack();
        if asked.is_none() && !abandoned && !joining {
            return None;
        }
        let Some(reply) = read::<Reply<'f>>(message.payload) else {
            self.violation("phx_reply without a status".to_owned());
            return None;
        };
        let response = reply.response.map_or("null", RawValue::get);
        let ok = reply.status.0 == "ok";
        let named = read::<Subscribed>(reply.response).map(|subscribed| subscribed.id);
        if joining {
            match ok {
                true => {
                    self.ledger.acknowledged(Some(response));
                    self.beat.start(now);
                }
                false => self.end(Disconnect::Refused(refusal(reply.response))),
            }
            return None;
        }
        let Some(id) = asked else {
            // Absinthe may give equal subscriptions the same name: what another one has stays.
            if let Some(name) = named.filter(|name| !self.named.contains_key(name)) {
                self.unsubscribe(&name);
            }
            return None;
        };
        if !ok {
            self.over(id, End::Refused(refusal(reply.response)));
            return None;
        }
        match named {
            Some(name) => {
                self.subscribed(id, name);
                None
            }
            None => self.answered(id, response),
        }
    }

    fn subscribed(&mut self, id: SubscriptionId, name: String) {
        if self.named.get(&name) == Some(&id) {
            // An event has said so before.
            return;
        }
        if self.named.contains_key(&name) {
            // An `unsubscribe` would end the other one, which has had it first.
            let why = "the server gave this subscription the name of another one on the same channel";
            let error = crate::GraphQLError::new(why);
            return self.over(id, End::Refused(Refusal::new(vec![error])));
        }
        let Some(state) = self.ledger.live_mut(id) else { return };
        let before = std::mem::replace(state, State::Active { name: name.clone() });
        if let State::Active { name } = &before {
            self.named.remove(name);
        }
        self.retired.retain(|retired| *retired != name);
        self.named.insert(name, id);
        if matches!(
            before,
            State::Asked {
                acknowledged: false,
                ..
            }
        ) {
            self.ledger.push(Action::Acknowledged(id));
        }
    }

    /// The only result that there is. It comes before the end of its operation, which therefore waits for a tick.
    fn answered<'f>(&mut self, id: SubscriptionId, payload: &'f str) -> Option<Data<'f>> {
        let before = std::mem::replace(self.ledger.live_mut(id)?, State::Answered);
        self.answered.push_back(id);
        match before {
            State::Asked {
                acknowledged: false, ..
            } => self.ledger.push(Action::Acknowledged(id)),
            // It was taken for a subscription by an event that was another's.
            State::Active { name } => {
                self.named.remove(&name);
            }
            State::Asked { .. } | State::Answered => {}
        }
        Some(Data { id, payload })
    }

    fn over(&mut self, id: SubscriptionId, end: End) {
        const REMEMBERED: usize = 256;
        self.answered.retain(|answered| *answered != id);
        match self.ledger.over(id, end) {
            Some(State::Asked { reference, .. }) => {
                if self.asked.remove(&reference).is_some() {
                    self.abandoned.insert(reference);
                }
                if self.abandoned.len() > REMEMBERED {
                    self.abandoned.pop_first();
                }
            }
            Some(State::Active { name }) => {
                self.named.remove(&name);
                self.unsubscribe(&name);
                if self.retired.len() == REMEMBERED {
                    self.retired.pop_front();
                }
                self.retired.push_back(name);
            }
            Some(State::Answered) | None => {}
        }
    }

    fn unsubscribe(&mut self, name: &str) {
        let name = serde_json::Value::from(name);
        self.say("unsubscribe", &format!(r#"{{"subscriptionId":{name}}}"#));
    }

    fn violation(&mut self, why: String) {
        let protocol = Protocol::Phoenix;
        self.end(Disconnect::Violation { protocol, why });
    }
}

/// What a reply with the status error says: GraphQL errors, a `reason`, or something else.
fn refusal(response: Option<&RawValue>) -> Refusal {
    #[derive(Deserialize)]
    struct Why {
        #[serde(alias = "error")]
        reason: Option<String>,
    }
    match read::<Why>(response).and_then(|why| why.reason) {
        Some(reason) => Refusal::new(vec![crate::GraphQLError::new(reason)]),
        None => response
            .map(|response| Refusal::from_json(response.get()))
            .unwrap_or_default(),
    }
}

/// The payload of `doc`: what Absinthe reads of a request. Its `variables` may not be anything but an object.
fn document(body: &str) -> String {
    #[derive(Deserialize, Serialize)]
    struct Document<'b> {
        #[serde(borrow, skip_serializing_if = "Option::is_none")]
        query: Option<&'b RawValue>,
        #[serde(borrow, skip_serializing_if = "Option::is_none")]
        variables: Option<&'b RawValue>,
        #[serde(rename = "operationName", borrow, skip_serializing_if = "Option::is_none")]
        operation_name: Option<&'b RawValue>,
    }
    let document = serde_json::from_str::<Document<'_>>(body).ok();
    let written = document.and_then(|document| serde_json::to_string(&document).ok());
    written.unwrap_or_else(|| body.to_owned())
}
