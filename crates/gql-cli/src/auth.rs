//! As whom: the options, then the environment, then IAM.

use std::sync::Arc;

use gqlwire::appsync::{ApiKey, Lambda, Oidc};
use gqlwire::{AuthProvider, Error, GraphQLError};
use secrecy::SecretString;

use crate::args::{AuthArgs, check};
use crate::failure::Failure;
use crate::iam::IamChain;

/// The variable that holds an API key, for AppSync alone.
pub(crate) const API_KEY_VARIABLE: &str = "AWS_GRAPHQL_API_KEY";

/// What AppSync is shown.
#[derive(Debug)]
pub(crate) enum Credentials {
    ApiKey(SecretString),
    Iam { profile: Option<String> },
    Jwt(SecretString),
    Lambda(SecretString),
}

impl Credentials {
    /// The credentials of the command line, else the API key of the environment, else IAM.
    pub(crate) fn choose(args: &AuthArgs, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let (chosen, source) = if let Some(key) = &args.api_key {
            (Self::ApiKey(key.read("--api-key")?), key.source("--api-key"))
        } else if let Some(token) = &args.jwt {
            (Self::Jwt(token.read("--jwt")?), token.source("--jwt"))
        } else if let Some(token) = &args.lambda_token {
            let chosen = Self::Lambda(token.read("--lambda-token")?);
            (chosen, token.source("--lambda-token"))
        } else if let Some(profile) = &args.aws_profile {
            let source = format!("--aws-profile {profile}");
            let profile = Some(profile.clone());
            (Self::Iam { profile }, source)
        } else if args.iam {
            (Self::Iam { profile: None }, "--iam".to_owned())
        } else if let Some(key) = environment_key(environment) {
            (
                Self::ApiKey(check(key.into(), API_KEY_VARIABLE)?),
                API_KEY_VARIABLE.to_owned(),
            )
        } else {
            let source = format!("no option and no {API_KEY_VARIABLE} says otherwise");
            (Self::Iam { profile: None }, source)
        };
        tracing::info!("authorised by {}: {source}", chosen.name());
        Ok(chosen)
    }

    pub(crate) fn provider(&self) -> Arc<dyn AuthProvider> {
        match self {
            Self::ApiKey(key) => Arc::new(ApiKey::new(key.clone())),
            Self::Jwt(token) => Arc::new(Oidc::new(token.clone())),
            Self::Lambda(token) => Arc::new(Lambda::new(token.clone())),
            Self::Iam { profile } => Arc::new(IamChain::new(profile.clone())),
        }
    }

    /// What to do when these were refused.
    pub(crate) fn advice(&self, error: &Error) -> &'static str {
        self.advice_when(error.status().is_some() || !error.errors().is_empty())
    }

    /// The same; what was never sent was never found.
    pub(crate) fn advice_when(&self, was_sent: bool) -> &'static str {
        match self {
            Self::ApiKey(_) => {
                "check the API key: it lives 7 days unless it was made to last longer (aws appsync list-api-keys)"
            }
            Self::Jwt(_) => "get a fresh token; AppSync wants it bare, without `Bearer`",
            Self::Lambda(_) => "the API's Lambda authorizer decides: look at what it logs",
            Self::Iam { .. } if was_sent => {
                "check the AWS credentials, what they may do (appsync:GraphQL), the region, and this machine's clock"
            }
            Self::Iam { .. } => {
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, give --aws-profile NAME, or use --api-key or --jwt"
            }
        }
    }

    /// Whether this is how AppSync refuses the caller. It does so with a 400 for some, whose body is a GraphQL response
    /// like any other.
    pub(crate) fn are_refused_by(error: &GraphQLError, status: Option<u16>) -> bool {
        match error.error_type() {
            Some(
                "AccessDeniedException"
                | "ExpiredTokenException"
                | "IncompleteSignatureException"
                | "InvalidSignatureException"
                | "MissingAuthenticationTokenException"
                | "UnauthorizedException"
                | "UnrecognizedClientException",
            ) => true,
            // With this status it is a signature that does not fit, often without a word; a request that AppSync cannot
            // read is a `MalformedHttpRequestException`. Messages of a websocket have no status, and are about anything.
            Some("BadRequestException") => match status {
                Some(status) => status == 400,
                None => error.message.to_ascii_lowercase().contains("signature"),
            },
            _ => false,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::ApiKey(_) => "an API key",
            Self::Iam { .. } => "IAM",
            Self::Jwt(_) => "a JWT",
            Self::Lambda(_) => "a Lambda authorizer's token",
        }
    }
}

/// The API key of the environment.
pub(crate) fn environment_key(environment: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    environment(API_KEY_VARIABLE).filter(|key| !key.trim().is_empty())
}

impl AuthArgs {
    /// The first option that says as whom to connect.
    pub(crate) fn given(&self) -> Option<&'static str> {
        [
            (self.api_key.is_some(), "--api-key"),
            (self.jwt.is_some(), "--jwt"),
            (self.lambda_token.is_some(), "--lambda-token"),
            (self.iam, "--iam"),
            (self.aws_profile.is_some(), "--aws-profile"),
        ]
        .into_iter()
        .find_map(|(given, option)| given.then_some(option))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(args: &AuthArgs, key: Option<&str>) -> &'static str {
        let environment = |name: &str| key.filter(|_| name == API_KEY_VARIABLE).map(str::to_owned);
        Credentials::choose(args, &environment).unwrap().name()
    }

    fn none() -> AuthArgs {
        AuthArgs {
            api_key: None,
            jwt: None,
            lambda_token: None,
            iam: false,
            aws_profile: None,
            region: None,
        }
    }

    #[test]
    fn an_option_beats_the_environment_and_the_environment_beats_iam() {
        let token = || Some("token".parse().unwrap());
        assert_eq!(chosen(&none(), None), "IAM");
        assert_eq!(chosen(&none(), Some("")), "IAM");
        assert_eq!(chosen(&none(), Some("da2-x")), "an API key");
        assert_eq!(chosen(&AuthArgs { jwt: token(), ..none() }, Some("da2-x")), "a JWT");
        assert_eq!(chosen(&AuthArgs { iam: true, ..none() }, Some("da2-x")), "IAM");
        let lambda = AuthArgs {
            lambda_token: token(),
            ..none()
        };
        assert_eq!(chosen(&lambda, Some("da2-x")), "a Lambda authorizer's token");
        let profile = AuthArgs {
            aws_profile: Some("work".to_owned()),
            ..none()
        };
        assert_eq!(chosen(&profile, Some("da2-x")), "IAM");
    }

    #[test]
    fn an_empty_secret_is_a_usage_error() {
        let args = AuthArgs {
            api_key: Some("".parse().unwrap()),
            ..none()
        };
        let failure = Credentials::choose(&args, &|_| None).unwrap_err();
        assert_eq!(failure.message, "--api-key is empty");
    }
}
