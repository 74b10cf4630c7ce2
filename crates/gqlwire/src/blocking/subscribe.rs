use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::{Subscription, wait};
use crate::{AuthProvider, Error, Operation};

/// A subscription that is about to start: [`start`](Self::start) it.
#[must_use = "nothing is sent until `start`"]
pub struct Subscribe<T, S = Infallible> {
    call: crate::Subscribe<T, S>,
}

impl<T, S> Subscribe<T, S> {
    pub(super) fn new(call: crate::Subscribe<T, S>) -> Self {
        Self { call }
    }

    /// Authorises this subscription with other credentials than the client's.
    pub fn auth(self, auth: impl AuthProvider) -> Self {
        self.with(|call| call.auth(auth))
    }

    /// Gives the subscription a query to catch up with, as [`crate::Subscribe::catch_up`].
    pub fn catch_up<O: Operation>(self, operation: O) -> Subscribe<T, O::Data> {
        Subscribe::new(self.call.catch_up(operation))
    }

    /// Sends a header with this subscription.
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.with(|call| call.header(name, value))
    }

    /// How long it may take until the subscription is acknowledged, the connection included.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|call| call.timeout(timeout))
    }

    /// Sets any option that the call has where it is awaited.
    pub fn with(self, set: impl FnOnce(crate::Subscribe<T, S>) -> crate::Subscribe<T, S>) -> Self {
        Self { call: set(self.call) }
    }
}

impl<T: DeserializeOwned + Send + 'static, S: Send + 'static> Subscribe<T, S> {
    /// Starts it, and blocks until the server has acknowledged it.
    ///
    /// # Errors
    ///
    /// As awaiting [`crate::Subscribe`]; and see [`wait`].
    pub fn start(self) -> Result<Subscription<T, S>, Error> {
        wait(self.call).map(Subscription::new)
    }
}

impl<T, S> fmt::Debug for Subscribe<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}
