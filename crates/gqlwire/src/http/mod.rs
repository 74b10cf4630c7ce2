//! Queries and mutations over HTTP.

mod answer;
mod attempts;
mod clock;
mod connect_error;
mod connecting;
mod place;
mod plaintext;
mod proxy;
pub(crate) mod stream;
mod times;
#[cfg(feature = "tls")]
pub(crate) mod tls;
mod transport;

pub(crate) use answer::read_body;
#[cfg(feature = "aws")]
pub(crate) use answer::read_bytes;
#[cfg(feature = "websocket")]
pub(crate) use answer::{advice, reason};
#[cfg(feature = "websocket")]
pub(crate) use attempts::{Attempts, Next};
pub(crate) use clock::ServerClock;
pub(crate) use connect_error::connect_error;
pub(crate) use connecting::{ConnectOptions, Purpose, client};
use place::is_safe_for_credentials;
pub(crate) use place::{Shown, host_of, is_loopback, redirected};
pub(crate) use plaintext::{is_harmless, unsafe_credentials};
#[cfg(feature = "websocket")]
pub(crate) use times::{date, retry_after};
#[cfg(feature = "websocket")]
pub(crate) use transport::roll;
pub(crate) use transport::{HttpOptions, HttpTransport};
