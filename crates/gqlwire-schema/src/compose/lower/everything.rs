//! Every field that needs no argument, to a depth.

use std::collections::HashMap;

use super::{Lowering, MAX_EVERYTHING};
use crate::compose::MAX_DEPTH;
use crate::schema::{FieldDefinition, Schema, TypeDefinition, TypeKind};
use crate::tree::{Field, InlineFragment, Selection};

/// Response names of one selection set, its inline fragments included, and the type of each.
type Taken = HashMap<String, String>;

impl<'a> Lowering<'a> {
    pub(super) fn everything(&mut self, parent: Option<&'a str>, depth: usize) -> Vec<Selection> {
        let (Some(schema), Some(parent)) = (self.schema, parent) else {
            self.refuse("", "selecting everything needs a schema");
            return Vec::new();
        };
        if depth == 0 {
            self.refuse(parent, "everything to a depth of 0 is nothing");
            return Vec::new();
        }
        if depth > MAX_DEPTH {
            self.refuse(
                parent,
                format!("everything to a depth of {depth} is too much; {MAX_DEPTH} is the most"),
            );
            return Vec::new();
        }
        let mut expansion = Expansion {
            schema,
            left: Some(self.everything_left),
        };
        let selections = expansion.of(parent, depth);
        match expansion.left {
            Some(left) => self.everything_left = left,
            None => {
                let message = format!(
                    "everything to a depth of {depth} is more than {MAX_EVERYTHING} selections; choose a smaller depth"
                );
                self.refuse(parent, message);
                return Vec::new();
            }
        }
        selections
    }
}

struct Expansion<'a> {
    schema: &'a Schema,
    /// `None` once too many were made.
    left: Option<usize>,
}

impl<'a> Expansion<'a> {
    fn of(&mut self, parent: &str, depth: usize) -> Vec<Selection> {
        let Some(ty) = self.schema.type_named(parent) else {
            return Vec::new();
        };
        let mut selections = Vec::new();
        let mut taken = Taken::new();
        if ty.kind() != TypeKind::Object {
            selections.push(typename());
        }
        self.fields(ty, None, depth, &mut taken, &mut selections);
        if ty.kind() != TypeKind::Object {
            for name in ty.possible_types() {
                let Some(possible) = self.schema.type_named(name) else {
                    continue;
                };
                let mut own = Vec::new();
                self.fields(possible, Some(ty), depth, &mut taken, &mut own);
                if !own.is_empty() {
                    selections.push(Selection::InlineFragment(InlineFragment {
                        on: Some(name.to_owned()),
                        directives: Vec::new(),
                        selections: own,
                    }));
                }
            }
        }
        if selections.is_empty() {
            selections.push(typename());
        }
        selections
    }

    /// Fields of a type but those that `besides` has too.
    fn fields(
        &mut self,
        ty: TypeDefinition<'a>,
        besides: Option<TypeDefinition<'a>>,
        depth: usize,
        taken: &mut Taken,
        selections: &mut Vec<Selection>,
    ) {
        for field in ty.fields() {
            let is_known = besides.is_some_and(|other| other.field(field.name()).is_some());
            if is_known || field.arguments().any(|argument| argument.is_required()) {
                continue;
            }
            let inner = self.schema.type_named(field.ty().name());
            let is_leaf = inner.is_some_and(|ty| matches!(ty.kind(), TypeKind::Scalar | TypeKind::Enum));
            if !is_leaf && depth <= 1 {
                continue;
            }
            // Deep schemas multiply: stop as soon as it is clear that nobody will take the result.
            self.left = self.left.and_then(|left| left.checked_sub(1));
            if self.left.is_none() {
                return;
            }
            selections.push(Selection::Field(Field {
                alias: alias(field, taken),
                name: field.name().to_owned(),
                arguments: Vec::new(),
                directives: Vec::new(),
                selections: match is_leaf {
                    true => Vec::new(),
                    false => self.of(field.ty().name(), depth - 1),
                },
            }));
        }
    }
}

/// Two fields may share a response name where their types are the same to the letter; then what is selected of them is
/// the same as well.
fn alias(field: FieldDefinition<'_>, taken: &mut Taken) -> Option<String> {
    let ty = field.ty().to_string();
    let mut name = field.name().to_owned();
    while taken.get(&name).is_some_and(|other| *other != ty) {
        name = match name == field.name() {
            true => format!("{name}_{}", field.parent_type()),
            false => format!("{name}_"),
        };
    }
    let alias = (name != field.name()).then(|| name.clone());
    taken.insert(name, ty);
    alias
}

fn typename() -> Selection {
    Selection::Field(Field {
        alias: None,
        name: "__typename".to_owned(),
        arguments: Vec::new(),
        directives: Vec::new(),
        selections: Vec::new(),
    })
}
