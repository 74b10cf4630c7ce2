//! A server that is not the bottleneck: its frames are ready-made bytes, written in batches as fast as the socket takes
//! them.
//!
//! ```text
//! registering ── all subscriptions there, a pause ──> warming ── a pause ──> flooding ── complete for each ──> closed
//! ```
//!
//! In `warming` each subscription gets one event. A client thereby knows that all of it is up, and counts what it costs
//! from there.

mod connection;
mod dialect;
mod frames;

use std::process::ExitCode;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{Failure, clock};

/// Long enough for a slow client to settle after its last subscription, or its first event.
const PAUSE: Duration = Duration::from_millis(150);

/// What to send.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How many subscriptions to wait for, over all connections.
    subscriptions: u64,
    /// How many events each of them gets, the one of the warming not counted.
    each: u64,
    /// The length of a message, without the websocket's own header of 2 to 10 bytes.
    bytes: usize,
    /// Events a second over all subscriptions of the only connection, each with the time of its sending; without it, as
    /// many as the socket takes.
    rate: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Registering,
    Warming,
    Flooding,
}

/// What one connection sees of the others.
#[derive(Clone, Debug)]
struct Stage {
    phase: watch::Receiver<Phase>,
    registered: watch::Sender<u64>,
}

#[derive(Serialize)]
struct Listening {
    url: String,
}

#[derive(Serialize)]
struct Done {
    connections: u64,
    sent: u64,
    cpu_s: f64,
}

/// Serves one run, and prints first where, then what it sent.
pub fn main() -> ExitCode {
    crate::run_program(serve)
}

async fn serve(plan: Plan) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/graphql", listener.local_addr()?);
    println!("{}", serde_json::to_string(&Listening { url })?);

    let (phase, mut cpu) = (watch::Sender::new(Phase::Registering), 0);
    let registered = watch::Sender::new(0);
    let stage = Stage {
        phase: phase.subscribe(),
        registered: registered.clone(),
    };
    let mut connections = JoinSet::new();
    {
        let conduct = conduct(&plan, registered.subscribe(), &phase, &mut cpu);
        tokio::pin!(conduct);
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    connections.spawn(connection::serve(accepted?.0, plan.clone(), stage.clone()));
                }
                () = &mut conduct => break,
            }
        }
    }
    let mut done = Done {
        connections: 0,
        sent: 0,
        cpu_s: 0.0,
    };
    while let Some(sent) = connections.join_next().await {
        done.connections += 1;
        done.sent += sent??;
    }
    done.cpu_s = (clock::cpu() - cpu) as f64 / 1e9;
    println!("{}", serde_json::to_string(&done)?);
    Ok(())
}

/// Moves all connections from phase to phase, and notes the CPU time at which the flood began.
async fn conduct(plan: &Plan, mut registered: watch::Receiver<u64>, phase: &watch::Sender<Phase>, cpu: &mut u64) {
    // Its sender lives as long as the server.
    let _ = registered.wait_for(|count| *count >= plan.subscriptions).await;
    tokio::time::sleep(PAUSE).await;
    phase.send_replace(Phase::Warming);
    tokio::time::sleep(PAUSE).await;
    *cpu = clock::cpu();
    phase.send_replace(Phase::Flooding);
}
