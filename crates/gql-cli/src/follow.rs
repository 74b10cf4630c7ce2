//! One subscription, as what happens to it.

use std::convert::Infallible;

use futures_util::{FutureExt, Stream, StreamExt, stream};
use gqlwire::{Dropped, Error, Event, Gap, Response, Subscribe, Subscription};

use crate::run::Raw;

/// ```text
///           ┌─▶ Refused
///  (start) ─┴─▶ Started ─▶ (Dropped | Gap | Next | Snapshot | Unreadable)* ─┬─▶ Completed
///                                                                           └─▶ Broken
/// ```
#[derive(Debug)]
pub(crate) enum Happening {
    /// An error ended it.
    Broken(Error),
    /// The server ended it.
    Completed,
    /// Events found no room.
    Dropped(Dropped),
    /// The connection was lost and made again.
    Gap(Gap),
    /// An event.
    Next(Response<Raw>),
    /// It never started.
    Refused(Error),
    /// The answer to its catch-up.
    Snapshot(Response<Raw>),
    /// The server acknowledged it.
    Started,
    /// An event that cannot be read, which ends nothing.
    Unreadable(Error),
}

/// Starts a subscription, and tells what happens to it until it is over.
pub(crate) fn follow<S: Snapshot>(starting: Subscribe<Raw, S>) -> impl Stream<Item = Happening> {
    stream::unfold(State::Starting(Box::new(starting)), step)
}

/// What a catch-up answers with, if there is one.
pub(crate) trait Snapshot: Send + Sized + 'static {
    fn raw(answer: Self) -> Raw;
}

impl Snapshot for Infallible {
    fn raw(answer: Self) -> Raw {
        match answer {}
    }
}

impl Snapshot for Raw {
    fn raw(answer: Self) -> Raw {
        answer
    }
}

enum State<S> {
    Over,
    Running(Box<Running<S>>),
    Starting(Box<Subscribe<Raw, S>>),
}

struct Running<S> {
    subscription: Subscription<Raw, S>,
    /// What came while it was asked whether it is over.
    early: Option<Result<Event<Raw, S>, Error>>,
}

async fn step<S: Snapshot>(state: State<S>) -> Option<(Happening, State<S>)> {
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
        State::Running(mut running) => loop {
            let next = match running.early.take() {
                Some(early) => Some(early),
                None => running.subscription.next().await,
            };
            let happening = match next {
                None => return Some((Happening::Completed, State::Over)),
                Some(Ok(Event::Dropped(dropped))) => Happening::Dropped(dropped),
                Some(Ok(Event::Gap(gap))) => Happening::Gap(gap),
                Some(Ok(Event::Next(response))) => Happening::Next(response),
                Some(Ok(Event::Snapshot(response))) => Happening::Snapshot(response.map(S::raw)),
                // Whatever a later version of the library tells of.
                Some(Ok(_)) => continue,
                // After an error that ends it, a subscription has nothing more to say, and says so at once.
                Some(Err(error)) => match running.subscription.next().now_or_never() {
                    Some(None) => return Some((Happening::Broken(error), State::Over)),
                    early => {
                        running.early = early.flatten();
                        Happening::Unreadable(error)
                    }
                },
            };
            return Some((happening, State::Running(running)));
        },
    }
}
