/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Amp,
    At,
    Bang,
    BlockString,
    /// One character that is no token. Never read; only found where something else was expected.
    Character,
    Colon,
    CurlyClose,
    CurlyOpen,
    Dollar,
    End,
    Equals,
    Float,
    Int,
    Name,
    ParenClose,
    ParenOpen,
    Pipe,
    Spread,
    SquareClose,
    SquareOpen,
    String,
}

/// A token and the bytes that it covers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    pub(super) const EMPTY: Self = Self {
        kind: TokenKind::End,
        start: 0,
        end: 0,
    };

    /// `==` for `const fn`.
    pub(super) const fn is(self, kind: TokenKind) -> bool {
        self.kind as u8 == kind as u8
    }
}

/// Why a document is refused, before it is put into words and lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) problem: Problem,
    pub(super) found: Token,
}

/// The part of a [`Fault`] that needs no look at the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// This was expected, and something else was found.
    Expected(&'static str),
    /// The whole message.
    Invalid(&'static str),
}

impl Fault {
    /// `what` was expected in the place of `found`.
    pub(super) const fn expected(what: &'static str, found: Token) -> Self {
        Self {
            problem: Problem::Expected(what),
            found,
        }
    }

    /// `what` was expected in the place of the character at `at`.
    pub(super) const fn expected_at(what: &'static str, at: usize) -> Self {
        Self::expected(
            what,
            Token {
                kind: TokenKind::Character,
                start: at,
                end: at,
            },
        )
    }

    /// What begins at `at` is not allowed, for the reason that `message` gives.
    pub(super) const fn invalid(at: usize, message: &'static str) -> Self {
        Self {
            problem: Problem::Invalid(message),
            found: Token {
                kind: TokenKind::Character,
                start: at,
                end: at,
            },
        }
    }
}

/// `?` for `const fn`, where the trait behind the operator is not available.
macro_rules! attempt {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(fault) => return Err(fault),
        }
    };
}
pub(super) use attempt;
