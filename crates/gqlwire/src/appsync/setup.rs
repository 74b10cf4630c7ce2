use gqlwire_proto::appsync::{Endpoint, HeaderCarrier};

use crate::Error;

/// What only AppSync has to be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    pub(crate) http_url: Option<String>,
    pub(crate) realtime_url: Option<String>,
    pub(crate) api_host: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) carrier: Option<HeaderCarrier>,
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
