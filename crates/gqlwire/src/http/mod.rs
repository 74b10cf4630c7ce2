//! Queries and mutations over HTTP.

mod answer;
mod attempts;
mod batch;
mod budget;
mod clock;
mod connect_error;
mod connecting;
#[cfg(feature = "cookies")]
mod cookies;
mod dial;
#[cfg(feature = "upload")]
mod form;
mod outgoing;
mod persisted;
mod place;
mod plaintext;
mod proxy;
#[cfg(feature = "websocket")]
mod sockets;
mod times;
#[cfg(feature = "tls")]
pub(crate) mod tls;
mod transport;
mod tunnel;
mod version;
mod way;

pub(crate) use answer::read_body;
#[cfg(feature = "aws")]
pub(crate) use answer::read_bytes;
#[cfg(feature = "websocket")]
pub(crate) use answer::{advice, reason};
#[cfg(feature = "websocket")]
pub(crate) use attempts::{Attempts, Next};
pub(crate) use budget::Budget;
pub(crate) use clock::ServerClock;
pub(crate) use connect_error::connect_error;
#[cfg(feature = "websocket")]
use connect_error::way_error;
pub(crate) use connecting::{ConnectOptions, Purpose, client};
use place::is_safe_for_credentials;
pub(crate) use place::{Shown, host_of, is_loopback, redirected};
pub(crate) use plaintext::{is_harmless, unsafe_credentials};
pub(crate) use proxy::Proxies;
#[cfg(feature = "websocket")]
pub(crate) use sockets::{SocketClient, sockets};
#[cfg(feature = "websocket")]
pub(crate) use times::{date, retry_after};
#[cfg(feature = "websocket")]
pub(crate) use transport::roll;
pub(crate) use transport::{HttpOptions, HttpTransport};
pub use version::HttpVersion;
