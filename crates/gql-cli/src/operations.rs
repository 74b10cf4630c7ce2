//! Which operations of a document run: the one that was named, the only one, or several subscriptions together.

use std::path::Path;

use gqlwire::{OperationKind, Request};
use gqlwire_proto::IdPlace;
use gqlwire_proto::scan::{Outline, SelectError};
use gqlwire_schema::tree::{self, Type, VariableDefinition};

use crate::definitions::{Definition, definitions, first_key};
use crate::document::{self, Document};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::run::Raw;
use crate::variables::Variable;

/// An operation that is to be sent.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) kind: OperationKind,
    /// What the lines of its output call it: its name, else the key of its root field.
    pub(crate) label: String,
    /// The document that goes to the server.
    pub(crate) document: String,
    /// The name that goes with it.
    pub(crate) name: Option<String>,
    /// The variables that it declares.
    pub(crate) variables: Vec<String>,
    /// Under what the server has the document, where that is not at hand.
    pub(crate) id: Option<(String, IdPlace)>,
}

impl Operation {
    /// An operation whose document the server keeps.
    pub(crate) fn by_id(kind: OperationKind, id: String, place: IdPlace, name: Option<String>) -> Self {
        Self {
            kind,
            label: name.clone().unwrap_or_else(|| id.clone()),
            document: String::new(),
            name,
            variables: Vec::new(),
            id: Some((id, place)),
        }
    }

    /// Whether it takes a variable; what the server keeps may take any.
    pub(crate) fn takes(&self, name: &str) -> bool {
        self.id.is_some() || self.variables.iter().any(|known| known == name)
    }

    /// The variables that it declares, with their types. None of a document that a newer syntax made unreadable here.
    pub(crate) fn definitions(&self) -> Vec<VariableDefinition> {
        let Ok(document) = tree::Document::parse(&self.document) else {
            return Vec::new();
        };
        let chosen = match &self.name {
            Some(name) => document.operation(name),
            None => document.operations.first(),
        };
        chosen.map(|chosen| chosen.variables.clone()).unwrap_or_default()
    }

    /// The type of a variable that it declares.
    pub(crate) fn type_of(&self, name: &str) -> Option<Type> {
        let definitions = self.definitions().into_iter();
        let mut named = definitions.filter(|definition| definition.name == name);
        named.next().map(|definition| definition.ty)
    }

    /// The request for it, with those of the variables that it declares.
    pub(crate) fn request(&self, variables: &[Variable]) -> Request<Raw> {
        let mut request = match &self.id {
            None => Request::<Raw>::new(self.document.clone()),
            Some((id, place)) => Request::by_id(self.kind, id.clone()).id_place(*place),
        };
        for variable in variables {
            if self.takes(&variable.name) {
                request = request.variable(variable.name.clone(), &variable.value);
            }
        }
        match &self.name {
            Some(name) => request.operation_name(name.clone()),
            None => request,
        }
    }
}

/// Reads the document, and chooses. Several subscriptions are sent each with the fragments that it needs, and with no
/// other: an operation without a name, or a fragment that another file has too, is then as good as any.
pub(crate) fn choose(document: &Document, name: Option<&str>) -> Result<Vec<Operation>, Failure> {
    let text = document.text();
    let outline = Outline::parse(text).map_err(|error| Failure::new(Exit::Invalid, error.render(text)))?;
    let all = definitions(text);
    let operation = |outlined: &gqlwire_proto::scan::OperationOutline<'_>, document: String, name: Option<&str>| {
        let definition = all.iter().find(|definition| definition.start == outlined.span().start);
        let key = definition.and_then(|definition| first_key(definition, &all));
        Operation {
            kind: outlined.kind(),
            label: outlined.name().or(key).unwrap_or_default().to_owned(),
            document,
            name: name.map(str::to_owned),
            variables: outlined.variables().map(str::to_owned).collect(),
            id: None,
        }
    };
    match outline.select(name) {
        Ok(only) => Ok(vec![operation(only, text.to_owned(), name)]),
        Err(SelectError::Several { .. }) if are_subscriptions(&outline) => {
            let alone = |outlined| operation(outlined, alone(document, &all, outlined.span().start), None);
            distinct(outline.operations().iter().map(alone).collect())
        }
        Err(error) => {
            let failure = Failure::new(Exit::Invalid, error.to_string());
            Err(match error {
                SelectError::Several { .. } => {
                    failure.hint("choose one with -o NAME; only subscriptions can run together")
                }
                _ => failure,
            })
        }
    }
}

/// Reads a document with a query to catch up with.
pub(crate) fn catch_up(file: &Path) -> Result<Operation, Failure> {
    let shown = file.display();
    let document = document::read_file(file)?;
    if document.trim().is_empty() {
        return Err(Failure::usage(format!("{shown}, given with --catch-up, is empty")));
    }
    let mut operations = choose(&document.into(), None).map_err(|failure| Failure {
        message: format!("{shown}, given with --catch-up: {}", failure.message),
        hint: None,
        ..failure
    })?;
    match operations.pop() {
        Some(only) if only.kind == OperationKind::Query && operations.is_empty() => Ok(only),
        other => {
            let kind = other.map_or(OperationKind::Subscription, |other| other.kind);
            Err(Failure::usage(format!(
                "{shown} holds a {kind}: a subscription catches up with a query"
            ))
            .hint("give --catch-up a file with one query, which lists what the subscription tells of"))
        }
    }
}

