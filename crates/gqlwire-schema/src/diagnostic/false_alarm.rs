//! Errors of the compiler that are none.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use apollo_compiler::Node;
use apollo_compiler::ast::{self, Argument, Definition, DirectiveList, OperationDefinition, Selection, Value};
use apollo_compiler::diagnostic::{Diagnostic as Error, ToCliReport as _};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticData, DiagnosticList};

use super::collect::place_of;
use crate::schema::Schema;

/// Tells errors from what only follows from another error, or is no fault at all. What it has to know of the document
/// is collected once, as a hostile one has many errors.
pub(super) struct FalseAlarms<'a> {
    document: &'a ast::Document,
    schema: &'a Schema,
    fragments: HashMap<&'a str, &'a [Selection]>,
    /// Fragments that operations spread, through other fragments.
    reached: OnceCell<HashSet<&'a str>>,
    /// Where each operation lies, and the variables that it uses, through fragments.
    operations: Vec<(SourceSpan, &'a OperationDefinition, OnceCell<HashSet<&'a str>>)>,
    /// Where required arguments and input fields are missing, and their names.
    missing: Vec<(SourceSpan, String)>,
}

impl<'a> FalseAlarms<'a> {
    pub(super) fn of(errors: &DiagnosticList, document: &'a ast::Document, schema: &'a Schema) -> Self {
        let mut fragments: HashMap<&str, &[Selection]> = HashMap::new();
        let mut operations = Vec::new();
        for definition in &document.definitions {
            match definition {
                Definition::FragmentDefinition(fragment) => {
                    fragments.entry(&fragment.name).or_insert(&fragment.selection_set);
                }
                Definition::OperationDefinition(operation) => {
                    operations.extend(operation.location().map(|at| (at, &**operation, OnceCell::new())));
                }
                _ => {}
            }
        }
        Self {
            document,
            schema,
            fragments,
            reached: OnceCell::new(),
            operations,
            missing: errors.iter().filter_map(missing).collect(),
        }
    }

    /// Names between quotation marks are those of the graphql-js wording.
    pub(super) fn include(&self, rule: &str, message: &str, span: SourceSpan) -> bool {
        let names: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
        let name = |index: usize| names.get(index).copied().unwrap_or_default();
        match rule {
            // An unknown field that is a field's only selection makes the compiler also say that the outer field has no
            // selection.
            "MissingSubselection" => place_of(self.document, span).selects,
            // It counts fields where the specification counts response keys.
            "SubscriptionUsesMultipleFields" => self.selects_one_key(span),
            // A custom scalar takes what it likes, variables are compared with their place by our own check, and a null
            // for an argument or input field is one that is missing.
            "UnsupportedValueType" => {
                let (ty, value) = message.split_once(" cannot represent value: ").unwrap_or_default();
                value.starts_with('$') || self.is_custom_scalar(ty) || (value == "null" && self.is_missed(span))
            }
            // It forgets fragments on unknown types, and then misses them.
            "UndefinedFragment" => self.fragments.contains_key(name(0)),
            // What is no composite type has been refused as a condition.
            "UndefinedField" => self.is_leaf_or_input(name(1)),
            "InvalidFragmentSpread" => names.last().is_some_and(|condition| self.is_leaf_or_input(condition)),
            // It forgets unknown fields, and with them the fragments below and the variables in their arguments.
            "UnusedFragment" => self.reached().contains(name(0)),
            "UnusedVariable" => self.uses_variable(span, name(0).trim_start_matches('$')),
            // That the variable's type is unknown has been said.
            "DisallowedVariableUsage" => {
                let ty = name(1).trim_matches(['[', ']', '!']);
                !ty.is_empty() && !self.schema.compiled().types.contains_key(ty)
            }
            _ => false,
        }
    }

    fn is_custom_scalar(&self, name: &str) -> bool {
        match self.schema.compiled().types.get(name) {
            Some(ExtendedType::Scalar(scalar)) => !scalar.is_built_in(),
            _ => false,
        }
    }

    fn is_leaf_or_input(&self, name: &str) -> bool {
        let found = self.schema.compiled().types.get(name);
        found.is_some_and(|found| found.is_scalar() || found.is_enum() || found.is_input_object())
    }

    /// Whether the value belongs to an argument or input field that is said to be missing.
    fn is_missed(&self, span: SourceSpan) -> bool {
        let source = self.document.sources.get(&span.file_id());
        let before = source.and_then(|source| source.source_text().get(..span.offset()));
        let ignored = [' ', '\t', '\r', '\n', ','];
        let before = before.map(|before| before.trim_end_matches(ignored));
        // In a list, or as a default, it has no name.
        let Some(named) = before.and_then(|before| before.strip_suffix(':')) else {
            return false;
        };
        let named = named.trim_end_matches(ignored);
        self.missing
            .iter()
            .any(|(at, name)| encloses(*at, span) && named.ends_with(name.as_str()))
    }

