use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::wait;
use crate::{AuthProvider, Error, Response, RetryPolicy};

/// A query or mutation that is about to run: [`send`](Self::send) it.
#[must_use = "nothing is sent until `send`"]
pub struct Execute<T> {
    call: crate::Execute<T>,
}

impl<T> Execute<T> {
    pub(super) fn new(call: crate::Execute<T>) -> Self {
        Self { call }
    }

    /// Authorises this call with other credentials than the client's.
    pub fn auth(self, auth: impl AuthProvider) -> Self {
        self.with(|call| call.auth(auth))
    }

    /// Sends a header with this call, in place of the client's of that name.
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.with(|call| call.header(name, value))
    }

    /// When this call is tried again, in place of what the client was built with.
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.with(|call| call.retry(policy))
    }

    /// Makes one attempt at this call and no other.
    pub fn no_retry(self) -> Self {
        self.with(crate::Execute::no_retry)
    }

    /// How long this call may take, from its first byte to the last of its answer, with all its attempts.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|call| call.timeout(timeout))
    }

    /// Sets any option that the call has where it is awaited.
    pub fn with(self, set: impl FnOnce(crate::Execute<T>) -> crate::Execute<T>) -> Self {
        Self { call: set(self.call) }
    }
}

impl<T: DeserializeOwned + Send + 'static> Execute<T> {
    /// Sends it, and blocks until it is answered.
    ///
    /// # Errors
    ///
    /// As awaiting [`crate::Execute`]; and see [`wait`].
    pub fn send(self) -> Result<Response<T>, Error> {
        wait(self.call)
    }
}

impl<T> fmt::Debug for Execute<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}
