use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::HeaderValue;
use http_body::{Body, Frame, SizeHint};

use crate::Error;
use crate::transport::RawRequest;
use crate::upload::{Chunks, Contents};

/// A request with files as `multipart/form-data`: `operations`, `map`, and then each file, in the order that the GraphQL
/// multipart request specification asks for, so that a server can begin before it has them all.
pub(super) struct Form {
    boundary: String,
    /// `operations` and `map`.
    opening: String,
    files: Vec<Contents>,
    len: Option<u64>,
    failure: Failure,
}

/// Why the sending of a form was broken off from this side. What the HTTP library makes of it says less.
#[derive(Clone, Default)]
pub(super) struct Failure(Arc<Mutex<Option<Error>>>);

/// Where the writing of a form stands.
struct Writing {
    form: Form,
    stage: Stage,
}

enum Stage {
    Opening,
    /// The head of this file is next.
    Head(usize),
    /// In the middle of a file, after so many bytes of it.
    File(usize, Chunks, u64),
    Over,
}

impl Form {
    /// # Errors
    ///
    /// A file is not there.
    pub(super) async fn new(request: &RawRequest) -> Result<Self, Error> {
        let mut files = Vec::new();
        let mut map = serde_json::Map::new();
        for (index, (upload, places)) in request.uploads.iter().enumerate() {
            files.push(upload.look().await?);
            map.insert(index.to_string(), places.into());
        }
        // `serde_json` sorts by name, and servers look files up by name.
        let map = serde_json::Value::Object(map).to_string();
        let boundary = boundary();
        let part = |name: &str, json: &str| {
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{json}\r\n")
        };
        let opening = part("operations", request.body()) + &part("map", &map);
        let mut form = Self {
            boundary,
            opening,
            files,
            len: None,
            failure: Failure::default(),
        };
        form.len = form.measure();
        Ok(form)
    }

    pub(super) fn content_type(&self) -> Result<HeaderValue, Error> {
        let value = format!("multipart/form-data; boundary={}", self.boundary);
        HeaderValue::from_str(&value).map_err(|_| Error::request("the boundary of the form is no header"))
    }

    /// How long it is in all, where that is known.
    pub(super) fn len(&self) -> Option<u64> {
        self.len
    }

    pub(super) fn failure(&self) -> Failure {
        self.failure.clone()
    }

    pub(super) fn into_body(self) -> reqwest::Body {
        let len = self.len;
        let writing = Writing {
            form: self,
            stage: Stage::Opening,
        };
        let chunks = stream::unfold(writing, |mut writing| async move {
            let chunk = writing.next().await?;
            Some((chunk, writing))
        });
        reqwest::Body::wrap(FormBody {
            chunks: Mutex::new(Box::pin(chunks)),
            len,
        })
    }

    fn measure(&self) -> Option<u64> {
        let mut len = self.opening.len() as u64 + self.end().len() as u64;
        for (index, file) in self.files.iter().enumerate() {
            len = len.checked_add(self.head(index).len() as u64)?.checked_add(file.len?)?;
            len = len.checked_add(CRLF.len() as u64)?;
        }
        Some(len)
    }

    fn head(&self, index: usize) -> String {
        let name = index.to_string();
        let head = self.files.get(index).map(|file| file.head(&name)).unwrap_or_default();
        format!("--{}\r\n{head}", self.boundary)
    }

    fn end(&self) -> String {
        format!("--{}--\r\n", self.boundary)
    }
}

const CRLF: &str = "\r\n";

impl Writing {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Opening => {
                self.stage = Stage::Head(0);
                Some(Ok(std::mem::take(&mut self.form.opening).into()))
            }
            Stage::Head(index) => {
                let Some(file) = self.form.files.get(index) else {
                    return Some(Ok(self.form.end().into()));
                };
                match file.open().await {
                    Ok(chunks) => {
                        self.stage = Stage::File(index, chunks, 0);
                        Some(Ok(self.form.head(index).into()))
                    }
                    Err(error) => Some(self.fail(error)),
                }
            }
            Stage::File(index, mut chunks, before) => {
                let chunk = chunks.next().await;
                let file = self.form.files.get(index)?;
                let (sent, done) = match &chunk {
                    Some(Ok(chunk)) => (before + chunk.len() as u64, false),
                    _ => (before, true),
                };
                if let Some(expected) = file.len
                    && (sent > expected || (done && sent < expected && !matches!(chunk, Some(Err(_)))))
                {
                    let error = file.other_length(expected, sent);
                    return Some(self.fail(error));
                }
                match chunk {
                    Some(Ok(chunk)) => {
                        self.stage = Stage::File(index, chunks, sent);
                        Some(Ok(chunk))
                    }
                    Some(Err(error)) => {
                        let error = file.broken(error);
                        Some(self.fail(error))
                    }
                    None => {
                        self.stage = Stage::Head(index + 1);
                        Some(Ok(CRLF.into()))
                    }
                }
            }
            Stage::Over => None,
        }
    }

    /// Breaks the request off, so that no server takes what there is for the whole.
    fn fail(&self, error: Error) -> io::Result<Bytes> {
        let shown = error.to_string();
        *self.form.failure.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        Err(io::Error::other(shown))
    }
}

impl Failure {
    pub(super) fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A body of a known length goes with a `Content-Length`, and one of an unknown length in chunks.
struct FormBody {
    /// Never locked: it is what makes the stream one that may be shared, which the HTTP library asks for.
    chunks: Mutex<Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>>,
    len: Option<u64>,
}

impl Body for FormBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let chunks = self.get_mut().chunks.get_mut().unwrap_or_else(PoisonError::into_inner);
        chunks
            .as_mut()
            .poll_next(cx)
            .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.len.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// 128 random bits: nothing that is sent holds them, and no one who wrote a file can have guessed them.
fn boundary() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("gqlwire-{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use proptest::prelude::*;

    use super::*;
    use crate::{Request, Upload};

    fn request(body: &[u8], filename: &str) -> RawRequest {
        let document = "mutation($f: Upload!) { add(f: $f) { id } }";
        let request = RawRequest::new(&Request::<serde_json::Value>::new(document)).unwrap();
        let upload = Upload::bytes(body.to_vec()).filename(filename);
        request.with_upload("f", &upload).unwrap()
    }

    async fn written(request: &RawRequest) -> (Form, Vec<u8>) {
        let form = Form::new(request).await.unwrap();
        let writing = Writing {
            form: Form::new(request).await.unwrap(),
            stage: Stage::Opening,
        };
        let boundary = writing.form.boundary.clone();
        let chunks = stream::unfold(writing, |mut writing| async move {
            let chunk = writing.next().await?;
            Some((chunk, writing))
        });
        let chunks: Vec<Bytes> = Box::pin(chunks).try_collect().await.unwrap();
        (Form { boundary, ..form }, chunks.concat())
    }

    proptest! {
        #[test]
        fn the_length_is_that_of_what_is_written_and_the_boundary_stands_only_between_parts(
            body in proptest::collection::vec(any::<u8>(), 0..200), filename in "\\PC{0,12}[\"\\r\\n]?",
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (form, written) = runtime.block_on(written(&request(&body, &filename)));
            prop_assert_eq!(form.len, Some(written.len() as u64));
            let boundary = form.boundary.as_bytes();
            let found = written.windows(boundary.len()).filter(|window| *window == boundary).count();
            prop_assert_eq!(found, 4);
            prop_assert!(written.windows(body.len().max(1)).any(|window| window == body) || body.is_empty());
        }
    }
}