fn are_subscriptions(outline: &Outline<'_>) -> bool {
    let mut operations = outline.operations().iter();
    operations.all(|operation| operation.kind() == OperationKind::Subscription)
}

/// The text of the definition that starts there, and of the fragments that it needs. Of two with one name, that of its
/// own file.
fn alone(document: &Document, all: &[Definition<'_>], start: usize) -> String {
    let mut needed: Vec<&Definition<'_>> = all.iter().filter(|definition| definition.start == start).collect();
    let mut next = 0;
    while let Some(definition) = needed.get(next).copied() {
        next += 1;
        for name in &definition.spreads {
            let named = |other: &&Definition<'_>| other.fragment == Some(name);
            if needed.iter().any(named) {
                continue;
            }
            let file = document.file_of(definition.start);
            let here = all
                .iter()
                .filter(named)
                .find(|other| document.file_of(other.start) == file);
            needed.extend(here.or_else(|| all.iter().find(named)));
        }
    }
    let texts: Vec<&str> = needed.iter().map(|definition| definition.text).collect();
    texts.join("\n")
}

/// A line that could be of either of two operations is of no use.
fn distinct(operations: Vec<Operation>) -> Result<Vec<Operation>, Failure> {
    let mut labels: Vec<&str> = operations.iter().map(|operation| operation.label.as_str()).collect();
    labels.sort_unstable();
    match labels.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(operations),
        Some(pair) => Err(Failure::new(
            Exit::Invalid,
            format!("two of the subscriptions are called {}", pair[0]),
        )
        .hint("each line of the output names its subscription: name them apart, subscription NAME { … }")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str, name: Option<&str>) -> Result<Vec<Operation>, Failure> {
        choose(&Document::from(text.to_owned()), name)
    }

    #[test]
    fn the_kind_is_that_of_the_operation_that_was_named() {
        let document = "query A { a } subscription B($x: Int, $y: Int) { b(x: $x) }";
        let operations = chosen(document, Some("B")).unwrap();
        assert_eq!(operations.len(), 1);
        assert_eq!(operations[0].kind, OperationKind::Subscription);
        assert_eq!(operations[0].variables, ["x", "y"]);
        assert_eq!(operations[0].document, document);
        assert_eq!(chosen("{ a }", None).unwrap()[0].kind, OperationKind::Query);
    }

    #[test]
    fn what_lines_call_an_operation_is_its_name_or_its_root_field_s_key() {
        for (document, label) in [
            ("subscription Posts { onPost { id } }", "Posts"),
            ("subscription { onPost { id } }", "onPost"),
            ("subscription { mine: onPost { id } }", "mine"),
            (
                "subscription { ...F } fragment F on Subscription { onPost { id } }",
                "onPost",
            ),
        ] {
            assert_eq!(chosen(document, None).unwrap()[0].label, label);
        }
    }

    #[test]
    fn several_subscriptions_are_sent_each_with_the_fragments_it_needs() {
        let document = "subscription A($x: ID) { a(x: $x) { ...F } } fragment G on T { g } fragment F on T { ...G }\n\
                        subscription { b { id } }";
        let operations = chosen(document, None).unwrap();
        let sent: Vec<_> = operations.iter().map(|operation| operation.document.as_str()).collect();
        assert_eq!(
            sent,
            [
                "subscription A($x: ID) { a(x: $x) { ...F } }\nfragment F on T { ...G }\nfragment G on T { g }",
                "subscription { b { id } }"
            ]
        );
        assert!(operations.iter().all(|operation| operation.name.is_none()));
        assert_eq!(operations[0].variables, ["x"]);
    }

    #[test]
    fn a_fragment_of_the_same_file_goes_before_one_of_another() {
        let files = [
            "subscription A { a { ...F } } fragment F on T { one }".to_owned(),
            "subscription B { b { ...F ...S } } fragment F on T { two }".to_owned(),
            "fragment S on T { ...F }".to_owned(),
        ];
        let operations = choose(&Document::from_files(files), None).unwrap();
        assert!(operations[0].document.ends_with("fragment F on T { one }"));
        let sent = "subscription B { b { ...F ...S } }\nfragment F on T { two }\nfragment S on T { ...F }";
        assert_eq!(operations[1].document, sent);
    }

    #[test]
    fn several_operations_of_other_kinds_are_listed() {
        for document in ["query A { a } query B { b }", "subscription A { a } query B { b }"] {
            let failure = chosen(document, None).unwrap_err();
            assert_eq!(failure.exit, Exit::Invalid);
            assert!(failure.message.contains("A, B"), "{}", failure.message);
            assert!(failure.hint.unwrap().contains("-o NAME"));
        }
    }

    #[test]
    fn two_subscriptions_of_one_name_are_refused() {
        for document in [
            "subscription A { a } subscription A { b }",
            "subscription { a(x: 1) } subscription { a(x: 2) }",
        ] {
            let failure = chosen(document, None).unwrap_err();
            assert_eq!(failure.exit, Exit::Invalid);
            assert!(failure.hint.unwrap().contains("name them apart"));
        }
    }

    #[test]
    fn a_syntax_error_is_shown_with_its_line_and_a_mark() {
        let failure = chosen("{\n  a(\n}", None).unwrap_err();
        assert_eq!(failure.exit, Exit::Invalid);
        assert!(
            failure.message.contains("3 | }") && failure.message.contains('^'),
            "{}",
            failure.message
        );
    }
}
