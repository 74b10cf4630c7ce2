use std::sync::OnceLock;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gqlwire::appsync::Iam;
use gqlwire::{AuthProvider, Authorization, Error, Target};

/// Static keys of the environment and the shared files, which are found without the AWS SDK; else whatever its chain
/// finds: SSO, roles, processes, containers, instances.
#[derive(Debug)]
pub(crate) struct IamChain {
    plain: Iam,
    profile: Option<String>,
    chain: OnceLock<Iam>,
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
        }
    }

    async fn find(&self, target: Target<'_>) -> Result<Authorization, Error> {
        if let Some(chain) = self.chain.get() {
            return chain.authorize(target).await;
        }
        let missing = match self.plain.authorize(target).await {
            Err(error) if error.is_auth() => error,
            found => return found,
        };
        tracing::info!("asking the AWS SDK's chain, because: {missing}");
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
                let _ = self.chain.set(chain);
                Ok(authorization)
            }
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
