//! Types, what they implement, and members of unions and enums.

use super::change::{ChangeCode, Changes};
use super::{applied, compare_deprecation, compare_descriptions, fields, inputs};
use crate::coordinate::Coordinate;
use crate::schema::{Schema, TypeDefinition, TypeKind};

pub(super) fn compare(old: &Schema, new: &Schema, changes: &mut Changes) {
    for before in own_types(old) {
        match new.type_named(before.name()) {
            None => {
                let what = format!("was removed; it was {}", article(before.kind()));
                changes.say(ChangeCode::TypeRemoved, Coordinate::named(before.name()), &what);
            }
            Some(after) => compare_type(before, after, changes),
        }
    }
    for after in own_types(new).filter(|after| old.type_named(after.name()).is_none()) {
        let what = format!("was added; it is {}", article(after.kind()));
        changes.say(ChangeCode::TypeAdded, Coordinate::named(after.name()), &what);
    }
}

fn own_types(schema: &Schema) -> impl Iterator<Item = TypeDefinition<'_>> {
    let own = |found: &TypeDefinition<'_>| !found.is_built_in() && !schema.is_from_prelude(found.name());
    schema.types().filter(own)
}

fn compare_type(before: TypeDefinition<'_>, after: TypeDefinition<'_>, changes: &mut Changes) {
    let coordinate = || Coordinate::named(after.name());
    let name = after.name();
    compare_descriptions(coordinate(), before.description(), after.description(), changes);
    if before.kind() != after.kind() {
        let (was, is) = (article(before.kind()), article(after.kind()));
        let message = format!("{name} was {was} and is {is}");
        changes.add(ChangeCode::TypeChangedKind, coordinate(), message, Some(was), Some(is));
        return;
    }
    compare_interfaces(before, after, changes);
    match after.kind() {
        TypeKind::Object | TypeKind::Interface => fields::compare(before, after, changes),
        TypeKind::InputObject => inputs::compare_fields(before, after, changes),
        TypeKind::Enum => compare_values(before, after, changes),
        TypeKind::Union => compare_members(before, after, changes),
        TypeKind::Scalar => compare_specification(before, after, changes),
    }
    applied::compare(&coordinate(), &before.directives(), &after.directives(), changes);
}

fn compare_interfaces(before: TypeDefinition<'_>, after: TypeDefinition<'_>, changes: &mut Changes) {
    let coordinate = || Coordinate::named(after.name());
    for interface in before
        .interfaces()
        .filter(|name| !after.interfaces().any(|other| other == *name))
    {
        let what = format!("no longer implements {interface}");
        changes.say(ChangeCode::ImplementedInterfaceRemoved, coordinate(), &what);
    }
    for interface in after
        .interfaces()
        .filter(|name| !before.interfaces().any(|other| other == *name))
    {
        let what = format!("now implements {interface}");
        changes.say(ChangeCode::ImplementedInterfaceAdded, coordinate(), &what);
    }
}

fn compare_values(before: TypeDefinition<'_>, after: TypeDefinition<'_>, changes: &mut Changes) {
    let name = after.name();
    for value in before.enum_values() {
        let coordinate = || Coordinate::member(name, value.name());
        let Some(now) = after.enum_values().find(|found| found.name() == value.name()) else {
            changes.say(
                ChangeCode::ValueRemovedFromEnum,
                coordinate(),
                "was removed from its enum",
            );
            continue;
        };
        compare_descriptions(coordinate(), value.description(), now.description(), changes);
        compare_deprecation(
            coordinate(),
            value.deprecation_reason(),
            now.deprecation_reason(),
            changes,
        );
        applied::compare(&coordinate(), &value.directives(), &now.directives(), changes);
    }
    for value in after.enum_values() {
        if !before.enum_values().any(|found| found.name() == value.name()) {
            let coordinate = Coordinate::member(name, value.name());
            changes.say(ChangeCode::ValueAddedToEnum, coordinate, "was added to its enum");
        }
    }
}

fn compare_members(before: TypeDefinition<'_>, after: TypeDefinition<'_>, changes: &mut Changes) {
    let (was, is) = (before.possible_types(), after.possible_types());
    let coordinate = || Coordinate::named(after.name());
    for member in was.iter().filter(|member| !is.contains(member)) {
        let what = format!("no longer has the member {member}");
        changes.say(ChangeCode::TypeRemovedFromUnion, coordinate(), &what);
    }
    for member in is.iter().filter(|member| !was.contains(member)) {
        let what = format!("has the new member {member}");
        changes.say(ChangeCode::TypeAddedToUnion, coordinate(), &what);
    }
}

fn compare_specification(before: TypeDefinition<'_>, after: TypeDefinition<'_>, changes: &mut Changes) {
    let url = |definition: TypeDefinition<'_>| {
        let url = definition.directive("specifiedBy")?.argument("url")?;
        url.as_str().map(str::to_owned)
    };
    let (was, is) = (url(before), url(after));
    if was != is {
        let name = after.name();
        let message = match &is {
            Some(url) => format!("{name} is now specified by {url}"),
            None => format!("{name} no longer says what specifies it"),
        };
        let coordinate = Coordinate::named(name);
        changes.add(
            ChangeCode::SpecifiedByChanged,
            coordinate,
            message,
            was.as_deref(),
            is.as_deref(),
        );
    }
}

fn article(kind: TypeKind) -> &'static str {
    match kind {
        TypeKind::Enum => "an enum",
        TypeKind::InputObject => "an input object",
        TypeKind::Interface => "an interface",
        TypeKind::Object => "an object type",
        TypeKind::Scalar => "a scalar",
        TypeKind::Union => "a union",
    }
}
