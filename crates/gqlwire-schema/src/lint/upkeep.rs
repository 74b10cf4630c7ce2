//! Descriptions and deprecations.

use apollo_compiler::ast::DirectiveList;
use apollo_compiler::parser::SourceSpan;

use super::{Lint, LintRule};
use crate::coordinate::Coordinate;
use crate::schema::{ArgumentDefinition, OperationKind};

pub(super) fn check(lint: &mut Lint<'_>) {
    let schema = lint.schema;
    let kinds = [
        OperationKind::Query,
        OperationKind::Mutation,
        OperationKind::Subscription,
    ];
    let roots = kinds.map(|kind| schema.root_type(kind));
    for definition in lint.types() {
        let name = definition.name();
        let is_root = roots.contains(&Some(name));
        let missing = |description: Option<&str>| description.is_none_or(|text| text.trim().is_empty());
        if !is_root && missing(definition.description()) {
            let message = format!("The type {name} has no description.");
            let at = definition.definition.name().location();
            lint.report(LintRule::DescriptionMissing, Coordinate::named(name), at, message);
        }
        for field in definition.fields() {
            let coordinate = || Coordinate::member(name, field.name());
            let at = field.definition.name.location();
            if is_root && missing(field.description()) {
                let message = format!("The field {} has no description.", coordinate());
                lint.report(LintRule::DescriptionMissing, coordinate(), at, message);
            }
            check_reason(lint, coordinate(), &field.definition.directives, at);
            for argument in field.arguments() {
                let coordinate = Coordinate::argument(name, field.name(), argument.name());
                check_input(lint, coordinate, &argument);
            }
        }
        for field in definition.input_fields() {
            check_input(lint, Coordinate::member(name, field.name()), &field);
        }
        for value in definition.enum_values() {
            let coordinate = Coordinate::member(name, value.name());
            let at = value.definition.value.location();
            check_reason(lint, coordinate, &value.definition.directives, at);
        }
    }
}

fn check_input(lint: &mut Lint<'_>, coordinate: Coordinate, input: &ArgumentDefinition<'_>) {
    let at = input.definition.name.location();
    if input.is_required() && input.deprecation_reason().is_some() {
        let message = format!("{coordinate} is deprecated, but required: nobody can stop giving it.");
        lint.report_with(LintRule::RequiredDeprecated, coordinate.clone(), at, message, |found| {
            found.with_help("make it nullable, or give it a default, before deprecating it")
        });
    }
    check_reason(lint, coordinate, &input.definition.directives, at);
}

fn check_reason(lint: &mut Lint<'_>, coordinate: Coordinate, directives: &DirectiveList, at: Option<SourceSpan>) {
    let Some(directive) = directives.get("deprecated") else {
        return;
    };
    let reason = directive
        .specified_argument_by_name("reason")
        .and_then(|value| value.as_str());
    if reason.is_none_or(|text| text.trim().is_empty()) {
        let message = format!("{coordinate} is deprecated without a reason.");
        lint.report_with(LintRule::DeprecatedWithoutReason, coordinate, at, message, |found| {
            found.with_help("say what to use instead: @deprecated(reason: \"…\")")
        });
    }
}
