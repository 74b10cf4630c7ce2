//! IAM: requests signed with AWS Signature Version 4.

#[cfg(feature = "aws")]
mod aws_chain;
mod cached;
mod discovery;
mod profile;
#[cfg(feature = "aws")]
mod sdk_http;
mod surroundings;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use gqlwire_proto::appsync::{CONTENT_TYPE_HTTP, Signer};
use gqlwire_proto::sigv4::{Credentials, X_AMZ_SECURITY_TOKEN};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::Mutex;

#[cfg(feature = "aws")]
use self::aws_chain::AwsChain;
use self::cached::Cached;
use self::discovery::Discovery;
use self::surroundings::Surroundings;
use crate::auth::{AuthProvider, Authorization, Target, TargetKind};
use crate::{Error, ErrorKind};

/// IAM credentials of AWS, and the signatures made with them.
///
/// [`Iam::new`] looks for credentials where every AWS tool does: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
/// `AWS_SESSION_TOKEN`, then the profile `AWS_PROFILE` (or `default`) of the shared credentials and config files. A
/// profile that holds no keys but says how to get some (SSO, a role, a process) needs the AWS SDK's whole chain:
/// `Iam::aws_default_chain()`, with the feature `aws`.
///
/// The region of the signature is the one set with [`region`](Self::region), else the one in the host's name, else
/// `AWS_REGION`, `AWS_DEFAULT_REGION`, and the profile's. A custom domain does not name its region.
pub struct Iam {
    provider: Arc<dyn CredentialsProvider>,
    /// The same, where it is the SDK's chain: that one wants to know the API's region.
    #[cfg(feature = "aws")]
    chain: Option<Arc<AwsChain>>,
    region: Option<String>,
    /// Where the region is looked for when neither option nor host names one.
    discovery: Discovery,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    issued: Option<Credentials>,
    generation: u64,
}

/// Where [`Iam`] gets its credentials from.
///
/// Asked before every attempt: one that asks a server should keep its answer until it nears its end.
pub trait CredentialsProvider: fmt::Debug + Send + Sync + 'static {
    /// The credentials to sign with.
    ///
    /// # Errors
    ///
    /// There are none: the error should say where they were looked for.
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, Error>>;

    /// Forgets what it keeps, because the server refused it. Answers whether the next ones may be others.
    fn renew(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { false })
    }

    /// The region that goes with the credentials, where that is known.
    fn region(&self) -> BoxFuture<'_, Option<String>> {
        Box::pin(async { None })
    }
}

impl Iam {
    /// Finds credentials in the environment and the shared files; nothing is read before the first request.
    pub fn new() -> Self {
        let discovery = Discovery::new(Surroundings::of_this_process());
        Self::over(discovery.clone(), discovery)
    }

    /// Signs with these credentials.
    pub fn with_credentials(credentials: Credentials) -> Self {
        Self::over(Fixed(credentials), Discovery::new(Surroundings::of_this_process()))
    }

