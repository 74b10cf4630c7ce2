//! What one writes with reqwest alone.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Client;
use super::answer::{Data, QUERY, VARIABLES, Variables, check};
use crate::Failure;

struct Raw {
    client: reqwest::Client,
    url: String,
}

#[derive(Serialize)]
struct Request {
    query: &'static str,
    variables: Variables,
}

#[derive(Deserialize)]
struct Response {
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

pub(super) fn client(url: &str) -> Result<impl Client, Failure> {
    Ok(Raw {
        // Without a timeout a call may hang for ever: nobody should be without.
        client: reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?,
        url: url.to_owned(),
    })
}

impl Client for Raw {
    async fn request(&self) -> Result<(), Failure> {
        let request = Request {
            query: QUERY,
            variables: VARIABLES,
        };
        let answer = self.client.post(&self.url).json(&request).send().await?;
        let response: Response = answer.error_for_status()?.json().await?;
        if !response.errors.is_empty() {
            return Err(format!("{:?}", response.errors).into());
        }
        check(response.data)
    }
}
