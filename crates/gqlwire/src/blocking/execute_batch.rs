use std::fmt;

use serde::de::DeserializeOwned;

use super::wait;
use crate::{Error, Response};

/// Several queries and mutations that are about to run as one batch: [`send`](Self::send) it.
#[must_use = "nothing is sent until `send`"]
pub struct ExecuteBatch<T> {
    call: crate::ExecuteBatch<T>,
}

impl<T> ExecuteBatch<T> {
    pub(super) fn new(call: crate::ExecuteBatch<T>) -> Self {
        Self { call }
    }

    /// Sets any option that the batch has where it is awaited.
    pub fn with(self, set: impl FnOnce(crate::ExecuteBatch<T>) -> crate::ExecuteBatch<T>) -> Self {
        Self { call: set(self.call) }
    }
}

impl<T: DeserializeOwned + Send + 'static> ExecuteBatch<T> {
    /// Sends it, and blocks until it is answered: an outcome for each operation, in their order.
    ///
    /// # Errors
    ///
    /// As awaiting [`crate::ExecuteBatch`]; and see [`wait`].
    pub fn send(self) -> Result<Vec<Result<Response<T>, Error>>, Error> {
        wait(self.call)
    }
}

impl<T> fmt::Debug for ExecuteBatch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call.fmt(f)
    }
}
