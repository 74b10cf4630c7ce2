use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long a client may take to hang up after the FIN.
const LINGER: Duration = Duration::from_secs(1);

/// A TCP proxy that breaks each connection as its plan says.
pub(crate) struct FaultyProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    wanted: watch::Sender<bool>,
    listening: watch::Receiver<bool>,
    _accepting: JoinSet<()>,
}

/// What becomes of one connection. By default nothing: it is passed on as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// From the client to the server.
    pub(crate) up: Way,
    /// From the server to the client.
    pub(crate) down: Way,
    /// What happens when the connection is so old, if it lives to see that.
    pub(crate) at: Option<(Duration, Fault)>,
}

/// One direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    /// What happens after so many bytes.
    pub(crate) after: Option<(usize, Fault)>,
    /// How long each piece is held back.
    pub(crate) delay: Duration,
    /// Whether each byte is a write of its own.
    pub(crate) byte_by_byte: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The client sees an end in due form.
    Fin,
    /// These bytes reach the receiver, and nothing after them.
    Garbage(Vec<u8>),
    /// The server's side is gone; the client's side stays open and silent.
    HalfOpen,
    /// Both sides see a reset.
    Reset,
    /// This direction takes bytes and passes nothing on.
    Stall,
}

struct Shared {
    upstream: SocketAddr,
    plan: Mutex<Box<dyn FnMut(usize) -> Plan + Send>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    cuts: AtomicUsize,
}

impl FaultyProxy {
    /// In front of this server; the plan is asked for each connection by its number, which counts from 0.
    pub(crate) async fn start(upstream: SocketAddr, plan: impl FnMut(usize) -> Plan + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            upstream,
            plan: Mutex::new(Box::new(plan)),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            cuts: AtomicUsize::new(0),
        });
        let (wanted, want) = watch::channel(true);
        let (is_listening, listening) = watch::channel(true);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&shared), want, is_listening));
        Self {
            address,
            shared,
            wanted,
            listening,
            _accepting: accepting,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many of them are open.
    pub(crate) fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// How many of them were ended by a fault.
    pub(crate) fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// From the next connection on, another plan.
    pub(crate) fn plan(&self, plan: impl FnMut(usize) -> Plan + Send + 'static) {
        *self.shared.plan.lock().unwrap() = Box::new(plan);
    }

    /// From the next connection on, nothing is broken any more.
    pub(crate) fn heal(&self) {
        self.plan(|_| Plan::default());
    }

    /// Whether connections are refused as they are where nobody listens.
    pub(crate) async fn refuse(&self, refuse: bool) {
        self.wanted.send_replace(!refuse);
        let mut listening = self.listening.clone();
        listening.wait_for(|listening| *listening != refuse).await.unwrap();
    }
}

async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut wanted: watch::Receiver<bool>,
    listening: watch::Sender<bool>,
) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            changed = wanted.changed() => {
                if changed.is_err() {
                    return;
                }
                let wanted = *wanted.borrow_and_update();
                match wanted {
                    true => listener = Some(TcpListener::bind(address).await.unwrap()),
                    false => drop(listener.take()),
                }
                listening.send_replace(wanted);
            }
            Ok((client, _)) = async { listener.as_ref().unwrap().accept().await }, if listener.is_some() => {
                let number = shared.connections.fetch_add(1, Ordering::SeqCst);
                let plan = (shared.plan.lock().unwrap())(number);
                connections.spawn(serve(client, plan, Arc::clone(&shared)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(client: TcpStream, plan: Plan, shared: Arc<Shared>) {
    shared.open.fetch_add(1, Ordering::SeqCst);
    relay(client, plan, &shared).await;
    shared.open.fetch_sub(1, Ordering::SeqCst);
}

async fn relay(mut client: TcpStream, plan: Plan, shared: &Shared) {
    let Ok(mut server) = TcpStream::connect(shared.upstream).await else {
        return;
    };
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let aged = async {
        match &plan.at {
            Some((age, fault)) => {
                sleep(*age).await;
                Some(fault.clone())
            }
            None => std::future::pending().await,
        }
    };
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let end = tokio::select! {
        end = carry(&mut from_client, &mut to_server, plan.up) => end,
        end = carry(&mut from_server, &mut to_client, plan.down) => end,
        end = aged => end,
    };
    if end.is_some() {
        shared.cuts.fetch_add(1, Ordering::SeqCst);
    }
    match end {
        None | Some(Fault::Fin) => {
            drop(server);
            let _ = client.shutdown().await;
            let _ = timeout(LINGER, discard(&mut client)).await;
        }
        Some(Fault::HalfOpen) => {
            drop(server);
            discard(&mut client).await;
        }
        Some(_) => {
            let _ = (client.set_zero_linger(), server.set_zero_linger());
        }
    }
}

/// Passes bytes on until the fault, or until one side is gone.
async fn carry(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin), way: Way) -> Option<Fault> {
    let mut left = way.after.as_ref().map_or(usize::MAX, |(after, _)| *after);
    let mut chunk = [0; 4096];
    while left > 0 {
        let room = left.min(chunk.len());
        let count = from.read(&mut chunk[..room]).await.ok().filter(|count| *count > 0)?;
        left -= count;
        sleep(way.delay).await;
        match way.byte_by_byte {
            true => {
                for byte in &chunk[..count] {
                    to.write_all(std::slice::from_ref(byte)).await.ok()?;
                    tokio::task::yield_now().await;
                }
            }
            false => to.write_all(&chunk[..count]).await.ok()?,
        }
    }
    let (_, fault) = way.after?;
    match fault {
        Fault::Garbage(bytes) => {
            to.write_all(&bytes).await.ok()?;
            discard(from).await;
            None
        }
        Fault::Stall => {
            discard(from).await;
            None
        }
        other => Some(other),
    }
}

async fn discard(from: &mut (impl AsyncRead + Unpin)) {
    let mut chunk = [0; 4096];
    while from.read(&mut chunk).await.is_ok_and(|count| count > 0) {}
}
