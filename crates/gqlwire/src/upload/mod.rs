//! Files that go along with a request, by the GraphQL multipart request specification.

mod add;
mod source;
mod uploads;

use std::fmt;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use tokio::io::AsyncRead;

use source::Source;
pub(crate) use source::{Chunks, Contents};
pub(crate) use uploads::Uploads;

/// A file that goes along with a request, in the place of a variable.
///
/// It is read in blocks while it is sent, and is at no time whole in memory. A clone stands for the same file: given for
/// several variables, it is sent once.
///
/// | made with | read again for another attempt | length known |
/// |---|---|---|
/// | [`path`](Self::path) | yes | yes |
/// | [`bytes`](Self::bytes) | yes | yes |
/// | [`factory`](Self::factory) | yes | with [`len`](Self::len) |
/// | [`reader`](Self::reader), [`stream`](Self::stream) | no | with [`len`](Self::len) |
///
/// Where all lengths are known the request has a `Content-Length`, and otherwise goes in chunks, which some servers and
/// proxies do not take. A file that turns out longer or shorter than it was, or said to be, fails the request.
///
/// ```no_run
/// # async fn example(client: gqlwire::Client) -> Result<(), gqlwire::Error> {
/// use gqlwire::Upload;
///
/// let document = "mutation($file: Upload!) { add(file: $file) { id } }";
/// let photo = Upload::path("photo.png");
/// let answer = client.execute(document).upload("file", photo).await?;
/// # let _ = answer;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Upload(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    source: Source,
    filename: Option<String>,
    content_type: Option<String>,
    len: Option<u64>,
}

impl Upload {
    /// The file at this path, which is opened when its turn comes. It has the name of the file, and the media type of its
    /// extension where that is a common one.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let filename = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let content_type = path
            .extension()
            .and_then(|extension| media_type(extension.to_str()?))
            .map(str::to_owned);
        Self(Arc::new(Inner {
            source: Source::Path(path),
            filename,
            content_type,
            len: None,
        }))
    }

    /// What is in memory already.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::of(Source::Bytes(bytes.into()))
    }

    /// What a reader reads until its end, once.
    pub fn reader(reader: impl AsyncRead + Send + 'static) -> Self {
        Self::of(Source::once(source::blocks(reader)))
    }

    /// What a stream yields, once.
    pub fn stream(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self::of(Source::once(Box::pin(stream)))
    }

    /// What the readers read that this makes: one for each attempt.
    pub fn factory<F, Fut, R>(open: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<R>> + Send + 'static,
        R: AsyncRead + Send + 'static,
    {
        Self::of(Source::factory(open))
    }

    /// The name that the server is told. Without one, and without a path that has one, it is `file`: servers take a part
    /// without a name for no file.
    #[must_use]
    pub fn filename(self, name: impl Into<String>) -> Self {
        self.edit(|inner| inner.filename = Some(name.into()))
    }

    /// The media type that the server is told, such as `image/png`; without it none, unless the extension of the path
    /// gives one.
    #[must_use]
    pub fn content_type(self, media_type: impl Into<String>) -> Self {
        self.edit(|inner| inner.content_type = Some(media_type.into()))
    }

    /// How many bytes it has, where that cannot be seen from outside. Other than that is an error while it is sent.
    #[must_use]
    pub fn len(self, bytes: u64) -> Self {
        self.edit(|inner| inner.len = Some(bytes))
    }

    fn of(source: Source) -> Self {
        Self(Arc::new(Inner {
            source,
            filename: None,
            content_type: None,
            len: None,
        }))
    }

    /// The copy that this may make is another file from then on: it differs.
    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    fn is_same_file(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// How messages call it.
    fn shown(&self) -> String {
        match (&self.0.source, &self.0.filename) {
            (Source::Path(path), _) => format!("the file {}", path.display()),
            (_, Some(name)) => format!("the upload {name:?}"),
            (_, None) => "the upload".to_owned(),
        }
    }
}

/// Without what is in it.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("source", &self.0.source)
            .field("filename", &self.0.filename)
            .field("content_type", &self.0.content_type)
            .field("len", &self.0.len)
            .finish()
    }
}

/// The media types of what is uploaded most.
fn media_type(extension: &str) -> Option<&'static str> {
    Some(match extension.to_ascii_lowercase().as_str() {
        "avif" => "image/avif",
        "csv" => "text/csv",
        "gif" => "image/gif",
        "gz" => "application/gzip",
        "html" => "text/html",
        "jpeg" | "jpg" => "image/jpeg",
        "json" => "application/json",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain",
        "webp" => "image/webp",
        "xml" => "application/xml",
        "zip" => "application/zip",
        _ => return None,
    })
}
