//! graphql_client's helper for reqwest, with types as its derive would make them.

use std::time::Duration;

use graphql_client::{GraphQLQuery, QueryBody, reqwest::post_graphql};

use super::Client;
use super::answer::{Data, QUERY, VARIABLES, Variables, check};
use crate::Failure;

struct Messages;

impl GraphQLQuery for Messages {
    type ResponseData = Data;
    type Variables = Variables;

    fn build_query(variables: Variables) -> QueryBody<Variables> {
        QueryBody {
            variables,
            query: QUERY,
            operation_name: "Messages",
        }
    }
}

struct Helper {
    client: reqwest_0_12::Client,
    url: String,
}

pub(super) fn client(url: &str) -> Result<impl Client, Failure> {
    Ok(Helper {
        client: reqwest_0_12::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()?,
        url: url.to_owned(),
    })
}

impl Client for Helper {
    async fn request(&self) -> Result<(), Failure> {
        let response = post_graphql::<Messages, _>(&self.client, &self.url, VARIABLES).await?;
        if let Some(errors) = response.errors {
            return Err(format!("{errors:?}").into());
        }
        check(response.data)
    }
}
