//! One connection: the handshake, its subscriptions, and then the flood.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, header::SEC_WEBSOCKET_PROTOCOL};

use super::dialect::{Dialect, Said};
use super::frames::{Frame, SharedTail};
use super::{Phase, Plan, Stage};
use crate::{Failure, clock};

/// How much is handed to the socket at once.
const BATCH: usize = 256 * 1024;

/// How long a client may take to hang up after everything was completed.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Serves a connection until the client closes it, and returns how many events it was sent, the first ones not counted.
pub(super) async fn serve(stream: TcpStream, plan: Plan, mut stage: Stage) -> Result<u64, Failure> {
    stream.set_nodelay(true)?;
    let (socket, dialect) = accept(stream).await?;
    let mut connection = Connection {
        socket,
        dialect,
        ids: Vec::new(),
    };
    loop {
        tokio::select! {
            message = connection.socket.next() => {
                let Some(message) = message else { return Err("a client hung up before the flood".into()) };
                if connection.hear(message?).await? {
                    stage.registered.send_modify(|count| *count += 1);
                }
            }
            changed = stage.phase.changed() => {
                changed?;
                let phase = *stage.phase.borrow_and_update();
                match phase {
                    Phase::Registering => {}
                    Phase::Warming => connection.flood(1, plan.bytes).await?,
                    Phase::Flooding => break,
                }
            }
        }
    }
    match plan.rate {
        None => connection.flood(plan.each, plan.bytes).await?,
        Some(_) if (connection.ids.len() as u64) < plan.subscriptions => {
            return Err("a steady rate is for a single connection".into());
        }
        Some(rate) => connection.drip(plan.each, plan.bytes, rate).await?,
    }
    connection.complete().await?;
    // Whether it closes or just goes does not matter any more.
    let _ = tokio::time::timeout(LAST_WORDS, connection.hear_out()).await;
    Ok(plan.each * connection.ids.len() as u64)
}

async fn accept(stream: TcpStream) -> Result<(WebSocketStream<TcpStream>, Dialect), Failure> {
    let mut dialect = None;
    #[allow(clippy::result_large_err)] // The type is tungstenite's.
    let choose = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let offers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).iter();
        dialect = offers.filter_map(|offer| offer.to_str().ok()).find_map(Dialect::among);
        let Some(dialect) = dialect else {
            let mut refusal = ErrorResponse::new(Some("no subprotocol that this server speaks".to_owned()));
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            return Err(refusal);
        };
        let chosen = HeaderValue::from_static(dialect.subprotocol());
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, chosen);
        Ok(response)
    };
    let socket = tokio_tungstenite::accept_hdr_async(stream, choose).await?;
    Ok((socket, dialect.ok_or("accepted without a subprotocol")?))
}

struct Connection {
    socket: WebSocketStream<TcpStream>,
    dialect: Dialect,
    ids: Vec<String>,
}

impl Connection {
    /// Answers a message. Whether it was a new subscription.
    async fn hear(&mut self, message: Message) -> Result<bool, Failure> {
        let Message::Text(text) = message else { return Ok(false) };
        let (answer, subscribed) = match self.dialect.read(&text)? {
            Said::Nothing => (None, false),
            Said::Answer(answer) => (Some(answer), false),
            Said::Subscribed(id, answer) => {
                self.ids.push(id);
                (answer, true)
            }
        };
        if let Some(answer) = answer {
            self.socket.send(Message::text(answer)).await?;
        }
        Ok(subscribed)
    }

    async fn hear_out(&mut self) -> Result<(), Failure> {
        while let Some(message) = self.socket.next().await {
            self.hear(message?).await?;
        }
        Ok(())
    }

    /// Sends so many events to each subscription, one after the other in turn.
    async fn flood(&mut self, each: u64, bytes: usize) -> Result<(), Failure> {
        let (now, tail) = (clock::now(), SharedTail::new(bytes));
        let ids = self.ids.iter();
        let frames: Vec<_> = ids.map(|id| Frame::new(self.dialect, id, now, bytes)).collect();
        if frames.is_empty() {
            return Ok(());
        }
        // Past tungstenite: whatever it wrote before is flushed.
        let stream = self.socket.get_mut();
        let mut batch = Vec::new();
        if frames.len() * bytes > BATCH {
            // Put together while it goes: ready-made, it would be more than a processor's cache holds.
            for _ in 0..each {
                for frame in &frames {
                    frame.append_to(&mut batch, &tail);
                    if batch.len() >= BATCH {
                        stream.write_all(&batch).await?;
                        batch.clear();
                    }
                }
            }
            return Ok(stream.write_all(&batch).await?);
        }
        for frame in &frames {
            frame.append_to(&mut batch, &tail);
        }
        let round = batch.len();
        let rounds = (BATCH / round).max(1).min(usize::try_from(each)?);
        let batch = batch.repeat(rounds);
        for _ in 0..each / rounds as u64 {
            stream.write_all(&batch).await?;
        }
        let rest = usize::try_from(each % rounds as u64)? * round;
        Ok(stream.write_all(&batch[..rest]).await?)
    }

    /// Sends so many events to each subscription, one after the other in turn, at a rate.
    async fn drip(&mut self, each: u64, bytes: usize, rate: u32) -> Result<(), Failure> {
        let interval = Duration::from_secs(1) / rate;
        let interval = u64::try_from(interval.as_nanos())?;
        let (mut due, tail, mut frame) = (clock::now(), SharedTail::new(bytes), Vec::new());
        for _ in 0..each {
            for id in &self.ids {
                due += interval;
                // Blocking, with nobody else on this thread: the runtime's timers know milliseconds only, and would
                // make five messages of this rate one burst.
                std::thread::sleep(Duration::from_nanos(due.saturating_sub(clock::now())));
                frame.clear();
                Frame::new(self.dialect, id, clock::now(), bytes).append_to(&mut frame, &tail);
                self.socket.get_mut().write_all(&frame).await?;
            }
        }
        Ok(())
    }

    async fn complete(&mut self) -> Result<(), Failure> {
        for id in &self.ids {
            self.socket.feed(Message::text(self.dialect.complete(id))).await?;
        }
        Ok(self.socket.flush().await?)
    }
}
