//! What the compiler does not check in literals: AppSync's scalars and `@oneOf`.

use apollo_compiler::ast::{self, Type, Value};
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
        check.selections(&operation.selection_set);
    }
    for fragment in document.fragments.values() {
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
                Selection::InlineFragment(inline) => self.selections(&inline.selection_set),
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn field(&mut self, field: &Field) {
        for argument in &field.arguments {
            if let Some(definition) = field.definition.argument_by_name(&argument.name) {
                self.value(&definition.ty, &argument.value);
            }
        }
    }

    fn value(&mut self, ty: &Type, value: &Node<Value>) {
        if matches!(**value, Value::Null | Value::Variable(_)) {
            return;
        }
        if ty.is_list() {
            match &**value {
                Value::List(items) => items.iter().for_each(|item| self.value(ty.item_type(), item)),
                _ => self.value(ty.item_type(), value),
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
                        self.value(&field.ty, value);
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