    /// Signs with what this function gives, each time it is asked. For one that asks a server there is
    /// [`cached`](Self::cached).
    pub fn from_fn<F, Fut>(credentials: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Credentials, Error>> + Send + 'static,
    {
        Self::with_provider(Function(Box::new(move || Box::pin(credentials()))))
    }

    /// Signs with credentials that this function fetches, and that are kept until shortly before their end, or until
    /// they are refused if they have none.
    ///
    /// They are replaced 6 minutes before it, or a quarter of the time that they live where that is less. However many
    /// want them at once, they are fetched once; see [`CachedToken`](super::CachedToken), which does the same.
    pub fn cached<F, Fut>(fetch: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Credentials, Error>> + Send + 'static,
    {
        Self::with_provider(Cached::new(fetch))
    }

    /// Signs with what this provider gives.
    pub fn with_provider(provider: impl CredentialsProvider) -> Self {
        Self::over(provider, Discovery::new(Surroundings::of_this_process()))
    }

    /// Signs with what the AWS SDK's default chain finds: the environment, then the profile `AWS_PROFILE` (or
    /// `default`) with whatever it asks for (keys, SSO, roles, a process), a web identity, the container's credentials,
    /// the instance's.
    ///
    /// Nothing is read or asked before the first request. Temporary credentials are replaced shortly before their end.
    /// The region is sought as for [`Iam::new`], and at last from the instance metadata, for one second at most.
    #[cfg(feature = "aws")]
    pub fn aws_default_chain() -> Self {
        let discovery = Discovery::new(Surroundings::of_this_process());
        Self::over_chain(discovery, None)
    }

    /// Signs with what the AWS SDK makes of this profile of the shared files, whatever the environment holds: keys, SSO,
    /// roles, a process. Otherwise as [`aws_default_chain`](Self::aws_default_chain).
    #[cfg(feature = "aws")]
    pub fn aws_profile(profile: impl Into<String>) -> Self {
        let profile = profile.into();
        let discovery = Discovery::new(Surroundings::of_this_process()).with_profile(profile.clone());
        Self::over_chain(discovery, Some(profile))
    }

    /// Sets the region of the API, which a custom domain does not name.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into()).filter(|region| !region.is_empty());
        self
    }

    /// Takes credentials and region from this profile of the shared files, whatever the environment holds.
    ///
    /// It reads keys that stand in the files, and needs no feature for that. A profile that says how to get some (SSO, a
    /// role, a process) is refused with an error: that is for `aws_profile`, with the feature `aws`.
    pub fn from_profile(profile: impl Into<String>) -> Self {
        let discovery = Discovery::new(Surroundings::of_this_process()).with_profile(profile.into());
        Self::over(discovery.clone(), discovery)
    }

    /// The region to sign for where neither an option nor a host names one: that of [`region`](Self::region), else
    /// `AWS_REGION`, `AWS_DEFAULT_REGION`, and the profile's (before those, where the profile was asked for by name).
    pub async fn configured_region(&self) -> Option<String> {
        match &self.region {
            Some(region) => Some(region.clone()),
            None => self.discovery.find_region("").await.ok(),
        }
    }

    #[cfg(feature = "aws")]
    fn over_chain(discovery: Discovery, profile: Option<String>) -> Self {
        let chain = Arc::new(AwsChain::new(discovery.clone(), profile));
        Self {
            provider: chain.clone(),
            chain: Some(chain),
            region: None,
            discovery,
            state: Mutex::default(),
        }
    }

    fn over(provider: impl CredentialsProvider, discovery: Discovery) -> Self {
        Self {
            provider: Arc::new(provider),
            #[cfg(feature = "aws")]
            chain: None,
            region: None,
            discovery,
            state: Mutex::default(),
        }
    }

    async fn sign(&self, target: Target<'_>) -> Result<Authorization, Error> {
        let region = self.region_of(&target).await?;
        #[cfg(feature = "aws")]
        if let Some(chain) = &self.chain {
            chain.set_api_region(&region);
        }
        let credentials = self.provider.credentials().await?;
        if credentials.is_expired(target.now()) {
            let message = "the AWS credentials have expired: log in again, or renew them";
            return Err(Error::new(ErrorKind::Auth, message));
        }
        let generation = self.issue(&credentials).await;
        let signer = Signer {
            credentials: &credentials,
            region: &region,
            time: target.now(),
        };
        let url = target.signing_url();
        let signed = match target.kind() {
            TargetKind::Upload => {
                return Err(Error::request(
                    "IAM signs the body of a request, and files are read while they are sent: upload them with other \
                     credentials",
                ));
            }
            TargetKind::Connect => signer.sign_connect(url),
            TargetKind::ControlPlane | TargetKind::Get => signer.sign_get(url),
            TargetKind::Subscribe => signer.sign_start(url, target.body()),
            TargetKind::Http => {
                let content_type = target.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
                signer.sign_http(url, content_type.unwrap_or(CONTENT_TYPE_HTTP), target.body().as_bytes())
            }
        };
        let signed = signed.map_err(|error| Error::new(ErrorKind::Auth, format!("cannot sign with IAM: {error}")))?;
        let mut headers = HeaderMap::new();
        for (name, value) in signed.into_headers() {
            let unfit = || Error::new(ErrorKind::Auth, format!("the signed header {name} is not fit for HTTP"));
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
            let mut value = HeaderValue::from_str(&value).map_err(|_| unfit())?;
            value.set_sensitive(header == AUTHORIZATION || header == X_AMZ_SECURITY_TOKEN);
            headers.insert(header, value);
        }
        Ok(Authorization::new(headers)
            .expires_at(credentials.expires_at)
            .generation(generation))
    }

    async fn region_of(&self, target: &Target<'_>) -> Result<String, Error> {
        if let Some(region) = &self.region {
            return Ok(region.clone());
        }
        if let Some(region) = target.region() {
            return Ok(region.to_owned());
        }
        if let Some(region) = self.provider.region().await {
            return Ok(region);
        }
        self.discovery.find_region(target.host()).await
    }

    /// Counts the credentials that differ from those before, so that a refusal can be told from a stale one.
    async fn issue(&self, credentials: &Credentials) -> u64 {
        let mut state = self.state.lock().await;
        if !state.issued.as_ref().is_some_and(|before| same(before, credentials)) {
            state.issued = Some(credentials.clone());
            state.generation += 1;
        }
        state.generation
    }
}

impl Default for Iam {
    fn default() -> Self {
        Self::new()
    }
}

impl AuthProvider for Iam {
    fn authorize<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        Box::pin(self.sign(target))
    }

