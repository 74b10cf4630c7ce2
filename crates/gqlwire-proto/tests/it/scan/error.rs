//! Where an error is, and how it is shown.

use gqlwire_proto::scan::{Outline, SyntaxError};

fn error(document: &str) -> SyntaxError {
    Outline::parse(document).expect_err(document)
}

#[test]
fn lines_end_as_graphql_has_it_and_columns_count_characters() {
    for (document, line, column) in [
        ("{\n a ?", 2, 4),
        ("{\r\n a ?", 2, 4),
        ("{\r a ?", 2, 4),
        ("{\n\n\r\n\r\r\n?", 6, 1),
        ("{\n\r?", 3, 1),
        ("{ a(x: \"größer 😀\") ?", 1, 20),
        ("# ünï😀\n\t?", 2, 2),
        ("{\u{2028}", 1, 2),
        ("\u{FEFF}{ ?", 1, 3),
        ("\u{FEFF}?", 1, 1),
        ("{\u{FEFF} ?", 1, 4),
        ("{ a(x: \"\"\"\n\r\n\"\"\") ?", 3, 6),
        ("{ a\n", 2, 1),
    ] {
        let error = error(document);
        assert_eq!((error.line(), error.column()), (line, column), "{document:?}");
        assert_eq!(
            error.offset(),
            document
                .find('?')
                .or(document.find('\u{2028}'))
                .unwrap_or(document.len())
        );
    }
}

#[test]
fn a_long_word_is_cut_in_the_message() {
    let error = error(&format!("{{a}} {}", "word".repeat(100)));
    let expected = "word".repeat(8);
    assert_eq!(
        error.message(),
        format!("expected an operation or a fragment, found \"{expected}…\"")
    );
}

#[test]
fn an_error_is_rendered_with_its_line_and_a_mark() {
    let document = "query {\r\n\tuser(id: 1,\tname: ) { a }\r\n}";
    assert_eq!(
        error(document).render(document),
        "syntax error at 2:20: expected a value, found \")\"\n  |\n2 | \tuser(id: 1,\tname: ) { a }\n  | \t           \t      ^\n"
    );
}

#[test]
fn the_end_of_the_document_is_marked_behind_its_last_character() {
    let document = "query {\n  größe";
    assert_eq!(
        error(document).render(document),
        "syntax error at 2:5: expected GraphQL, found \"ö\" (U+00F6)\n  |\n2 |   größe\n  |     ^\n"
    );
    let document = "{ a";
    assert_eq!(
        error(document).render(document),
        "syntax error at 1:4: expected a selection or \"}\", found the end of the document\n  |\n1 | { a\n  |    ^\n"
    );
}

#[test]
fn the_numbers_of_long_documents_widen_the_margin() {
    let document = format!("{{{}?", "\n".repeat(99));
    assert_eq!(error(&document).render(&document).lines().nth(2), Some("100 | ?"));
    assert_eq!(error(&document).render(&document).lines().nth(3), Some("    | ^"));
}

#[test]
fn of_a_long_line_only_the_surroundings_are_shown() {
    let document = format!(
        "{{ {}? {}",
        "ä ".repeat(500_000).replace('ä', "a"),
        "b ".repeat(500_000)
    );
    let rendered = error(&document).render(&document);
    assert!(rendered.len() < 500, "{} bytes", rendered.len());
    let lines: Vec<&str> = rendered.lines().collect();
    assert!(lines[2].starts_with("1 | …") && lines[2].ends_with('…'), "{rendered}");
    let column = lines[3].chars().position(|c| c == '^').unwrap();
    assert_eq!(lines[2].chars().nth(column), Some('?'), "{rendered}");
}

#[test]
fn control_characters_are_not_sent_to_a_terminal() {
    let document = "{ a(x: \"\u{1b}[31m\u{202e}\") ?";
    let rendered = error(document).render(document);
    assert!(!rendered.contains(['\u{1b}', '\u{202e}']), "{rendered:?}");
}

#[test]
fn rendering_over_another_text_does_not_panic() {
    let error = error("{ aaaaaaaaaaaaaaaaa ?");
    for other in ["", "é", "ééééééééééééééééééé", "\n\n"] {
        assert!(error.render(other).starts_with("syntax error at 1:21"));
    }
}

#[test]
fn debug_shows_words_and_no_buffers() {
    let shown = format!("{:?}", error("{ } "));
    assert_eq!(
        shown,
        r#"SyntaxError { line: 1, column: 3, message: "expected a selection, found \"}\"", .. }"#
    );
}
