use futures_util::future::{self, BoxFuture, FutureExt};

use super::jwt::{JwtVerifier, bare_token, looks_like_jwt};
use super::signature::AccessKeys;
use super::{ApiKey, Authorizer, Call, Identity, Refusal};

/// The credentials that the server was configured with.
///
/// Which mode judges a call follows from the call alone, as on AppSync, and there is no second try with another mode:
///
/// 1. `Authorization: AWS4-HMAC-SHA256 …` is a signature, even beside an `x-api-key`;
/// 2. `x-api-key` is an API key;
/// 3. an `Authorization` in the shape of a JWT, with or without `Bearer`, is a token;
/// 4. any other `Authorization` would be for a Lambda authorizer, and is refused;
/// 5. nothing at all is refused too, unless anonymous calls were allowed.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    pub(crate) api_keys: Vec<ApiKey>,
    pub(crate) access_keys: AccessKeys,
    pub(crate) jwt: Option<JwtVerifier>,
    pub(crate) anonymous: bool,
}

impl Credentials {
    fn check(&self, call: &Call<'_>) -> Result<Identity, Refusal> {
        let member = |name| call.credentials.and_then(|credentials| credentials.get(name));
        let authorization = member("authorization");
        if authorization.is_some_and(|value| value.trim_start().starts_with("AWS4-HMAC-SHA256")) {
            return self.access_keys.check(call);
        }
        if let Some(key) = member("x-api-key") {
            return self.check_api_key(key, call);
        }
        match authorization {
            Some(value) if looks_like_jwt(bare_token(value)) => self.check_token(bare_token(value)),
            Some(_) if self.jwt.is_some() => Err(Refusal::UnparsableToken),
            Some(_) => Err(Refusal::NotAuthorized),
            None if self.anonymous => Ok(Identity::Anonymous),
            None => Err(Refusal::Missing),
        }
    }

    fn check_api_key(&self, presented: &str, call: &Call<'_>) -> Result<Identity, Refusal> {
        // Every key is compared, so that the time taken does not tell which one came close.
        let accepted = self
            .api_keys
            .iter()
            .fold(false, |found, key| key.accepts(presented, call.now) | found);
        accepted.then_some(Identity::ApiKey).ok_or(Refusal::NotAuthorized)
    }

    fn check_token(&self, token: &str) -> Result<Identity, Refusal> {
        let verifier = self.jwt.as_ref().ok_or(Refusal::NotAuthorized)?;
        verifier.verify(token).map(|claims| Identity::Token { claims })
    }
}

impl Authorizer for Credentials {
    fn authorize<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Identity, Refusal>> {
        future::ready(self.check(&call)).boxed()
    }
}
