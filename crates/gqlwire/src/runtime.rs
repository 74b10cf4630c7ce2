use tokio::runtime::Handle;

use crate::{Error, ErrorKind};

/// The runtime that this runs on: without one, timers and sockets panic.
pub(crate) fn current() -> Result<Handle, Error> {
    Handle::try_current().map_err(|_| {
        Error::new(
            ErrorKind::Config,
            "requests need a running tokio runtime, and there is none here",
        )
    })
}
