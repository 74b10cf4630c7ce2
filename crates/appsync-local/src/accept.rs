//! From a listening socket to one task for each connection.
//!
//! Nothing is read here: a client that says nothing, or half a request head, holds only its own task, which hyper's
//! head deadline ends. The same task goes on as the websocket's after an upgrade, so it is counted once and ends with
//! the accept loop.

use std::io::Write;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::http::{self, UpgradeSlot};
use crate::realtime;
use crate::server::Core;
use crate::stats::Gauge;
use crate::stop::Stop;
use crate::stream::{Impatient, Returning};

/// After an `accept` that failed for want of something (file descriptors, mostly), time to let it come back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// More headers than any client of AppSync sends.
const MAX_HEADERS: usize = 100;

/// hyper refuses a smaller head buffer.
const LEAST_HEAD_BYTES: usize = 8192;

/// How long, and for how many bytes, a client may go on sending after the last answer.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 64 * 1024 * 1024;

const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

pub(crate) async fn accept(listener: TcpListener, core: Arc<Core>, mut stop: Stop) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.asked() => break,
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a connection's task failed");
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if connections.len() >= core.limits.connections => turn_away(&core, stream),
                Ok((stream, peer)) => {
                    tracing::debug!(%peer, "connected");
                    connections.spawn(serve(stream, Arc::clone(&core), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "accepting a connection failed");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(core.limits.shutdown_grace, ended).await.is_err() {
        tracing::debug!(left = connections.len(), "cutting what did not end in time");
    }
}

fn turn_away(core: &Core, stream: TcpStream) {
    core.counters.refused_connections.fetch_add(1, Relaxed);
    tracing::warn!(
        limit = core.limits.connections,
        "too many connections: one was turned away"
    );
    // tokio's own write would wait until it has heard that there is room. A new socket has room, and if not, the close
    // says enough.
    let said = stream.into_std().and_then(|mut stream| stream.write(TOO_MANY));
    if let Err(error) = said {
        tracing::debug!(%error, "could not say so");
    }
}

async fn serve(stream: TcpStream, core: Arc<Core>, mut stop: Stop) {
    let _open = Gauge::up(&core.counters.connections);
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let (stream, returned) = Returning::new(stream);
    converse(stream, &core, stop.clone()).await;
    let stream = returned.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(stream) = stream {
        tokio::select! {
            () = linger(stream) => {}
            () = stop.asked() => {}
        }
    }
}

async fn converse(stream: Returning, core: &Arc<Core>, mut stop: Stop) {
    let stream = Impatient::new(stream, core.limits.write_deadline);
    let upgrades = UpgradeSlot::default();
    let service = service_fn(|request| http::answer(Arc::clone(core), Arc::clone(&upgrades), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(core.limits.head_deadline)
        .max_buf_size(core.limits.head_bytes.max(LEAST_HEAD_BYTES))
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stop.asked() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "an HTTP connection ended early");
        return;
    }
    let upgrade = upgrades.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(upgrade) = upgrade {
        realtime::run(core, upgrade, stop).await;
    }
}

/// Reads on for a moment after the last answer.
///
/// A request may be answered before all of it was read. To close a socket that holds unread bytes resets the connection,
/// and a client that is still sending then never sees the answer.
async fn linger(mut stream: TcpStream) {
    // Fails where the connection is over already.
    let _ = stream.shutdown().await;
    let discard = async {
        let mut chunk = vec![0; 16 * 1024];
        let mut left = LINGER_BYTES;
        while left > 0 {
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => break,
                Ok(count) => left = left.saturating_sub(count),
            }
        }
    };
    // A client that sends for longer than this is not waiting for the answer.
    let _ = timeout(LINGER, discard).await;
}
