use serde::de::DeserializeOwned;
use serde_json::Value;

use gqlwire_proto::Request;
use gqlwire_proto::scan::Document;

use crate::Error;

/// Something that can be executed or subscribed to: a document, its variables, and the type of its data.
///
/// Text answers with [`serde_json::Value`]; a [`Request<T>`] with `T`.
pub trait Operation: Send {
    /// What the operation answers with.
    type Data: DeserializeOwned + Send + 'static;

    /// The request to send.
    ///
    /// # Errors
    ///
    /// The operation cannot be turned into a request, for example because its variables cannot be JSON.
    fn into_request(self) -> Result<Request<Self::Data>, Error>;
}

impl<T: DeserializeOwned + Send + 'static> Operation for Request<T> {
    type Data = T;

    fn into_request(self) -> Result<Request<T>, Error> {
        Ok(self)
    }
}

impl Operation for &str {
    type Data = Value;

    fn into_request(self) -> Result<Request<Value>, Error> {
        Ok(Request::new(self.to_owned()))
    }
}

impl Operation for String {
    type Data = Value;

    fn into_request(self) -> Result<Request<Value>, Error> {
        Ok(Request::new(self))
    }
}

impl Operation for Document {
    type Data = Value;

    fn into_request(self) -> Result<Request<Value>, Error> {
        Ok(Request::new(self))
    }
}
