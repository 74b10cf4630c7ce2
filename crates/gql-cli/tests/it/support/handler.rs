use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// An HTTP server that answers each request as the test says, several at once.
#[derive(Debug)]
pub(crate) struct Handler {
    port: u16,
    requests: Receiver<Request>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

/// A request, with its body as text.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The request line and the headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    /// The value of a header, by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The request line.
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Handler {
    pub(crate) fn start(answer: impl Fn(&Request) -> String + Send + Sync + 'static) -> Self {
        Self::start_bytes(move |request| answer(request).into_bytes())
    }

    pub(crate) fn start_bytes(answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = channel();
        let answer = Arc::new(answer);
        let open: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let kept = Arc::clone(&open);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (sender, answer, kept) = (sender.clone(), Arc::clone(&answer), Arc::clone(&kept));
                thread::spawn(move || {
                    let Some(request) = read(&mut stream) else { return };
                    let _ = sender.send(request.clone());
                    let bytes = answer(&request);
                    // A client that does not wait for the answer is part of the test.
                    let _ = stream.write_all(&bytes);
                    match bytes.is_empty() {
                        // Left open, without a word.
                        true => kept.lock().unwrap().push(stream),
                        false => drop(stream.shutdown(Shutdown::Both)),
                    }
                });
            }
        });
        Self { port, requests, open }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/graphql", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The next request.
    pub(crate) fn request(&self) -> Request {
        self.requests.recv().expect("the server runs as long as the test")
    }

    /// The requests so far.
    pub(crate) fn so_far(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }

    /// Ends the connections that were not answered.
    pub(crate) fn hang_up(&self) {
        self.open.lock().unwrap().clear();
    }
}

/// An answer with a status such as `200 OK` and a body of JSON.
pub(crate) fn json(status: &str, body: &str) -> String {
    answer(status, "application/json", body)
}

pub(crate) fn answer(status: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// Reads a request from anything.
pub(crate) fn read(stream: &mut impl Read) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(request) = whole(&bytes) {
            return Some(request);
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

fn whole(bytes: &[u8]) -> Option<Request> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let request = Request {
        head: String::from_utf8_lossy(&bytes[..end]).into_owned(),
        body: String::from_utf8_lossy(&bytes[end + 4..]).into_owned(),
    };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    (bytes.len() - end - 4 >= length).then_some(request)
}
