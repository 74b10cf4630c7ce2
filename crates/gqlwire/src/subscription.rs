use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

use futures_util::Stream;
use gqlwire_proto::appsync::payload_of;
use serde::de::DeserializeOwned;

use crate::transport::{EventSource, RawEvent};
use crate::{Dropped, Error, ErrorKind, Response};

/// A running subscription: a stream of its events.
///
/// `T` is the data of an event, and `S` that of the [catch-up](crate::Subscribe::catch_up), if it has one.
///
/// It ends with `None` after the server completed it, or after [`stop`](Self::stop); anything else that ends it is an
/// error, followed by `None`. Dropping it tells the server to stop. An event whose data does not fit `T` is an error
/// that ends nothing; [`is_over`](Self::is_over) tells the two apart.
///
/// A lost connection ends nothing either, unless the client was built so: the subscription is started again on another
/// one, and an [`Event::Gap`] says where events may be missing.
///
/// ```no_run
/// # async fn example(client: gqlwire::Client) -> Result<(), gqlwire::Error> {
/// use futures_util::StreamExt;
/// use gqlwire::Event;
///
/// let mut messages = client.subscribe("subscription { onCreateMessage { message } }").await?;
/// while let Some(event) = messages.next().await {
///     match event? {
///         Event::Next(response) => println!("{}", response.into_data()?),
///         Event::Gap(gap) => eprintln!("events may be missing since {:?}: {}", gap.since, gap.cause),
///         other => println!("{other:?}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// Awaiting the next event may be given up at any time: no event is lost by it.
pub struct Subscription<T, S = Infallible> {
    source: Box<dyn EventSource>,
    over: bool,
    read_snapshot: ReadSnapshot<S>,
    data: PhantomData<fn() -> T>,
}

/// Turns the JSON of a snapshot into what it is. That a subscription can have one is known where it is started, and not
/// from its type alone: [`Infallible`] cannot be read from JSON.
pub(crate) type ReadSnapshot<S> = fn(&str) -> Result<Response<S>, Error>;

/// What a [`Subscription`] yields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<T, S = Infallible> {
    /// Events were dropped here, as [`Overflow`](crate::Overflow) says, or because more came during a catch-up than are
    /// held back. One item stands for all that were dropped in a row.
    Dropped(Dropped),
    /// The connection was lost and made again: events may be missing here.
    Gap(Gap),
    /// The server sent an event.
    Next(Response<T>),
    /// The answer to the [catch-up](crate::Subscribe::catch_up). It may already contain what the events that follow it
    /// tell.
    Snapshot(Response<S>),
}

/// A time in which a subscription may have missed events: no server replays them.
///
/// What counts is when an event would have been delivered, not when it was published: one that was published shortly
/// before [`since`](Self::since) and was still on its way is lost as well. Whoever asks for what happened from some time
/// on has to begin earlier than `since`, by as long as a delivery may take.
///
/// Times are the wall clock's, as it was set when the gap ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Gap {
    /// When the last frame came on the connection that was lost. Everything delivered up to then was received.
    pub since: SystemTime,
    /// When the server acknowledged the subscription again.
    pub until: SystemTime,
    /// What happened.
    pub cause: Error,
}

impl Gap {
    /// A gap, for an [`EventSource`] of one's own.
    pub fn new(since: SystemTime, until: SystemTime, cause: Error) -> Self {
        Self { since, until, cause }
    }
}

impl<T, S> Subscription<T, S> {
    pub(crate) fn new(source: Box<dyn EventSource>, read_snapshot: ReadSnapshot<S>) -> Self {
        Self {
            source,
            over: false,
            read_snapshot,
            data: PhantomData,
        }
    }

    /// The next event as text, handed to a function that reads it where it lies: nothing is allocated, copied or parsed.
    ///
    /// For whoever passes events on, or reads them by means of their own; everybody else reads the stream. `None` once the
    /// subscription is over; an error is the last thing before that. Dropped before it is ready, it has taken nothing.
    ///
    /// The text is the server's, and nobody has looked into it. On AppSync it is what stands between `"payload":` and the
    /// end of the message, which is a GraphQL response in JSON unless the server writes something unusual:
    /// [`Response::from_json`] reads it.
    ///
    /// ```no_run
    /// # async fn example(client: gqlwire::Client) -> Result<(), gqlwire::Error> {
    /// use gqlwire::RawEvent;
    ///
    /// let mut messages = client.subscribe("subscription { onCreateMessage { message } }").await?;
    /// let mut bytes = 0;
    /// while let Some(read) = messages
    ///     .next_raw(|event| match event {
    ///         RawEvent::Next(json) => json.len(),
    ///         _ => 0,
    ///     })
    ///     .await
    /// {
    ///     bytes += read?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_raw<R>(&mut self, mut read: impl FnMut(RawEvent<'_>) -> R) -> Option<Result<R, Error>> {
        poll_fn(|cx| self.poll_raw(cx).map(|next| next.map(|event| event.map(&mut read)))).await
    }

    /// The same for a future of one's own: the event borrows from the subscription.
    pub fn poll_raw<'s>(&'s mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let next = self.source.poll_event(cx);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.over = true;
        }
        next
    }

    /// Tells the server to stop; the stream ends.
    pub fn stop(&mut self) {
        self.over = true;
        self.source.stop();
    }
}

