use super::depth::{Brackets, Depth};
use super::kind::OperationKind;
use super::lexer::Lexer;
use super::text::between;
use super::token::{Fault, Token, TokenKind, attempt};

/// Checks an executable document, one definition after the other.
///
/// It holds the token that comes next, so each rule begins by looking at [`Checker::token`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Checker<'a> {
    lexer: Lexer<'a>,
    token: Token,
    at_start: bool,
}

/// What the checker saw of one definition. The spans are bytes of the document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Definition {
    pub(super) kind: DefinitionKind,
    pub(super) name: Option<Token>,
    /// Where it begins: at its description, if it has one.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where the definitions of its variables begin, or its selection set if it has none.
    pub(super) variables: usize,
    /// Where its selection set begins.
    pub(super) selection: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum DefinitionKind {
    Fragment,
    Operation(OperationKind),
}

impl<'a> Checker<'a> {
    pub(super) const fn new(text: &'a str) -> Result<Self, Fault> {
        let mut lexer = Lexer::new(text, 0);
        let token = attempt!(lexer.token());
        Ok(Self {
            lexer,
            token,
            at_start: true,
        })
    }

    /// The next definition; `None` once the document, which has at least one, is at its end.
    pub(super) const fn definition(&mut self) -> Result<Option<Definition>, Fault> {
        if self.is(TokenKind::End) && !self.at_start {
            return Ok(None);
        }
        self.at_start = false;
        let start = self.token.start;
        let described = attempt!(self.description());
        let (kind, name) = if self.is(TokenKind::Name) {
            let word = self.token;
            match between(self.lexer.bytes(), word.start, word.end) {
                b"fragment" => {
                    attempt!(self.advance());
                    (DefinitionKind::Fragment, Some(attempt!(self.fragment_head())))
                }
                keyword => match OperationKind::from_keyword(keyword) {
                    None => return Err(not_executable(keyword, word)),
                    Some(kind) => {
                        attempt!(self.advance());
                        (DefinitionKind::Operation(kind), attempt!(self.optional_name()))
                    }
                },
            }
        } else if described {
            return Err(Fault::expected(
                "an operation keyword or \"fragment\" after the description",
                self.token,
            ));
        } else if self.is(TokenKind::CurlyOpen) {
            (DefinitionKind::Operation(OperationKind::Query), None)
        } else {
            return Err(Fault::expected("an operation or a fragment", self.token));
        };

        let variables = self.token.start;
        if matches!(kind, DefinitionKind::Operation(_)) {
            attempt!(self.variable_definitions());
        }
        attempt!(self.directives(Depth::TOP, Values::Any));
        let selection = self.token.start;
        let end = attempt!(self.selection_set());
        Ok(Some(Definition {
            kind,
            name,
            start,
            end,
            variables,
            selection,
        }))
    }

    const fn is(&self, kind: TokenKind) -> bool {
        self.token.kind as u8 == kind as u8
    }

    const fn is_on(&self) -> bool {
        self.is(TokenKind::Name) && matches!(between(self.lexer.bytes(), self.token.start, self.token.end), b"on")
    }

    const fn advance(&mut self) -> Result<(), Fault> {
        self.token = attempt!(self.lexer.token());
        Ok(())
    }

    /// Takes the token if it is of this kind.
    const fn take(&mut self, kind: TokenKind) -> Result<bool, Fault> {
        if !self.is(kind) {
            return Ok(false);
        }
        attempt!(self.advance());
        Ok(true)
    }

    /// Takes a token that must be of this kind.
    const fn expect(&mut self, kind: TokenKind, what: &'static str) -> Result<Token, Fault> {
        let token = self.token;
        if !self.is(kind) {
            return Err(Fault::expected(what, token));
        }
        attempt!(self.advance());
        Ok(token)
    }

    const fn optional_name(&mut self) -> Result<Option<Token>, Fault> {
        if !self.is(TokenKind::Name) {
            return Ok(None);
        }
        let name = self.token;
        attempt!(self.advance());
        Ok(Some(name))
    }

