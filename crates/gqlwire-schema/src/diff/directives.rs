//! Definitions of directives.

use super::change::{ChangeCode, Changes};
use super::compare_descriptions;
use super::inputs::{self, Inputs};
use crate::coordinate::Coordinate;
use crate::schema::{DirectiveDefinition, Schema};

pub(super) fn compare(old: &Schema, new: &Schema, changes: &mut Changes) {
    for before in own_directives(old) {
        match new.directive_definition(before.name()) {
            None => changes.say(
                ChangeCode::DirectiveRemoved,
                Coordinate::directive(before.name()),
                "was removed",
            ),
            Some(after) => compare_definition(before, after, changes),
        }
    }
    for after in own_directives(new).filter(|after| old.directive_definition(after.name()).is_none()) {
        changes.say(
            ChangeCode::DirectiveAdded,
            Coordinate::directive(after.name()),
            "was added",
        );
    }
}

fn own_directives(schema: &Schema) -> impl Iterator<Item = DirectiveDefinition<'_>> {
    let own = |found: &DirectiveDefinition<'_>| !found.is_built_in() && !schema.is_from_prelude(found.name());
    schema.directive_definitions().filter(own)
}

fn compare_definition(before: DirectiveDefinition<'_>, after: DirectiveDefinition<'_>, changes: &mut Changes) {
    let name = after.name();
    let coordinate = || Coordinate::directive(name);
    compare_descriptions(coordinate(), before.description(), after.description(), changes);
    let of = |argument: &str| Coordinate::directive_argument(name, argument);
    inputs::compare(
        Inputs::DIRECTIVE_ARGUMENTS,
        before.arguments(),
        after.arguments(),
        of,
        changes,
    );
    match (before.is_repeatable(), after.is_repeatable()) {
        (true, false) => changes.say(
            ChangeCode::DirectiveRepeatableRemoved,
            coordinate(),
            "may no longer be repeated",
        ),
        (false, true) => changes.say(ChangeCode::DirectiveRepeatableAdded, coordinate(), "may be repeated"),
        _ => {}
    }
    for location in before
        .locations()
        .filter(|place| !after.locations().any(|other| other == *place))
    {
        let what = format!("may no longer stand on {location}");
        changes.say(ChangeCode::DirectiveLocationRemoved, coordinate(), &what);
    }
    for location in after
        .locations()
        .filter(|place| !before.locations().any(|other| other == *place))
    {
        let what = format!("may now stand on {location}");
        changes.say(ChangeCode::DirectiveLocationAdded, coordinate(), &what);
    }
}
