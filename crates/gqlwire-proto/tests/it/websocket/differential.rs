//! The same streams, read by tungstenite.
//!
//! Where its verdict is another on purpose:
//!
//! * it takes lengths in more bytes than they need, which §5.2 forbids (and which are too long for a control frame),
//! * it reports a close frame with a code that may not be used as one with 1002, and does not take 1014 for a code,
//! * it looks for UTF-8 in each fragment as it comes, where we look when the message is whole.

use std::io::{Cursor, Read, Write};

use gqlwire_proto::websocket::FrameError;
use gqlwire_proto::websocket::Message as Ours;
use proptest::prelude::*;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{LIMIT, read, valid_stream};

/// An input that ends by having nothing more, as a socket does that stays open.
struct Open(Cursor<Vec<u8>>);

impl Read for Open {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(std::io::ErrorKind::WouldBlock.into()),
            read => Ok(read),
        }
    }
}

impl Write for Open {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What tungstenite makes of it, in our words; the error, if it was one.
fn theirs(bytes: &[u8]) -> (Vec<Ours<'static>>, Option<Error>) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LIMIT))
        .max_frame_size(Some(LIMIT));
    let mut socket = WebSocket::from_raw_socket(Open(Cursor::new(bytes.to_vec())), Role::Client, Some(config));
    let mut messages = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => messages.push(Ours::Text(text.as_str().to_owned().into())),
            Ok(Message::Binary(bytes)) => messages.push(Ours::Binary(bytes.len())),
            Ok(Message::Close(frame)) => {
                let frame = frame.map(|frame| gqlwire_proto::websocket::CloseFrame {
                    code: frame.code.into(),
                    reason: frame.reason.as_str().to_owned(),
                });
                messages.push(Ours::Close(frame));
                return (messages, None);
            }
            Ok(_) => {}
            Err(Error::Io(_)) => return (messages, None),
            Err(error) => return (messages, Some(error)),
        }
    }
}

proptest! {
    #[test]
    fn valid_streams_are_read_alike(bytes in valid_stream()) {
        let (messages, error) = theirs(&bytes);
        prop_assert!(error.is_none(), "{error:?}");
        let ours = read(&bytes);
        prop_assert_eq!(ours.messages, messages);
        prop_assert_eq!(ours.error, None);
    }

    #[test]
    fn broken_streams_are_refused_alike(
        mut bytes in valid_stream(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..3),
    ) {
        prop_assume!(!bytes.is_empty());
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // Enough for every frame to be whole: tungstenite looks at none before that.
        bytes.resize(bytes.len() + LIMIT + 20, 0);
        let (messages, error) = theirs(&bytes);
        let ours = read(&bytes);
        match (ours.error, &error) {
            // The differences that are meant.
            (Some(FrameError::CloseCode(_) | FrameError::ControlLength | FrameError::Length), _) => {
                prop_assert!(messages.starts_with(&ours.messages));
            }
            (None, Some(Error::Utf8(_))) => prop_assert!(ours.messages.starts_with(&messages)),
            // Of several things that are wrong with a frame, either may be the one that is told.
            (Some(_), Some(_)) | (None, None) => prop_assert_eq!(ours.messages, messages),
            (ours, theirs) => prop_assert!(false, "{ours:?} {theirs:?}"),
        }
    }
}
