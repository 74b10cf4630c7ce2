//! Operations that other crates have made.

#[cfg(feature = "cynic-3")]
mod cynic;
#[cfg(all(feature = "graphql_client-0_16", feature = "scalars"))]
mod graphql_client;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use gqlwire::{Client, Error, EventSource, RawEvent, RawRequest, RawResponse, Transport};
use serde_json::Value;

/// Answers everything with this, and remembers what it was asked.
#[derive(Clone, Debug)]
struct Scripted {
    answer: &'static str,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug)]
struct Events {
    left: VecDeque<&'static str>,
}

impl Scripted {
    fn client(answer: &'static str) -> (Client, Self) {
        let scripted = Self {
            answer,
            asked: Arc::default(),
        };
        (Client::with_transport(scripted.clone()), scripted)
    }

    /// The only request there was.
    fn asked(&self) -> Value {
        let asked = self.asked.lock().unwrap();
        assert_eq!(asked.len(), 1);
        serde_json::from_str(&asked[0]).unwrap()
    }
}

impl Transport for Scripted {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        self.asked.lock().unwrap().push(request.body().to_owned());
        Box::pin(async { Ok(RawResponse::new(self.answer)) })
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        self.asked.lock().unwrap().push(request.body().to_owned());
        let left = VecDeque::from([self.answer]);
        Box::pin(async { Ok(Box::new(Events { left }) as Box<dyn EventSource>) })
    }
}

impl EventSource for Events {
    fn poll_event<'s>(&'s mut self, _: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        Poll::Ready(self.left.pop_front().map(|event| Ok(RawEvent::Next(event))))
    }

    fn stop(&mut self) {
        self.left.clear();
    }
}

const FAILED: &str = r#"{"data":{"message":null},"errors":[{"message":"no","errorType":"Unauthorized",
    "path":["message",0],"locations":[{"line":1,"column":3}],"extensions":{"code":"X"}}]}"#;
