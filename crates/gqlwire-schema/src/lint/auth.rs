//! Authorization directives that do not do what they seem to.

use super::{Lint, LintRule};
use crate::coordinate::Coordinate;
use crate::schema::{Directive, OperationKind, TypeKind};

pub(super) fn check(lint: &mut Lint<'_>) {
    let schema = lint.schema;
    for definition in lint.types() {
        let coordinate = Coordinate::named(definition.name());
        let at = definition.definition.name().location();
        check_aws_auth(lint, coordinate, at, &definition.directives());
        for field in definition.fields() {
            let coordinate = Coordinate::member(definition.name(), field.name());
            check_aws_auth(lint, coordinate, field.definition.name.location(), &field.directives());
        }
    }
    let kinds = [
        OperationKind::Query,
        OperationKind::Mutation,
        OperationKind::Subscription,
    ];
    for root in kinds
        .iter()
        .filter_map(|kind| schema.type_named(schema.root_type(*kind)?))
    {
        let inherited = modes(&root.directives());
        for field in root.fields() {
            let own = modes(&field.directives());
            let admitted = if own.is_empty() { &inherited } else { &own };
            let Some(returned) = schema.type_named(field.ty().name()) else {
                continue;
            };
            if admitted.is_empty() || returned.kind() != TypeKind::Object {
                continue;
            }
            let readable = modes(&returned.directives());
            // Fields may be opened one by one; that some are is taken for intent.
            if returned.fields().any(|field| !modes(&field.directives()).is_empty()) {
                continue;
            }
            let refused: Vec<_> = admitted
                .iter()
                .filter(|mode| !readable.contains(mode))
                .map(|mode| format!("@{mode}"))
                .collect();
            // Without directives the type is open to the default mode, and a single mode is likely that one.
            if refused.is_empty() || (readable.is_empty() && admitted.len() == 1) {
                continue;
            }
            let coordinate = Coordinate::member(root.name(), field.name());
            let message = format!(
                "{coordinate} admits callers by {}, but the type {} that it returns does not{}: they get null and \
                 an authorization error for each field.",
                refused.join(", "),
                returned.name(),
                if readable.is_empty() {
                    ", beyond the API's default mode"
                } else {
                    ""
                }
            );
            let at = field.definition.name.location();
            let help = format!("put the same directives on {}", returned.name());
            lint.report_with(LintRule::AuthModeMissingOnType, coordinate, at, message, |found| {
                found.with_help(help)
            });
        }
    }
}

fn check_aws_auth(
    lint: &mut Lint<'_>,
    coordinate: Coordinate,
    at: Option<apollo_compiler::parser::SourceSpan>,
    directives: &[Directive<'_>],
) {
    let has = |name: &str| directives.iter().any(|found| found.name() == name);
    let others = [
        "aws_api_key",
        "aws_iam",
        "aws_oidc",
        "aws_lambda",
        "aws_cognito_user_pools",
    ];
    if has("aws_auth") && others.iter().any(|name| has(name)) {
        let message = format!("AppSync ignores @aws_auth on {coordinate}, because other modes are named beside it.");
        lint.report_with(LintRule::AwsAuthIgnored, coordinate, at, message, |found| {
            found.with_help("write @aws_cognito_user_pools instead")
        });
    }
}

/// Names of the directives that admit a mode.
fn modes(directives: &[Directive<'_>]) -> Vec<&'static str> {
    let named = directives.iter().filter_map(|found| match found.name() {
        "aws_api_key" => Some("aws_api_key"),
        "aws_iam" => Some("aws_iam"),
        "aws_oidc" => Some("aws_oidc"),
        "aws_lambda" => Some("aws_lambda"),
        "aws_auth" | "aws_cognito_user_pools" => Some("aws_cognito_user_pools"),
        _ => None,
    });
    named.collect()
}
