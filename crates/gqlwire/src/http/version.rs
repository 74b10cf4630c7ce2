/// Which version of HTTP requests are sent in. Websockets are opened with HTTP/1.1, whatever is set.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum HttpVersion {
    /// HTTP/2 where TLS agrees on it, otherwise HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1 and no other: each request that runs at the same time as another has a connection of its own.
    Http1,
    /// HTTP/2 from the first byte, without asking: for servers that speak it without TLS (`h2c`).
    Http2PriorKnowledge,
}
