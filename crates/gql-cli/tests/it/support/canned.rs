use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// A server that answers every request with the same bytes.
#[derive(Debug)]
pub(crate) struct Canned {
    port: u16,
    requests: Receiver<String>,
}

impl Canned {
    /// Answers with these bytes, and closes the connection.
    pub(crate) fn bytes(answer: impl Into<Vec<u8>>) -> Self {
        Self::start(Some(answer.into()))
    }

    /// Answers with a status such as `200 OK` and a body of JSON.
    pub(crate) fn json(status: &str, body: &str) -> Self {
        Self::body(status, "application/json", body)
    }

    /// Answers with a status, a content type and a body.
    pub(crate) fn body(status: &str, content_type: &str, body: &str) -> Self {
        let length = body.len();
        Self::bytes(format!(
            "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ))
    }

    /// Never answers.
    pub(crate) fn silent() -> Self {
        Self::start(None)
    }

    /// The endpoint.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/graphql", self.port)
    }

    /// The next request, head and body.
    pub(crate) fn request(&self) -> String {
        self.requests.recv().expect("the server runs as long as the test")
    }

    fn start(answer: Option<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = channel();
        thread::spawn(move || {
            let mut unanswered = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read_request(&mut stream);
                if sender.send(request).is_err() {
                    return;
                }
                match &answer {
                    None => unanswered.push(stream),
                    Some(answer) => {
                        // A client that does not wait for the answer is part of the test.
                        let _ = stream.write_all(answer);
                        let _ = stream.shutdown(Shutdown::Both);
                    }
                }
            }
        });
        Self { port, requests }
    }
}

/// A port where nobody listens.
pub(crate) fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while !is_complete(&bytes) {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => break,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
        // A TLS handshake never looks like a request.
        if bytes.first() == Some(&0x16) {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn is_complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length:")
            .map(|length| length.trim().parse())
    });
    body.len() >= length.map_or(0, |length| length.unwrap())
}
