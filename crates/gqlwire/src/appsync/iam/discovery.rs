use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use gqlwire_proto::sigv4::Credentials;
use tokio::sync::Mutex;

use super::profile::{Profile, SharedFile};
use super::surroundings::Surroundings;
use super::{CredentialsProvider, same};
use crate::{Error, ErrorKind};

/// How long found credentials are kept before the files are read again: other tools write them.
const KEPT: Duration = Duration::from_secs(60);

/// Finds credentials and region in the environment and the shared files.
#[derive(Clone, Debug)]
pub(super) struct Discovery {
    surroundings: Surroundings,
    /// A profile asked for by name beats keys in the environment, as it does for the AWS command line.
    profile: Option<String>,
    found: Arc<Mutex<Option<(Credentials, Instant)>>>,
}

impl Discovery {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        Self {
            surroundings,
            profile: None,
            found: Arc::default(),
        }
    }

    pub(super) fn with_profile(mut self, profile: String) -> Self {
        self.profile = Some(profile);
        self
    }

    /// The region, where neither an option nor the host names it.
    pub(super) async fn find_region(&self, host: &str) -> Result<String, Error> {
        let profile = self.read_profile()?;
        let variables = ["AWS_REGION", "AWS_DEFAULT_REGION"];
        let from_environment = || variables.iter().find_map(|name| self.surroundings.variable(name));
        let from_profile = || profile.get("region").map(str::to_owned);
        let region = match self.profile {
            Some(_) => from_profile().or_else(from_environment),
            None => from_environment().or_else(from_profile),
        };
        region.ok_or_else(|| {
            let message = format!(
                "no AWS region to sign for: the host {host} does not name one, AWS_REGION and AWS_DEFAULT_REGION are not \
                 set, and the profile {:?} has none; set the region of the API",
                self.profile_name()
            );
            Error::new(ErrorKind::Config, message)
        })
    }

    fn find(&self) -> Result<Credentials, Error> {
        if self.profile.is_none()
            && let Some(credentials) = self.environment_keys()?
        {
            return Ok(credentials);
        }
        let profile = self.read_profile()?;
        let name = self.profile_name();
        match (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key")) {
            (Some(id), Some(secret)) => {
                let credentials = Credentials::new(id, secret);
                return Ok(match profile.get("aws_session_token") {
                    Some(token) => credentials.with_session_token(token),
                    None => credentials,
                });
            }
            (None, None) => {}
            _ => {
                let message = format!("the AWS profile {name:?} has only half of a key pair");
                return Err(Error::new(ErrorKind::Auth, message));
            }
        }
        if let Some(setting) = profile.needs_more() {
            let message = format!(
                "the AWS profile {name:?} gets its credentials by {setting}, which needs the AWS SDK's chain: use \
                 `Iam::aws_default_chain()` (feature `aws`)"
            );
            return Err(Error::new(ErrorKind::Auth, message));
        }
        Err(Error::new(ErrorKind::Auth, self.nothing_found(&name)))
    }

    fn environment_keys(&self) -> Result<Option<Credentials>, Error> {
        let variable = |name| self.surroundings.variable(name);
        match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
            (Some(id), Some(secret)) => {
                let credentials = Credentials::new(id, secret);
                Ok(Some(match variable("AWS_SESSION_TOKEN") {
                    Some(token) => credentials.with_session_token(token),
                    None => credentials,
                }))
            }
            (None, None) => Ok(None),
            (Some(_), None) => Err(half("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
            (None, Some(_)) => Err(half("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")),
        }
    }

    fn profile_name(&self) -> String {
        let asked = self
            .profile
            .clone()
            .or_else(|| self.surroundings.variable("AWS_PROFILE"));
        asked.unwrap_or_else(|| "default".to_owned())
    }

    fn read_profile(&self) -> Result<Profile, Error> {
        let name = self.profile_name();
        let mut profile = Profile::default();
        let mut found = false;
        // The credentials file wins over the config file.
        for (variable, file, kind) in [
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials", SharedFile::Credentials),
            ("AWS_CONFIG_FILE", "config", SharedFile::Config),
        ] {
            let Some(path) = self.surroundings.shared_file(variable, file) else {
                continue;
            };
            let text = self
                .surroundings
                .file(&path)
                .map_err(|error| unreadable(&path, error))?;
            found |= text.is_some_and(|text| profile.read(&text, kind, &name));
        }
        let asked_for = self.profile.is_some() || self.surroundings.variable("AWS_PROFILE").is_some();
        if !found && asked_for {
            let message = format!("there is no AWS profile {name:?} in {}", self.files());
            return Err(Error::new(ErrorKind::Auth, message));
        }
        Ok(profile)
    }

    fn files(&self) -> String {
        let place = |variable, name| self.surroundings.shared_file(variable, name);
        let places = [
            place("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            place("AWS_CONFIG_FILE", "config"),
        ];
        let places: Vec<_> = places.iter().flatten().map(|path| path.display().to_string()).collect();
        if places.is_empty() {
            "~/.aws (no home directory is known)".to_owned()
        } else {
            places.join(" and ")
        }
    }

    fn nothing_found(&self, name: &str) -> String {
        let environment = match self.profile {
            Some(_) => "",
            None => "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, and ",
        };
        format!(
            "no AWS credentials for IAM: {environment}the profile {name:?} has no keys in {}; set them, or choose another \
             way of authorisation, such as an API key",
            self.files()
        )
    }
}

impl CredentialsProvider for Discovery {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, Error>> {
        Box::pin(async {
            let mut found = self.found.lock().await;
            if let Some((credentials, at)) = &*found
                && at.elapsed() < KEPT
            {
                return Ok(credentials.clone());
            }
            let credentials = self.find()?;
            *found = Some((credentials.clone(), Instant::now()));
            Ok(credentials)
        })
    }

    fn renew(&self) -> BoxFuture<'_, bool> {
        Box::pin(async {
            let mut found = self.found.lock().await;
            let before = found.take().map(|(credentials, _)| credentials);
            match (before, self.find()) {
                (Some(before), Ok(now)) => !same(&before, &now),
                _ => false,
            }
        })
    }
}

