use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use url::form_urlencoded;

use super::{IdPlace, Members, RequestError};
use crate::sigv4::sha256_hex;

/// What makes up the JSON of a request, so that it can be sent in another shape: in a URL, or with a hash or an id in
/// place of its document.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestParts<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) query: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) document_id: Option<Cow<'a, str>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "no_members")]
    pub(super) variables: Cow<'a, Members>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) operation_name: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "no_members")]
    pub(super) extensions: Cow<'a, Members>,
}

impl<'a> RequestParts<'a> {
    /// Takes the JSON of a request apart.
    ///
    /// # Errors
    ///
    /// It is not the JSON of a request.
    pub fn read(json: &'a str) -> Result<Self, RequestError> {
        serde_json::from_str(json).map_err(|error| RequestError::new("the request".to_owned(), error))
    }

    /// The text of the document, unless an id stands for it.
    pub fn document(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Puts an id in the place of the document.
    pub fn set_id(&mut self, id: &str, place: IdPlace) {
        self.query = None;
        (self.document_id, self.id) = (None, None);
        match place {
            IdPlace::DocumentId => self.document_id = Some(Cow::Owned(id.to_owned())),
            IdPlace::Id => self.id = Some(Cow::Owned(id.to_owned())),
            IdPlace::PersistedQuery => self.set_hash(id),
        }
    }

    /// Puts the hash of the document beside it, as automatic persisted queries have it: under `persistedQuery` in the
    /// extensions, in place of what stood there.
    pub fn set_hash(&mut self, hash: &str) {
        let value = json!({"version": 1, "sha256Hash": hash});
        if let Ok(value) = to_raw_value(&value) {
            self.extensions.to_mut().set("persistedQuery".to_owned(), value);
        }
    }

    /// Leaves the document out.
    pub fn without_document(&mut self) {
        self.query = None;
    }

    /// The variable of this name, as it is written.
    pub fn variable(&self, name: &str) -> Option<&RawValue> {
        self.variables.get(name)
    }

    /// The JSON of the request: compact, `query` first, empty members left out.
    ///
    /// # Errors
    ///
    /// None that is known; it is the writer's to say.
    pub fn to_json(&self) -> Result<String, RequestError> {
        serde_json::to_string(self).map_err(|error| RequestError::new("the request".to_owned(), error))
    }

    /// The request as the query of a URL, without `?`: as `application/x-www-form-urlencoded`, the variables and the
    /// extensions as JSON. A space is written `%20`, which every server reads, and every signature covers alike.
    ///
    /// # Errors
    ///
    /// None that is known; it is the writer's to say.
    pub fn to_url_query(&self) -> Result<String, RequestError> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let texts = [
            ("query", &self.query),
            ("documentId", &self.document_id),
            ("id", &self.id),
            ("operationName", &self.operation_name),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                query.append_pair(name, text);
            }
        }
        for (name, members) in [("variables", &self.variables), ("extensions", &self.extensions)] {
            if !members.is_empty() {
                let json = serde_json::to_string(&**members);
                let json = json.map_err(|error| RequestError::new(name.to_owned(), error))?;
                query.append_pair(name, &json);
            }
        }
        // A plus sign of the text itself is written %2B.
        Ok(query.finish().replace('+', "%20"))
    }
}

/// The SHA-256 of a document in hexadecimal digits, by which Apollo's servers know it.
pub fn document_hash(document: &str) -> String {
    sha256_hex(document.as_bytes())
}

/// Names the variables but hides their values: they are the user's data, and often secrets.
impl fmt::Debug for RequestParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestParts")
            .field("query", &self.query)
            .field("operation_name", &self.operation_name)
            .field("variables", &self.variables)
            .field("extensions", &self.extensions)
            .finish_non_exhaustive()
    }
}

fn no_members(members: &Members) -> bool {
    members.is_empty()
}
