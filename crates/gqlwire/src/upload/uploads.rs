use super::Upload;
#[cfg(feature = "schema")]
use crate::Error;
use crate::transport::RawRequest;

/// The files of one request, each with the places where it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uploads(Vec<(Upload, Vec<String>)>);

impl Uploads {
    /// Those of a batch, whose places begin with the index of their request.
    #[cfg(feature = "http")]
    pub(crate) fn of_batch(requests: &[RawRequest]) -> Self {
        let mut uploads = Self::default();
        for (index, request) in requests.iter().enumerate() {
            for (upload, places) in &request.uploads.0 {
                for place in places {
                    uploads.add(format!("{index}.{place}"), upload);
                }
            }
        }
        uploads
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Upload, &[String])> {
        self.0.iter().map(|(upload, places)| (upload, places.as_slice()))
    }

    /// Whether another attempt is out of the question, since something was read that can be read only once.
    pub(crate) fn are_spent(&self) -> bool {
        self.0.iter().any(|(upload, _)| upload.is_spent())
    }

    /// The body with a text where each file stands.
    #[cfg(feature = "schema")]
    pub(crate) fn in_place(&self, body: &str) -> Result<String, Error> {
        let mut body = body.to_owned();
        for place in self.0.iter().flat_map(|(_, places)| places) {
            let file = serde_json::value::to_raw_value("a file").map_err(|error| Error::request(error.to_string()))?;
            let path = place.parse::<gqlwire_proto::VariablePath>();
            body = path
                .and_then(|path| path.set(&body, file))
                .map_err(|error| Error::request(error.to_string()))?;
        }
        Ok(body)
    }

    pub(super) fn has(&self, place: &str) -> bool {
        self.0
            .iter()
            .any(|(_, places)| places.iter().any(|known| known == place))
    }

    pub(super) fn add(&mut self, place: String, upload: &Upload) {
        match self.0.iter_mut().find(|(known, _)| known.is_same_file(upload)) {
            Some((_, places)) => places.push(place),
            None => self.0.push((upload.clone(), vec![place])),
        }
    }
}
