//! AppSync's authorization directives: who may still come in?

use super::change::{ChangeCode, Changes};
use crate::coordinate::Coordinate;
use crate::schema::Directive;

/// The authorization mode that a directive admits.
pub(super) fn mode_of(directive: &str) -> Option<&'static str> {
    Some(match directive {
        "aws_api_key" => "API key",
        "aws_iam" => "IAM",
        "aws_oidc" => "OpenID Connect",
        "aws_lambda" => "Lambda",
        // An API of one mode alone writes the first, which means the same.
        "aws_auth" | "aws_cognito_user_pools" => "Cognito user pools",
        _ => return None,
    })
}

pub(super) fn compare(
    coordinate: &Coordinate,
    before: &[Directive<'_>],
    after: &[Directive<'_>],
    changes: &mut Changes,
) {
    let (was, is) = (modes(before), modes(after));
    // Without any directive the API's default mode guards it, and which that is the schema does not say.
    if was.is_empty() != is.is_empty() {
        let what = match is.is_empty() {
            true => format!(
                "no longer names its authorization modes ({}); only the API's default remains",
                was.join(", ")
            ),
            false => format!(
                "was open to the API's default authorization mode and now admits only {}",
                is.join(", ")
            ),
        };
        changes.say(ChangeCode::AuthModesDefault, coordinate.clone(), &what);
    }
    if !is.is_empty() && !was.is_empty() {
        for mode in was.iter().filter(|mode| !is.contains(mode)) {
            let what = format!("no longer admits callers by {mode}");
            changes.say(ChangeCode::AuthModeRemoved, coordinate.clone(), &what);
        }
        for mode in is.iter().filter(|mode| !was.contains(mode)) {
            let what = format!("now admits callers by {mode}");
            changes.say(ChangeCode::AuthModeAdded, coordinate.clone(), &what);
        }
    }
    compare_groups(coordinate, groups(before), groups(after), changes);
}

fn modes(directives: &[Directive<'_>]) -> Vec<&'static str> {
    let mut modes: Vec<_> = directives.iter().filter_map(|found| mode_of(found.name())).collect();
    modes.sort_unstable();
    modes.dedup();
    modes
}

/// `None` when users of no pool are admitted, or of none by name; an empty list admits every user.
fn groups(directives: &[Directive<'_>]) -> Option<Vec<String>> {
    let mut pools = directives
        .iter()
        .filter(|found| matches!(found.name(), "aws_auth" | "aws_cognito_user_pools"))
        .peekable();
    pools.peek()?;
    Some(pools.flat_map(|found| found.strings("cognito_groups")).collect())
}

fn compare_groups(
    coordinate: &Coordinate,
    before: Option<Vec<String>>,
    after: Option<Vec<String>>,
    changes: &mut Changes,
) {
    let (Some(was), Some(is)) = (before, after) else {
        return;
    };
    if was.is_empty() != is.is_empty() {
        let (code, what) = match is.is_empty() {
            true => (ChangeCode::AuthGroupAdded, "now admits users of every group".to_owned()),
            false => (
                ChangeCode::AuthGroupRemoved,
                format!("now admits only users of the groups {}", is.join(", ")),
            ),
        };
        changes.say(code, coordinate.clone(), &what);
        return;
    }
    for group in was.iter().filter(|group| !is.contains(group)) {
        let what = format!("no longer admits users of the group {group}");
        changes.say(ChangeCode::AuthGroupRemoved, coordinate.clone(), &what);
    }
    for group in is.iter().filter(|group| !was.contains(group)) {
        let what = format!("now admits users of the group {group}");
        changes.say(ChangeCode::AuthGroupAdded, coordinate.clone(), &what);
    }
}
