//! Variables inside of lists and objects, which the compiler does not compare with the types that are expected there.

use apollo_compiler::ast::{self, Argument, DirectiveList, InputValueDefinition, Type, Value, VariableDefinition};
use apollo_compiler::collections::{HashMap, HashSet};
use apollo_compiler::executable::{ExecutableDocument, Field, Operation, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema as Compiled};

use crate::diagnostic::Diagnostic;
use crate::schema::Schema;

pub(super) fn check(
    schema: &Schema,
    document: &ExecutableDocument,
    tree: &ast::Document,
    source: &str,
    errors: &mut Vec<Diagnostic>,
) {
    for operation in document.operations.iter() {
        let mut check = Check {
            schema: schema.compiled(),
            document,
            operation,
            variables: operation
                .variables
                .iter()
                .map(|found| (found.name.as_str(), &**found))
                .collect(),
            seen: HashSet::default(),
            tree,
            source,
            errors,
        };
        check.directives(&operation.directives);
        check.selections(&operation.selection_set);
    }
}

struct Check<'a> {
    schema: &'a Compiled,
    document: &'a ExecutableDocument,
    operation: &'a Operation,
    variables: HashMap<&'a str, &'a VariableDefinition>,
    /// Fragments that were looked at with this operation.
    seen: HashSet<&'a Name>,
    tree: &'a ast::Document,
    source: &'a str,
    errors: &'a mut Vec<Diagnostic>,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Slot<'a> {
    ty: &'a Type,
    has_default: bool,
    /// The whole value of an argument, which the compiler does look at.
    outermost: bool,
}

impl<'a> Check<'a> {
    fn selections(&mut self, set: &'a SelectionSet) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => self.field(field),
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.directives);
                    self.selections(&inline.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives);
                    let Some(fragment) = self.document.fragments.get(&spread.fragment_name) else {
                        continue;
                    };
                    if self.seen.insert(&fragment.name) {
                        self.directives(&fragment.directives);
                        self.selections(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn field(&mut self, field: &'a Field) {
        self.arguments(&field.arguments, |name| field.definition.argument_by_name(name));
        self.directives(&field.directives);
        self.selections(&field.selection_set);
    }

    fn directives(&mut self, directives: &'a DirectiveList) {
        for directive in directives.iter() {
            if let Some(definition) = self.schema.directive_definitions.get(&directive.name) {
                self.arguments(&directive.arguments, |name| definition.argument_by_name(name));
            }
        }
    }

    fn arguments<'b>(
        &mut self,
        arguments: &'a [Node<Argument>],
        definition: impl Fn(&str) -> Option<&'b Node<InputValueDefinition>>,
    ) {
        for argument in arguments {
            if let Some(definition) = definition(&argument.name) {
                let slot = Slot {
                    ty: &definition.ty,
                    has_default: definition.default_value.is_some(),
                    outermost: true,
                };
                self.value(slot, &argument.value);
            }
        }
    }

    fn value(&mut self, slot: Slot<'_>, value: &Node<Value>) {
        let inner = Slot {
            ty: slot.ty.item_type(),
            has_default: false,
            outermost: false,
        };
        match (&**value, self.schema.types.get(slot.ty.inner_named_type())) {
            (Value::Variable(name), _) => self.variable(slot, name, value),
            (Value::List(items), _) if slot.ty.is_list() => items.iter().for_each(|item| self.value(inner, item)),
            // One value stands for a list of one.
            (Value::Object(_), _) if slot.ty.is_list() => self.value(inner, value),
            (Value::Object(fields), Some(ExtendedType::InputObject(definition))) => {
                let one_of = definition.directives.has("oneOf");
                for (name, value) in fields {
                    let Some(field) = definition.fields.get(name) else {
                        continue;
                    };
                    if let (true, Value::Variable(variable)) = (one_of, &**value) {
                        self.one_of(&definition.name, variable, value);
                    }
                    let slot = Slot {
                        ty: &field.ty,
                        has_default: field.default_value.is_some(),
                        outermost: false,
                    };
                    self.value(slot, value);
                }
            }
            (_, Some(ExtendedType::Scalar(_))) => self.free(value),
            _ => {}
        }
    }

    /// Inside of a custom scalar any type will do.
    fn free(&mut self, value: &Node<Value>) {
        match &**value {
            Value::Variable(name) if self.declared(name).is_none() => self.undefined(name, value),
            Value::List(items) => items.iter().for_each(|item| self.free(item)),
            Value::Object(fields) => fields.iter().for_each(|(_, value)| self.free(value)),
            _ => {}
        }
    }

    fn variable(&mut self, slot: Slot<'_>, name: &Name, value: &Node<Value>) {
        let Some(variable) = self.declared(name) else {
            // The compiler has said so, but for custom scalars.
            return;
        };
        let null_default = variable.default_value.as_ref().is_some_and(|value| value.is_null());
        if (slot.outermost && !null_default) || is_allowed(variable, slot) {
            return;
        }
        let message = format!(
            r#"Variable "${name}" of type "{}" used in position expecting type "{}"."#,
            variable.ty, slot.ty
        );
        self.refuse("DisallowedVariableUsage", message, value);
    }

    fn one_of(&mut self, type_name: &Name, name: &Name, value: &Node<Value>) {
        let Some(variable) = self.declared(name).filter(|variable| !variable.ty.is_non_null()) else {
            return;
        };
        let message = format!(
            r#"Variable "${name}" is of type "{}" but must be non-nullable to be used for OneOf Input Object "{type_name}"."#,
            variable.ty
        );
        self.refuse("OneOfInputObject", message, value);
    }

    fn undefined(&mut self, name: &Name, value: &Node<Value>) {
        let message = match &self.operation.name {
            Some(operation) => format!(r#"Variable "${name}" is not defined by operation "{operation}"."#),
            None => format!(r#"Variable "${name}" is not defined."#),
        };
        self.refuse("UndefinedVariable", message, value);
    }

    fn declared(&self, name: &str) -> Option<&'a VariableDefinition> {
        self.variables.get(name).copied()
    }

    fn refuse(&mut self, rule: &'static str, message: String, value: &Node<Value>) {
        let at = value.location();
        self.errors
            .push(Diagnostic::new(rule, message, at, Some(self.tree), self.source));
    }
}

/// The specification's `IsVariableUsageAllowed`.
fn is_allowed(variable: &VariableDefinition, slot: Slot<'_>) -> bool {
    if !slot.ty.is_non_null() || variable.ty.is_non_null() {
        return variable.ty.is_assignable_to(slot.ty);
    }
    let has_default = variable.default_value.as_ref().is_some_and(|value| !value.is_null());
    (has_default || slot.has_default) && variable.ty.is_assignable_to(&slot.ty.clone().nullable())
}
