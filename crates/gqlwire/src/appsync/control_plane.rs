//! AppSync's control plane, as far as a client needs it: the schema of an API.

use std::time::{Duration, SystemTime};

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, StatusCode};
use url::Url;

use crate::auth::{AuthProvider, Target, TargetKind};
use crate::http::{ConnectOptions, Purpose, advice, client, connect_error, read_body, reason, unsafe_credentials};
use crate::redact::Secrets;
use crate::{DEFAULT_MAX_RESPONSE_SIZE, DEFAULT_TIMEOUT, Error, ErrorKind};

/// The service that makes and changes APIs. It tells the schema of one, applied directives included, to whoever may call
/// `appsync:GetIntrospectionSchema`, whether the API answers introspection queries or not.
#[derive(Debug)]
pub struct ControlPlane {
    region: String,
    url: Option<String>,
    timeout: Duration,
    max_response_size: usize,
}

/// What a schema is written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SchemaFormat {
    /// An introspection result, which has no place for applied directives.
    Json,
    /// Schema definition language.
    Sdl,
}

impl SchemaFormat {
    /// As the service writes it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Sdl => "SDL",
        }
    }
}

impl ControlPlane {
    /// That of a region, such as `eu-west-1`.
    pub fn new(region: impl Into<String>) -> Self {
        Self {
            region: region.into(),
            url: None,
            timeout: DEFAULT_TIMEOUT,
            max_response_size: DEFAULT_MAX_RESPONSE_SIZE,
        }
    }

    /// Sets another address of the service: a VPC endpoint, an emulator.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Sets how long the service may take to answer; 35 s by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how many bytes a schema may have; 64 MiB by default.
    #[must_use]
    pub fn max_response_size(mut self, bytes: usize) -> Self {
        self.max_response_size = bytes;
        self
    }

    /// The schema of the API with this id, as the service writes it, signed by `auth`, which is to be IAM.
    ///
    /// # Errors
    ///
    /// When the id or the address cannot be one, there are no credentials, the service cannot be reached, or it refuses:
    /// then the error has its status and its reason.
    pub async fn schema(&self, api_id: &str, format: SchemaFormat, auth: &dyn AuthProvider) -> Result<String, Error> {
        crate::runtime::current()?;
        let url = self.schema_url(api_id, format)?;
        match tokio::time::timeout(self.timeout, self.get(&url, auth)).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::timeout("the control plane's answer", self.timeout)),
        }
    }

    fn schema_url(&self, api_id: &str, format: SchemaFormat) -> Result<Url, Error> {
        let is_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if api_id.is_empty() || !api_id.chars().all(is_id) {
            return Err(Error::config(format!(
                "{api_id:?} is not the id of an API, which is 26 letters and digits"
            )));
        }
        // It becomes part of a host's name.
        if self.region.is_empty() || !self.region.chars().all(is_id) {
            return Err(Error::config(format!("{:?} is not an AWS region", self.region)));
        }
        let base = match &self.url {
            Some(url) => url.clone(),
            None => {
                let china = if self.region.starts_with("cn-") { ".cn" } else { "" };
                format!("https://appsync.{}.amazonaws.com{china}", self.region)
            }
        };
        let unfit = || Error::config(format!("{base:?} is not the URL of a control plane"));
        let mut url = Url::parse(&base).map_err(|_| unfit())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(unfit());
        }
        url.path_segments_mut()
            .map_err(|()| unfit())?
            .pop_if_empty()
            .extend(["v1", "apis", api_id, "schema"]);
        url.set_fragment(None);
        url.query_pairs_mut()
            .clear()
            .append_pair("format", format.as_str())
            .append_pair("includeDirectives", "true");
        Ok(url)
    }

    async fn get(&self, url: &Url, auth: &dyn AuthProvider) -> Result<String, Error> {
        if let Some(why) = unsafe_credentials(url, true, &[]) {
            return Err(Error::request(why));
        }
        let client = client(url, Purpose::Requests, &ConnectOptions::default())?;
        let target = Target {
            now: SystemTime::now(),
            ..Target::new(TargetKind::ControlPlane, url, "").with_region(&self.region)
        };
        let mut headers = auth.authorize(target).await?.headers;
        headers.remove(http::header::HOST);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let secrets = Secrets::of(&headers);
        let sent = client.get(url.clone()).headers(headers).send().await;
        let response = sent.map_err(|error| connect_error(error, url, 0))?;
        let (status, headers) = (response.status(), response.headers().clone());
        tracing::debug!(status = status.as_u16(), "the control plane answered");
        let body = read_body(response, self.max_response_size).await?;
        match status {
            StatusCode::OK => Ok(body),
            _ => Err(refusal(status, headers, &body, url).without_secrets(&secrets)),
        }
    }
}

fn refusal(status: StatusCode, headers: HeaderMap, body: &str, url: &Url) -> Error {
    let kind = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorKind::Auth,
        _ => ErrorKind::Status,
    };
    let answer: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let message = ["message", "Message"]
        .iter()
        .find_map(|name| answer.get(name)?.as_str());
    /// More of a page of HTML says nothing.
    const SHOWN: usize = 300;
    let says: String = message.unwrap_or(body).chars().take(SHOWN).collect();
    let reason = reason(&says, &says, &headers).unwrap_or_else(|| "the body is empty".to_owned());
    let host = url.host_str().unwrap_or_default();
    let error = Error::new(kind, format!("the control plane {host} answered {status}: {reason}"));
    error
        .suffixed(&advice(status, &headers))
        .with_body(body)
        .with_answer(status, headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_follows_from_the_region_or_is_given() {
        let url = |plane: ControlPlane| plane.schema_url("abc123", SchemaFormat::Sdl).unwrap().to_string();
        let path = "/v1/apis/abc123/schema?format=SDL&includeDirectives=true";
        assert_eq!(
            url(ControlPlane::new("eu-west-1")),
            format!("https://appsync.eu-west-1.amazonaws.com{path}")
        );
        assert_eq!(
            url(ControlPlane::new("cn-north-1")),
            format!("https://appsync.cn-north-1.amazonaws.com.cn{path}")
        );
        let emulator = ControlPlane::new("eu-west-1").url("http://localhost:4566/");
        assert_eq!(url(emulator), format!("http://localhost:4566{path}"));
    }

    #[test]
    fn what_cannot_be_an_id_or_a_region_is_refused() {
        for id in ["", "../x", "https://example.com", "a/b"] {
            let refused = ControlPlane::new("eu-west-1").schema_url(id, SchemaFormat::Json);
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Config, "{id}");
        }
        for region in ["", "evil.example/", "a b"] {
            let refused = ControlPlane::new(region).schema_url("abc", SchemaFormat::Json);
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Config, "{region}");
        }
    }
}
