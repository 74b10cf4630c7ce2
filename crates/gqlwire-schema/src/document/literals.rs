//! What the compiler does not check in literals: AppSync's scalars, `@oneOf`, and fields that are given twice.

use apollo_compiler::ast::{self, DirectiveList, Type, Value};
use apollo_compiler::collections::HashSet;
use apollo_compiler::executable::{ExecutableDocument, Field, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Node, Schema as Compiled};

use crate::diagnostic::Diagnostic;
use crate::scalar;
use crate::schema::Schema;

pub(super) fn check(
    schema: &Schema,
    document: &ExecutableDocument,
    tree: &ast::Document,
    source: &str,
    errors: &mut Vec<Diagnostic>,
) {
    let mut check = Check {
        schema: schema.compiled(),
        tree,
        source,
        errors,
    };
    for operation in document.operations.iter() {
        for variable in &operation.variables {
            if let Some(default) = &variable.default_value {
                check.value(&variable.ty, default);
            }
        }
        check.directives(&operation.directives);
        check.selections(&operation.selection_set);
    }
    for fragment in document.fragments.values() {
        check.directives(&fragment.directives);
        check.selections(&fragment.selection_set);
    }
}

struct Check<'a> {
    schema: &'a Compiled,
    tree: &'a ast::Document,
    source: &'a str,
    errors: &'a mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn selections(&mut self, set: &SelectionSet) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    self.field(field);
                    self.selections(&field.selection_set);
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.directives);
                    self.selections(&inline.selection_set);
                }
                Selection::FragmentSpread(spread) => self.directives(&spread.directives),
            }
        }
    }

    fn field(&mut self, field: &Field) {
        for argument in &field.arguments {
            if let Some(definition) = field.definition.argument_by_name(&argument.name) {
                self.value(&definition.ty, &argument.value);
            }
        }
        self.directives(&field.directives);
    }

    fn directives(&mut self, directives: &DirectiveList) {
        let schema = self.schema;
        for directive in directives.iter() {
            let Some(definition) = schema.directive_definitions.get(&directive.name) else {
                continue;
            };
            for argument in &directive.arguments {
                if let Some(definition) = definition.argument_by_name(&argument.name) {
                    self.value(&definition.ty, &argument.value);
                }
            }
        }
    }

    fn value(&mut self, ty: &Type, value: &Node<Value>) {
        self.unique_fields(value);
        self.typed(ty, value);
    }

    /// Of any type, custom scalars included.
    fn unique_fields(&mut self, value: &Node<Value>) {
        match &**value {
            Value::List(items) => items.iter().for_each(|item| self.unique_fields(item)),
            Value::Object(fields) => {
                let mut names = HashSet::default();
                for (name, value) in fields {
                    if !names.insert(name) {
                        let message = format!(r#"There can be only one input field named "{name}"."#);
                        let at = name.location();
                        let found = Diagnostic::new("UniqueInputField", message, at, Some(self.tree), self.source);
                        self.errors.push(found);
                    }
                    self.unique_fields(value);
                }
            }
            _ => {}
        }
    }

    fn typed(&mut self, ty: &Type, value: &Node<Value>) {
        if matches!(**value, Value::Null | Value::Variable(_)) {
            return;
        }
        if ty.is_list() {
            match &**value {
                Value::List(items) => items.iter().for_each(|item| self.typed(ty.item_type(), item)),
                _ => self.typed(ty.item_type(), value),
            }
            return;
        }
        match self.schema.types.get(ty.inner_named_type()) {
            Some(ExtendedType::Scalar(definition)) => {
                if let Err(reason) = scalar::check_literal(&definition.name, value) {
                    self.refuse("InvalidScalarLiteral", reason, value);
                }
            }
            Some(ExtendedType::InputObject(definition)) => {
                let Value::Object(fields) = &**value else { return };
                if definition.directives.has("oneOf") && (fields.len() != 1 || fields[0].1.is_null()) {
                    let reason = format!("exactly one field of '{}' must be given, and not null", definition.name);
                    self.refuse("OneOfInputObject", reason, value);
                }
                for (name, value) in fields {
                    if let Some(field) = definition.fields.get(name) {
                        self.typed(&field.ty, value);
                    }
                }
            }
            _ => {}
        }
    }

    fn refuse(&mut self, rule: &'static str, reason: String, value: &Node<Value>) {
        let at = value.location();
        self.errors
            .push(Diagnostic::new(rule, reason, at, Some(self.tree), self.source));
    }
}
