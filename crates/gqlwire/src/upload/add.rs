use gqlwire_proto::VariablePath;
use http::HeaderValue;

use super::Upload;
use crate::execute_batch::of_item;
use crate::transport::RawRequest;
use crate::{Error, Execute, ExecuteBatch};

impl<T> Execute<T> {
    /// Sends a file along, in the place of a variable: `file`, `files.0`, `input.photo`; also with `variables.` before it.
    ///
    /// What leads to the place may be missing, and is made then; what stands there must be `null` or nothing. The request
    /// is `multipart/form-data` by the GraphQL multipart request specification, and goes over HTTP only: AppSync,
    /// websockets and credentials that sign the body cannot have it.
    ///
    /// The [timeout](Self::timeout) of a call covers the sending of its files: give it one that they fit in.
    pub fn upload(mut self, place: impl AsRef<str>, upload: Upload) -> Self {
        if let Ok(request) = &mut self.request
            && let Err(error) = add(request, place.as_ref(), &upload)
        {
            self.request = Err(error);
        }
        self
    }
}

impl<T> ExecuteBatch<T> {
    /// Sends a file along with one operation of the batch, counted from 0; see [`Execute::upload`].
    pub fn upload(mut self, operation: usize, place: impl AsRef<str>, upload: Upload) -> Self {
        let Ok(requests) = &mut self.requests else { return self };
        let count = requests.len();
        let added = match requests.get_mut(operation) {
            Some(request) => add(request, place.as_ref(), &upload).map_err(|error| of_item(operation, error)),
            None => Err(Error::request(format!(
                "a file is for operation {operation} of the batch, counted from 0, and there are {count}"
            ))),
        };
        if let Err(error) = added {
            self.fail(error);
        }
        self
    }
}

fn add(request: &mut RawRequest, place: &str, upload: &Upload) -> Result<(), Error> {
    *request = request.with_upload(place, upload)?;
    Ok(())
}

impl RawRequest {
    /// The same request with a file that goes along.
    pub(crate) fn with_upload(&self, place: &str, upload: &Upload) -> Result<Self, Error> {
        let path: VariablePath = place.parse().map_err(|error| refused(&error))?;
        if let Some(media_type) = &upload.0.content_type
            && HeaderValue::from_str(media_type).is_err()
        {
            return Err(Error::request(format!("{media_type:?} is no media type")));
        }
        let place = path.to_string();
        if self.uploads.has(&place) {
            return Err(Error::request(format!("two files are to stand at {place}")));
        }
        let body = path.set_null(self.body()).map_err(|error| refused(&error))?;
        let mut request = self.with_body(body);
        request.uploads.add(place, upload);
        Ok(request)
    }
}

fn refused(error: &gqlwire_proto::VariablePathError) -> Error {
    Error::request(error.to_string())
}
