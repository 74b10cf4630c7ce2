use std::convert::Infallible;
use std::time::Duration;

use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::wait;
use crate::{Error, Event, RawEvent};

/// A running subscription: an iterator over its events, which blocks until the next one.
///
/// It ends after the server completed it, after [`stop`](Self::stop), and after [`close`](super::Client::close); anything
/// else that ends it is an error, and then nothing more. Dropping it tells the server to stop. An event whose data does not
/// fit `T` is an error that ends nothing; [`is_over`](Self::is_over) tells the two apart.
///
/// Events are received while nobody waits for them: see [`Overflow`](crate::Overflow) for what becomes of too many.
#[derive(Debug)]
pub struct Subscription<T, S = Infallible> {
    subscription: crate::Subscription<T, S>,
}

impl<T, S> Subscription<T, S> {
    pub(super) fn new(subscription: crate::Subscription<T, S>) -> Self {
        Self { subscription }
    }

    /// The next event as text, where it lies, as [`crate::Subscription::next_raw`].
    pub fn next_raw<R>(&mut self, read: impl FnMut(RawEvent<'_>) -> R) -> Option<Result<R, Error>> {
        wait(async { Ok(self.subscription.next_raw(read).await) }).unwrap_or_else(|error| Some(Err(error)))
    }

    /// Tells the server to stop; the iterator ends.
    pub fn stop(&mut self) {
        self.subscription.stop();
    }

    /// Whether nothing more comes. After an error it tells at once whether that was the end or one event's.
    pub fn is_over(&self) -> bool {
        self.subscription.is_over()
    }
}

impl<T: DeserializeOwned, S> Subscription<T, S> {
    /// The next event, if it comes in time; otherwise an error of the kind [`Timeout`](crate::ErrorKind::Timeout), which
    /// ends nothing: no event is lost by it, and [`is_over`](Self::is_over) is false.
    ///
    /// With no time at all it takes what has arrived already.
    pub fn next_timeout(&mut self, limit: Duration) -> Option<Result<Event<T, S>, Error>> {
        let next = wait(async {
            let next = tokio::time::timeout(limit, self.subscription.next()).await;
            next.map_err(|_| Error::timeout("waiting for the next event", limit))
        });
        next.unwrap_or_else(|error| Some(Err(error)))
    }
}

impl<T> Subscription<T> {
    /// The data alone, as [`crate::Subscription::data`]: gaps are logged and passed over.
    pub fn data(self) -> DataIter<T> {
        DataIter {
            stream: self.subscription.data(),
        }
    }
}

impl<T: DeserializeOwned, S> Iterator for Subscription<T, S> {
    type Item = Result<Event<T, S>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        wait(async { Ok(self.subscription.next().await) }).unwrap_or_else(|error| Some(Err(error)))
    }
}

/// The data of a subscription's events: what [`Subscription::data`] gives.
#[derive(Debug)]
pub struct DataIter<T> {
    stream: crate::DataStream<T>,
}

impl<T> DataIter<T> {
    /// As [`Subscription::is_over`].
    pub fn is_over(&self) -> bool {
        self.stream.is_over()
    }
}

impl<T: DeserializeOwned> Iterator for DataIter<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        wait(async { Ok(self.stream.next().await) }).unwrap_or_else(|error| Some(Err(error)))
    }
}