    const fn description(&mut self) -> Result<bool, Fault> {
        if !self.is(TokenKind::String) && !self.is(TokenKind::BlockString) {
            return Ok(false);
        }
        attempt!(self.advance());
        Ok(true)
    }

    /// `Name on Type`, behind `fragment`. The name is no `on`, or a spread of it would read as a type condition.
    const fn fragment_head(&mut self) -> Result<Token, Fault> {
        if self.is_on() {
            return Err(Fault::expected("a fragment name", self.token));
        }
        let name = attempt!(self.expect(TokenKind::Name, "a fragment name"));
        if !self.is_on() {
            return Err(Fault::expected("\"on\" and a type", self.token));
        }
        attempt!(self.advance());
        attempt!(self.expect(TokenKind::Name, "a type name"));
        Ok(name)
    }

    const fn variable_definitions(&mut self) -> Result<(), Fault> {
        if !attempt!(self.take(TokenKind::ParenOpen)) {
            return Ok(());
        }
        let mut expected = "a variable definition";
        loop {
            attempt!(self.description());
            attempt!(self.expect(TokenKind::Dollar, expected));
            attempt!(self.expect(TokenKind::Name, "a variable name"));
            attempt!(self.expect(TokenKind::Colon, "\":\" and a type"));
            attempt!(self.variable_type());
            if attempt!(self.take(TokenKind::Equals)) {
                attempt!(self.value(Depth::TOP, Values::Constant));
            }
            attempt!(self.directives(Depth::TOP, Values::Constant));
            if attempt!(self.take(TokenKind::ParenClose)) {
                return Ok(());
            }
            expected = "a variable definition or \")\"";
        }
    }

    const fn variable_type(&mut self) -> Result<(), Fault> {
        let mut depth = Depth::TOP;
        while self.is(TokenKind::SquareOpen) {
            depth = attempt!(depth.enter(self.token));
            attempt!(self.advance());
        }
        attempt!(self.expect(TokenKind::Name, "a type"));
        attempt!(self.take(TokenKind::Bang));
        while !depth.is_top() {
            depth = depth.leave();
            attempt!(self.expect(TokenKind::SquareClose, "\"]\""));
            attempt!(self.take(TokenKind::Bang));
        }
        Ok(())
    }

    const fn directives(&mut self, depth: Depth, values: Values) -> Result<(), Fault> {
        while attempt!(self.take(TokenKind::At)) {
            attempt!(self.expect(TokenKind::Name, "a directive name"));
            attempt!(self.arguments(depth, values));
        }
        Ok(())
    }

    const fn arguments(&mut self, depth: Depth, values: Values) -> Result<(), Fault> {
        if !attempt!(self.take(TokenKind::ParenOpen)) {
            return Ok(());
        }
        let mut expected = "an argument";
        loop {
            attempt!(self.expect(TokenKind::Name, expected));
            attempt!(self.expect(TokenKind::Colon, "\":\" and a value"));
            attempt!(self.value(depth, values));
            if attempt!(self.take(TokenKind::ParenClose)) {
                return Ok(());
            }
            expected = "an argument or \")\"";
        }
    }

    /// A value with all that is nested in it.
    const fn value(&mut self, mut depth: Depth, values: Values) -> Result<(), Fault> {
        let mut open = Brackets::NONE;
        let mut nested = 0_usize;
        let mut expected = values.expected();
        loop {
            let first = self.token;
            match first.kind {
                TokenKind::Name | TokenKind::Int | TokenKind::Float | TokenKind::String | TokenKind::BlockString => {}
                TokenKind::Dollar if matches!(values, Values::Any) => {
                    attempt!(self.advance());
                    if !self.is(TokenKind::Name) {
                        return Err(Fault::expected("a variable name", self.token));
                    }
                }
                TokenKind::CurlyOpen | TokenKind::SquareOpen => {
                    depth = attempt!(depth.enter(first));
                    open = open.push(matches!(first.kind, TokenKind::CurlyOpen));
                    nested += 1;
                }
                TokenKind::Dollar => return Err(Fault::expected(values.expected(), first)),
                _ => return Err(Fault::expected(expected, first)),
            }
            attempt!(self.advance());

            // Close what ends here, up to the place where the next value is due.
            loop {
                if nested == 0 {
                    return Ok(());
                }
                let close = if open.innermost_is_object() {
                    TokenKind::CurlyClose
                } else {
                    TokenKind::SquareClose
                };
                if !attempt!(self.take(close)) {
                    break;
                }
                open = open.pop();
                depth = depth.leave();
                nested -= 1;
            }
            expected = "a value or \"]\"";
            if open.innermost_is_object() {
                attempt!(self.expect(TokenKind::Name, "an input field or \"}\""));
                attempt!(self.expect(TokenKind::Colon, "\":\" and a value"));
                expected = values.expected();
            }
        }
    }

