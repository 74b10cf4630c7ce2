//! A way through an HTTP proxy, asked for by hand.

use std::fmt;

use http::{HeaderValue, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::connecting::USER_AGENT;

/// As long as the head of a proxy's answer may be.
const LONGEST_HEAD: usize = 16 * 1024;

/// Why a proxy has made no tunnel.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It answered with this, and these words of its own, if any.
    Status(StatusCode, String),
    /// What it answered is no HTTP.
    Odd,
    /// It said nothing, or stopped half way.
    Closed(Option<std::io::Error>),
}

/// Asks the proxy at the other end of this stream for a tunnel to `host:port`. What is sent and read from then on is the
/// target's.
pub(super) async fn open<S>(stream: &mut S, authority: &str, credentials: Option<&HeaderValue>) -> Result<(), Refusal>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    request.extend_from_slice(format!("User-Agent: {USER_AGENT}\r\n").as_bytes());
    if let Some(credentials) = credentials {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(credentials.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.map_err(closed)?;
    stream.flush().await.map_err(closed)?;

    let mut head = Vec::new();
    // In the tunnel it is the client who speaks first: what follows the head is of no one.
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > LONGEST_HEAD {
            return Err(Refusal::Odd);
        }
        match stream.read_buf(&mut head).await.map_err(closed)? {
            // Some proxies close after a status line alone.
            0 if head.is_empty() => return Err(Refusal::Closed(None)),
            0 => break,
            _ => {}
        }
    }
    match status_line(&head) {
        Some((status, _)) if status.is_success() => Ok(()),
        Some((status, reason)) => Err(Refusal::Status(status, reason)),
        None => Err(Refusal::Odd),
    }
}

fn closed(error: std::io::Error) -> Refusal {
    Refusal::Closed(Some(error))
}

/// The status of an HTTP/1 answer, and the reason that stands beside it.
fn status_line(head: &[u8]) -> Option<(StatusCode, String)> {
    /// As much of a reason as a message shows.
    const SHOWN: usize = 100;

    let line = head.split(|&byte| byte == b'\n').next()?;
    let rest = line.strip_prefix(b"HTTP/1.0 ").or(line.strip_prefix(b"HTTP/1.1 "))?;
    let (code, reason) = rest.split_at_checked(3)?;
    if !matches!(reason.first(), None | Some(b' ' | b'\r')) {
        return None;
    }
    let reason = String::from_utf8_lossy(reason);
    let reason = reason.trim().chars().filter(|c| !c.is_control()).take(SHOWN);
    Some((StatusCode::from_bytes(code).ok()?, reason.collect()))
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status, reason) if reason.is_empty() => write!(f, "it answered {status}"),
            Self::Status(status, reason) => write!(f, "it answered {} {reason}", status.as_u16()),
            Self::Odd => f.write_str("it does not answer in HTTP"),
            Self::Closed(None) => f.write_str("it closed the connection without an answer"),
            Self::Closed(Some(error)) => write!(f, "the connection to it broke: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    async fn ask(answer: &[u8]) -> Result<(), Refusal> {
        let (mut here, mut there) = tokio::io::duplex(64 * 1024);
        there.write_all(answer).await.unwrap();
        there.shutdown().await.unwrap();
        let asked = open(
            &mut here,
            "api.example.com:80",
            Some(&HeaderValue::from_static("Basic eA==")),
        )
        .await;
        drop(here);
        let mut sent = String::new();
        there.read_to_string(&mut sent).await.unwrap();
        assert!(sent.starts_with("CONNECT api.example.com:80 HTTP/1.1\r\nHost: api.example.com:80\r\n"));
        assert!(sent.ends_with("\r\nProxy-Authorization: Basic eA==\r\n\r\n"), "{sent}");
        asked
    }

    #[tokio::test]
    async fn a_success_is_a_tunnel_and_everything_else_says_what_came() {
        ask(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")
            .await
            .unwrap();
        ask(b"HTTP/1.0 200\r\n\r\n").await.unwrap();
        for (answer, says) in [
            (&b"HTTP/1.1 403 Filtered\r\n\r\nno"[..], "it answered 403 Filtered"),
            (b"HTTP/1.1 502 \r\n\r\n", "it answered 502 Bad Gateway"),
            (b"HTTP/1.1 407 No\x07\x1b[31m\r\n", "it answered 407 No[31m"),
            (b"HTTP/1.1 2000 OK\r\n\r\n", "it does not answer in HTTP"),
            (b"HTTP/1.1 20", "it does not answer in HTTP"),
            (b"\x05\xff", "it does not answer in HTTP"),
            (b"", "it closed the connection without an answer"),
        ] {
            assert_eq!(ask(answer).await.unwrap_err().to_string(), says);
        }
        let endless = [&b"HTTP/1.1 200 OK\r\n"[..], &b"a: b\r\n".repeat(4096)].concat();
        assert!(matches!(ask(&endless).await, Err(Refusal::Odd)));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), status in any::<bool>()) {
            let head = [if status { &b"HTTP/1.1 "[..] } else { b"" }, &bytes].concat();
            let _ = status_line(&head);
        }
    }
}
