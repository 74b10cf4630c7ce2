//! What the port answers over HTTP, and how a connection becomes a websocket.
//!
//! | method | path | |
//! |---|---|---|
//! | `POST` | `/graphql` | a query or mutation |
//! | `GET` | `/graphql?query=…` | a query |
//! | `GET` | `/ping` | `healthy`, without authentication |
//! | `GET` | `/graphql/realtime`, `/graphql` | the upgrade to realtime |

mod answer;
mod body;
mod graphql;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;

pub(crate) use self::answer::{Answer, bad_request, plain};
pub(crate) use self::graphql::GraphQLRequest;
use crate::realtime::{self, Upgrade};
use crate::server::Core;

/// Where the request that turns a connection into a websocket leaves what the connection's task needs for it.
pub(crate) type UpgradeSlot = Arc<Mutex<Option<Upgrade>>>;

/// Answers one request.
pub(crate) async fn answer(
    core: Arc<Core>,
    upgrades: UpgradeSlot,
    mut request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let method = request.method().clone();
    let path = request.uri().path();
    tracing::debug!(%method, path, "request");
    let answer = match (&method, path) {
        (&Method::GET, "/ping") => answer::plain(StatusCode::OK, Bytes::from_static(b"healthy")),
        (&Method::GET, "/graphql" | "/graphql/realtime") if realtime::wants_upgrade(&request) => {
            match realtime::handshake(&core, &mut request).await {
                Ok((answer, upgrade)) => {
                    *upgrades.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgrade);
                    answer
                }
                Err(refused) => refused,
            }
        }
        (&Method::POST, "/graphql") => graphql::post(&core, request).await,
        (&Method::GET, "/graphql") => graphql::get(&core, request).await,
        (_, "/graphql") => answer::method_not_allowed("GET, POST"),
        (_, "/ping") => answer::method_not_allowed("GET"),
        (_, "/graphql/realtime") => answer::upgrade_required(),
        _ => answer::not_found(),
    };
    Ok(answer)
}
