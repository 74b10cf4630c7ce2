//! Websocket frames as bytes, to be written over a socket without further thought.

use super::dialect::Dialect;

/// What every message ends with.
const TAIL: &[u8] = br#""}}}}"#;

/// The frame of one event: a message of its own. Only its beginning is its own; its end is shared.
#[derive(Debug)]
pub(super) struct Frame {
    head: Vec<u8>,
    /// How long the text of the event is.
    padding: usize,
}

/// How the frames of messages of a length end.
#[derive(Debug)]
pub(super) struct SharedTail(Vec<u8>);

impl Frame {
    /// The frame of an event whose text is as long as it takes to make its message so long, but never too short to be
    /// whole.
    pub(super) fn new(dialect: Dialect, id: &str, at: u64, bytes: usize) -> Self {
        let kind = dialect.event();
        let begun =
            format!(r#"{{"id":"{id}","type":"{kind}","payload":{{"data":{{"event":{{"id":7,"at":{at},"text":""#);
        let padding = bytes.saturating_sub(begun.len() + TAIL.len());
        let mut head = header(begun.len() + padding + TAIL.len());
        head.extend_from_slice(begun.as_bytes());
        Self { head, padding }
    }

    pub(super) fn append_to(&self, batch: &mut Vec<u8>, SharedTail(tail): &SharedTail) {
        batch.extend_from_slice(&self.head);
        batch.extend_from_slice(&tail[tail.len() - TAIL.len() - self.padding..]);
    }
}

impl SharedTail {
    pub(super) fn new(bytes: usize) -> Self {
        let mut tail = vec![b'x'; bytes];
        tail.extend_from_slice(TAIL);
        Self(tail)
    }
}

/// The header of an unmasked text frame.
fn header(length: usize) -> Vec<u8> {
    const FINAL_TEXT: u8 = 0x81;
    let mut header = vec![FINAL_TEXT];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => header.push(short),
        (_, Ok(medium)) => {
            header.push(126);
            header.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            header.push(127);
            header.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(dialect: Dialect, at: u64, bytes: usize) -> Vec<u8> {
        let mut frames = Vec::new();
        Frame::new(dialect, "some id", at, bytes).append_to(&mut frames, &SharedTail::new(bytes));
        frames
    }

    #[test]
    fn an_event_is_json_of_the_length_asked_for_behind_a_header_of_its_size() {
        for (bytes, header) in [(110, 2), (150, 4), (64 * 1024 - 1, 4), (64 * 1024, 10)] {
            let frame = frame(Dialect::AppSync, u64::MAX, bytes);
            assert_eq!(frame.len(), header + bytes);
            let message: serde_json::Value = serde_json::from_slice(&frame[header..]).unwrap();
            assert_eq!(message["payload"]["data"]["event"]["at"], u64::MAX);
        }
    }

    #[test]
    fn a_message_too_short_for_its_event_is_longer_instead() {
        let frame = frame(Dialect::TransportWs, 0, 1);
        assert!(serde_json::from_slice::<serde_json::Value>(&frame[2..]).is_ok());
    }
}
