use std::time::Duration;

use gqlwire_proto::sse::{Decoder, TooLong};
use proptest::prelude::*;

/// Name, data and last id of each event.
type Read = Vec<(String, String, String)>;

fn read_in(chunks: &[&[u8]], limit: usize) -> Result<(Read, Option<Duration>), TooLong> {
    let mut decoder = Decoder::new(limit);
    let mut events = Vec::new();
    for chunk in chunks {
        let mut rest = *chunk;
        while decoder.read(&mut rest)? {
            let event = decoder.event();
            let id = decoder.last_event_id().to_owned();
            events.push((event.name.to_owned(), event.data.to_owned(), id));
        }
        assert!(rest.is_empty(), "what is not taken would be lost");
    }
    Ok((events, decoder.retry()))
}

fn read(text: &[u8]) -> Read {
    let whole = read_in(&[text], 1000).unwrap();
    for at in 0..=text.len() {
        let (head, tail) = text.split_at(at);
        assert_eq!(read_in(&[head, tail], 1000).unwrap(), whole, "cut at {at}");
    }
    let bytes: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(read_in(&bytes, 1000).unwrap(), whole, "byte by byte");
    whole.0
}

fn event(name: &str, data: &str, id: &str) -> (String, String, String) {
    (name.to_owned(), data.to_owned(), id.to_owned())
}

#[test]
fn the_examples_of_the_standard_read_as_it_says() {
    assert_eq!(
        read(b"data: This is the first message.\n\ndata: This is the second message, it\ndata: has two lines.\n\n"),
        [
            event("", "This is the first message.", ""),
            event("", "This is the second message, it\nhas two lines.", "")
        ]
    );
    assert_eq!(
        read(b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"),
        [
            event("", "first event", "1"),
            event("", "second event", ""),
            event("", " third event", "")
        ]
    );
    // Two events, both with a line break or nothing; the third has no end.
    assert_eq!(
        read(b"data\n\ndata\ndata\n\ndata:"),
        [event("", "", ""), event("", "\n", "")]
    );
}

#[test]
fn lines_end_with_any_line_break() {
    for end in ["\n", "\r", "\r\n"] {
        let text = format!("event: next{end}data: 1{end}data: 2{end}{end}event: complete{end}{end}");
        assert_eq!(
            read(text.as_bytes()),
            [event("next", "1\n2", ""), event("complete", "", "")],
            "{end:?}"
        );
    }
}

#[test]
fn an_event_that_ends_with_cr_alone_is_told_at_once() {
    let mut decoder = Decoder::new(100);
    assert!(decoder.read(&mut &b"data: 1\r\r"[..]).unwrap());
    let mut rest = &b"\ndata: 2\n\n"[..];
    assert!(decoder.read(&mut rest).unwrap());
    assert_eq!(decoder.event().data, "2");
}

#[test]
fn a_byte_order_mark_belongs_to_nothing_and_only_at_the_beginning() {
    assert_eq!(read(b"\xef\xbb\xbfdata: 1\n\n"), [event("", "1", "")]);
    assert_eq!(read(b"\xef\xbb\xbf\xef\xbb\xbfdata: 1\n\n"), []);
}

#[test]
fn comments_and_unknown_fields_say_nothing() {
    assert_eq!(read(b":\n\n: ping\n\nfoo: bar\nDATA: 1\ndata : 2\n\n"), []);
    let mut decoder = Decoder::new(10);
    assert!(!decoder.read(&mut &b":\n\n:\n\n"[..]).unwrap());
    assert_eq!(decoder.comments(), 2);
}

#[test]
fn an_event_with_a_name_and_no_data_counts() {
    assert_eq!(read(b"event: complete\n\n"), [event("complete", "", "")]);
}

#[test]
fn an_id_lasts_until_the_next_and_one_with_a_nul_is_none() {
    assert_eq!(
        read(b"id: a\ndata: 1\n\ndata: 2\n\nid: b\0c\ndata: 3\n\nid: d\n\ndata: 4\n\n"),
        [
            event("", "1", "a"),
            event("", "2", "a"),
            event("", "3", "a"),
            event("", "4", "d")
        ]
    );
}

#[test]
fn a_retry_is_milliseconds_and_nothing_else() {
    for (field, expected) in [
        ("retry: 2500", Some(Duration::from_millis(2500))),
        ("retry:99999999999999999999999999", Some(Duration::MAX)),
        ("retry: 1.5", None),
        ("retry: -1", None),
        ("retry:", None),
    ] {
        let text = format!("{field}\n\n");
        assert_eq!(read_in(&[text.as_bytes()], 100).unwrap().1, expected, "{field}");
    }
}

#[test]
fn what_is_no_utf_8_is_replaced() {
    assert_eq!(read(b"data: a\xffb\xc3\n\n"), [event("", "a\u{fffd}b\u{fffd}", "")]);
}

#[test]
fn an_event_without_end_is_refused_and_a_comment_without_end_is_not_kept() {
    let error = read_in(&[&[b'x'; 101]], 100).unwrap_err();
    assert_eq!(error.to_string(), "an event of the stream is longer than 100 bytes");
    let line = b"data: 0123456789\n".repeat(20);
    assert!(read_in(&[&line], 100).is_err());
    let mut comment = vec![b':'];
    comment.extend_from_slice(&[b'x'; 10_000]);
    let chunks: Vec<&[u8]> = comment.chunks(7).collect();
    assert_eq!(read_in(&chunks, 100).unwrap().0, []);
}

proptest! {
    #[test]
    fn no_chunking_changes_what_is_read(
        text in proptest::collection::vec(
            prop_oneof![
                Just("data: x"), Just("data"), Just("event: next"), Just("id: 7"), Just(":c"), Just("\n"), Just("\r"),
                Just("\r\n"), Just("\u{feff}"), Just("retry: 1"), Just("\n\n"), Just("é")
            ],
            0..40,
        ),
        cuts in proptest::collection::vec(0usize..200, 0..8),
    ) {
        let text = text.concat().into_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.push(0);
        cuts.push(text.len());
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        prop_assert_eq!(read_in(&chunks, 10_000).unwrap(), read_in(&[&text], 10_000).unwrap());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), limit in 0usize..64) {
        let _ = read_in(&[&bytes], limit);
    }
}