    fn selects_one_key(&self, span: SourceSpan) -> bool {
        let operation = self.operations.iter().find(|(at, ..)| *at == span);
        let mut keys = HashSet::new();
        if let Some((_, operation, _)) = operation {
            self.walk(&operation.selection_set, false, &mut |selection| {
                if let Selection::Field(field) = selection {
                    keys.insert(field.response_name());
                }
            });
        }
        keys.len() == 1
    }

    fn reached(&self) -> &HashSet<&'a str> {
        self.reached.get_or_init(|| {
            let mut reached = HashSet::new();
            // One walk for all operations, so that each fragment is looked at once.
            let mut open: Vec<&'a [Selection]> = Vec::new();
            open.extend(
                self.operations
                    .iter()
                    .map(|(_, operation, _)| operation.selection_set.as_slice()),
            );
            self.walk_all(open, true, &mut |selection| {
                if let Selection::FragmentSpread(spread) = selection {
                    reached.insert(spread.fragment_name.as_str());
                }
            });
            reached
        })
    }

    /// Whether the operation around this place uses the variable anywhere.
    fn uses_variable(&self, span: SourceSpan, variable: &str) -> bool {
        let found = self.operations.iter().find(|(at, ..)| encloses(*at, span));
        let Some((_, operation, used)) = found else {
            return false;
        };
        let used = used.get_or_init(|| {
            let mut used = HashSet::new();
            in_directives(&operation.directives, &mut used);
            self.walk(&operation.selection_set, true, &mut |selection| {
                let directives = match selection {
                    Selection::Field(field) => {
                        in_arguments(&field.arguments, &mut used);
                        &field.directives
                    }
                    Selection::InlineFragment(inline) => &inline.directives,
                    Selection::FragmentSpread(spread) => &spread.directives,
                };
                in_directives(directives, &mut used);
            });
            used
        });
        used.contains(variable)
    }

    fn walk(&self, selections: &'a [Selection], into_fields: bool, visit: &mut impl FnMut(&'a Selection)) {
        self.walk_all(vec![selections], into_fields, visit);
    }

    /// Every selection, through fragments, each of which is looked at once.
    fn walk_all(&self, mut open: Vec<&'a [Selection]>, into_fields: bool, visit: &mut impl FnMut(&'a Selection)) {
        let mut seen = HashSet::new();
        while let Some(selections) = open.pop() {
            for selection in selections {
                visit(selection);
                match selection {
                    Selection::Field(field) if into_fields => open.push(&field.selection_set),
                    Selection::Field(_) => {}
                    Selection::InlineFragment(inline) => open.push(&inline.selection_set),
                    Selection::FragmentSpread(spread) => {
                        if seen.insert(spread.fragment_name.as_str()) {
                            open.extend(self.fragments.get(spread.fragment_name.as_str()).copied());
                        }
                    }
                }
            }
        }
    }
}

/// The name of what an error misses, if that is what it is about.
fn missing(error: Error<'_, DiagnosticData>) -> Option<(SourceSpan, String)> {
    let rule = error.error.unstable_error_name()?;
    let message = error.error.unstable_compat_message()?;
    let mut names = message.split('"').skip(1).step_by(2);
    let name = match rule {
        "RequiredArgument" => names.nth(1)?,
        "RequiredField" => names.next()?.rsplit('.').next()?,
        _ => return None,
    };
    Some((error.error.location()?, name.to_owned()))
}

fn encloses(at: SourceSpan, span: SourceSpan) -> bool {
    at.file_id() == span.file_id() && at.offset() <= span.offset() && span.end_offset() <= at.end_offset()
}

fn in_directives<'a>(directives: &'a DirectiveList, used: &mut HashSet<&'a str>) {
    for directive in directives.iter() {
        in_arguments(&directive.arguments, used);
    }
}

fn in_arguments<'a>(arguments: &'a [Node<Argument>], used: &mut HashSet<&'a str>) {
    for argument in arguments {
        in_value(&argument.value, used);
    }
}

/// The parser's own limit on nesting bounds the recursion.
fn in_value<'a>(value: &'a Value, used: &mut HashSet<&'a str>) {
    match value {
        Value::Variable(name) => {
            used.insert(name.as_str());
        }
        Value::List(items) => items.iter().for_each(|item| in_value(item, used)),
        Value::Object(fields) => fields.iter().for_each(|(_, value)| in_value(value, used)),
        _ => {}
    }
}
