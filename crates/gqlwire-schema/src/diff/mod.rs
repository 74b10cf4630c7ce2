//! What changed between two schemas, and whom it hurts.

mod applied;
mod auth;
mod change;
mod directives;
mod fields;
mod inputs;
mod types;

use self::change::Changes;
use crate::coordinate::Coordinate;
use crate::schema::{OperationKind, Schema};

pub use self::change::{Change, ChangeClass, ChangeCode};

impl Schema {
    /// Every change from this schema to a newer one: breaking ones first, then dangerous and safe ones, each class in
    /// the order of coordinates.
    ///
    /// Classes are those of graphql-js where it knows the change. What the specification or AppSync defines itself is
    /// not compared.
    ///
    /// ```
    /// use gqlwire_schema::{ChangeClass, Schema};
    ///
    /// let old = Schema::from_sdl("type Query { message(id: ID): String }")?;
    /// let new = Schema::from_sdl("type Query { message(id: ID!): String! }")?;
    /// let changes = old.diff(&new);
    /// assert_eq!(changes[0].class(), ChangeClass::Breaking);
    /// assert_eq!(changes[0].code().as_str(), "ARG_CHANGED_KIND");
    /// assert_eq!(changes[0].to_string(), "Query.message(id:) changed its type from ID to ID!");
    /// assert_eq!(changes[1].class(), ChangeClass::Safe);
    /// # Ok::<(), gqlwire_schema::Diagnostics>(())
    /// ```
    pub fn diff(&self, newer: &Schema) -> Vec<Change> {
        let mut changes = Changes::default();
        compare_roots(self, newer, &mut changes);
        types::compare(self, newer, &mut changes);
        directives::compare(self, newer, &mut changes);
        changes.sorted()
    }
}

fn compare_roots(old: &Schema, new: &Schema, changes: &mut Changes) {
    for kind in [
        OperationKind::Query,
        OperationKind::Mutation,
        OperationKind::Subscription,
    ] {
        let (before, after) = (old.root_type(kind), new.root_type(kind));
        let (code, name, message) = match (before, after) {
            (Some(before), None) => (
                ChangeCode::RootTypeRemoved,
                before,
                format!("{before} no longer serves as the {kind} type"),
            ),
            (None, Some(after)) => (
                ChangeCode::RootTypeAdded,
                after,
                format!("{after} serves as the {kind} type, of which there was none"),
            ),
            (Some(before), Some(after)) if before != after => (
                ChangeCode::RootTypeChanged,
                after,
                format!("{after} took the place of {before} as the {kind} type"),
            ),
            _ => continue,
        };
        changes.add(code, Coordinate::named(name), message, before, after);
    }
    let (before, after) = (old.description(), new.description());
    if before != after {
        let message = "The schema changed its description".to_owned();
        changes.add_to_schema(ChangeCode::DescriptionChanged, message, before, after);
    }
}

/// A description is for people; no request depends on it.
fn compare_descriptions(coordinate: Coordinate, before: Option<&str>, after: Option<&str>, changes: &mut Changes) {
    if before != after {
        let message = format!(
            "{coordinate} {}",
            match (before, after) {
                (None, _) => "got a description",
                (_, None) => "lost its description",
                _ => "changed its description",
            }
        );
        changes.add(ChangeCode::DescriptionChanged, coordinate, message, before, after);
    }
}

fn compare_deprecation(coordinate: Coordinate, before: Option<&str>, after: Option<&str>, changes: &mut Changes) {
    let (code, what) = match (before, after) {
        (None, Some(reason)) => (
            ChangeCode::DeprecationAdded,
            format!("was deprecated: {}", reason.trim()),
        ),
        (Some(_), None) => (ChangeCode::DeprecationRemoved, "is no longer deprecated".to_owned()),
        (Some(before), Some(after)) if before != after => (
            ChangeCode::DeprecationReasonChanged,
            format!("is now deprecated for another reason: {}", after.trim()),
        ),
        _ => return,
    };
    let message = format!("{coordinate} {what}");
    changes.add(code, coordinate, message, before, after);
}
