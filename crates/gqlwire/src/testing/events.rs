use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;

use crate::{Dropped, Error, Gap};

/// What a scripted subscription yields, in order. After the last step it stays open, as a server would, until it is stopped;
/// [`complete`](Self::complete) and [`fails`](Self::fails) end it.
#[derive(Clone, Debug, Default)]
pub struct Events {
    pub(super) steps: VecDeque<Step>,
    pub(super) feed: Option<Feed>,
}

/// One step of a subscription.
#[derive(Clone)]
pub(super) enum Step {
    Dropped(Dropped),
    End(Option<Error>),
    Gap(Gap),
    Next(String),
    Snapshot(String),
    Wait(Duration),
}

impl Events {
    /// None, yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// An event with this data.
    #[must_use]
    pub fn data(self, data: impl Serialize) -> Self {
        self.then(Step::data(data))
    }

    /// An event: the whole response, with errors or without.
    #[must_use]
    pub fn next(self, response: impl Serialize) -> Self {
        self.then(Step::json(response))
    }

    /// An event of exactly this text, JSON or not.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.then(Step::Next(text.into()))
    }

    /// A lost connection that was made again: see [`Event::Gap`](crate::Event::Gap). A subscription with a catch-up asks its
    /// query after it.
    #[must_use]
    pub fn gap(self, cause: Error) -> Self {
        self.then(Step::gap(cause))
    }

    /// So many events for which there was no room: see [`Event::Dropped`](crate::Event::Dropped).
    #[must_use]
    pub fn dropped(self, count: u64) -> Self {
        let now = SystemTime::now();
        self.then(Step::Dropped(Dropped::new(count, now, now)))
    }

    /// Nothing, for so long by the runtime's clock, which a test may have
    /// [paused](https://docs.rs/tokio/latest/tokio/time/fn.pause.html).
    #[must_use]
    pub fn wait(self, time: Duration) -> Self {
        self.then(Step::Wait(time))
    }

    /// The end, as the server says it.
    #[must_use]
    pub fn complete(self) -> Self {
        self.then(Step::End(None))
    }

    /// The end, with its cause.
    #[must_use]
    pub fn fails(self, cause: Error) -> Self {
        self.then(Step::End(Some(cause)))
    }

    /// What the test feeds it, after all that is scripted. A second feed takes the place of the first.
    #[must_use]
    pub fn fed_by(mut self, feed: &Feed) -> Self {
        self.feed = Some(feed.clone());
        self
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push_back(step);
        self
    }
}

impl Step {
    fn data(data: impl Serialize) -> Self {
        match serde_json::to_value(data) {
            Ok(data) => Self::Next(json!({ "data": data }).to_string()),
            Err(error) => Self::no_json(&error),
        }
    }

    fn json(response: impl Serialize) -> Self {
        match serde_json::to_string(&response) {
            Ok(text) => Self::Next(text),
            Err(error) => Self::no_json(&error),
        }
    }

    fn gap(cause: Error) -> Self {
        let now = SystemTime::now();
        Self::Gap(Gap::new(now, now, cause))
    }

    fn no_json(error: &serde_json::Error) -> Self {
        Self::End(Some(Error::request(format!(
            "a scripted event cannot be JSON: {error}"
        ))))
    }
}

/// The data of an event may be long, and is nobody's secret.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped(dropped) => write!(f, "{} dropped", dropped.count),
            Self::End(None) => f.write_str("complete"),
            Self::End(Some(cause)) => write!(f, "fails: {cause}"),
            Self::Gap(gap) => write!(f, "gap: {}", gap.cause),
            Self::Next(text) => write!(f, "next: {}", super::shortened(text)),
            Self::Snapshot(text) => write!(f, "snapshot: {}", super::shortened(text)),
            Self::Wait(time) => write!(f, "wait: {time:?}"),
        }
    }
}

/// Events at the moment that the test chooses: given to subscriptions by [`Events::fed_by`].
///
/// Each method reaches every running subscription that it feeds, and says how many those are. As with a server, a
/// subscription that starts later has missed it.
#[derive(Clone, Default)]
pub struct Feed {
    subscribers: Arc<Mutex<Vec<mpsc::UnboundedSender<Step>>>>,
}

impl Feed {
    /// A feed without subscriptions.
    pub fn new() -> Self {
        Self::default()
    }

    /// An event with this data.
    pub fn data(&self, data: impl Serialize) -> usize {
        self.send(&Step::data(data))
    }

    /// An event: the whole response, with errors or without.
    pub fn next(&self, response: impl Serialize) -> usize {
        self.send(&Step::json(response))
    }

    /// A lost connection that was made again.
    pub fn gap(&self, cause: Error) -> usize {
        self.send(&Step::gap(cause))
    }

    /// The end, as the server says it.
    pub fn complete(&self) -> usize {
        self.send(&Step::End(None))
    }

    /// The end, with its cause.
    pub fn fails(&self, cause: Error) -> usize {
        self.send(&Step::End(Some(cause)))
    }

    pub(super) fn subscribe(&self) -> mpsc::UnboundedReceiver<Step> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.lock().push(sender);
        receiver
    }

    fn send(&self, step: &Step) -> usize {
        let mut subscribers = self.lock();
        subscribers.retain(|subscriber| subscriber.send(step.clone()).is_ok());
        subscribers.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<mpsc::UnboundedSender<Step>>> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("subscribers", &self.lock().len()).finish()
    }
}