fn half(set: &str, missing: &str) -> Error {
    Error::new(
        ErrorKind::Auth,
        format!("{set} is set, but {missing} is not: IAM needs both"),
    )
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let message = format!("the AWS file {} cannot be read: {error}", path.display());
    Error::new(ErrorKind::Auth, message).with_source(error)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const HOME: (&str, &str) = ("HOME", "/home/me");

    fn discovery(variables: &[(&str, &str)], files: &[(&str, &str)]) -> Discovery {
        Discovery::new(Surroundings::given(variables, files))
    }

    #[tokio::test]
    async fn keys_of_the_environment_come_first_and_bring_their_session_token() {
        let variables = [
            HOME,
            ("AWS_ACCESS_KEY_ID", "ENVID"),
            ("AWS_SECRET_ACCESS_KEY", "envsecret"),
            ("AWS_SESSION_TOKEN", "token"),
        ];
        let files = [(
            "/home/me/.aws/credentials",
            "[default]\naws_access_key_id=FILEID\naws_secret_access_key=filesecret\n",
        )];
        let found = discovery(&variables, &files).credentials().await.unwrap();
        assert_eq!(found.access_key_id, "ENVID");
        assert_eq!(found.session_token.unwrap().expose_secret(), "token");
    }

    #[tokio::test]
    async fn a_profile_asked_for_by_name_beats_the_environment() {
        let variables = [
            HOME,
            ("AWS_ACCESS_KEY_ID", "ENVID"),
            ("AWS_SECRET_ACCESS_KEY", "envsecret"),
        ];
        let files = [(
            "/home/me/.aws/credentials",
            "[work]\naws_access_key_id=WORKID\naws_secret_access_key=s\n",
        )];
        let found = discovery(&variables, &files)
            .with_profile("work".to_owned())
            .credentials()
            .await
            .unwrap();
        assert_eq!(found.access_key_id, "WORKID");
    }

    #[tokio::test]
    async fn files_lie_where_the_variables_say() {
        let variables = [HOME, ("AWS_CONFIG_FILE", "~/elsewhere"), ("AWS_PROFILE", "p")];
        let files = [(
            "/home/me/elsewhere",
            "[profile p]\naws_access_key_id=ID\naws_secret_access_key=s\nregion=eu-south-1\n",
        )];
        let discovery = discovery(&variables, &files);
        assert_eq!(discovery.credentials().await.unwrap().access_key_id, "ID");
        assert_eq!(discovery.find_region("api.example.com").await.unwrap(), "eu-south-1");
    }

    #[tokio::test]
    async fn nothing_found_says_where_it_looked() {
        let error = discovery(&[HOME], &[]).credentials().await.unwrap_err();
        assert!(error.is_auth());
        let message = error.to_string();
        for place in [
            "AWS_ACCESS_KEY_ID",
            "/home/me/.aws/credentials",
            "/home/me/.aws/config",
            "\"default\"",
        ] {
            assert!(message.contains(place), "{message}");
        }
    }

    #[tokio::test]
    async fn half_a_key_pair_is_named() {
        let error = discovery(&[HOME, ("AWS_ACCESS_KEY_ID", "ID")], &[])
            .credentials()
            .await
            .unwrap_err();
        assert!(error.to_string().contains("AWS_SECRET_ACCESS_KEY is not"), "{error}");
    }

    #[tokio::test]
    async fn a_profile_without_keys_names_the_chain_that_can_do_it() {
        let files = [("/home/me/.aws/config", "[default]\nsso_session = corp\n")];
        let error = discovery(&[HOME], &files).credentials().await.unwrap_err();
        assert!(error.to_string().contains("aws_default_chain"), "{error}");
    }

    #[tokio::test]
    async fn an_unknown_profile_is_an_error_that_names_the_files() {
        let error = discovery(&[HOME, ("AWS_PROFILE", "nope")], &[])
            .credentials()
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("\"nope\" in /home/me/.aws/credentials"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn the_region_is_sought_in_order_and_its_absence_explained() {
        let files = [("/home/me/.aws/config", "[default]\nregion = from-profile\n")];
        let with = |variables: &[(&str, &str)]| discovery(&[&[HOME], variables].concat(), &files);
        let both = [("AWS_REGION", "first"), ("AWS_DEFAULT_REGION", "second")];
        assert_eq!(with(&both).find_region("h").await.unwrap(), "first");
        assert_eq!(with(&both[1..]).find_region("h").await.unwrap(), "second");
        assert_eq!(with(&[]).find_region("h").await.unwrap(), "from-profile");
        let error = discovery(&[HOME], &[])
            .find_region("api.example.com")
            .await
            .unwrap_err();
        assert!(error.to_string().contains("api.example.com"), "{error}");
    }
}
