//! The same without the facade: nothing, which costs nothing.

use gqlwire_proto::scan::OperationKind;

#[cfg(feature = "websocket")]
use crate::Counters;
use crate::{Error, Response};

#[derive(Debug)]
pub(crate) struct Execution;

impl Execution {
    pub(crate) fn begin(_kind: OperationKind) -> Self {
        Self
    }

    pub(crate) fn end<T>(self, _outcome: &Result<Response<T>, Error>) {}
}

#[cfg(feature = "http")]
pub(crate) fn describe() {}

#[cfg(feature = "http")]
pub(crate) fn repeated(_kind: OperationKind) {}

#[cfg(feature = "websocket")]
#[derive(Debug, Default)]
pub(crate) struct Metered {}

#[cfg(feature = "websocket")]
impl Metered {
    pub(crate) fn report(&mut self, _counters: impl FnOnce() -> Counters) {}
}
