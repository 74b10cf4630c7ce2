use std::collections::{HashMap, HashSet};

use super::lexer::Lexer;
use super::syntax::{Checker, DefinitionKind};
use super::text::{between, slice};
use super::token::{Token, TokenKind};

/// What an operation asks of the root type, looked at through fragment spreads and inline fragments.
#[derive(Clone, Copy, Debug)]
pub struct RootFields<'a> {
    count: usize,
    names: [&'a str; RootFields::NAMES],
}

impl<'a> RootFields<'a> {
    const NAMES: usize = 4;

    const NONE: Self = Self {
        count: 0,
        names: [""; Self::NAMES],
    };

    /// How many distinct members the data of the response can have: `a`, `x: a` and `a(b: 1)` are two, `a` and `x`.
    ///
    /// `@skip` and `@include` are not looked at. A spread of a fragment that the document lacks adds nothing.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The names of the first four of these fields (the fields' own, not their aliases), in the order of the document.
    pub fn names(&self) -> &[&'a str] {
        &self.names[..self.count.min(Self::NAMES)]
    }

    /// Follows spreads and counts without limit; `selection` is where the selection set of the operation begins.
    pub(super) fn of(document: &'a str, selection: usize) -> Self {
        if let Some(fields) = Self::without_spreads(document, selection) {
            return fields;
        }
        let mut fragments = fragments(document);
        let mut keys = HashSet::new();
        let mut fields = Self::NONE;
        let mut open = vec![RootSelections::new(document, selection)];
        while let Some(innermost) = open.last_mut() {
            match innermost.next() {
                None => {
                    open.pop();
                }
                Some(RootSelection::Field { key, name }) => {
                    if keys.insert(text(document, key)) {
                        fields.push(text(document, name));
                    }
                }
                // Each fragment counts once, which also ends a cycle.
                Some(RootSelection::Spread(name)) => {
                    let start = fragments.remove(text(document, name));
                    open.extend(start.map(|start| RootSelections::new(document, start)));
                }
            }
        }
        fields
    }

    /// The common case, without allocation: no spreads at the root, and few fields.
    pub(super) const fn without_spreads(document: &'a str, selection: usize) -> Option<Self> {
        const KEYS: usize = 8;
        let mut keys = [Token::EMPTY; KEYS];
        let mut fields = Self::NONE;
        let mut selections = RootSelections::new(document, selection);
        while let Some(selection) = selections.next() {
            let RootSelection::Field { key, name } = selection else {
                return None;
            };
            if contains(document.as_bytes(), &keys, fields.count, key) {
                continue;
            }
            if fields.count == KEYS {
                return None;
            }
            keys[fields.count] = key;
            fields.push(text(document, name));
        }
        Some(fields)
    }

    const fn push(&mut self, name: &'a str) {
        if self.count < Self::NAMES {
            self.names[self.count] = name;
        }
        self.count += 1;
    }
}

/// Whether one of the first `len` of `keys` reads like `key`.
const fn contains(document: &[u8], keys: &[Token], len: usize, key: Token) -> bool {
    let mut at = 0;
    while at < len {
        let known = keys[at];
        if known.end - known.start == key.end - key.start && same(document, known.start, key) {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether the bytes from `start` are those of `token`.
const fn same(document: &[u8], start: usize, token: Token) -> bool {
    let mut at = token.start;
    while at < token.end {
        if document[start + at - token.start] != document[at] {
            return false;
        }
        at += 1;
    }
    true
}

const fn text(document: &str, token: Token) -> &str {
    slice(document, token.start, token.end)
}

/// Where the selection set of each fragment begins. Of several with one name the first counts.
fn fragments(document: &str) -> HashMap<&str, usize> {
    let mut fragments = HashMap::new();
    let Ok(mut checker) = Checker::new(document) else {
        return fragments;
    };
    while let Ok(Some(definition)) = checker.definition() {
        if let (DefinitionKind::Fragment, Some(name)) = (definition.kind, definition.name) {
            fragments
                .entry(slice(document, name.start, name.end))
                .or_insert(definition.selection);
        }
    }
    fragments
}

#[derive(Clone, Copy, Debug)]
enum RootSelection {
    Field { key: Token, name: Token },
    Spread(Token),
}

/// Walks over a selection set of a checked document and the inline fragments in it, stepping over all that is deeper.
#[derive(Clone, Copy, Debug)]
struct RootSelections<'a> {
    lexer: Lexer<'a>,
    /// Open braces, that of the selection set and those of inline fragments.
    depth: usize,
}

impl<'a> RootSelections<'a> {
    /// `selection` is where the selection set begins, with its brace.
    const fn new(document: &'a str, selection: usize) -> Self {
        Self {
            lexer: Lexer::new(document, selection + 1),
            depth: 1,
        }
    }

    const fn next(&mut self) -> Option<RootSelection> {
        while self.depth > 0 {
            let token = self.lexer.checked_token();
            match token.kind {
                TokenKind::Name => return Some(self.field(token)),
                TokenKind::Spread => {
                    if let Some(name) = self.spread() {
                        return Some(RootSelection::Spread(name));
                    }
                }
                // The brace of an inline fragment, whose selections are those of the root, too.
                TokenKind::CurlyOpen => self.depth += 1,
                TokenKind::CurlyClose => self.depth -= 1,
                TokenKind::End => return None,
                // What is left are the directives of a spread or an inline fragment.
                _ => self.skip(token),
            }
        }
        None
    }

    /// The rest of a field, behind its first name.
    const fn field(&mut self, key: Token) -> RootSelection {
        let mut name = key;
        loop {
            let ahead = self.lexer;
            let token = self.lexer.checked_token();
            match token.kind {
                TokenKind::Colon => name = self.lexer.checked_token(),
                TokenKind::At | TokenKind::CurlyOpen | TokenKind::ParenOpen => self.skip(token),
                _ => {
                    self.lexer = ahead;
                    return RootSelection::Field { key, name };
                }
            }
        }
    }

    /// What follows `...`: the name of a fragment, or the type condition of an inline fragment, if it has one.
    const fn spread(&mut self) -> Option<Token> {
        let ahead = self.lexer;
        let token = self.lexer.checked_token();
        if !matches!(token.kind, TokenKind::Name) {
            self.lexer = ahead;
            return None;
        }
        if matches!(between(self.lexer.bytes(), token.start, token.end), b"on") {
            self.lexer.checked_token();
            return None;
        }
        Some(token)
    }

    /// Steps over the name behind an `@`, or over all up to the bracket that closes `opening`.
    const fn skip(&mut self, opening: Token) {
        let (open, close) = match opening.kind {
            TokenKind::CurlyOpen => (TokenKind::CurlyOpen, TokenKind::CurlyClose),
            TokenKind::ParenOpen => (TokenKind::ParenOpen, TokenKind::ParenClose),
            _ => {
                self.lexer.checked_token();
                return;
            }
        };
        let mut depth = 1_usize;
        while depth > 0 {
            let token = self.lexer.checked_token();
            let kind = token.kind as u8;
            if kind == open as u8 {
                depth += 1;
            } else if kind == close as u8 {
                depth -= 1;
            } else if matches!(token.kind, TokenKind::End) {
                return;
            }
        }
    }
}
