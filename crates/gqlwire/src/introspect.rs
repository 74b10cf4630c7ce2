//! Schemas over the wire, with the feature `schema`.

use gqlwire_schema::{
    IntrospectionOptions, Schema, introspection_query, is_introspection_disabled, sdl_from_introspection,
};
use http::StatusCode;
use serde_json::Value;

use crate::error::summary;
use crate::{Client, Error, ErrorKind, GraphQLError, Request};

/// How many queries an introspection takes at most. Each asks for less than the one before, and no server has refused
/// more than three of the newer parts one after the other.
const ATTEMPTS: usize = 8;

impl Client {
    /// Asks the server for its schema: the `data` object of the introspection query, whose `__schema` it holds.
    ///
    /// Servers that do not know all that is asked for are asked again for less, a few times at most.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute), and where the server does not answer the query with a schema. A server that has
    /// introspection switched off is reported as such.
    pub async fn introspect(&self, options: &IntrospectionOptions) -> Result<Value, Error> {
        let mut options = options.clone();
        for _ in 0..ATTEMPTS {
            let query = Request::<Value>::new(introspection_query(&options));
            let refusal = match self.execute(query).validate(false).await {
                // Errors beside a schema are about parts of it that nobody needs.
                Ok(response) => match response.data {
                    Some(data) if has_types(&data) == Some(true) => return Ok(data),
                    Some(data) if has_types(&data) == Some(false) && response.errors.is_empty() => {
                        let message = "the server sent a schema without types, which is none";
                        return Err(Error::new(ErrorKind::Protocol, message));
                    }
                    _ => refused(response.errors),
                },
                Err(error) => error,
            };
            match options.after_refusal(refusal.errors()) {
                Some(less) if !refusal.is_auth() => options = less,
                _ => return Err(explained(refusal)),
            }
        }
        let message =
            format!("the server refused {ATTEMPTS} introspection queries, each asking for less than the last");
        Err(Error::new(ErrorKind::Protocol, message))
    }

    /// Asks the server for its schema, as SDL.
    ///
    /// # Errors
    ///
    /// As [`introspect`](Self::introspect), and where the answer cannot be printed: a part of it is missing, or what it
    /// describes is no valid schema.
    pub async fn fetch_sdl(&self, options: &IntrospectionOptions) -> Result<String, Error> {
        let introspection = self.introspect(options).await?;
        sdl_from_introspection(&introspection)
            .map_err(|error| Error::new(ErrorKind::Protocol, error.to_string()).with_source(error))
    }

    /// Asks the server for its schema.
    ///
    /// [`with_schema`](Self::with_schema) then checks requests against it. Applied directives, such as `@aws_subscribe`,
    /// are not in what a server tells.
    ///
    /// # Errors
    ///
    /// As [`fetch_sdl`](Self::fetch_sdl).
    pub async fn fetch_schema(&self, options: &IntrospectionOptions) -> Result<Schema, Error> {
        let introspection = self.introspect(options).await?;
        Schema::from_introspection(&introspection)
            .map_err(|error| Error::new(ErrorKind::Protocol, error.to_string()).with_source(error))
    }
}

/// Whether the list of types has any, which even the smallest schema has; `None` if there is no list.
fn has_types(data: &Value) -> Option<bool> {
    let types = data.pointer("/__schema/types").and_then(Value::as_array);
    types.map(|types| !types.is_empty())
}

fn refused(errors: Vec<GraphQLError>) -> Error {
    let said = match errors.first() {
        Some(_) => summary(&errors, ""),
        None => "it sent neither a schema nor an error".to_owned(),
    };
    Error::new(
        ErrorKind::GraphQL,
        format!("the server did not tell its schema: {said}"),
    )
    .with_errors(errors)
}

fn explained(refusal: Error) -> Error {
    if is_introspection_disabled(refusal.errors()) {
        return refusal.suffixed(
            "; introspection is switched off there, so take the schema from elsewhere: for AWS AppSync from its control \
             plane (aws appsync get-introspection-schema --api-id ID --format SDL schema.graphql), which gives it all \
             the same",
        );
    }
    if refusal.status() == Some(StatusCode::FORBIDDEN) {
        return refusal.suffixed("; a firewall that blocks introspection answers like this too");
    }
    refusal
}
