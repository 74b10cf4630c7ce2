//! Deprecated fields, arguments, input fields and enum values that a document uses.

use std::collections::HashSet;

use apollo_compiler::Node;
use apollo_compiler::ast::{Argument, DirectiveList, Type, Value};
use apollo_compiler::executable::{ExecutableDocument as Compiled, Field, Selection, SelectionSet};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;

use crate::coordinate::Coordinate;
use crate::diagnostic::{Diagnostic, MAX_DIAGNOSTICS, Severity};
use crate::document::ExecutableDocument;
use crate::schema::{Schema, deprecation_reason};

impl ExecutableDocument {
    /// A warning for each use of a deprecated field, argument, input field or enum value, in the order of operations
    /// and then fragments; at most 100.
    pub fn deprecated_use(&self, schema: &Schema) -> Vec<Diagnostic> {
        deprecated_use(schema, self.compiled())
    }
}

pub(super) fn deprecated_use(schema: &Schema, document: &Compiled) -> Vec<Diagnostic> {
    let mut walk = Walk {
        schema,
        document,
        found: Vec::new(),
        seen: HashSet::new(),
    };
    for operation in document.operations.iter() {
        walk.directives(&operation.directives);
        for variable in &operation.variables {
            if let Some(default) = &variable.default_value {
                walk.value(&variable.ty, default);
            }
            walk.directives(&variable.directives);
        }
        walk.selections(&operation.selection_set);
    }
    for fragment in document.fragments.values() {
        walk.directives(&fragment.directives);
        walk.selections(&fragment.selection_set);
    }
    walk.found
}

struct Walk<'a> {
    schema: &'a Schema,
    document: &'a Compiled,
    found: Vec<Diagnostic>,
    seen: HashSet<(Option<SourceSpan>, String)>,
}

impl Walk<'_> {
    fn selections(&mut self, set: &SelectionSet) {
        for selection in &set.selections {
            if self.found.len() >= MAX_DIAGNOSTICS {
                return;
            }
            match selection {
                Selection::Field(field) => self.field(set.ty.as_str(), field),
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.directives);
                    self.selections(&inline.selection_set);
                }
                Selection::FragmentSpread(spread) => self.directives(&spread.directives),
            }
        }
    }

    fn field(&mut self, parent: &str, field: &Field) {
        let name = &field.name;
        let coordinate = || Coordinate::member(parent, name.as_str());
        self.report("field", coordinate, &field.definition.directives, name.location());
        for argument in &field.arguments {
            let Some(definition) = field.definition.argument_by_name(&argument.name) else {
                continue;
            };
            let coordinate = || Coordinate::argument(parent, name.as_str(), argument.name.as_str());
            self.report("argument", coordinate, &definition.directives, argument.name.location());
            self.value(&definition.ty, &argument.value);
        }
        self.directives(&field.directives);
        self.selections(&field.selection_set);
    }

    fn directives(&mut self, directives: &DirectiveList) {
        let schema = self.schema;
        for directive in directives.iter() {
            let Some(definition) = schema.compiled().directive_definitions.get(&directive.name) else {
                continue;
            };
            for argument in &directive.arguments {
                let Some(found) = definition.argument_by_name(&argument.name) else {
                    continue;
                };
                let Argument { name, value } = &**argument;
                let coordinate = || Coordinate::directive_argument(directive.name.as_str(), name.as_str());
                self.report("argument", coordinate, &found.directives, name.location());
                self.value(&found.ty, value);
            }
        }
    }

    fn value(&mut self, ty: &Type, value: &Node<Value>) {
        let schema = self.schema;
        let name = ty.inner_named_type();
        match (&**value, schema.compiled().types.get(name)) {
            (Value::List(items), _) => items.iter().for_each(|item| self.value(ty, item)),
            (Value::Object(fields), Some(ExtendedType::InputObject(definition))) => {
                for (key, value) in fields {
                    let Some(field) = definition.fields.get(key) else {
                        continue;
                    };
                    let coordinate = || Coordinate::member(name.as_str(), key.as_str());
                    self.report("input field", coordinate, &field.directives, key.location());
                    self.value(&field.ty, value);
                }
            }
            (Value::Enum(given), Some(ExtendedType::Enum(definition))) => {
                if let Some(found) = definition.values.get(given) {
                    let coordinate = || Coordinate::member(name.as_str(), given.as_str());
                    self.report("enum value", coordinate, &found.directives, value.location());
                }
            }
            _ => {}
        }
    }

    fn report(
        &mut self,
        what: &str,
        coordinate: impl FnOnce() -> Coordinate,
        directives: &DirectiveList,
        at: Option<SourceSpan>,
    ) {
        let Some(reason) = deprecation_reason(directives) else {
            return;
        };
        let coordinate = coordinate();
        if self.found.len() >= MAX_DIAGNOSTICS || !self.seen.insert((at, coordinate.to_string())) {
            return;
        }
        let message = format!("The {what} {coordinate} is deprecated. {}", reason.trim());
        let sources = &self.document.sources;
        let found = Diagnostic::found(Severity::Warning, "DeprecatedUse", message, at, sources);
        self.found.push(found.with_coordinate(coordinate));
    }
}
