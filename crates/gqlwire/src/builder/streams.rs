use std::time::Duration;

use super::{ClientBuilder, LONGEST};
use crate::SseOptions;
use crate::http::stream::{Carrier, StreamOptions};

/// Options of subscriptions over HTTP. They change nothing for the subscriptions of a client that has websockets for them.
impl ClientBuilder {
    /// That the server sends the events of subscriptions as server-sent events, and how.
    ///
    /// It need not be said of a server that negotiates: a client for a URL of HTTP asks for server-sent events, for
    /// multipart and for JSON, and takes what it is answered with. It has to be said for
    /// [one connection for all of them](SseOptions::single_connection).
    pub fn sse(mut self, options: SseOptions) -> Self {
        self.streams.carrier = match options.single_connection {
            true => Carrier::SingleConnection,
            false => Carrier::Sse,
        };
        self.streams.carries_requests = options.carry_requests;
        self
    }

    /// That the server sends the events of subscriptions as parts of a multipart answer, by Apollo's protocol, and
    /// nothing else is asked for.
    ///
    /// It need not be said of a server that negotiates, as [`sse`](Self::sse) explains.
    pub fn multipart_subscriptions(mut self) -> Self {
        self.streams.carrier = Carrier::Multipart;
        self.streams.carries_requests = false;
        self
    }

    /// How long the stream of a subscription over HTTP may be silent until it counts as lost; any byte is a sign of life.
    ///
    /// By default it is [`DEFAULT_STREAM_IDLE_TIMEOUT`](crate::DEFAULT_STREAM_IDLE_TIMEOUT) for servers that send
    /// heartbeats, which begins with the first one that comes. From a server that sends none, silence means nothing;
    /// that it is gone shows when the system asks it, as [`tcp_user_timeout`](Self::tcp_user_timeout) says. With this
    /// option it holds for every server. There is no limit to how long a stream may last as a whole.
    pub fn stream_idle_timeout(mut self, timeout: Duration) -> Self {
        self.streams.idle = Some(timeout.min(LONGEST));
        self
    }

    /// When a lost stream is requested again; by default as often as it takes, with growing delays.
    #[cfg(not(feature = "websocket"))]
    pub fn reconnect(mut self, mut policy: crate::ReconnectPolicy) -> Self {
        for delay in [
            &mut policy.first_delay,
            &mut policy.greatest_delay,
            &mut policy.short_life_delay,
        ] {
            *delay = (*delay).min(LONGEST);
        }
        self.streams.reconnect = policy;
        self
    }

    pub(super) fn stream_options(&self) -> StreamOptions {
        #[cfg_attr(not(feature = "websocket"), allow(unused_mut))]
        let mut options = self.streams.clone();
        #[cfg(feature = "websocket")]
        {
            options.reconnect = self.sockets.reconnect.clone();
            options.queue_messages = self.sockets.delivery.capacity.messages;
            options.queue_bytes = self.sockets.delivery.capacity.bytes;
            options.overflow = self.sockets.delivery.overflow;
        }
        options
    }
}
