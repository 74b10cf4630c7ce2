//! Subscriptions that AppSync accepts and then never feeds, or feeds with errors.

use super::{Lint, LintRule};
use crate::coordinate::Coordinate;
use crate::schema::{FieldDefinition, OperationKind, TypeKind};
use crate::suggest::did_you_mean;

pub(super) fn check(lint: &mut Lint<'_>) {
    let schema = lint.schema;
    let Some(root) = schema
        .root_type(OperationKind::Subscription)
        .and_then(|name| schema.type_named(name))
    else {
        return;
    };
    let fed = |field: &FieldDefinition<'_>| field.directive("aws_subscribe").is_some();
    // Elsewhere subscriptions are fed by resolvers.
    if !root.fields().any(|field| fed(&field)) {
        return;
    }
    for field in root.fields() {
        if fed(&field) {
            check_sources(lint, field);
        } else {
            let coordinate = Coordinate::member(root.name(), field.name());
            let message = format!("No mutation feeds the subscription {coordinate}.");
            let at = field.definition.name.location();
            lint.report_with(LintRule::SubscriptionWithoutSource, coordinate, at, message, |found| {
                found.with_help("name one: @aws_subscribe(mutations: [\"…\"])")
            });
        }
        check_payload(lint, field);
        check_arguments(lint, field);
    }
}

fn check_sources(lint: &mut Lint<'_>, field: FieldDefinition<'_>) {
    let schema = lint.schema;
    let coordinate = || Coordinate::member(field.parent_type(), field.name());
    let directives = field.definition.directives.iter();
    let at = directives
        .filter(|found| found.name == "aws_subscribe")
        .find_map(|found| found.location());
    let mutations = schema
        .root_type(OperationKind::Mutation)
        .and_then(|name| schema.type_named(name));
    let sources = field.directive("aws_subscribe").map(|found| found.strings("mutations"));
    for source in sources.unwrap_or_default() {
        let Some(mutation) = mutations.and_then(|root| root.field(&source)) else {
            let known = mutations
                .iter()
                .flat_map(|root| root.fields())
                .map(|field| field.name());
            let near = did_you_mean(&source, known);
            let message = format!(
                "{} is to be fed by the mutation {source}, which does not exist.",
                coordinate()
            );
            lint.report_with(LintRule::SubscribeUnknownMutation, coordinate(), at, message, |found| {
                found.with_suggestions(near)
            });
            continue;
        };
        if mutation.ty().name() != field.ty().name() || mutation.ty().is_list() != field.ty().is_list() {
            let message = format!(
                "{} returns {}, but the mutation {source} that feeds it returns {}.",
                coordinate(),
                field.ty(),
                mutation.ty()
            );
            lint.report(LintRule::SubscribeOtherType, coordinate(), at, message);
        }
    }
}

/// What the mutation does not select is null for its subscribers.
fn check_payload(lint: &mut Lint<'_>, field: FieldDefinition<'_>) {
    let coordinate = || Coordinate::member(field.parent_type(), field.name());
    let at = field.definition.name.location();
    if field.ty().is_non_null() {
        let message = format!(
            "{} returns {}: where an event's payload becomes null, subscribers get an error in place of it.",
            coordinate(),
            field.ty()
        );
        lint.report_with(
            LintRule::SubscriptionNonNullPayload,
            coordinate(),
            at,
            message,
            |found| found.with_help("make the payload nullable"),
        );
    }
    let Some(payload) = lint.schema.type_named(field.ty().name()) else {
        return;
    };
    let non_null: Vec<_> = payload.fields().filter(|field| field.ty().is_non_null()).collect();
    if non_null.is_empty() {
        return;
    }
    let names: Vec<_> = non_null.iter().take(5).map(|field| field.name()).collect();
    let more = if non_null.len() > names.len() { ", …" } else { "" };
    let message = format!(
        "Subscribers of {} lose the whole payload where the mutation does not select a non-null field of {}: {}{more}.",
        coordinate(),
        payload.name(),
        names.join(", ")
    );
    lint.report_with(LintRule::SubscriptionNonNullField, coordinate(), at, message, |found| {
        found.with_help("select them in every mutation that feeds it, or make them nullable")
    });
}

/// AppSync delivers where each argument equals the payload's field of the same name.
fn check_arguments(lint: &mut Lint<'_>, field: FieldDefinition<'_>) {
    let payload = lint.schema.type_named(field.ty().name());
    let Some(payload) = payload.filter(|found| matches!(found.kind(), TypeKind::Object | TypeKind::Interface)) else {
        return;
    };
    for argument in field.arguments() {
        // Enhanced filtering in a resolver reads what it likes, by an argument that is called this by convention.
        if argument.name() == "filter" {
            continue;
        }
        let coordinate = || Coordinate::argument(field.parent_type(), field.name(), argument.name());
        let at = argument.definition.name.location();
        let Some(compared) = payload.field(argument.name()) else {
            let near = did_you_mean(argument.name(), payload.fields().map(|field| field.name()));
            let message = format!(
                "{} filters by a field that {} does not have: unless a resolver installs filters of its own, nothing is \
                 delivered to who gives it.",
                coordinate(),
                payload.name()
            );
            lint.report_with(LintRule::SubscriptionArgument, coordinate(), at, message, |found| {
                found.with_suggestions(near)
            });
            continue;
        };
        if compared.ty().name() != argument.ty().name() {
            let message = format!(
                "{} is of type {}, but is compared with {}.{}, which is of type {}.",
                coordinate(),
                argument.ty(),
                payload.name(),
                compared.name(),
                compared.ty()
            );
            lint.report(LintRule::SubscriptionArgument, coordinate(), at, message);
        }
    }
}
