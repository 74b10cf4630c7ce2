use std::fmt;

use serde_json::Value;

use crate::GraphQLError;
use crate::response::excerpt;

/// The errors of a server's message, whatever shape they came in.
///
/// `graphql-transport-ws` has a list of errors as the payload, and the legacy protocol one error. AppSync sends `payload.errors` as a list or as one object, puts an `errorType` directly into the payload, or sends
/// a `message` and nothing else; emulators put `errors` at the top of the message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refusal {
    errors: Vec<GraphQLError>,
}

impl Refusal {
    /// Reads the errors out of a payload, or out of a whole message.
    pub fn from_json(text: &str) -> Self {
        let errors = match serde_json::from_str(text) {
            Ok(value) => errors_of(value),
            Err(_) => vec![GraphQLError::new(excerpt(text))],
        };
        Self { errors }
    }

    /// A refusal with these errors.
    pub fn new(errors: Vec<GraphQLError>) -> Self {
        Self { errors }
    }

    /// What the server said; empty when it said nothing.
    pub fn errors(&self) -> &[GraphQLError] {
        &self.errors
    }

    /// The same, by value.
    pub fn into_errors(self) -> Vec<GraphQLError> {
        self.errors
    }

    /// What the refusal is about.
    pub fn kind(&self) -> RefusalKind {
        self.errors
            .iter()
            .map(RefusalKind::of)
            .find(|kind| *kind != RefusalKind::Other)
            .unwrap_or(RefusalKind::Other)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errors.as_slice() {
            [] => f.write_str("the server gave no reason"),
            [only] => only.fmt(f),
            [first, rest @ ..] => write!(f, "{first} (and {} more)", rest.len()),
        }
    }
}

/// The first place where something stands: `errors`, the payload, what is left of the object.
fn errors_of(value: Value) -> Vec<GraphQLError> {
    let Value::Object(mut members) = value else {
        return GraphQLError::list_from_value(value);
    };
    let listed = members.remove("errors").map(GraphQLError::list_from_value);
    if let Some(errors) = listed.filter(|errors| !errors.is_empty()) {
        return errors;
    }
    if let Some(errors) = members
        .remove("payload")
        .map(errors_of)
        .filter(|errors| !errors.is_empty())
    {
        return errors;
    }
    members.remove("type");
    members.remove("id");
    if members.is_empty() {
        return Vec::new();
    }
    vec![GraphQLError::from_value(Value::Object(members))]
}

/// What a refusal is about, as far as it decides what to do next.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The request, its signature or its header object is malformed.
    BadRequest,
    /// The id is in use, or the subscription has more than one root field.
    Duplicated,
    /// Subscriptions come too fast.
    LimitExceeded,
    /// The connection holds as many subscriptions as it may.
    MaxSubscriptions,
    /// Something else: a resolver, a validation rule.
    Other,
    /// The token has expired; a fresh one may do.
    TokenExpired,
    /// The credentials are refused, or lack a permission.
    Unauthorized,
    /// A query or mutation was sent to the realtime endpoint.
    UnsupportedOperation,
}

impl RefusalKind {
    /// What one error is about.
    ///
    /// By its type, else by its code, else by the texts that AppSync is known to send without a type. The type may
    /// be namespaced, and `errorCode` may contradict it, so it decides last.
    pub fn of(error: &GraphQLError) -> Self {
        let message = error.message.as_str();
        if message.starts_with("Token has expired") {
            return Self::TokenExpired;
        }
        match error.error_type().unwrap_or_default() {
            "Unauthorized" | "UnauthorizedException" | "NotAuthorizedException" | "AccessDeniedException" => {
                return Self::Unauthorized;
            }
            "BadRequest" | "BadRequestException" => return Self::BadRequest,
            "DuplicatedOperationError" => return Self::Duplicated,
            "LimitExceededError" | "LimitExceededException" => return Self::LimitExceeded,
            "MaxSubscriptionsReachedError" | "MaxSubscriptionsReachedException" => return Self::MaxSubscriptions,
            "UnsupportedOperation" => return Self::UnsupportedOperation,
            _ => {}
        }
        match (message, error.error_code()) {
            ("NoProtocolError" | "Required headers are missing.", _) => Self::BadRequest,
            (_, Some(401 | 403)) => Self::Unauthorized,
            (_, Some(400)) => Self::BadRequest,
            _ => Self::Other,
        }
    }
}
