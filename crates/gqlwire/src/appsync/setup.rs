use std::time::Duration;

use gqlwire_proto::appsync::{Endpoint, HeaderCarrier, Timeouts};
use gqlwire_proto::session::{ReconnectPolicy, SessionOptions};

use crate::Error;
use crate::builder::{DEFAULT_CLOSE_TIMEOUT, DEFAULT_MAX_MESSAGE_SIZE};

/// What only AppSync has to be told.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) http_url: Option<String>,
    pub(crate) realtime_url: Option<String>,
    pub(crate) api_host: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) carrier: Option<HeaderCarrier>,
    pub(crate) timeouts: Timeouts,
    pub(crate) close_timeout: Duration,
    pub(crate) max_message_size: usize,
    pub(crate) reconnect: ReconnectPolicy,
    pub(crate) subscribe_deadline: Option<Duration>,
    pub(crate) subscriptions_per_connection: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            http_url: None,
            realtime_url: None,
            api_host: None,
            region: None,
            carrier: None,
            timeouts: Timeouts::default(),
            close_timeout: DEFAULT_CLOSE_TIMEOUT,
            max_message_size: DEFAULT_MAX_MESSAGE_SIZE,
            reconnect: ReconnectPolicy::default(),
            subscribe_deadline: None,
            subscriptions_per_connection: SessionOptions::default().subscriptions_per_connection,
        }
    }
}

impl Setup {
    pub(crate) fn endpoint(&self, url: &str) -> Result<Endpoint, Error> {
        let mut endpoint = Endpoint::builder(url);
        if let Some(url) = &self.http_url {
            endpoint = endpoint.http_url(url);
        }
        if let Some(url) = &self.realtime_url {
            endpoint = endpoint.realtime_url(url);
        }
        if let Some(host) = &self.api_host {
            endpoint = endpoint.api_host(host);
        }
        if let Some(region) = &self.region {
            endpoint = endpoint.region(region);
        }
        if let Some(carrier) = self.carrier {
            endpoint = endpoint.carrier(carrier);
        }
        endpoint
            .build()
            .map_err(|error| Error::config(error.to_string()).with_source(error))
    }
}
