//! Arguments of fields and directives, and fields of input objects.

use super::change::{ChangeCode, Changes};
use super::{applied, compare_deprecation, compare_descriptions};
use crate::coordinate::Coordinate;
use crate::schema::{ArgumentDefinition, TypeDefinition, TypeRef};

/// The codes for one kind of input.
pub(super) struct Inputs {
    optional_added: ChangeCode,
    required_added: ChangeCode,
    removed: ChangeCode,
    narrowed: ChangeCode,
    widened: ChangeCode,
    default: ChangeCode,
    default_added: ChangeCode,
    required: ChangeCode,
}

impl Inputs {
    pub(super) const ARGUMENTS: Self = Self {
        optional_added: ChangeCode::OptionalArgAdded,
        required_added: ChangeCode::RequiredArgAdded,
        removed: ChangeCode::ArgRemoved,
        narrowed: ChangeCode::ArgChangedKind,
        widened: ChangeCode::ArgTypeWidened,
        default: ChangeCode::ArgDefaultValueChange,
        default_added: ChangeCode::ArgDefaultValueAdded,
        required: ChangeCode::ArgBecameRequired,
    };

    pub(super) const DIRECTIVE_ARGUMENTS: Self = Self {
        optional_added: ChangeCode::DirectiveArgAdded,
        required_added: ChangeCode::RequiredDirectiveArgAdded,
        removed: ChangeCode::DirectiveArgRemoved,
        ..Self::ARGUMENTS
    };

    const FIELDS: Self = Self {
        optional_added: ChangeCode::OptionalInputFieldAdded,
        required_added: ChangeCode::RequiredInputFieldAdded,
        removed: ChangeCode::FieldRemoved,
        narrowed: ChangeCode::FieldChangedKind,
        widened: ChangeCode::FieldTypeCompatible,
        default: ChangeCode::InputFieldDefaultChanged,
        default_added: ChangeCode::InputFieldDefaultAdded,
        required: ChangeCode::InputFieldBecameRequired,
    };
}

pub(super) fn compare_fields(before: TypeDefinition<'_>, after: TypeDefinition<'_>, changes: &mut Changes) {
    let name = after.name();
    let of = |field: &str| Coordinate::member(name, field);
    compare(Inputs::FIELDS, before.input_fields(), after.input_fields(), of, changes);
    let one_of = |definition: TypeDefinition<'_>| definition.directive("oneOf").is_some();
    match (one_of(before), one_of(after)) {
        (false, true) => changes.say(
            ChangeCode::OneOfAdded,
            Coordinate::named(name),
            "now takes exactly one of its fields",
        ),
        (true, false) => changes.say(
            ChangeCode::OneOfRemoved,
            Coordinate::named(name),
            "no longer takes exactly one of its fields",
        ),
        _ => {}
    }
}

pub(super) fn compare<'a>(
    codes: Inputs,
    before: impl Iterator<Item = ArgumentDefinition<'a>>,
    after: impl Iterator<Item = ArgumentDefinition<'a>>,
    coordinate: impl Fn(&str) -> Coordinate,
    changes: &mut Changes,
) {
    let (before, after): (Vec<_>, Vec<_>) = (before.collect(), after.collect());
    for was in &before {
        match after.iter().find(|is| is.name() == was.name()) {
            None => changes.say(codes.removed, coordinate(was.name()), "was removed"),
            Some(is) => compare_one(&codes, was, is, &coordinate, changes),
        }
    }
    for is in after
        .iter()
        .filter(|is| !before.iter().any(|was| was.name() == is.name()))
    {
        let (code, what) = match is.is_required() {
            true => (codes.required_added, "was added and is required"),
            false => (codes.optional_added, "was added"),
        };
        changes.say(code, coordinate(is.name()), what);
    }
}

fn compare_one(
    codes: &Inputs,
    before: &ArgumentDefinition<'_>,
    after: &ArgumentDefinition<'_>,
    coordinate: impl Fn(&str) -> Coordinate,
    changes: &mut Changes,
) {
    let coordinate = || coordinate(after.name());
    let (was, is) = (before.ty().to_string(), after.ty().to_string());
    if was != is {
        let code = match is_contravariant(before.ty(), after.ty()) {
            true => codes.widened,
            false => codes.narrowed,
        };
        let message = format!("{} changed its type from {was} to {is}", coordinate());
        changes.add(code, coordinate(), message, Some(&was), Some(&is));
    }
    compare_defaults(codes, before, after, coordinate(), changes);
    compare_descriptions(coordinate(), before.description(), after.description(), changes);
    compare_deprecation(
        coordinate(),
        before.deprecation_reason(),
        after.deprecation_reason(),
        changes,
    );
    applied::compare(&coordinate(), &before.directives(), &after.directives(), changes);
}

/// As values: another way of writing the same default is no change.
fn compare_defaults(
    codes: &Inputs,
    before: &ArgumentDefinition<'_>,
    after: &ArgumentDefinition<'_>,
    coordinate: Coordinate,
    changes: &mut Changes,
) {
    if before.default_value() == after.default_value() {
        return;
    }
    let (was, is) = (before.default_text(), after.default_text());
    let must_be_given = after.is_required() && before.ty().is_non_null();
    let (code, what) = match (&was, &is) {
        (None, Some(is)) => (codes.default_added, format!("got the default {is}")),
        (Some(was), None) if must_be_given => (codes.required, format!("lost its default {was} and is required now")),
        (Some(was), None) => (codes.default, format!("lost its default {was}")),
        (Some(was), Some(is)) => (codes.default, format!("changed its default from {was} to {is}")),
        (None, None) => return,
    };
    let message = format!("{coordinate} {what}");
    changes.add(code, coordinate, message, was.as_deref(), is.as_deref());
}

/// Whether whatever was given for the old type can be given for the new one: the same, with non-null taken off anywhere.
fn is_contravariant(before: TypeRef<'_>, after: TypeRef<'_>) -> bool {
    if after.is_non_null() && !before.is_non_null() {
        return false;
    }
    match (before.item(), after.item()) {
        (Some(before), Some(after)) => is_contravariant(before, after),
        (None, None) => before.name() == after.name(),
        _ => false,
    }
}
