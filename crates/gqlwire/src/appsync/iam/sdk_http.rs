//! HTTP for the AWS SDK's credential providers, over the client that the rest of this crate uses.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::time::timeout;
use url::Url;

use crate::Error;
use crate::http::{ConnectOptions, Purpose, client, read_bytes};

/// The longest answer that is read. Credentials take one or two KiB.
const LONGEST: usize = 1024 * 1024;

/// How long the head of an answer may take where the SDK sets no timeouts.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(super) struct SdkHttp {
    services: reqwest::Client,
    metadata: reqwest::Client,
    limit: Duration,
}

impl SdkHttp {
    pub(super) fn new() -> Result<Self, Error> {
        let build = |url: &str, purpose| {
            let url = Url::parse(url).expect("a constant URL");
            client(&url, purpose, &ConnectOptions::default())
        };
        Ok(Self {
            services: build("https://sts.amazonaws.com", Purpose::Requests)?,
            metadata: build("http://169.254.169.254", Purpose::Metadata)?,
            limit: DEFAULT_TIMEOUT,
        })
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| user(error.into()))?;
        // Requests for credentials are short texts, never streams.
        let request = request.map(|body| body.bytes().unwrap_or_default().to_vec());
        // Containers and instances serve credentials over plain HTTP on the same machine.
        let client = match request.uri().scheme_str() {
            Some("http") => &self.metadata,
            _ => &self.services,
        };
        let request = reqwest::Request::try_from(request).map_err(|error| user(error.into()))?;
        let response = match timeout(self.limit, client.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if error.is_timeout() => return Err(ConnectorError::timeout(error.into())),
            Ok(Err(error)) => return Err(ConnectorError::io(error.into())),
            Err(elapsed) => return Err(ConnectorError::timeout(elapsed.into())),
        };
        let mut answer = http::Response::new(());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        let body = match timeout(self.limit, read_bytes(response, LONGEST)).await {
            Ok(body) => body.map_err(|error| ConnectorError::io(error.into()))?,
            Err(elapsed) => return Err(ConnectorError::timeout(elapsed.into())),
        };
        HttpResponse::try_from(answer.map(|()| body.into())).map_err(|error| user(error.into()))
    }
}

impl HttpConnector for SdkHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().send(request))
    }
}

impl HttpClient for SdkHttp {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let limit = match (settings.connect_timeout(), settings.read_timeout()) {
            (None, None) => DEFAULT_TIMEOUT,
            (connect, read) => connect.unwrap_or_default() + read.unwrap_or_default(),
        };
        SharedHttpConnector::new(Self { limit, ..self.clone() })
    }
}

fn user(error: Box<dyn std::error::Error + Send + Sync>) -> ConnectorError {
    ConnectorError::user(error)
}
