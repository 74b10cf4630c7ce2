//! Proxies by hand. Whatever a client asks them for, they lead to one server of the test.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A proxy, and what it was asked for.
pub(crate) struct ProxyDouble {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    _accepting: JoinSet<()>,
}

/// What an HTTP proxy does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// What must stand in `Proxy-Authorization`.
    pub(crate) credentials: Option<&'static str>,
    /// Whether it forwards requests besides making tunnels.
    pub(crate) forwards: bool,
    /// What it answers a `CONNECT` with instead of making a tunnel; an empty text to close without a word.
    pub(crate) refuses: Option<&'static str>,
}

impl ProxyDouble {
    /// An HTTP proxy. The names it knows lead to these addresses.
    pub(crate) async fn http(manner: Manner, names: &[(&str, &str)]) -> Self {
        Self::start(names, move |stream, names, asked| {
            http(stream, manner.clone(), names, asked)
        })
        .await
    }

    /// A SOCKS5 proxy, with a user and a password if it wants them.
    #[cfg(feature = "socks")]
    pub(crate) async fn socks(user: Option<(&'static str, &'static str)>, names: &[(&str, &str)]) -> Self {
        Self::start(names, move |stream, names, asked| socks(stream, user, names, asked)).await
    }

    async fn start<F, Fut>(names: &[(&str, &str)], serve: F) -> Self
    where
        F: Fn(TcpStream, Names, Asked) -> Fut + Send + 'static,
        Fut: Future<Output = Option<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let names = names.iter().map(|(name, to)| (name.to_string(), to.to_string()));
        let names: Names = Arc::new(names.collect());
        let asked = Asked::default();
        let seen = Arc::clone(&asked);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(serve(stream, Arc::clone(&names), Arc::clone(&seen)));
            }
        });
        Self {
            address,
            asked,
            _accepting: accepting,
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The first line of each request, or the destination of each SOCKS connection.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

type Names = Arc<HashMap<String, String>>;
type Asked = Arc<Mutex<Vec<String>>>;

async fn http(mut stream: TcpStream, manner: Manner, names: Names, asked: Asked) -> Option<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let line = text.lines().next()?.to_owned();
    asked.lock().unwrap().push(line.clone());
    let mut words = line.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let shown = text.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("proxy-authorization").then_some(value)
    });
    if manner.credentials.is_some() && shown != manner.credentials {
        return answer(stream, "407 Proxy Authentication Required").await;
    }
    if method == "CONNECT" {
        match manner.refuses {
            Some("") => return None,
            Some(status) => return answer(stream, status).await,
            None => {}
        }
        let Some(to) = names.get(target) else {
            return answer(stream, "502 Bad Gateway").await;
        };
        let mut server = TcpStream::connect(to).await.ok()?;
        stream
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .await
            .ok()?;
        copy_bidirectional(&mut stream, &mut server).await.ok()?;
        return Some(());
    }
    let authority = target.strip_prefix("http://")?.split('/').next()?;
    let upgrades = text.to_ascii_lowercase().contains("\r\nupgrade:");
    match names.get(authority).filter(|_| manner.forwards && !upgrades) {
        None => answer(stream, "405 Method Not Allowed").await,
        Some(to) => {
            let mut server = TcpStream::connect(to).await.ok()?;
            server.write_all(&head).await.ok()?;
            copy_bidirectional(&mut stream, &mut server).await.ok()?;
            Some(())
        }
    }
}

async fn answer(mut stream: TcpStream, status: &str) -> Option<()> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()?;
    // Closing with unread bytes would reset the connection, and lose what was sent.
    let _ = stream.read(&mut [0; 1024]).await;
    Some(())
}

/// RFC 1928 and RFC 1929, as much as a client with good manners needs.
#[cfg(feature = "socks")]
async fn socks(mut stream: TcpStream, user: Option<(&str, &str)>, names: Names, asked: Asked) -> Option<()> {
    assert_eq!(stream.read_u8().await.ok()?, 5);
    let methods = text(&mut stream).await?;
    let method = if user.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        stream.write_all(&[5, 0xff]).await.ok()?;
        return None;
    }
    stream.write_all(&[5, method]).await.ok()?;
    if let Some((name, password)) = user {
        assert_eq!(stream.read_u8().await.ok()?, 1);
        let shown = (text(&mut stream).await?, text(&mut stream).await?);
        let known = shown == (name.as_bytes().to_vec(), password.as_bytes().to_vec());
        stream.write_all(&[1, u8::from(!known)]).await.ok()?;
        known.then_some(())?;
    }
    let mut request = [0; 4];
    stream.read_exact(&mut request).await.ok()?;
    let host = match request[3] {
        1 => {
            let mut address = [0; 4];
            stream.read_exact(&mut address).await.ok()?;
            std::net::Ipv4Addr::from(address).to_string()
        }
        _ => String::from_utf8(text(&mut stream).await?).ok()?,
    };
    let destination = format!("{host}:{}", stream.read_u16().await.ok()?);
    asked.lock().unwrap().push(destination.clone());
    let Some(to) = names.get(&destination) else {
        // Host unreachable.
        stream.write_all(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
        return None;
    };
    let mut server = TcpStream::connect(to).await.ok()?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    copy_bidirectional(&mut stream, &mut server).await.ok()?;
    Some(())
}

/// Bytes after their number.
#[cfg(feature = "socks")]
async fn text(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = vec![0; stream.read_u8().await.ok()?.into()];
    stream.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}
