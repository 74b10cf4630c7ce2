//! RFC 6455, section by section.

use gqlwire_proto::websocket::{CloseFrame, FrameError, Message};

use super::{
    BINARY, CLOSE, CONTINUATION, LAST, LIMIT, PING, PONG, Read, TEXT, close, frame, read, read_chunks, text, texts,
};

fn refused(bytes: &[u8]) -> FrameError {
    let Read { messages, error, .. } = read(bytes);
    assert_eq!(messages, []);
    error.expect("nothing was wrong with it")
}

#[test]
fn section_5_1_a_masked_frame_is_refused() {
    let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(refused(&masked), FrameError::Masked);
}

#[test]
fn section_5_2_reserved_bits_and_opcodes_are_refused() {
    for bit in [0x40, 0x20, 0x10] {
        assert_eq!(refused(&frame(LAST | bit | TEXT, b"x")), FrameError::ReservedBits);
    }
    for opcode in (0x3..0x8).chain(0xb..=0xf) {
        assert_eq!(refused(&frame(LAST | opcode, b"x")), FrameError::Opcode(opcode));
    }
}

#[test]
fn section_5_2_a_length_has_the_one_form_that_is_shortest() {
    for len in [0, 125, 126, 65_535, 65_536] {
        assert_eq!(texts(&read(&text(&"x".repeat(len)))), ["x".repeat(len)]);
    }
    assert_eq!(refused(&[0x81, 126, 0, 125]), FrameError::Length);
    assert_eq!(refused(&[0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]), FrameError::Length);
    assert_eq!(refused(&[0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]), FrameError::Length);
}

#[test]
fn section_5_4_fragments_become_one_message_with_control_frames_between_them() {
    let bytes = [
        frame(TEXT, b"Hel"),
        frame(LAST | PING, b"one"),
        frame(CONTINUATION, b""),
        frame(LAST | PONG, b"unasked"),
        frame(LAST | PING, b"two"),
        frame(LAST | CONTINUATION, b"lo"),
        text("next"),
    ];
    let read = read(&bytes.concat());
    assert_eq!(texts(&read), ["Hello", "next"]);
    assert_eq!(read.error, None);
    assert_eq!(read.pong.as_deref(), Some(&b"two"[..]));
}

#[test]
fn section_5_4_messages_neither_start_in_the_middle_nor_lie_in_each_other() {
    assert_eq!(refused(&frame(LAST | CONTINUATION, b"lo")), FrameError::Continuation);
    assert_eq!(refused(&frame(CONTINUATION, b"lo")), FrameError::Continuation);
    for second in [TEXT, LAST | TEXT, LAST | BINARY] {
        let bytes = [frame(TEXT, b"Hel"), frame(second, b"lo")].concat();
        assert_eq!(refused(&bytes), FrameError::Interrupted);
    }
    let bytes = [text("whole"), frame(LAST | CONTINUATION, b"")].concat();
    assert_eq!(read(&bytes).error, Some(FrameError::Continuation));
}

#[test]
fn section_5_5_control_frames_are_short_and_whole() {
    for opcode in [CLOSE, PING, PONG] {
        assert_eq!(refused(&frame(opcode, b"")), FrameError::ControlFragmented);
        assert_eq!(refused(&frame(LAST | opcode, &[b'x'; 126])), FrameError::ControlLength);
    }
    let longest = [b'x'; 125];
    assert_eq!(read(&frame(LAST | PING, &longest)).pong.as_deref(), Some(&longest[..]));
}

#[test]
fn section_5_5_1_nothing_counts_after_a_close_frame() {
    let bytes = [text("last"), close(1001, b"going"), text("late"), vec![0xff; 100]].concat();
    let read = read(&bytes);
    let goodbye = CloseFrame {
        code: 1001,
        reason: "going".to_owned(),
    };
    assert_eq!(
        read.messages,
        [Message::Text("last".into()), Message::Close(Some(goodbye))]
    );
    assert_eq!(read.error, None);
    let bare = frame(LAST | CLOSE, b"");
    assert_eq!(super::read(&bare).messages, [Message::Close(None)]);
}

#[test]
fn section_5_5_1_a_close_frame_comes_in_the_middle_of_a_message_too() {
    let bytes = [frame(TEXT, b"half"), close(1011, b"")].concat();
    assert!(matches!(read(&bytes).messages[..], [Message::Close(Some(_))]));
}

#[test]
fn section_5_5_1_a_close_frame_has_a_whole_code_and_a_reason_in_utf_8() {
    assert_eq!(refused(&frame(LAST | CLOSE, &[3])), FrameError::CloseLength);
    let error = refused(&close(1000, b"\xff"));
    assert_eq!((error, error.close_code()), (FrameError::Utf8, 1007));
}

#[test]
fn section_5_6_binary_messages_are_told_by_their_length() {
    let bytes = [frame(LAST | BINARY, &[0xff; 3]), frame(LAST | BINARY, &[0xff; 70_000])];
    let read = read(&bytes.concat());
    assert_eq!(read.messages, [Message::Binary(3), Message::Binary(70_000)]);
}

#[test]
fn section_7_4_only_codes_with_a_meaning_are_taken() {
    for code in (1000..=1003).chain(1007..=1014).chain([3000, 3999, 4000, 4400, 4999]) {
        assert_eq!(read(&close(code, b"")).error, None, "{code}");
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535] {
        assert_eq!(refused(&close(code, b"")), FrameError::CloseCode(code));
    }
    assert_eq!(FrameError::CloseCode(0).close_code(), 1002);
}

#[test]
fn section_8_1_text_is_utf_8_over_the_whole_message() {
    let euro = "€".as_bytes();
    let cut = [
        frame(TEXT, &euro[..1]),
        frame(CONTINUATION, &euro[1..2]),
        frame(LAST, &euro[2..]),
    ];
    assert_eq!(texts(&read(&cut.concat())), ["€"]);
    for bytes in [
        frame(LAST | TEXT, b"\xc3\x28"),
        frame(LAST | TEXT, &euro[..2]),
        // A surrogate, and more than there is.
        frame(LAST | TEXT, b"\xed\xa0\x80"),
        frame(LAST | TEXT, b"\xf4\x90\x80\x80"),
        frame(LAST | TEXT, &[0xff; 5_000]),
        [frame(TEXT, &euro[..2]), frame(LAST, b"")].concat(),
    ] {
        assert_eq!(refused(&bytes), FrameError::Utf8);
    }
}

#[test]
fn section_10_4_the_limit_is_on_whole_messages() {
    let long = "x".repeat(50);
    assert_eq!(texts(&read_chunks(50, [&text(&long)[..]])), [&*long]);
    let fragments = [frame(TEXT, &[b'x'; 25]), frame(LAST, &[b'x'; 26])].concat();
    for bytes in [text(&"x".repeat(51)), fragments] {
        let error = read_chunks(50, [&bytes[..]]).error.unwrap();
        assert_eq!(error, FrameError::TooLong { len: 51, limit: 50 });
        assert_eq!(error.close_code(), 1009);
    }
    // What is announced is believed, and nothing waited for.
    let header = [0x81, 127, 0x40, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(
        read_chunks(LIMIT, [&header[..]]).error,
        Some(FrameError::TooLong {
            len: 1 << 62,
            limit: LIMIT
        })
    );
}
