//! Operations of [`cynic`] 3 as operations of this client, with the feature `cynic-3`.
//!
//! What `QueryBuilder`, `MutationBuilder` and `SubscriptionBuilder` build is executed or subscribed to as it is:
//!
//! ```ignore
//! use cynic::{QueryBuilder, SubscriptionBuilder};
//!
//! let film = client.execute(FilmQuery::build(FilmVariables { id: "7".into() })).await?.into_data()?;
//! let mut reviews = client.subscribe(OnReview::build(())).await?.data();
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, GraphQLError, Operation, PathSegment, Request, Response};

impl<F, V> Operation for cynic::Operation<F, V>
where
    F: DeserializeOwned + Send + 'static,
    V: Serialize + Send,
{
    type Data = F;

    fn into_request(self) -> Result<Request<F>, Error> {
        let request = Request::new(self.query).variables(self.variables);
        Ok(match self.operation_name {
            Some(name) => request.operation_name(name),
            None => request,
        })
    }
}

impl<F, V> Operation for cynic::StreamingOperation<F, V>
where
    F: DeserializeOwned + Send + 'static,
    V: Serialize + Send,
{
    type Data = F;

    fn into_request(self) -> Result<Request<F>, Error> {
        let request = Request::new(self.query().to_owned()).variables(self.variables());
        Ok(match self.operation_name() {
            Some(name) => request.operation_name(name.to_owned()),
            None => request,
        })
    }
}

/// The answer as `cynic` has it, for code that takes that.
pub fn to_response<T>(response: Response<T>) -> cynic::GraphQlResponse<T, serde_json::Value> {
    cynic::GraphQlResponse {
        data: response.data,
        errors: (!response.errors.is_empty()).then(|| response.errors.iter().map(to_error).collect()),
    }
}

/// One error as `cynic` has it. Members that it does not know, such as AppSync's `errorType`, go into the `extensions`.
pub fn to_error(error: &GraphQLError) -> cynic::GraphQlError<serde_json::Value> {
    let locations = error.locations.iter().map(|location| cynic::GraphQlErrorLocation {
        line: saturated(location.line.into()),
        column: saturated(location.column.into()),
    });
    let path = error.path.iter().flatten().map(|segment| match segment {
        PathSegment::Field(key) => cynic::GraphQlErrorPathSegment::Field(key.clone()),
        PathSegment::Index(index) => cynic::GraphQlErrorPathSegment::Index(saturated(*index)),
    });
    let mut members = error.other.clone();
    members.extend(error.extensions.clone());
    cynic::GraphQlError::new(
        error.message.clone(),
        (!error.locations.is_empty()).then(|| locations.collect()),
        error.path.as_ref().map(|_| path.collect()),
        (!members.is_empty()).then(|| members.into()),
    )
}

fn saturated(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
