//! Text from a tree: one walk that emits tokens, and two ways to lay them out.

use std::fmt::{self, Write as _};

use super::{
    Argument, Directive, Document, Field, Fragment, FragmentSpread, InlineFragment, Operation, Selection, Type, Value,
    VariableDefinition,
};
use crate::schema::OperationKind;

impl Document {
    /// The shortest text of the same meaning: no white space, comma or keyword that could be left out.
    pub fn minified(&self) -> String {
        let mut printer = Printer::new(Layout::Minified);
        printer.document(self);
        printer.text
    }
}

/// The document, indented, each selection on a line of its own, with a line feed at the end.
impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printer = Printer::new(Layout::Pretty);
        printer.document(self);
        f.write_str(&printer.text)
    }
}

macro_rules! display {
    ($($ty:ident by $print:ident),* $(,)?) => {$(
        #[doc = "As in a printed document, without a line feed at the end."]
        impl fmt::Display for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut printer = Printer::new(Layout::Pretty);
                printer.$print(self);
                f.write_str(&printer.text)
            }
        }
    )*};
}

display! {
    Argument by argument,
    Directive by directive,
    Field by field,
    Fragment by fragment,
    FragmentSpread by spread,
    InlineFragment by inline,
    Operation by operation,
    Selection by selection,
    Type by ty,
    Value by value,
    VariableDefinition by variable,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Layout {
    Minified,
    Pretty,
}

struct Printer {
    text: String,
    layout: Layout,
    indent: usize,
}

impl Printer {
    fn new(layout: Layout) -> Self {
        Self {
            text: String::new(),
            layout,
            indent: 0,
        }
    }

    fn document(&mut self, document: &Document) {
        for (index, operation) in document.operations.iter().enumerate() {
            self.between_definitions(index);
            self.operation(operation);
        }
        for (index, fragment) in document.fragments.iter().enumerate() {
            self.between_definitions(index + document.operations.len());
            self.fragment(fragment);
        }
        if self.layout == Layout::Pretty && !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn between_definitions(&mut self, index: usize) {
        if index > 0 && self.layout == Layout::Pretty {
            self.text.push_str("\n\n");
        }
    }

    fn operation(&mut self, operation: &Operation) {
        let is_shorthand = operation.kind == OperationKind::Query
            && operation.name.is_none()
            && operation.variables.is_empty()
            && operation.directives.is_empty();
        if is_shorthand {
            self.selections(&operation.selections);
            return;
        }
        self.token(operation.kind.as_str());
        if let Some(name) = &operation.name {
            self.space();
            self.token(name);
        } else if !operation.variables.is_empty() {
            self.space();
        }
        self.sequence("(", ")", &operation.variables, Self::variable);
        self.directives(&operation.directives);
        self.space();
        self.selections(&operation.selections);
    }

    fn fragment(&mut self, fragment: &Fragment) {
        self.token("fragment");
        self.space();
        self.token(&fragment.name);
        self.space();
        self.token("on");
        self.space();
        self.token(&fragment.on);
        self.directives(&fragment.directives);
        self.space();
        self.selections(&fragment.selections);
    }

    fn variable(&mut self, variable: &VariableDefinition) {
        self.token("$");
        self.text.push_str(&variable.name);
        self.colon();
        self.ty(&variable.ty);
        if let Some(default) = &variable.default {
            self.space();
            self.token("=");
            self.space();
            self.value(default);
        }
        self.directives(&variable.directives);
    }

    fn ty(&mut self, ty: &Type) {
        match ty {
            Type::Named(name) => self.token(name),
            Type::List(item) => {
                self.token("[");
                self.ty(item);
                self.token("]");
            }
            Type::NonNull(inner) => {
                self.ty(inner);
                self.token("!");
            }
        }
    }

    fn selections(&mut self, selections: &[Selection]) {
        self.token("{");
        self.indent += 1;
        for selection in selections {
            self.new_line();
            self.selection(selection);
        }
        self.indent -= 1;
        self.new_line();
        self.token("}");
    }

    fn selection(&mut self, selection: &Selection) {
        match selection {
            Selection::Field(field) => self.field(field),
            Selection::InlineFragment(inline) => self.inline(inline),
            Selection::FragmentSpread(spread) => self.spread(spread),
        }
    }

    fn field(&mut self, field: &Field) {
        if let Some(alias) = &field.alias {
            self.token(alias);
            self.colon();
        }
        self.token(&field.name);
        self.sequence("(", ")", &field.arguments, Self::argument);
        self.directives(&field.directives);
        if !field.selections.is_empty() {
            self.space();
            self.selections(&field.selections);
        }
    }

    fn inline(&mut self, inline: &InlineFragment) {
        self.token("...");
        if let Some(on) = &inline.on {
            self.space();
            self.token("on");
            self.space();
            self.token(on);
        }
        self.directives(&inline.directives);
        self.space();
        self.selections(&inline.selections);
    }

    fn spread(&mut self, spread: &FragmentSpread) {
        self.token("...");
        self.text.push_str(&spread.name);
        self.directives(&spread.directives);
    }

    fn directives(&mut self, directives: &[Directive]) {
        for directive in directives {
            self.space();
            self.directive(directive);
        }
    }

    fn directive(&mut self, directive: &Directive) {
        self.token("@");
        self.text.push_str(&directive.name);
        self.sequence("(", ")", &directive.arguments, Self::argument);
    }

    fn argument(&mut self, argument: &Argument) {
        self.token(&argument.name);
        self.colon();
        self.value(&argument.value);
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.token("null"),
            Value::Boolean(true) => self.token("true"),
            Value::Boolean(false) => self.token("false"),
            Value::Int(text) | Value::Float(text) | Value::Enum(text) => self.token(text),
            Value::String(text) => self.token(&quoted(text)),
            Value::Variable(name) => {
                self.token("$");
                self.text.push_str(name);
            }
            Value::List(items) if items.is_empty() => self.token("[]"),
            Value::List(items) => self.sequence("[", "]", items, Self::value),
            Value::Object(fields) if fields.is_empty() => self.token("{}"),
            Value::Object(fields) => self.sequence("{", "}", fields, |printer, (name, value)| {
                printer.token(name);
                printer.colon();
                printer.value(value);
            }),
        }
    }

    /// Nothing at all where there are no items.
    fn sequence<T>(&mut self, open: &str, close: &str, items: &[T], print: impl Fn(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.token(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 && self.layout == Layout::Pretty {
                self.text.push_str(", ");
            }
            print(self, item);
        }
        self.token(close);
    }

    fn colon(&mut self) {
        self.token(":");
        self.space();
    }

    fn space(&mut self) {
        if self.layout == Layout::Pretty {
            self.text.push(' ');
        }
    }

    fn new_line(&mut self) {
        if self.layout == Layout::Pretty {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n("  ", self.indent));
        }
    }

    /// One token, with a blank before it where it would otherwise grow together with the one before: two words, or two
    /// strings, whose quotes would make a block string.
    fn token(&mut self, token: &str) {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
        if let (Some(last), Some(first)) = (self.text.chars().next_back(), token.chars().next())
            && ((is_word(last) && is_word(first)) || (last == '"' && first == '"'))
        {
            self.text.push(' ');
        }
        self.text.push_str(token);
    }
}

/// A string literal on one line. Escapes are those that every version of the language knows.
fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            '\u{8}' => literal.push_str("\\b"),
            '\u{c}' => literal.push_str("\\f"),
            // Control characters are no source characters; a byte order mark is skipped by some readers.
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{feff}' => {
                // Writing to a string cannot fail.
                let _ = write!(literal, "\\u{:04x}", u32::from(c));
            }
            _ => literal.push(c),
        }
    }
    literal.push('"');
    literal
}
