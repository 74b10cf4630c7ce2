//! Limits that stop a hostile document before it costs anything.

use apollo_compiler::ast::{Definition, Document, Selection};
use apollo_compiler::collections::HashMap;

use crate::diagnostic::Diagnostics;

/// How many tokens AppSync takes in one document.
pub const APPSYNC_MAX_TOKENS: usize = 15_000;

/// Selections nested deeper than this are refused. AppSync's own limit, where it is set, is at most 75; the compiler
/// stops at 128; the executor's stack is sized for this.
pub(super) const MAX_DEPTH: usize = 100;

/// The parser counts selection sets, values and types towards one limit, and needs some more room than selections.
pub(super) const PARSER_RECURSION: usize = 200;

/// Fragments that spread fragments in a chain; the compiler stops at 100.
const MAX_FRAGMENT_CHAIN: usize = 100;

/// Counts tokens without building anything.
pub(super) fn check_tokens(source: &str, max: usize) -> Result<(), Diagnostics> {
    if count_tokens(source.as_bytes(), max) <= max {
        return Ok(());
    }
    let message = format!("the document has more than {max} tokens; split it, or raise the limit");
    Err(Diagnostics::single("LimitReached", message, None, None, source))
}

/// Measures nesting through fragments. A cycle of fragments ends here too, as too deep; a shallow one is left to
/// validation, which names it.
pub(super) fn check_depth(document: &Document, max: usize, source: &str) -> Result<(), Diagnostics> {
    let mut walk = Walk {
        fragments: HashMap::default(),
        depths: HashMap::default(),
        max,
    };
    for definition in &document.definitions {
        if let Definition::FragmentDefinition(fragment) = definition {
            walk.fragments.insert(fragment.name.as_str(), &fragment.selection_set);
        }
    }
    for definition in &document.definitions {
        let Definition::OperationDefinition(operation) = definition else {
            continue;
        };
        if walk
            .depth(&operation.selection_set, 0, 0)
            .is_none_or(|depth| depth > max)
        {
            let message = format!("selections are nested deeper than {max} levels");
            let at = operation.location();
            return Err(Diagnostics::single("MaximumDepth", message, at, Some(document), source));
        }
    }
    Ok(())
}

struct Walk<'a> {
    fragments: HashMap<&'a str, &'a [Selection]>,
    /// Depth below each fragment; `None` while it is being measured, which is how a cycle shows.
    depths: HashMap<&'a str, Option<usize>>,
    max: usize,
}

impl<'a> Walk<'a> {
    /// Levels below these selections; `None` when there are too many to go on.
    fn depth(&mut self, selections: &'a [Selection], level: usize, chain: usize) -> Option<usize> {
        if level > self.max || chain > MAX_FRAGMENT_CHAIN {
            return None;
        }
        let mut deepest = 0;
        for selection in selections {
            let depth = match selection {
                Selection::Field(field) if field.selection_set.is_empty() => 1,
                Selection::Field(field) => 1 + self.depth(&field.selection_set, level + 1, chain)?,
                Selection::InlineFragment(inline) => self.depth(&inline.selection_set, level, chain)?,
                Selection::FragmentSpread(spread) => self.fragment(spread.fragment_name.as_str(), level, chain)?,
            };
            deepest = deepest.max(depth);
        }
        Some(deepest)
    }

    fn fragment(&mut self, name: &'a str, level: usize, chain: usize) -> Option<usize> {
        if let Some(known) = self.depths.get(name) {
            return Some(known.unwrap_or(0));
        }
        let Some(selections) = self.fragments.get(name).copied() else {
            return Some(0);
        };
        self.depths.insert(name, None);
        let depth = self.depth(selections, level, chain + 1)?;
        self.depths.insert(name, Some(depth));
        Some(depth)
    }
}

/// Counts up to one more than `max`.
fn count_tokens(source: &[u8], max: usize) -> usize {
    let mut tokens = 0;
    let mut at = 0;
    while at < source.len() && tokens <= max {
        let rest = &source[at..];
        at += match rest[0] {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += rest
                    .iter()
                    .position(|byte| matches!(byte, b'\n' | b'\r'))
                    .unwrap_or(rest.len());
                continue;
            }
            b'"' if rest.starts_with(b"\"\"\"") => block_string(rest),
            b'"' => string(rest),
            b'.' if rest.starts_with(b"...") => 3,
            b'-' | b'0'..=b'9' => {
                let in_number = |byte: &u8| is_word(*byte) || *byte == b'.';
                rest.iter().position(|byte| !in_number(byte)).unwrap_or(rest.len())
            }
            byte if is_word(byte) => rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len()),
            _ => 1,
        };
        tokens += 1;
    }
    tokens
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+') || byte >= 0x80
}

fn string(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            b'\n' | b'\r' => return at,
            _ => at += 1,
        }
    }
    rest.len()
}

fn block_string(rest: &[u8]) -> usize {
    let mut at = 3;
    while at < rest.len() {
        if rest[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if rest[at..].starts_with(b"\"\"\"") {
            return at + 3;
        } else {
            at += 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::count_tokens;

    #[test]
    fn only_tokens_count() {
        for (source, expected) in [
            ("", 0),
            (" , # comment { a }\n", 0),
            ("{ a }", 3),
            ("query Q($a: [Int!]!) { x(a: $a, b: \"s # \\\" t\") @d ... }", 27),
            ("\"\"\"a \\\"\"\" b\"\"\" c", 2),
            ("-1.5e3", 1),
            ("\"open", 1),
            ("\"trailing\\", 1),
        ] {
            assert_eq!(count_tokens(source.as_bytes(), 1000), expected, "{source}");
        }
    }

    #[test]
    fn counting_stops_after_the_limit() {
        assert_eq!(count_tokens("{".repeat(1_000_000).as_bytes(), 10), 11);
    }
}
