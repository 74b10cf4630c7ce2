//! Queries of [`graphql_client`] 0.16 as operations, with the feature `graphql_client-0_16`.
//!
//! Its derive turns a file with operations, and a schema, into types for variables and answers. [`QueryExt::request`]
//! makes a [`Request`] of them, which is executed or subscribed to as any other:
//!
//! ```
//! # mod generated {
//! #     pub struct OnMessage;
//! #     pub mod on_message {
//! #         #[derive(serde::Serialize)]
//! #         pub struct Variables { pub room: String }
//! #         #[derive(Debug, serde::Deserialize)]
//! #         #[allow(dead_code)]
//! #         pub struct ResponseData { pub on_message: Option<String> }
//! #     }
//! #     impl graphql_client::GraphQLQuery for OnMessage {
//! #         type Variables = on_message::Variables;
//! #         type ResponseData = on_message::ResponseData;
//! #         fn build_query(variables: Self::Variables) -> graphql_client::QueryBody<Self::Variables> {
//! #             graphql_client::QueryBody { variables, query: "", operation_name: "OnMessage" }
//! #         }
//! #     }
//! # }
//! # use generated::{OnMessage, on_message};
//! # async fn example(client: gqlwire::Client) -> Result<(), gqlwire::Error> {
//! use futures_util::StreamExt;
//! use gqlwire::graphql_client_0_16::QueryExt;
//!
//! // #[derive(GraphQLQuery)]
//! // #[graphql(schema_path = "schema.graphql", query_path = "on_message.graphql", response_derives = "Debug")]
//! // struct OnMessage;
//!
//! let variables = on_message::Variables { room: "7".to_owned() };
//! let mut messages = client.subscribe(OnMessage::request(variables)).await?.data();
//! while let Some(message) = messages.next().await {
//!     println!("{:?}", message?.on_message);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Variables that are `None` are sent as `null`, unless the derive is told `skip_serializing_none`; on AppSync the two
//! differ for the arguments of a subscription.

use graphql_client::GraphQLQuery;

use crate::{GraphQLError, PathSegment, Request, Response};

/// AppSync's scalars by the names that a schema has for them, for the derive's
/// `custom_scalars_module = "gqlwire::graphql_client_0_16::scalars"`.
#[cfg(feature = "scalars")]
pub mod scalars {
    pub use crate::scalars::{
        AwsDate as AWSDate, AwsDateTime as AWSDateTime, AwsEmail as AWSEmail, AwsIpAddress as AWSIPAddress,
        AwsPhone as AWSPhone, AwsTime as AWSTime, AwsTimestamp as AWSTimestamp, AwsUrl as AWSURL,
    };

    /// JSON within a string, whatever it is. A type alias of your own can say more: `AwsJson<Settings>`.
    #[allow(clippy::upper_case_acronyms, reason = "the schema has it so")]
    pub type AWSJSON = crate::scalars::AwsJson<serde_json::Value>;
}

/// What turns a query of `graphql_client` into a [`Request`].
pub trait QueryExt: GraphQLQuery {
    /// The request, with these variables and the name of its operation.
    fn request(variables: Self::Variables) -> Request<Self::ResponseData> {
        let body = Self::build_query(variables);
        Request::new(body.query)
            .operation_name(body.operation_name)
            .variables(body.variables)
    }
}

impl<Q: GraphQLQuery> QueryExt for Q {}

/// The answer as `graphql_client` has it, for code that takes that. Members of errors that it does not know, such as
/// AppSync's `errorType`, go into their `extensions`.
pub fn to_response<T>(response: Response<T>) -> graphql_client::Response<T> {
    graphql_client::Response {
        data: response.data,
        errors: (!response.errors.is_empty()).then(|| response.errors.iter().map(to_error).collect()),
        extensions: (!response.extensions.is_empty()).then(|| response.extensions.into_iter().collect()),
    }
}

/// One error as `graphql_client` has it.
pub fn to_error(error: &GraphQLError) -> graphql_client::Error {
    let locations = error.locations.iter().map(|location| graphql_client::Location {
        line: saturated(location.line.into()),
        column: saturated(location.column.into()),
    });
    let path = error.path.iter().flatten().map(|segment| match segment {
        PathSegment::Field(key) => graphql_client::PathFragment::Key(key.clone()),
        PathSegment::Index(index) => graphql_client::PathFragment::Index(saturated(*index)),
    });
    let members = error.other.iter().chain(&error.extensions);
    graphql_client::Error {
        message: error.message.clone(),
        locations: (!error.locations.is_empty()).then(|| locations.collect()),
        path: error.path.as_ref().map(|_| path.collect()),
        extensions: (!error.other.is_empty() || !error.extensions.is_empty())
            .then(|| members.map(|(name, value)| (name.clone(), value.clone())).collect()),
    }
}

fn saturated(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
