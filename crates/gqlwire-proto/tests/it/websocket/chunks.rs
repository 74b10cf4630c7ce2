//! Where the bytes are cut, and what bytes they are, must not matter.

use proptest::prelude::*;

use super::{CONTINUATION, LAST, LIMIT, PING, TEXT, close, frame, read, read_chunks, text, valid_stream};

#[test]
fn every_place_where_two_chunks_meet_gives_the_same() {
    let bytes = [
        text("Grüße"),
        text(&"x".repeat(200)),
        frame(TEXT, "ü".as_bytes()),
        frame(LAST | PING, b"ping"),
        frame(LAST | CONTINUATION, "€".as_bytes()),
        text(""),
        text(&"y".repeat(70_000)),
        text("after"),
        close(1000, b"bye"),
        text("late"),
    ]
    .concat();
    let whole = read(&bytes);
    assert_eq!(whole.messages.len(), 7);
    let near = |at: &usize| *at < 300 || *at + 200 > bytes.len() || at.is_multiple_of(997);
    for at in (0..=bytes.len()).filter(near) {
        assert_eq!(read_chunks(LIMIT, [&bytes[..at], &bytes[at..]]), whole, "{at}");
    }
    assert_eq!(read_chunks(LIMIT, bytes.chunks(1)), whole);
}

fn cut(bytes: &[u8], cuts: &[prop::sample::Index]) -> super::Read {
    let mut ends: Vec<_> = cuts.iter().map(|at| at.index(bytes.len() + 1)).collect();
    ends.extend([0, bytes.len()]);
    ends.sort_unstable();
    read_chunks(LIMIT, ends.windows(2).map(|ends| &bytes[ends[0]..ends[1]]))
}

proptest! {
    #[test]
    fn streams_give_the_same_however_they_are_cut(
        bytes in valid_stream(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
        width in 1..5000_usize,
    ) {
        let whole = read(&bytes);
        prop_assert_eq!(whole.error, None);
        prop_assert_eq!(&cut(&bytes, &cuts), &whole);
        prop_assert_eq!(&read_chunks(LIMIT, bytes.chunks(width)), &whole);
    }

    #[test]
    fn broken_streams_give_the_same_however_they_are_cut(
        mut bytes in valid_stream(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        prop_assume!(!bytes.is_empty());
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        prop_assert_eq!(cut(&bytes, &cuts), read(&bytes));
    }

    #[test]
    fn arbitrary_bytes_give_messages_or_an_error(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        width in 1..50_usize,
    ) {
        prop_assert_eq!(read_chunks(100, bytes.chunks(width)), read_chunks(100, [&bytes[..]]));
    }

    #[test]
    fn frames_of_arbitrary_bytes_give_messages_or_an_error(
        frames in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..20)), 0..20),
    ) {
        let bytes: Vec<u8> = frames.iter().flat_map(|(first, payload)| frame(first & 0x8b, payload)).collect();
        prop_assert_eq!(read_chunks(100, bytes.chunks(1)), read_chunks(100, [&bytes[..]]));
    }
}
