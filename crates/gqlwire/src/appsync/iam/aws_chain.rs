//! The credential chain of the AWS SDK, with the feature `aws`.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use futures_util::future::BoxFuture;
use gqlwire_proto::sigv4::Credentials;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::timeout;

use super::discovery::Discovery;
use super::sdk_http::SdkHttp;
use super::{CredentialsProvider, same};
use crate::appsync::cache::{Cache, Ends, Fetched};
use crate::{Error, ErrorKind};

/// How long credentials without an end are kept. The SDK's own cache uses the same.
const WITHOUT_END: Duration = Duration::from_secs(15 * 60);

/// How long the instance metadata service may take to name the region: it answers at once where there is one.
const INSTANCE_REGION: Duration = Duration::from_secs(1);

/// Where AWS's global services live, and so the region to ask for a role when nothing names another.
const GLOBAL_REGION: &str = "us-east-1";

/// Everything that the AWS SDK knows of where credentials come from. Nothing is read before the first request.
pub(super) struct AwsChain {
    chain: Arc<Chain>,
    kept: Cache<Credentials>,
}

struct Chain {
    discovery: Discovery,
    /// Taken instead of the whole chain: a profile asked for by name beats keys in the environment.
    profile: Option<String>,
    /// The API's, for roles in profiles that name no region.
    api_region: OnceLock<String>,
    instance_region: OnceCell<Option<String>>,
    provider: Mutex<Option<SharedCredentialsProvider>>,
}

impl AwsChain {
    pub(super) fn new(discovery: Discovery, profile: Option<String>) -> Self {
        let chain = Arc::new(Chain {
            discovery,
            profile,
            api_region: OnceLock::new(),
            instance_region: OnceCell::new(),
            provider: Mutex::default(),
        });
        let loading = Arc::clone(&chain);
        let load = move || {
            let chain = Arc::clone(&loading);
            let loaded: BoxFuture<'static, _> = Box::pin(async move { chain.load().await });
            loaded
        };
        Self {
            chain,
            kept: Cache::new(load, same),
        }
    }

    /// Tells the region of the API, known only when a request is signed.
    pub(super) fn set_api_region(&self, region: &str) {
        let _ = self.chain.api_region.set(region.to_owned());
    }
}

impl Chain {
    async fn load(&self) -> Result<Fetched<Credentials>, Error> {
        let provider = {
            let mut known = self.provider.lock().await;
            match &*known {
                Some(provider) => provider.clone(),
                None => known.insert(self.make_provider().await?).clone(),
            }
        };
        let found = provider.provide_credentials().await;
        let found = found.map_err(|error| {
            let message = format!("no AWS credentials for IAM: {}: {}", self.places(), innermost(&error));
            Error::new(ErrorKind::Auth, message).with_source(error)
        })?;
        let mut credentials = Credentials::new(found.access_key_id(), found.secret_access_key().to_owned());
        if let Some(token) = found.session_token() {
            credentials = credentials.with_session_token(token.to_owned());
        }
        if let Some(end) = found.expiry() {
            credentials = credentials.with_expiry(end);
        }
        let ends = credentials.expires_at.map_or(Ends::In(WITHOUT_END), Ends::At);
        Ok(Fetched {
            value: credentials,
            ends,
        })
    }

    async fn make_provider(&self) -> Result<SharedCredentialsProvider, Error> {
        let named = self.discovery.find_region("").await.ok();
        let region = named.or_else(|| self.api_region.get().cloned());
        let region = Region::new(region.unwrap_or_else(|| GLOBAL_REGION.to_owned()));
        let config = configuration()?.with_region(Some(region.clone()));
        Ok(match &self.profile {
            Some(profile) => SharedCredentialsProvider::new(
                ProfileFileCredentialsProvider::builder()
                    .configure(&config)
                    .profile_name(profile)
                    .build(),
            ),
            None => {
                let chain = DefaultCredentialsChain::builder().region(region).configure(config);
                SharedCredentialsProvider::new(chain.build().await)
            }
        })
    }

    async fn ask_instance_for_region(&self) -> Option<String> {
        let config = configuration().ok()?;
        let metadata = ImdsRegionProvider::builder().configure(&config).build();
        let region = timeout(INSTANCE_REGION, metadata.region()).await.ok()??;
        Some(region.as_ref().to_owned())
    }

    fn places(&self) -> String {
        match &self.profile {
            Some(profile) => format!("the AWS profile {profile:?} gave none"),
            None => "the environment, the AWS profile, web identity, the container and the instance metadata gave none"
                .to_owned(),
        }
    }
}

impl CredentialsProvider for AwsChain {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, Error>> {
        Box::pin(async {
            let kept = self.kept.get(SystemTime::now()).await?;
            Ok(kept.value.clone())
        })
    }

    fn renew(&self) -> BoxFuture<'_, bool> {
        Box::pin(async {
            // The providers remember the files that they have read: only new ones see what has changed.
            *self.chain.provider.lock().await = None;
            self.kept.last_refused().await
        })
    }

    /// The environment and the profile come first: they answer at once.
    fn region(&self) -> BoxFuture<'_, Option<String>> {
        let chain = &self.chain;
        Box::pin(async {
            if let Ok(region) = chain.discovery.find_region("").await {
                return Some(region);
            }
            let asked = chain.instance_region.get_or_init(|| chain.ask_instance_for_region());
            asked.await.clone()
        })
    }
}

impl fmt::Debug for AwsChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsChain")
            .field("profile", &self.chain.profile)
            .finish_non_exhaustive()
    }
}

fn configuration() -> Result<ProviderConfig, Error> {
    Ok(ProviderConfig::without_region()
        .with_behavior_version(Some(BehaviorVersion::latest()))
        .with_http_client(SdkHttp::new()?))
}

/// The innermost cause is the one that names the trouble.
fn innermost(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