    fn describe(&self) -> &str {
        "the IAM signature"
    }

    fn refused<'a>(&'a self, sent: &'a Authorization, _why: &'a Error) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            // Held meanwhile: of ten requests that are refused together one renews, and the others find it done.
            let mut state = self.state.lock().await;
            if state.generation > sent.generation {
                return true;
            }
            let renewed = self.provider.renew().await;
            if renewed {
                state.issued = None;
                state.generation += 1;
            }
            renewed
        })
    }
}

impl fmt::Debug for Iam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iam")
            .field("provider", &self.provider)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

fn same(one: &Credentials, other: &Credentials) -> bool {
    use secrecy::ExposeSecret;

    let token = |credentials: &Credentials| credentials.session_token.as_ref().map(|t| t.expose_secret().to_owned());
    one.access_key_id == other.access_key_id
        && one.secret_access_key.expose_secret() == other.secret_access_key.expose_secret()
        && token(one) == token(other)
}

#[derive(Debug)]
struct Fixed(Credentials);

impl CredentialsProvider for Fixed {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, Error>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

struct Function(Box<dyn Fn() -> BoxFuture<'static, Result<Credentials, Error>> + Send + Sync>);

impl CredentialsProvider for Function {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, Error>> {
        (self.0)()
    }

    fn renew(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { true })
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Function")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::SystemTime;

    use futures_util::future::join_all;
    use url::Url;

    use super::*;

    #[derive(Debug, Default)]
    struct Rotating {
        renewals: AtomicUsize,
    }

    impl CredentialsProvider for Rotating {
        fn credentials(&self) -> BoxFuture<'_, Result<Credentials, Error>> {
            let id = format!("AKID{}", self.renewals.load(Ordering::SeqCst));
            Box::pin(async { Ok(Credentials::new(id, "secret")) })
        }

        fn renew(&self) -> BoxFuture<'_, bool> {
            Box::pin(async {
                tokio::task::yield_now().await;
                // There is one better pair and no more.
                self.renewals.fetch_add(1, Ordering::SeqCst) == 0
            })
        }
    }

    #[tokio::test]
    async fn requests_that_are_refused_together_renew_once_and_all_go_on() {
        let iam = Iam::with_provider(Rotating::default()).region("eu-west-1");
        let url = Url::parse("https://api.example.com/graphql").unwrap();
        let headers = HeaderMap::new();
        let target = Target {
            kind: TargetKind::Http,
            url: &url,
            host: "api.example.com",
            region: None,
            headers: &headers,
            body: "{}",
            now: SystemTime::now(),
        };
        let sent = iam.authorize(target).await.unwrap();
        let why = Error::new(ErrorKind::Auth, "no");
        let better = join_all((0..10).map(|_| iam.refused(&sent, &why))).await;
        assert_eq!(better, [true; 10]);
        let fresh = iam.authorize(target).await.unwrap();
        assert!(fresh.headers["authorization"].to_str().unwrap().contains("AKID1/"));
        assert!(fresh.generation > sent.generation);
        // These are refused as well, and there are no better ones.
        assert!(!iam.refused(&fresh, &why).await);
    }
}
