//! Fields of objects and interfaces.

use super::change::{ChangeCode, Changes};
use super::inputs::{self, Inputs};
use super::{applied, compare_deprecation, compare_descriptions};
use crate::coordinate::Coordinate;
use crate::schema::{FieldDefinition, TypeDefinition, TypeRef};

pub(super) fn compare(before: TypeDefinition<'_>, after: TypeDefinition<'_>, changes: &mut Changes) {
    for field in before.fields() {
        match after.field(field.name()) {
            None => {
                let coordinate = Coordinate::member(after.name(), field.name());
                changes.say(ChangeCode::FieldRemoved, coordinate, "was removed");
            }
            Some(now) => compare_field(field, now, changes),
        }
    }
    for field in after.fields().filter(|field| before.field(field.name()).is_none()) {
        let coordinate = Coordinate::member(after.name(), field.name());
        changes.say(ChangeCode::FieldAdded, coordinate, "was added");
    }
}

fn compare_field(before: FieldDefinition<'_>, after: FieldDefinition<'_>, changes: &mut Changes) {
    let coordinate = || Coordinate::member(after.parent_type(), after.name());
    let (was, is) = (before.ty().to_string(), after.ty().to_string());
    if was != is {
        let code = match is_covariant(before.ty(), after.ty()) {
            true => ChangeCode::FieldTypeCompatible,
            false => ChangeCode::FieldChangedKind,
        };
        let message = format!("{} changed its type from {was} to {is}", coordinate());
        changes.add(code, coordinate(), message, Some(&was), Some(&is));
    }
    compare_descriptions(coordinate(), before.description(), after.description(), changes);
    compare_deprecation(
        coordinate(),
        before.deprecation_reason(),
        after.deprecation_reason(),
        changes,
    );
    let of = |argument: &str| Coordinate::argument(after.parent_type(), after.name(), argument);
    inputs::compare(Inputs::ARGUMENTS, before.arguments(), after.arguments(), of, changes);
    applied::compare(&coordinate(), &before.directives(), &after.directives(), changes);
}

/// Whether a client that expects the old type can read the new one: the same, with non-null added anywhere.
fn is_covariant(before: TypeRef<'_>, after: TypeRef<'_>) -> bool {
    if before.is_non_null() && !after.is_non_null() {
        return false;
    }
    match (before.item(), after.item()) {
        (Some(before), Some(after)) => is_covariant(before, after),
        (None, None) => before.name() == after.name(),
        _ => false,
    }
}
