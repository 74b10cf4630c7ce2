use gqlwire_proto::multipart::{Decoder, MultipartError, boundary, parameter};
use proptest::prelude::*;

/// The bodies, and whether the last boundary came.
fn read_in(boundary: &str, chunks: &[&[u8]], limit: usize) -> Result<(Vec<String>, bool), MultipartError> {
    let mut decoder = Decoder::new(boundary, limit);
    let mut parts = Vec::new();
    for chunk in chunks {
        let mut rest = *chunk;
        while decoder.read(&mut rest)? {
            parts.push(String::from_utf8_lossy(decoder.part().body).into_owned());
        }
        assert!(rest.is_empty(), "what is not taken would be lost");
    }
    Ok((parts, decoder.is_over()))
}

fn read(boundary: &str, text: &str) -> (Vec<String>, bool) {
    let text = text.as_bytes();
    let whole = read_in(boundary, &[text], 1000);
    for at in 0..=text.len() {
        let (head, tail) = text.split_at(at);
        assert_eq!(read_in(boundary, &[head, tail], 1000), whole, "cut at {at}");
    }
    let bytes: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(read_in(boundary, &bytes, 1000), whole, "byte by byte");
    whole.unwrap()
}

#[test]
fn parts_stand_between_boundaries() {
    let text = "--graphql\r\ncontent-type: application/json\r\n\r\n{\"a\":1}\r\n--graphql\r\n\
                content-type: application/json\r\n\r\n{\"b\":2}\r\n--graphql--\r\n";
    let parts = vec!["{\"a\":1}".to_owned(), "{\"b\":2}".to_owned()];
    assert_eq!(read("graphql", text), (parts.clone(), true));
    assert_eq!(read("graphql", &text.replace("\r\n", "\n")), (parts, true), "LF alone");
}

#[test]
fn what_apollo_server_and_yoga_write_is_understood() {
    let apollo = "\r\n---\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{\"hasNext\":true}\r\n---\r\n\
                  content-type: application/json; charset=utf-8\r\n\r\n{\"hasNext\":false}\r\n-----\r\n";
    let expected = (
        vec!["{\"hasNext\":true}".to_owned(), "{\"hasNext\":false}".to_owned()],
        true,
    );
    assert_eq!(read("-", apollo), expected);
    let yoga = "\r\n---\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 16\r\n\r\n\
                {\"hasNext\":true}\r\n---\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 17\r\n\r\n\
                {\"hasNext\":false}\r\n-----\r\n";
    assert_eq!(read("-", yoga), expected);
}

#[test]
fn a_part_is_told_before_the_line_of_its_boundary_has_ended() {
    let mut decoder = Decoder::new("-", 100);
    assert!(decoder.read(&mut &b"\r\n---\r\n\r\n{}\r\n---"[..]).unwrap());
    assert_eq!(decoder.part().body, b"{}");
}

#[test]
fn preamble_epilogue_padding_and_empty_parts_say_nothing() {
    let text = "This is a preamble\r\nof two lines --x\r\n--x \t\r\n\r\n1\r\n--x\r\n--x\r\n\r\n--x\r\na: b\r\n\r\n\r\n--x--\r\n\
                epilogue\r\n--x\r\n\r\n2\r\n--x\r\n";
    assert_eq!(read("x", text), (vec!["1".to_owned()], true));
}

#[test]
fn a_line_that_only_begins_like_a_boundary_is_content() {
    let text = "--boundary\n\n--bound\n-\n--\n--boundar\r\n--boundary--";
    let (parts, over) = read("boundary", text);
    assert_eq!(parts, ["--bound\n-\n--\n--boundar"]);
    assert!(over);
}

#[test]
fn headers_have_names_in_any_case() {
    let mut decoder = Decoder::new("x", 100);
    let text = b"--x\r\nContent-TYPE : application/json \r\nother: 1\r\n\r\nbody: 2\r\n--x";
    assert!(decoder.read(&mut &text[..]).unwrap());
    let part = decoder.part();
    assert_eq!(part.header("content-type"), Some("application/json"));
    assert_eq!(part.header("Other"), Some("1"));
    assert_eq!(part.header("body"), None);
}

#[test]
fn what_is_cut_off_is_not_over() {
    for text in ["", "--x", "--x\r\n\r\n1", "--x\r\n\r\n1\r\n--x", "--x\r\n\r\n1\r\n--x-"] {
        assert!(!read_in("x", &[text.as_bytes()], 100).unwrap().1, "{text:?}");
    }
}

#[test]
fn what_is_malformed_or_too_long_is_an_error() {
    let read = |text: &str| read_in("x", &[text.as_bytes()], 20).unwrap_err();
    assert_eq!(read("--xy"), MultipartError::Delimiter);
    assert_eq!(read("--x\r\n{\"a\":1}\r\n--x--"), MultipartError::NoBody);
    let long = format!("--x\r\n\r\n{}", "1".repeat(30));
    assert_eq!(read(&long), MultipartError::TooLong { limit: 20 });
}

#[test]
fn a_boundary_is_found_quoted_or_not() {
    for (content_type, expected) in [
        ("multipart/mixed", "-"),
        ("multipart/mixed; boundary=graphql", "graphql"),
        ("multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0", "graphql"),
        ("multipart/mixed; deferSpec=20220824; BOUNDARY=\"-\"", "-"),
        ("multipart/mixed; x=\"a;boundary=b\"; boundary=c", "c"),
        ("multipart/mixed; boundary=\"a\\\"b\"", "a\"b"),
        ("multipart/mixed; boundary=\"open", "open"),
        ("multipart/mixed; flag; boundary= x ", "x"),
        ("multipart/mixed; boundary=", "-"),
    ] {
        assert_eq!(boundary(content_type), expected, "{content_type}");
    }
    assert_eq!(
        parameter("multipart/mixed;subscriptionSpec=\"1.0\"", "subscriptionspec").unwrap(),
        "1.0"
    );
}

proptest! {
    #[test]
    fn no_chunking_changes_what_is_read(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("--x"), Just("--"), Just("-"), Just("\r\n"), Just("\n"), Just("\r"), Just("a: b"), Just("{}"), Just("x"),
                Just("\r\n--x\r\n\r\n{\"n\":1}\r\n--x")
            ],
            0..40,
        ),
        cuts in proptest::collection::vec(0usize..300, 0..8),
    ) {
        let text = pieces.concat().into_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.push(0);
        cuts.push(text.len());
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        prop_assert_eq!(read_in("x", &chunks, 10_000), read_in("x", &[&text], 10_000));
    }

    #[test]
    fn bodies_come_out_as_they_went_in(
        bodies in proptest::collection::vec("[a-z{}\":,\\r\\n]{1,30}", 0..8),
        crlf in any::<bool>(),
        size in 1usize..40,
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let wanted: Vec<String> = bodies.iter().filter(|body| !body.trim().is_empty()).cloned().collect();
        // A body that ends with a CR cannot be told from the line break of its boundary where that is LF.
        prop_assume!(crlf || wanted.iter().all(|body| !body.ends_with('\r')));
        let mut text = format!("--bound{end}");
        for body in &bodies {
            text.push_str(&format!("content-type: application/json{end}{end}{body}{end}--bound{end}"));
        }
        text.push_str(&format!("--bound--{end}"));
        let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        prop_assert_eq!(read_in("bound", &chunks, 10_000).unwrap(), (wanted, true));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), limit in 0usize..64) {
        let _ = read_in("x", &[&bytes], limit);
        let _ = boundary(&String::from_utf8_lossy(&bytes));
    }
}
