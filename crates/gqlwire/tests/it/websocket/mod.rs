//! Websockets that are not AppSync's: against async-graphql, and against servers that do what no server should.

mod hostile;
mod initialising;
mod negotiating;
mod phoenix;
mod reconnecting;
mod requests;
mod splitting;
mod subscribing;

use futures_util::StreamExt;
use gqlwire::{Client, ClientBuilder, Error, Event, Protocol, Request, Subscription, WebSocketOptions};
use serde_json::Value;

use crate::support::GraphqlServer;

const TICKS: &str = "subscription { ticks }";
const BOTH: [Protocol; 2] = [Protocol::TransportWs, Protocol::LegacyWs];

/// A client that speaks this protocol and no other.
fn speaking(server: &GraphqlServer, protocol: Protocol) -> ClientBuilder {
    let options = WebSocketOptions::new().protocols([protocol]);
    Client::builder(&server.ws_url()).websocket(options)
}

fn request(document: &'static str) -> Request<Value> {
    Request::new(document)
}

async fn data(client: &Client, document: &'static str) -> Result<Value, Error> {
    Ok(client.execute(request(document)).await?.into_data()?)
}

async fn event(subscription: &mut Subscription<Value>) -> Result<Event<Value>, Error> {
    subscription.next().await.expect("the stream is over")
}

/// The data of the next event.
async fn next(subscription: &mut Subscription<Value>) -> Value {
    match event(subscription).await.unwrap() {
        Event::Next(response) => response.into_data().unwrap(),
        other => panic!("{other:?}"),
    }
}

/// How a stream ends that has nothing more to say.
async fn ending(subscription: &mut Subscription<Value>) -> Error {
    let error = event(subscription).await.unwrap_err();
    assert!(subscription.next().await.is_none());
    error
}
