use gqlwire_proto::GraphQLError;
use http::StatusCode;
use serde_json::Value;

/// Why a call was not allowed, in AppSync's words.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No credential of a kind that the API knows was sent.
    #[error("Valid authorization header not provided.")]
    Missing,
    /// The credential is wrong, expired (API key), or of a kind that the API does not allow.
    #[error("You are not authorized to make this call.")]
    NotAuthorized,
    /// The token is not a JWT.
    #[error("Unable to parse JWT token.")]
    UnparsableToken,
    /// The token's `exp` has passed.
    #[error("Token has expired.")]
    ExpiredToken,
    /// The caller is known but may not do this.
    #[error("Permission denied")]
    Denied,
    /// The access key in the signature is not one of the API's.
    #[error("The security token included in the request is invalid.")]
    UnknownAccessKey,
    /// The signature, or the request around it, does not hold; the text says how.
    #[error("{0}")]
    Signature(String),
    /// The authorizer gave no answer in time.
    #[error("Execution timed out.")]
    TimedOut,
}

impl Refusal {
    /// AppSync's `errorType`.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Missing | Self::NotAuthorized | Self::UnparsableToken | Self::ExpiredToken | Self::Denied => {
                "UnauthorizedException"
            }
            Self::UnknownAccessKey => "UnrecognizedClientException",
            Self::Signature(_) => "BadRequestException",
            Self::TimedOut => "ExecutionTimeout",
        }
    }

    /// The status of an HTTP answer that carries this refusal.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Missing | Self::NotAuthorized | Self::UnparsableToken | Self::ExpiredToken => {
                StatusCode::UNAUTHORIZED
            }
            Self::Denied | Self::UnknownAccessKey => StatusCode::FORBIDDEN,
            Self::Signature(_) => StatusCode::BAD_REQUEST,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// As an entry of `errors`, over HTTP or on a `start`.
    pub(crate) fn to_error(&self) -> GraphQLError {
        GraphQLError::new(self.to_string()).with_error_type(self.error_type())
    }

    /// As the one entry of a `connection_error`. AppSync namespaces the commonest type there and calls everything 400.
    pub(crate) fn to_connection_error(&self) -> GraphQLError {
        let mut error = self.to_error();
        if let Self::NotAuthorized | Self::Missing = self {
            error = error.with_error_type("com.amazonaws.deepdish.graphql.auth#UnauthorizedException");
        }
        error.other.insert("errorCode".to_owned(), Value::from(400));
        error
    }
}