impl<T> Subscription<T> {
    /// The data alone: an event with errors is an [`Error`] that keeps them, and ends nothing.
    ///
    /// A [`Gap`] and a [`Dropped`] have no data: they are logged as a warning and passed over. Whoever has to know of
    /// each one reads the events themselves.
    ///
    /// A subscription with a [catch-up](crate::Subscribe::catch_up) does not have this: its snapshots are of another
    /// type, and to leave them out would be to leave out what it was given the catch-up for.
    pub fn data(self) -> DataStream<T> {
        DataStream { subscription: self }
    }
}

impl<T: DeserializeOwned, S> Stream for Subscription<T, S> {
    type Item = Result<Event<T, S>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let read_snapshot = this.read_snapshot;
        match this.poll_raw(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(RawEvent::Next(payload)))) => Poll::Ready(Some(read(payload).map(Event::Next))),
            Poll::Ready(Some(Ok(RawEvent::Dropped(dropped)))) => Poll::Ready(Some(Ok(Event::Dropped(dropped)))),
            Poll::Ready(Some(Ok(RawEvent::Gap(gap)))) => Poll::Ready(Some(Ok(Event::Gap(gap)))),
            Poll::Ready(Some(Ok(RawEvent::Snapshot(answer)))) => {
                Poll::Ready(Some(read_snapshot(answer).map(Event::Snapshot)))
            }
            Poll::Ready(Some(Err(cause))) => Poll::Ready(Some(Err(cause))),
            Poll::Ready(None) => Poll::Ready(None),
        }
    }
}

/// A payload may be the rest of a frame, cut off by its prefix alone; only a frame with members behind its payload needs
/// a second look.
fn read<T: DeserializeOwned>(payload: &str) -> Result<Response<T>, Error> {
    Response::from_json(payload).or_else(|error| match payload_of(payload) {
        Some(shorter) if shorter.len() < payload.len() => Response::from_json(shorter).map_err(Error::from),
        _ => Err(error.into()),
    })
}

/// What reads the answers to a catch-up.
pub(crate) fn read_snapshot<S: DeserializeOwned>(answer: &str) -> Result<Response<S>, Error> {
    Response::from_json(answer).map_err(Error::from)
}

/// What reads the answers to a catch-up where there is none.
pub(crate) fn no_snapshot(_: &str) -> Result<Response<Infallible>, Error> {
    Err(Error::new(
        ErrorKind::Protocol,
        "the transport delivered a snapshot to a subscription without a catch-up",
    ))
}

impl<T, S> fmt::Debug for Subscription<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("source", &self.source)
            .field("over", &self.over)
            .finish()
    }
}

/// The data of a subscription's events: what [`Subscription::data`] gives.
#[derive(Debug)]
pub struct DataStream<T> {
    subscription: Subscription<T>,
}

impl<T: DeserializeOwned> Stream for DataStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let data = match std::task::ready!(Pin::new(&mut self.subscription).poll_next(cx)) {
                None => None,
                Some(Err(error)) => Some(Err(error)),
                Some(Ok(Event::Next(response))) => Some(response.into_data().map_err(Error::from)),
                Some(Ok(Event::Gap(gap))) => {
                    tracing::warn!(cause = %gap.cause, "events may be missing: the subscription was interrupted");
                    continue;
                }
                Some(Ok(Event::Dropped(dropped))) => {
                    tracing::warn!(count = dropped.count, "events are missing: there was no room for them");
                    continue;
                }
                Some(Ok(Event::Snapshot(_))) => continue,
            };
            return Poll::Ready(data);
        }
    }
}

impl<T, S> Subscription<T, S> {
    /// Whether nothing more comes. After an error it tells at once whether that was the end or one event's.
    ///
    /// It turns true with the item that ends the subscription, not before: what has not been polled is not known.
    pub fn is_over(&self) -> bool {
        self.over
    }
}

impl<T> DataStream<T> {
    /// As [`Subscription::is_over`].
    pub fn is_over(&self) -> bool {
        self.subscription.is_over()
    }
}
