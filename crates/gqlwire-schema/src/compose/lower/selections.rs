//! Selection sets and what is in them.

use apollo_compiler::ast::DirectiveLocation;
use apollo_compiler::schema::ExtendedType;

use super::variables::Note;
use super::{Lowering, resolve, shown};
use crate::compose::fragment::{Of, Spread};
use crate::compose::selection::{Entry, Field, InlineFragment, Selections};
use crate::document::tree::is_name;
use crate::schema::{OperationKind, Schema};
use crate::tree;

impl<'a> Lowering<'a> {
    /// Entries that cannot be are refused and left out. Without a parent nothing is looked up.
    pub(super) fn selections(&mut self, selections: &'a Selections, parent: Option<&'a str>) -> Vec<tree::Selection> {
        let mut lowered = Vec::with_capacity(selections.entries.len());
        for selection in &selections.entries {
            match &selection.0 {
                Entry::Field(field) => lowered.extend(self.field(field, parent).map(tree::Selection::Field)),
                Entry::Inline(inline) => {
                    lowered.extend(self.inline(inline, parent).map(tree::Selection::InlineFragment));
                }
                Entry::Spread(spread) => lowered.push(tree::Selection::FragmentSpread(self.spread(spread))),
                Entry::All(depth) => lowered.extend(self.everything(parent, *depth)),
                Entry::Invalid(why) => self.refuse(parent.unwrap_or_default(), why),
            }
        }
        lowered
    }

    pub(super) fn field(&mut self, field: &'a Field, parent: Option<&'a str>) -> Option<tree::Field> {
        if let Some(alias) = &field.alias {
            self.check_name(alias, "a field");
        }
        if let (Some(schema), Some(parent)) = (self.schema, parent) {
            return self.known_field(field, parent, schema);
        }
        self.check_name(&field.name, "a field");
        Some(tree::Field {
            alias: field.alias.clone(),
            name: field.name.clone(),
            arguments: self.arguments(&field.arguments, None, &shown(&field.name)),
            directives: self.directives(&field.directives, DirectiveLocation::Field),
            selections: self.selections(&field.selections, None),
        })
    }

    fn known_field(&mut self, field: &'a Field, parent: &'a str, schema: &'a Schema) -> Option<tree::Field> {
        let find = |name: &str| schema.compiled().type_field(parent, name).ok();
        let Some(definition) = resolve(&field.name, find) else {
            self.unknown_field(&field.name, parent, schema);
            return None;
        };
        let at = format!("{parent}.{}", definition.name);
        // Some servers use one type for all roots; then validation has to look at the operation.
        let is_subscription = schema.root_type(OperationKind::Subscription) == Some(parent)
            && schema.root_type(OperationKind::Query) != Some(parent);
        if is_subscription && definition.name == "__typename" {
            self.refuse(at, "a subscription has no __typename at its root");
            return None;
        }
        let inner = definition.ty.inner_named_type().as_str();
        let is_leaf = matches!(
            schema.compiled().types.get(inner),
            Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_))
        );
        let arguments = self.arguments(&field.arguments, Some(&definition.arguments), &at);
        let directives = self.directives(&field.directives, DirectiveLocation::Field);
        let selections = match (is_leaf, field.selections.entries.is_empty()) {
            (true, true) => Vec::new(),
            (true, false) => {
                self.refuse(at, format!("nothing can be selected of a {}", definition.ty));
                Vec::new()
            }
            (false, true) => {
                let message = format!(
                    "something must be selected of a {}; see select and select_all",
                    definition.ty
                );
                self.refuse(at, message);
                Vec::new()
            }
            (false, false) => self.selections(&field.selections, Some(inner)),
        };
        Some(tree::Field {
            alias: field.alias.clone(),
            name: definition.name.to_string(),
            arguments,
            directives,
            selections,
        })
    }

    fn unknown_field(&mut self, name: &str, parent: &str, schema: &Schema) {
        let Some(ty) = schema.type_named(parent) else {
            return;
        };
        let mut message = if is_name(name) {
            "there is no such field".to_owned()
        } else {
            "this is not the name of a field".to_owned()
        };
        let hint = self.hint(name, ty.fields().map(|field| field.name()));
        // Where no field is near, it may be one of the types that this one stands for.
        let elsewhere = ty
            .possible_types()
            .into_iter()
            .find(|other| *other != parent && schema.has_field(other, name));
        match elsewhere {
            _ if !hint.is_empty() => message.push_str(&hint),
            Some(other) => message.push_str(&format!("; {other} has it: select it in on(\"{other}\")")),
            None => {}
        }
        self.refuse(format!("{parent}.{}", shown(name)), message);
    }

    fn inline(&mut self, inline: &'a InlineFragment, parent: Option<&'a str>) -> Option<tree::InlineFragment> {
        let parent = match &inline.on {
            Some(on) => self.type_condition(on)?,
            None => parent,
        };
        if inline.selections.entries.is_empty() {
            self.refuse(parent.unwrap_or_default(), "nothing is selected in an inline fragment");
        }
        Some(tree::InlineFragment {
            on: inline.on.clone(),
            directives: self.directives(&inline.directives, DirectiveLocation::InlineFragment),
            selections: self.selections(&inline.selections, parent),
        })
    }

    /// The parent of what is selected under this condition; `None` when it was refused.
    pub(super) fn type_condition(&mut self, on: &'a str) -> Option<Option<&'a str>> {
        let Some(schema) = self.schema else {
            self.check_name(on, "a type");
            return Some(None);
        };
        let is_composite = |ty: &ExtendedType| {
            matches!(
                ty,
                ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_)
            )
        };
        let types = &schema.compiled().types;
        let message = match types.get(on) {
            Some(ty) if is_composite(ty) => return Some(Some(on)),
            Some(_) => "nothing can be selected of this type".to_owned(),
            None => {
                let known = types.values().filter(|ty| is_composite(ty) && !ty.is_built_in());
                let hint = self.hint(on, known.map(|ty| ty.name().as_str()));
                format!("there is no such type{hint}")
            }
        };
        self.refuse(shown(on), message);
        None
    }

    fn spread(&mut self, spread: &'a Spread) -> tree::FragmentSpread {
        let name = match &spread.of {
            Of::Fragment(fragment) => {
                self.enqueue(fragment);
                fragment.0.name.as_str()
            }
            Of::Name(name) => {
                self.wanted.push((name, self.within.clone()));
                name
            }
        };
        self.notes.push(Note::Spread(name));
        tree::FragmentSpread {
            name: name.to_owned(),
            directives: self.directives(&spread.directives, DirectiveLocation::FragmentSpread),
        }
    }
}
