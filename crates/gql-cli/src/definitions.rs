//! The definitions of a document, one by one: what is needed to send each of several operations on its own.
//!
//! A document comes here after its syntax was checked, so where something is odd this reads on instead of refusing it.

use std::iter::Peekable;

/// One operation or fragment, with its description.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Definition<'a> {
    pub(crate) text: &'a str,
    /// Where the document has it.
    pub(crate) start: usize,
    /// The name of a fragment; `None` for an operation.
    pub(crate) fragment: Option<&'a str>,
    /// The fragments that it spreads, anywhere in it.
    pub(crate) spreads: Vec<&'a str>,
    first: First<'a>,
}

/// What a selection set begins with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum First<'a> {
    /// The field's key in the response.
    Field(&'a str),
    Nothing,
    Spread(&'a str),
}

/// All definitions, in the order of the document.
pub(crate) fn definitions(document: &str) -> Vec<Definition<'_>> {
    let mut tokens = Tokens { document, at: 0 }.peekable();
    let mut found = Vec::new();
    while let Some(&(start, _)) = tokens.peek() {
        found.push(definition(document, start, &mut tokens));
    }
    found
}

/// The key of an operation's first root field in the response, found through fragments.
pub(crate) fn first_key<'a>(operation: &Definition<'a>, all: &[Definition<'a>]) -> Option<&'a str> {
    let mut first = operation.first;
    // A chain of spreads that is longer goes in a circle.
    for _ in 0..=all.len() {
        match first {
            First::Field(key) => return Some(key),
            First::Nothing => return None,
            First::Spread(name) => {
                first = all.iter().find(|definition| definition.fragment == Some(name))?.first;
            }
        }
    }
    None
}

/// Reads up to the brace that closes the selection set.
fn definition<'a>(document: &'a str, start: usize, tokens: &mut Peekable<Tokens<'a>>) -> Definition<'a> {
    let mut found = Definition {
        text: "",
        start,
        fragment: None,
        spreads: Vec::new(),
        first: First::Nothing,
    };
    let (mut braces, mut parentheses, mut end) = (0_usize, 0_usize, start);
    let mut previous = "";
    while let Some((at, token)) = tokens.next() {
        end = at + token.len();
        let begins_selection = previous == "{" && parentheses == 0 && found.first == First::Nothing;
        match token {
            "(" => parentheses += 1,
            ")" => parentheses = parentheses.saturating_sub(1),
            // Between parentheses, braces are those of values.
            _ if parentheses > 0 => {}
            "{" => braces += 1,
            "}" => braces = braces.saturating_sub(1),
            "..." => {
                // `... on Type {` and `... @include {` begin with what their own braces do.
                let name = tokens.peek().map(|&(_, next)| next);
                if let Some(name) = name.filter(|name| is_name(name) && *name != "on") {
                    found.spreads.push(name);
                    if begins_selection {
                        found.first = First::Spread(name);
                    }
                }
            }
            name if braces == 0 && previous == "fragment" => found.fragment = found.fragment.or(Some(name)),
            name if begins_selection && is_name(name) => found.first = First::Field(name),
            _ => {}
        }
        if token == "}" && braces == 0 && parentheses == 0 {
            break;
        }
        previous = token;
    }
    found.text = &document[start..end];
    found
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Names, strings, `...` and single characters, each with its place. Numbers fall into pieces, which hurts nobody here.
#[derive(Clone, Copy, Debug)]
struct Tokens<'a> {
    document: &'a str,
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.skip_ignored();
        let first = rest.chars().next()?;
        let length = match first {
            '"' => string_length(rest),
            '.' if rest.starts_with("...") => 3,
            _ if is_name(rest) => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                end.unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        let at = self.at;
        self.at += length;
        Some((at, &rest[..length]))
    }
}

impl<'a> Tokens<'a> {
    fn skip_ignored(&mut self) -> &'a str {
        loop {
            let rest = &self.document[self.at..];
            let skipped = match rest.chars().next() {
                Some(c @ (' ' | '\t' | '\n' | '\r' | ',' | '\u{feff}')) => c.len_utf8(),
                Some('#') => rest.find(['\n', '\r']).unwrap_or(rest.len()),
                _ => return rest,
            };
            self.at += skipped;
        }
    }
}

/// The length of the string or block string that this text begins with.
fn string_length(text: &str) -> usize {
    let quotes = if text.starts_with("\"\"\"") { "\"\"\"" } else { "\"" };
    let mut at = quotes.len();
    while let Some(found) = text[at..].find(['"', '\\']) {
        at += found;
        if text[at..].starts_with(quotes) {
            return at + quotes.len();
        }
        at += match text.as_bytes()[at] {
            // A block string knows one escape alone, that of its own quotes.
            b'\\' if quotes.len() == 3 => match text[at..].starts_with("\\\"\"\"") {
                true => 4,
                false => 1,
            },
            b'\\' => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
            _ => 1,
        };
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fragments(document: &str) -> Vec<(Option<&str>, Vec<&str>, &str)> {
        let all = definitions(document);
        all.into_iter()
            .map(|one| (one.fragment, one.spreads, one.text))
            .collect()
    }

    #[test]
    fn a_document_falls_into_its_definitions() {
        let document = "# first\nsubscription A($x: I = {a: \"}\"}) @d(v: {b: 1}) { a(x: $x) { ...F ... on T { b } } },\n\
                        fragment F on T { ...G c(s: \"\"\"} \\\"\"\" { ...no\"\"\") }\n\"a { description }\" { d }";
        assert_eq!(
            fragments(document),
            [
                (
                    None,
                    vec!["F"],
                    "subscription A($x: I = {a: \"}\"}) @d(v: {b: 1}) { a(x: $x) { ...F ... on T { b } } }"
                ),
                (
                    Some("F"),
                    vec!["G"],
                    "fragment F on T { ...G c(s: \"\"\"} \\\"\"\" { ...no\"\"\") }"
                ),
                (None, vec![], "\"a { description }\" { d }"),
            ]
        );
    }

    #[test]
    fn names_that_are_keywords_elsewhere_are_names() {
        let all = fragments("query fragment { on } fragment query on fragment { fragment { a } }");
        assert_eq!(all[0].0, None);
        assert_eq!(all[1].0, Some("query"));
    }

    #[test]
    fn the_first_key_is_the_alias_and_is_found_through_fragments() {
        for (document, key) in [
            ("subscription { onPost { id } }", Some("onPost")),
            ("subscription { mine: onPost(a: {b: 1}) { id } }", Some("mine")),
            ("query Q($a: Int) @d { # {\n a b }", Some("a")),
            ("{ ... on Query @include(if: true) { a } }", Some("a")),
            (
                "{ ... @include(if: {a: 1}) { ...F } } fragment F on Q { ...G } fragment G on Q { g }",
                Some("g"),
            ),
            ("{ ...F } fragment F on Q { ...F }", None),
            ("{ ...F }", None),
        ] {
            let all = definitions(document);
            assert_eq!(first_key(&all[0], &all), key, "{document}");
        }
    }

    proptest! {
        #[test]
        fn any_text_falls_into_pieces_without_a_panic(text in "[a-c{}(). \"\\\\#\n:é…]{0,60}") {
            let all = definitions(&text);
            let length: usize = all.iter().map(|one| one.text.len()).sum();
            prop_assert!(length <= text.len());
            for one in &all {
                let _ = first_key(one, &all);
            }
        }
    }
}
