//! What is allocated, copied and kept.

use std::borrow::Cow;
use std::sync::Arc;

use gqlwire_proto::websocket::{Decoder, FrameError, LENT, Message, Spares};

use super::{CONTINUATION, LAST, PING, TEXT, frame, text};

/// Reads as a socket would: never more at once than there is space for. What `look` gets is each message.
fn read_as_a_socket(decoder: &mut Decoder, bytes: &[u8], mut look: impl FnMut(Cow<'_, str>)) {
    let mut at = 0;
    while at < bytes.len() {
        let space = decoder.space();
        let most = space.capacity() - space.len();
        assert_ne!(most, 0);
        let end = bytes.len().min(at + most);
        space.extend_from_slice(&bytes[at..end]);
        assert!(space.capacity() - space.len() <= most, "it was read without growing");
        at = end;
        while let Some(message) = decoder.take().unwrap() {
            match message {
                Message::Text(text) => look(text),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn short_messages_are_lent_and_long_ones_owned_by_a_string_as_long_as_they_are() {
    for len in [0, 1, 150, LENT, LENT + 1, 20_000, 40_000, 64 * 1024, 3 << 20] {
        let bytes = text(&"x".repeat(len)).repeat(5);
        let mut seen = 0;
        read_as_a_socket(&mut Decoder::new(16 << 20), &bytes, |text| {
            seen += 1;
            match text {
                Cow::Borrowed(text) => assert!(text.len() == len && len <= LENT),
                Cow::Owned(text) => assert!(text.len() == len && text.capacity() == len && len > LENT),
            }
        });
        assert_eq!(seen, 5);
    }
}

#[test]
fn a_little_is_read_at_once_until_more_is_used_and_again_after_long_messages() {
    let mut decoder = Decoder::new(16 << 20);
    assert_eq!(decoder.space().capacity(), 4 * 1024);
    read_as_a_socket(&mut decoder, &text("little").repeat(100), |_| {});
    assert_eq!(decoder.space().capacity(), 4 * 1024);
    read_as_a_socket(&mut decoder, &text(&"x".repeat(150)).repeat(10_000), |_| {});
    assert_eq!(decoder.space().capacity(), 32 * 1024);
    read_as_a_socket(&mut decoder, &text(&"x".repeat(8 << 20)), |_| {});
    assert_eq!(decoder.space().capacity(), 4 * 1024);
}

#[test]
fn a_header_alone_allocates_little_whatever_it_announces() {
    let mut decoder = Decoder::new(1 << 40);
    decoder
        .space()
        .extend_from_slice(&[0x81, 127, 0, 0, 0, 0x40, 0, 0, 0, 0]);
    assert_eq!(decoder.take(), Ok(None));
    assert!(decoder.space().capacity() <= 1024 * 1024);
    let mut decoder = Decoder::new(1 << 40);
    decoder
        .space()
        .extend_from_slice(&[0x81, 127, 0x40, 0, 0, 0, 0, 0, 0, 0]);
    let error = FrameError::TooLong {
        len: 1 << 62,
        limit: 1 << 40,
    };
    assert_eq!(decoder.take(), Err(error));
    assert!(decoder.space().capacity() <= 4 * 1024);
}

#[test]
fn a_million_empty_fragments_and_pings_are_one_message_and_cost_no_memory() {
    let mut decoder = Decoder::new(100);
    let mut bytes = frame(TEXT, b"x");
    for _ in 0..1_000_000 {
        bytes.extend(frame(CONTINUATION, b""));
        bytes.extend(frame(LAST | PING, b"p"));
    }
    bytes.extend(frame(LAST | CONTINUATION, b"y"));
    let mut seen = Vec::new();
    read_as_a_socket(&mut decoder, &bytes, |text| seen.push(text.into_owned()));
    assert_eq!(seen, ["xy"]);
    assert!(decoder.space().capacity() <= 64 * 1024);
}

#[test]
fn many_long_fragments_are_not_copied_for_each_of_them() {
    let fragment = frame(CONTINUATION, &[b'x'; 40_000]);
    let mut bytes = frame(TEXT, b"");
    bytes.extend(fragment.repeat(1_000));
    bytes.extend(frame(LAST | CONTINUATION, b""));
    let mut decoder = Decoder::new(64 << 20);
    let mut moves = 0;
    let mut place = None;
    let mut seen = 0;
    for chunk in bytes.chunks(10_000) {
        let space = decoder.space();
        // The gathered message is what is long; count how often it is somewhere else.
        if space.len() > 100_000 && place.replace(space.capacity()) != Some(space.capacity()) {
            moves += 1;
        }
        space.extend_from_slice(chunk);
        while let Some(message) = decoder.take().unwrap() {
            let Message::Text(Cow::Owned(text)) = message else {
                panic!("it is long");
            };
            assert_eq!(text.len(), 40_000_000);
            assert!(text.capacity() <= 50_000_000, "{}", text.capacity());
            seen += 1;
        }
    }
    assert_eq!(seen, 1);
    assert!(moves < 40, "{moves}");
}

#[test]
fn what_is_read_before_a_message_is_taken_is_not_lost() {
    let mut decoder = Decoder::new(100);
    decoder.space().extend_from_slice(&[text("one"), text("two")].concat());
    assert_eq!(decoder.advance(), Ok(true));
    decoder.space().extend_from_slice(&text("three"));
    assert_eq!(decoder.advance(), Ok(true));
    for wanted in ["one", "two", "three"] {
        assert_eq!(decoder.take(), Ok(Some(Message::Text(wanted.into()))));
    }
    assert_eq!(decoder.advance(), Ok(false));
}

#[test]
fn nothing_of_a_message_is_shown_in_debug() {
    let mut decoder = Decoder::new(100);
    decoder.space().extend_from_slice(&text("zzzzz")[..5]);
    assert!(!format!("{decoder:?}").contains('z'));
}

#[test]
fn long_messages_lie_in_the_memory_of_those_that_have_been_read() {
    let spares = Arc::new(Spares::default());
    let mut decoder = Decoder::with_spares(1 << 20, Arc::clone(&spares));
    // One that is copied out of what was read, and one that is read to where it stays.
    for len in [10_000, 60_000] {
        let bytes = frame(LAST | TEXT, &vec![b'x'; len]);
        let mut places = Vec::new();
        for _ in 0..3 {
            read_as_a_socket(&mut decoder, &bytes, |text| {
                let text = text.into_owned();
                assert_eq!(text.len(), len);
                places.push(text.as_ptr() as usize);
                spares.put(text);
            });
        }
        assert_eq!(places, [places[0]; 3]);
    }
}
