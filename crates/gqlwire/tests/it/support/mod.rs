//! Servers by hand: what they send is written down byte for byte in each test.

#[cfg(any(feature = "ring", feature = "rustls"))]
mod certificates;
mod faulty_proxy;
mod graphql_server;
mod proxies;
mod realtime;
mod rng;
mod server;
mod ticker;
#[cfg(any(feature = "ring", feature = "rustls"))]
mod tls_front;

#[cfg(any(feature = "ring", feature = "rustls"))]
pub(crate) use certificates::Authority;
pub(crate) use faulty_proxy::{Fault, FaultyProxy, Plan, Way};
pub(crate) use graphql_server::GraphqlServer;
pub(crate) use realtime::{Peer, accept_key, realtime, realtime_speaking};
pub(crate) use proxies::{Manner, ProxyDouble};
pub(crate) use rng::Rng;
pub(crate) use server::{Request, Server, Stream, response};
pub(crate) use ticker::{Account, Got, PATIENCE, TICKS, Ticker, abandoned, next};
#[cfg(any(feature = "ring", feature = "rustls"))]
pub(crate) use tls_front::TlsFront;

use gqlwire::{Client, ClientBuilder, Error, appsync};

pub(crate) const KEY: &str = "da2-veryveryverysecretkey00001";
pub(crate) const MUTATION: &str = "mutation { createMessage(input: {message: \"x\"}) { id } }";
pub(crate) const SUBSCRIPTION: &str = "subscription { onCreateMessage { message } }";

/// A client of AppSync on this server, authorised by API key.
pub(crate) fn appsync_client(server: &Server) -> ClientBuilder {
    Client::builder(&server.url("/graphql"))
        .appsync()
        .auth(appsync::ApiKey::new(KEY))
}

/// Every message to a person is one line, and neither shows a credential.
pub(crate) fn presentable(error: &Error) -> String {
    let message = error.to_string();
    assert!(!message.contains('\n'), "more than one line: {message}");
    assert!(!message.is_empty());
    assert!(!format!("{message} {error:?}").contains(KEY), "{error:?}");
    message
}
