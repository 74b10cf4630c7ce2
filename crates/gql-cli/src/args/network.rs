//! How a connection is made, whatever is spoken over it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::duration::positive_duration;

const CONNECTION: &str = "Connection";

/// Proxies, certificates, names and patience: the names are those of curl.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct NetworkArgs {
    /// Connect through this proxy: http://…, https://…, socks5://…, socks5h://…; without it, the one of the environment
    #[arg(long, value_name = "URL", help_heading = CONNECTION, conflicts_with_all = ["no_proxy", "unix_socket"], hide_short_help = true)]
    pub(crate) proxy: Option<String>,

    /// Connect directly, whatever proxy the environment names
    #[arg(long, help_heading = CONNECTION, hide_short_help = true)]
    pub(crate) no_proxy: bool,

    /// Trust the authorities in this PEM file too
    #[arg(long, value_name = "FILE", help_heading = CONNECTION, hide_short_help = true)]
    pub(crate) cacert: Option<PathBuf>,

    /// Show the server this client certificate, of a PEM file, which may hold its key too
    #[arg(long, value_name = "FILE", help_heading = CONNECTION, hide_short_help = true)]
    pub(crate) cert: Option<PathBuf>,

    /// The key of --cert, in a PEM file
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = CONNECTION, hide_short_help = true)]
    pub(crate) key: Option<PathBuf>,

    /// Accept any certificate of the server, so that anyone on the way can read and change everything
    #[arg(short = 'k', long, help_heading = CONNECTION, hide_short_help = true)]
    pub(crate) insecure: bool,

    /// Connect to ADDR where the URL says HOST and PORT; as often as you like
    #[arg(long, value_name = "HOST:PORT:ADDR", help_heading = CONNECTION, hide_short_help = true)]
    pub(crate) resolve: Vec<Pinned>,

    /// Connect to this unix socket, whatever host the URL names
    #[arg(long, value_name = "PATH", help_heading = CONNECTION, hide_short_help = true)]
    pub(crate) unix_socket: Option<PathBuf>,

    /// Time for a connection to be made: 5s, 500ms, or a number of seconds; 10s, or what --timeout is if that is more
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = CONNECTION, hide_short_help = true)]
    pub(crate) connect_timeout: Option<Duration>,

    /// Ask for compressed answers (gzip, brotli, zstd)
    #[arg(long, help_heading = CONNECTION, hide_short_help = true)]
    pub(crate) compressed: bool,

    /// Send requests by HTTP/1.1, even where TLS would agree on HTTP/2
    #[arg(long = "http1.1", help_heading = CONNECTION, conflicts_with = "http2_prior_knowledge", hide_short_help = true)]
    pub(crate) http1_1: bool,

    /// Send requests by HTTP/2, without asking the server first
    #[arg(long, help_heading = CONNECTION, hide_short_help = true)]
    pub(crate) http2_prior_knowledge: bool,

    /// How often a request is repeated that failed for a reason that may pass; 2 if nothing is said. A mutation is never
    /// repeated once it may have reached the server
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100), help_heading = CONNECTION, hide_short_help = true)]
    pub(crate) retry: Option<u32>,
}

impl NetworkArgs {
    /// The first of these options that was given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        [
            (self.proxy.is_some(), "--proxy"),
            (self.no_proxy, "--no-proxy"),
            (self.cacert.is_some(), "--cacert"),
            (self.cert.is_some(), "--cert"),
            (self.insecure, "--insecure"),
            (!self.resolve.is_empty(), "--resolve"),
            (self.unix_socket.is_some(), "--unix-socket"),
            (self.connect_timeout.is_some(), "--connect-timeout"),
            (self.compressed, "--compressed"),
            (self.http1_1, "--http1.1"),
            (self.http2_prior_knowledge, "--http2-prior-knowledge"),
            (self.retry.is_some(), "--retry"),
        ]
        .into_iter()
        .find_map(|(given, option)| given.then_some(option))
    }
}

/// What `--resolve` takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Pinned {
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
}

impl std::str::FromStr for Pinned {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "give HOST:PORT:ADDR, such as example.com:443:127.0.0.1 or example.com:443:[::1]".to_owned();
        let (host, rest) = text.split_once(':').ok_or_else(wrong)?;
        let (port, address) = rest.split_once(':').ok_or_else(wrong)?;
        let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let address: IpAddr = bare.unwrap_or(address).parse().map_err(|_| wrong())?;
        let port: u16 = port.parse().map_err(|_| wrong())?;
        if host.is_empty() || port == 0 {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_owned(),
            address: SocketAddr::new(address, port),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_name_is_a_host_a_port_and_an_address() {
        for (text, address) in [
            ("example.com:443:127.0.0.1", "127.0.0.1:443"),
            ("example.com:80:[::1]", "[::1]:80"),
            ("example.com:80:::1", "[::1]:80"),
        ] {
            let pinned: Pinned = text.parse().unwrap();
            assert_eq!(
                (pinned.host.as_str(), pinned.address.to_string().as_str()),
                ("example.com", address)
            );
        }
        for text in [
            "",
            "example.com",
            "example.com:443",
            "a:b:127.0.0.1",
            ":1:127.0.0.1",
            "a:0:127.0.0.1",
            "a:1:b",
        ] {
            assert!(text.parse::<Pinned>().is_err(), "{text}");
        }
    }
}
