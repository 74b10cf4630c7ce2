use std::sync::{Arc, Mutex};

use async_graphql::http::{MultipartOptions, receive_batch_body};
use async_graphql::{Context, EmptySubscription, Object, Schema, Upload};
use gqlwire_proto::document_hash;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::support::response;

/// A server of async-graphql that takes uploads, over an HTTP server that keeps every byte of its requests.
pub(super) struct Site {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    _task: JoinSet<()>,
}

#[derive(Clone)]
pub(super) struct Seen {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

struct Query;
struct Mutation;

#[Object]
impl Query {
    /// Refused by async-graphql, which lets only mutations have files.
    async fn look(&self, context: &Context<'_>, file: Upload) -> String {
        described(context, &file)
    }

    async fn one(&self) -> u32 {
        1
    }
}

#[Object]
impl Mutation {
    /// The name, the type, the length and the hash of a file.
    async fn add(&self, context: &Context<'_>, file: Upload) -> String {
        described(context, &file)
    }

    async fn add_all(&self, context: &Context<'_>, files: Vec<Upload>) -> Vec<String> {
        files.iter().map(|file| described(context, file)).collect()
    }
}

fn described(context: &Context<'_>, file: &Upload) -> String {
    let file = file.value(context).unwrap();
    let media_type = file.content_type.as_deref().unwrap_or("none");
    format!(
        "{} {media_type} {} {}",
        file.filename,
        file.content.len(),
        document_hash(&String::from_utf8_lossy(&file.content))
    )
}

/// As a server describes a file of this text.
pub(super) fn description(name: &str, media_type: &str, text: &str) -> String {
    format!("{name} {media_type} {} {}", text.len(), document_hash(text))
}

impl Site {
    /// Answers the first requests with these statuses, and the others with what the schema makes of them.
    pub(super) async fn refusing(refusals: Vec<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let requests = Arc::clone(&seen);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut refusals = refusals.into_iter();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Some(request) = read(&mut stream).await else {
                    continue;
                };
                requests.lock().unwrap().push(request.clone());
                let answer = match refusals.next() {
                    Some(status) => response(status, &[], ""),
                    None => response("200 OK", &[], &executed(&request).await),
                };
                stream.write_all(&answer).await.unwrap();
            }
        });
        Self { url, seen, _task: task }
    }

    pub(super) async fn start() -> Self {
        Self::refusing(Vec::new()).await
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The body without what differs from one form to the next.
    pub(super) fn without_boundary(&self) -> String {
        String::from_utf8_lossy(&self.body).replace(self.boundary(), "")
    }

    pub(super) fn boundary(&self) -> &str {
        self.header("content-type").unwrap().split_once("boundary=").unwrap().1
    }
}

async fn executed(request: &Seen) -> String {
    let media_type = request.header("content-type");
    let batch = receive_batch_body(media_type, request.body.as_slice(), MultipartOptions::default()).await;
    let schema = Schema::new(Query, Mutation, EmptySubscription);
    match batch {
        Ok(batch) => serde_json::to_string(&schema.execute_batch(batch).await).unwrap(),
        Err(error) => format!(r#"{{"errors":[{{"message":{:?}}}]}}"#, error.to_string()),
    }
}

/// A request with its whole body; `None` if that breaks off.
async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut seen = Seen {
        head: String::from_utf8(bytes[..end].to_vec()).unwrap(),
        body: Vec::new(),
    };
    let mut body = bytes.split_off(end);
    match seen
        .header("content-length")
        .map(|length| length.parse::<usize>().unwrap())
    {
        Some(length) => {
            while body.len() < length {
                if stream.read_buf(&mut body).await.ok()? == 0 {
                    return None;
                }
            }
            seen.body = body;
        }
        None => loop {
            if let Some(end) = body.windows(2).position(|window| window == b"\r\n") {
                let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
                if body.len() >= end + 4 + length {
                    seen.body.extend_from_slice(&body[end + 2..end + 2 + length]);
                    body.drain(..end + 4 + length);
                    if length == 0 {
                        break;
                    }
                    continue;
                }
            }
            if stream.read_buf(&mut body).await.ok()? == 0 {
                return None;
            }
        },
    }
    Some(seen)
}