    /// The selection set of a definition with all that is nested in it. Gives where it ends.
    const fn selection_set(&mut self) -> Result<usize, Fault> {
        if !self.is(TokenKind::CurlyOpen) {
            return Err(Fault::expected("a selection set", self.token));
        }
        let mut depth = attempt!(Depth::TOP.enter(self.token));
        let mut is_empty = true;
        attempt!(self.advance());
        loop {
            let first = self.token;
            let opens = match first.kind {
                TokenKind::Name => attempt!(self.field(depth)),
                TokenKind::Spread => attempt!(self.spread(depth)),
                TokenKind::CurlyClose if !is_empty => {
                    depth = depth.leave();
                    attempt!(self.advance());
                    if depth.is_top() {
                        return Ok(first.end);
                    }
                    continue;
                }
                _ if is_empty => return Err(Fault::expected("a selection", first)),
                _ => return Err(Fault::expected("a selection or \"}\"", first)),
            };
            is_empty = opens;
            if opens {
                depth = attempt!(depth.enter(self.token));
                attempt!(self.advance());
            }
        }
    }

    /// A field up to its own selection set. Gives whether there is one.
    const fn field(&mut self, depth: Depth) -> Result<bool, Fault> {
        // Most tokens of most documents pass here, and the compiler's evaluator pays dearly for each call: so this asks
        // before it calls.
        attempt!(self.advance());
        if matches!(self.token.kind, TokenKind::Colon) {
            attempt!(self.advance());
            attempt!(self.expect(TokenKind::Name, "a field name"));
        }
        if matches!(self.token.kind, TokenKind::ParenOpen) {
            attempt!(self.arguments(depth, Values::Any));
        }
        if matches!(self.token.kind, TokenKind::At) {
            attempt!(self.directives(depth, Values::Any));
        }
        Ok(matches!(self.token.kind, TokenKind::CurlyOpen))
    }

    /// What `...` begins, up to the selection set of an inline fragment. Gives whether it is one.
    const fn spread(&mut self, depth: Depth) -> Result<bool, Fault> {
        attempt!(self.advance());
        if self.is(TokenKind::Name) && !self.is_on() {
            attempt!(self.advance());
            attempt!(self.directives(depth, Values::Any));
            return Ok(false);
        }
        let mut expected = "a fragment name, \"on\" or a selection set";
        if self.is_on() {
            attempt!(self.advance());
            attempt!(self.expect(TokenKind::Name, "a type name"));
            expected = "a selection set";
        }
        attempt!(self.directives(depth, Values::Any));
        if !self.is(TokenKind::CurlyOpen) {
            return Err(Fault::expected(expected, self.token));
        }
        Ok(true)
    }
}

/// Which values are allowed.
#[derive(Clone, Copy, Debug)]
enum Values {
    Any,
    /// Those without variables, in the definition of a variable.
    Constant,
}

impl Values {
    const fn expected(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Constant => "a value without variables",
        }
    }
}

const fn not_executable(keyword: &[u8], word: Token) -> Fault {
    match keyword {
        b"directive" | b"enum" | b"extend" | b"input" | b"interface" | b"scalar" | b"schema" | b"type" | b"union" => {
            Fault::invalid(
                word.start,
                "only operations and fragments can be sent, this defines a part of a schema",
            )
        }
        _ => Fault::expected("an operation or a fragment", word),
    }
}
