use std::fmt;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use futures_util::{Stream, stream};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::Upload;
use crate::Error;

/// How much is read at a time: enough that the reading costs little beside the sending.
const BLOCK: usize = 64 * 1024;

pub(crate) type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

type Factory = dyn Fn() -> BoxFuture<'static, io::Result<Chunks>> + Send + Sync;

/// Where the bytes of a file come from.
#[derive(Clone)]
pub(super) enum Source {
    Bytes(Bytes),
    Factory(Arc<Factory>),
    /// Gone as soon as it has been opened.
    Once(Arc<Mutex<Option<Chunks>>>),
    Path(PathBuf),
}

/// What is sent of one file, as far as that can be told before it is opened.
pub(crate) struct Contents {
    upload: Upload,
    /// How many bytes there must be, if that is known.
    pub(crate) len: Option<u64>,
}

impl Source {
    pub(super) fn once(chunks: Chunks) -> Self {
        Self::Once(Arc::new(Mutex::new(Some(chunks))))
    }

    pub(super) fn factory<F, Fut, R>(open: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = io::Result<R>> + Send + 'static,
        R: AsyncRead + Send + 'static,
    {
        Self::Factory(Arc::new(move || {
            let opening = open();
            Box::pin(async move { Ok(blocks(opening.await?)) })
        }))
    }
}

impl Upload {
    /// Looks at the file without opening it.
    ///
    /// # Errors
    ///
    /// There is none at this path, or it is a directory.
    pub(crate) async fn look(&self) -> Result<Contents, Error> {
        let len = match &self.0.source {
            Source::Bytes(bytes) => Some(bytes.len() as u64),
            Source::Path(path) => {
                let found = tokio::fs::metadata(path).await;
                let found = found.map_err(|error| self.error("cannot be read", error))?;
                if found.is_dir() {
                    return Err(Error::request(format!("{} is a directory", self.shown())));
                }
                // A pipe has no length to be seen.
                found.is_file().then_some(found.len()).or(self.0.len)
            }
            Source::Factory(_) | Source::Once(_) => self.0.len,
        };
        Ok(Contents {
            upload: self.clone(),
            len,
        })
    }

    /// Whether it has been read from and cannot be read again.
    pub(super) fn is_spent(&self) -> bool {
        match &self.0.source {
            Source::Once(chunks) => chunks.lock().unwrap_or_else(PoisonError::into_inner).is_none(),
            Source::Bytes(_) | Source::Factory(_) | Source::Path(_) => false,
        }
    }

    fn error(&self, what: &str, error: io::Error) -> Error {
        Error::request(format!("{} {what}: {error}", self.shown())).with_source(error)
    }

    fn spent(&self) -> Error {
        Error::request(format!(
            "{} was read already, and what a reader or a stream gives can be read only once: use `Upload::factory`, \
             `path` or `bytes` for what may be sent again",
            self.shown()
        ))
    }
}

impl Contents {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or can be read only once and was.
    pub(crate) async fn open(&self) -> Result<Chunks, Error> {
        let cannot = |error| self.upload.error("cannot be opened", error);
        match &self.upload.0.source {
            Source::Bytes(bytes) => {
                let bytes = bytes.clone();
                Ok(Box::pin(stream::once(async move { Ok(bytes) })))
            }
            Source::Factory(open) => open().await.map_err(cannot),
            Source::Once(chunks) => {
                let chunks = chunks.lock().unwrap_or_else(PoisonError::into_inner).take();
                chunks.ok_or_else(|| self.upload.spent())
            }
            Source::Path(path) => Ok(blocks(tokio::fs::File::open(path).await.map_err(cannot)?)),
        }
    }

    /// The error of a block that could not be read.
    pub(crate) fn broken(&self, error: io::Error) -> Error {
        self.upload.error("cannot be read to its end", error)
    }

    /// The error of a file that is not as long as it was said to be.
    pub(crate) fn other_length(&self, expected: u64, found: u64) -> Error {
        let shown = self.upload.shown();
        Error::request(match found < expected {
            true => format!("{shown} ended after {found} bytes of {expected}: it became shorter while it was sent"),
            false => format!("{shown} has more than its {expected} bytes: it became longer while it was sent"),
        })
    }

    /// `Content-Disposition` and `Content-Type` of the part with this name.
    pub(crate) fn head(&self, name: &str) -> String {
        let filename = self.upload.0.filename.as_deref().unwrap_or("file");
        let mut head = format!(
            "Content-Disposition: form-data; name=\"{name}\"; filename=\"{}\"\r\n",
            escaped(filename)
        );
        if let Some(media_type) = &self.upload.0.content_type {
            head.push_str("Content-Type: ");
            head.push_str(media_type);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        head
    }
}

/// Reads in blocks.
pub(super) fn blocks(reader: impl AsyncRead + Send + 'static) -> Chunks {
    let reader = Box::pin(reader);
    Box::pin(stream::try_unfold(reader, |mut reader| async move {
        let mut block = BytesMut::with_capacity(BLOCK);
        let read = reader.read_buf(&mut block).await?;
        Ok((read > 0).then(|| (block.freeze(), reader)))
    }))
}

/// A name between quotes, as HTML has forms written: these three characters, and no other, are percent-encoded.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Factory(_) => f.write_str("factory"),
            Self::Once(_) => f.write_str("reader"),
            Self::Path(path) => path.fmt(f),
        }
    }
}
