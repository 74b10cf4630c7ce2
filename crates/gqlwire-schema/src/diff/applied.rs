//! Directives applied to what both schemas have.

use super::auth;
use super::change::{ChangeCode, Changes};
use crate::coordinate::Coordinate;
use crate::schema::Directive;

/// Those whose meaning is compared elsewhere.
const MEANT: [&str; 4] = ["aws_subscribe", "deprecated", "oneOf", "specifiedBy"];

pub(super) fn compare(
    coordinate: &Coordinate,
    before: &[Directive<'_>],
    after: &[Directive<'_>],
    changes: &mut Changes,
) {
    auth::compare(coordinate, before, after, changes);
    compare_sources(coordinate, before, after, changes);
    let text = |directives: &[Directive<'_>]| -> Vec<String> {
        let plain = directives.iter().filter(|found| !is_meant(found.name()));
        plain.map(Directive::to_string).collect()
    };
    let (mut was, mut is) = (text(before), text(after));
    // Each application of a repeatable directive counts.
    was.retain(|one| match is.iter().position(|other| other == one) {
        Some(at) => {
            is.remove(at);
            false
        }
        None => true,
    });
    for one in was {
        let message = format!("{coordinate} no longer has {one}");
        changes.add(
            ChangeCode::DirectiveUnapplied,
            coordinate.clone(),
            message,
            Some(&one),
            None,
        );
    }
    for one in is {
        let message = format!("{coordinate} now has {one}");
        changes.add(
            ChangeCode::DirectiveApplied,
            coordinate.clone(),
            message,
            None,
            Some(&one),
        );
    }
}

fn is_meant(directive: &str) -> bool {
    MEANT.contains(&directive) || auth::mode_of(directive).is_some()
}

/// Mutations that a subscription tells of.
fn compare_sources(coordinate: &Coordinate, before: &[Directive<'_>], after: &[Directive<'_>], changes: &mut Changes) {
    let sources = |directives: &[Directive<'_>]| -> Vec<String> {
        let found = directives.iter().filter(|found| found.name() == "aws_subscribe");
        found.flat_map(|found| found.strings("mutations")).collect()
    };
    let (was, is) = (sources(before), sources(after));
    for mutation in was.iter().filter(|mutation| !is.contains(mutation)) {
        let what = format!("is no longer fed by the mutation {mutation}");
        changes.say(ChangeCode::SubscriptionSourceRemoved, coordinate.clone(), &what);
    }
    for mutation in is.iter().filter(|mutation| !was.contains(mutation)) {
        let what = format!("is now fed by the mutation {mutation}");
        changes.say(ChangeCode::SubscriptionSourceAdded, coordinate.clone(), &what);
    }
}
