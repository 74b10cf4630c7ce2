use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::SystemTime;

use gqlwire_proto::sigv4::{Credentials, SignableRequest, Verifier};

/// The access key that the stand-in accepts.
pub(crate) const KEY_ID: &str = "AKIDCONTROL";
pub(crate) const SECRET: &str = "hush-hush-secret";

/// A stand-in for AppSync's control plane in eu-west-1, which knows one API, `abc123`, and demands a signature that fits.
#[derive(Debug)]
pub(crate) struct ControlPlane {
    port: u16,
}

impl ControlPlane {
    pub(crate) fn start(sdl: &str, json: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sdl, json) = (sdl.to_owned(), json.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &sdl, &json);
            }
        });
        Self { port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn answer(stream: TcpStream, sdl: &str, json: &str) {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let target = lines[0]
        .strip_prefix("GET ")
        .and_then(|rest| rest.split(' ').next())
        .unwrap();
    let headers: Vec<(&str, &str)> = lines[1..].iter().filter_map(|line| line.split_once(": ")).collect();
    let (path, query) = target.split_once('?').unwrap();
    let request = SignableRequest {
        method: "GET",
        path,
        query,
        headers: &headers,
        body: b"",
    };
    let verified = Verifier::new().region("eu-west-1").service("appsync").verify(
        &request,
        |id| (id == KEY_ID).then(|| Credentials::new(KEY_ID, SECRET)),
        SystemTime::now(),
    );
    let (status, body) = match (verified, path, query) {
        (Err(_), ..) => ("403 Forbidden", r#"{"message":"The signature does not match."}"#),
        (Ok(_), "/v1/apis/abc123/schema", "format=SDL&includeDirectives=true") => ("200 OK", sdl),
        (Ok(_), "/v1/apis/abc123/schema", "format=JSON&includeDirectives=true") => ("200 OK", json),
        _ => ("404 Not Found", r#"{"message":"GraphQL API not found."}"#),
    };
    let length = body.len();
    write!(
        reader.get_mut(),
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .unwrap();
}
