//! One subscription, as what happens to it.

use futures_util::{FutureExt, Stream, StreamExt, stream};
use gqlwire::{Error, Event, Subscribe, Subscription};

use crate::run::Raw;

/// ```text
///           ┌─▶ Refused
///  (start) ─┴─▶ Started ─▶ (Event | Unreadable)* ─┬─▶ Completed
///                                                 └─▶ Broken
/// ```
#[derive(Debug)]
pub(crate) enum Happening {
    /// An error ended it.
    Broken(Error),
    /// The server ended it.
    Completed,
    Event(Event<Raw>),
    /// It never started.
    Refused(Error),
    /// The server acknowledged it.
    Started,
    /// An event that cannot be read, which ends nothing.
    Unreadable(Error),
}

/// Starts a subscription, and tells what happens to it until it is over.
pub(crate) fn follow(starting: Subscribe<Raw>) -> impl Stream<Item = Happening> {
    stream::unfold(State::Starting(Box::new(starting)), step)
}

enum State {
    Over,
    Running(Box<Running>),
    Starting(Box<Subscribe<Raw>>),
}

struct Running {
    subscription: Subscription<Raw>,
    /// What came while it was asked whether it is over.
    early: Option<Result<Event<Raw>, Error>>,
}

async fn step(state: State) -> Option<(Happening, State)> {
    match state {
        State::Over => None,
        State::Starting(starting) => Some(match (*starting).await {
            Err(error) => (Happening::Refused(error), State::Over),
            Ok(subscription) => {
                let early = None;
                let running = Box::new(Running { subscription, early });
                (Happening::Started, State::Running(running))
            }
        }),
        State::Running(mut running) => {
            let next = match running.early.take() {
                Some(early) => Some(early),
                None => running.subscription.next().await,
            };
            Some(match next {
                None => (Happening::Completed, State::Over),
                Some(Ok(event)) => (Happening::Event(event), State::Running(running)),
                // After an error that ends it, a subscription has nothing more to say, and says so at once.
                Some(Err(error)) => match running.subscription.next().now_or_never() {
                    Some(None) => (Happening::Broken(error), State::Over),
                    early => {
                        running.early = early.flatten();
                        (Happening::Unreadable(error), State::Running(running))
                    }
                },
            })
        }
    }
}
