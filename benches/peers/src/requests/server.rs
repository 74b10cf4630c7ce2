//! A server that reads no more of a request than where it ends.

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::answer;
use crate::Failure;

/// Nothing to choose.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Plan {}

#[derive(Serialize)]
struct Listening {
    url: String,
    bytes: usize,
}

pub(super) async fn serve(_: Plan) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let body = answer::json()?;
    let listening = Listening {
        url: format!("http://{}/graphql", listener.local_addr()?),
        bytes: body.len(),
    };
    println!("{}", serde_json::to_string(&listening)?);
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {length}\r\n\
         date: Tue, 24 Nov 2026 12:00:00 GMT\r\nserver: peer-bench\r\ncache-control: no-store\r\n\r\n{body}"
    );
    loop {
        let (stream, _) = listener.accept().await?;
        let answer = answer.clone().into_bytes();
        // A connection that breaks is the client's to complain of.
        tokio::spawn(async move { converse(stream, &answer).await });
    }
}

async fn converse(mut stream: TcpStream, answer: &[u8]) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut read = Vec::with_capacity(4096);
    loop {
        while let Some(end) = end_of_request(&read)? {
            read.drain(..end);
            stream.write_all(answer).await?;
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
}

/// Where the first request ends, if all of it is there.
fn end_of_request(read: &[u8]) -> Result<Option<usize>, Failure> {
    let Some(head) = read.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&read[..head])?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>())
    });
    let end = head + 4 + length.transpose()?.unwrap_or_default();
    Ok((read.len() >= end).then_some(end))
}

#[cfg(test)]
mod tests {
    use super::end_of_request;

    #[test]
    fn a_request_ends_behind_its_body() {
        let request = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}POST";
        assert!(matches!(end_of_request(request), Ok(Some(end)) if end == request.len() - 4));
        assert!(matches!(end_of_request(&request[..request.len() - 5]), Ok(None)));
    }
}
