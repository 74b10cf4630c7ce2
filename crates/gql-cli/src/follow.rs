//! One subscription, as what happens to it.

use std::convert::Infallible;

use futures_util::{Stream, StreamExt, stream};
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
    Running(Box<Subscription<Raw, S>>),
    Starting(Box<Subscribe<Raw, S>>),
}

async fn step<S: Snapshot>(state: State<S>) -> Option<(Happening, State<S>)> {
    match state {
        State::Over => None,
        State::Starting(starting) => Some(match (*starting).await {
            Err(error) => (Happening::Refused(error), State::Over),
            Ok(subscription) => (Happening::Started, State::Running(Box::new(subscription))),
        }),
        State::Running(mut subscription) => loop {
            let happening = match subscription.next().await {
                None => return Some((Happening::Completed, State::Over)),
                Some(Ok(Event::Dropped(dropped))) => Happening::Dropped(dropped),
                Some(Ok(Event::Gap(gap))) => Happening::Gap(gap),
                Some(Ok(Event::Next(response))) => Happening::Next(response),
                Some(Ok(Event::Snapshot(response))) => Happening::Snapshot(response.map(S::raw)),
                // Whatever a later version of the library tells of.
                Some(Ok(_)) => continue,
                Some(Err(error)) if subscription.is_over() => return Some((Happening::Broken(error), State::Over)),
                Some(Err(error)) => Happening::Unreadable(error),
            };
            return Some((happening, State::Running(subscription)));
        },
    }
}
