use std::sync::OnceLock;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gqlwire::appsync::Iam;
use gqlwire::{AuthProvider, Authorization, Error, Target};

use crate::failure::in_our_words;

/// Static keys of the environment and the shared files, which are found without the AWS SDK; else whatever its chain
/// finds: SSO, roles, processes, containers, instances.
#[derive(Debug)]
pub(crate) struct IamChain {
    plain: Iam,
    profile: Option<String>,
    chain: OnceLock<Iam>,
    told: OnceLock<()>,
}

impl IamChain {
    pub(crate) fn new(profile: Option<String>) -> Self {
        let plain = match &profile {
            Some(name) => Iam::from_profile(name),
            None => Iam::new(),
        };
        Self {
            plain,
            profile,
            chain: OnceLock::new(),
            told: OnceLock::new(),
        }
    }

    async fn find(&self, target: Target<'_>) -> Result<Authorization, Error> {
        if let Some(chain) = self.chain.get() {
            return chain.authorize(target).await;
        }
        let missing = match self.plain.authorize(target).await {
            Err(error) if error.is_auth() => error,
            Err(error) => return Err(error),
            Ok(authorization) => {
                self.log_source(&self.plain_source());
                return Ok(authorization);
            }
        };
        tracing::info!("asking the AWS SDK's chain: {}", in_our_words(&missing.to_string()));
        let chain = match &self.profile {
            Some(name) => Iam::aws_profile(name),
            None => Iam::aws_default_chain(),
        };
        match chain.authorize(target).await {
            // The chain lists everything that it tried; what is missing in the usual places says it better, except where
            // it only says that the chain is needed.
            Err(error) if error.is_auth() && !missing.to_string().contains("aws_default_chain") => Err(missing),
            Err(error) => Err(error),
            Ok(authorization) => {
                let of = self
                    .profile
                    .as_ref()
                    .map_or(String::new(), |name| format!(" for the profile {name:?}"));
                self.log_source(&format!("the AWS SDK's chain{of}"));
                let _ = self.chain.set(chain);
                Ok(authorization)
            }
        }
    }

    /// Where static keys were found: the library looks in the same order.
    fn plain_source(&self) -> String {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        match &self.profile {
            Some(name) => format!("static keys of the profile {name:?}"),
            None if variable("AWS_ACCESS_KEY_ID").is_some() => "AWS_ACCESS_KEY_ID of the environment".to_owned(),
            None => {
                let name = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
                format!("static keys of the profile {name:?}")
            }
        }
    }

    /// Once: every request is signed anew.
    fn log_source(&self, source: &str) {
        if self.told.set(()).is_ok() {
            tracing::info!("AWS credentials: {source}");
        }
    }
}

impl AuthProvider for IamChain {
    fn authorize<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        self.find(target).boxed()
    }

    fn describe(&self) -> &str {
        self.plain.describe()
    }

    fn refused<'a>(&'a self, sent: &'a Authorization, why: &'a Error) -> BoxFuture<'a, bool> {
        self.chain.get().unwrap_or(&self.plain).refused(sent, why)
    }
}
