//! gqlwire, in AppSync's dialect. Its own pool spreads subscriptions over connections.

use std::hint::black_box;
use std::sync::Arc;

use futures_util::StreamExt;
use gqlwire::{Client, Event, ReconnectPolicy, Request, Subscription, appsync};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::event::{Data, SUBSCRIPTION, sent_at};
use super::meter::Meter;
use super::{Consumers, Job, all};
use crate::Failure;

/// When an event was sent.
type SentAt<T> = fn(&T) -> Option<u64>;

/// The cheapest that the public API allows: a type that sees the JSON of the data where it lies, and keeps nothing.
pub(super) fn raw<const TIMED: bool>() -> SentAt<InPlace<TIMED>> {
    |data| data.sent_at
}

/// The data as JSON of one's own, to be kept or handed on.
pub(super) fn boxed() -> SentAt<Box<RawValue>> {
    |data| sent_at(data.get())
}

pub(super) fn typed() -> SentAt<Data> {
    |data| Some(data.event.at)
}

#[derive(Debug)]
pub(super) struct InPlace<const TIMED: bool> {
    sent_at: Option<u64>,
}

impl<'de, const TIMED: bool> Deserialize<'de> for InPlace<TIMED> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = black_box(<&RawValue>::deserialize(deserializer)?);
        let sent_at = if TIMED { sent_at(json.get()) } else { None };
        Ok(Self { sent_at })
    }
}

pub(super) async fn run<T>(job: &Job, meter: &Arc<Meter>, sent_at: SentAt<T>) -> Result<(), Failure>
where
    T: DeserializeOwned + Send + 'static,
{
    let http_url = job.url.replacen("ws", "http", 1);
    let client = Client::builder(&http_url)
        .realtime_url(format!("{}/realtime", job.url))
        .auth(appsync::ApiKey::new("da2-abcdefghijklmnopqrstuvwxyz"))
        .subscriptions_per_connection(usize::try_from(job.subscriptions)?)
        // A lost connection would be a lost benchmark.
        .reconnect(ReconnectPolicy::never())
        .build()?;
    let mut consumers = Consumers::new();
    for _ in 0..job.connections * job.subscriptions {
        let subscription = client.subscribe(Request::<T>::new(SUBSCRIPTION)).await?;
        consumers.spawn(consume(subscription, Arc::clone(meter), sent_at));
    }
    all(consumers, job).await?;
    client.close().await;
    Ok(())
}

async fn consume<T>(mut events: Subscription<T>, meter: Arc<Meter>, sent_at: SentAt<T>) -> Result<u64, Failure>
where
    T: DeserializeOwned + Send + 'static,
{
    let mut got = 0;
    while let Some(event) = events.next().await {
        match event? {
            Event::Next(response) => {
                let data = black_box(response.into_data().map_err(gqlwire::Error::from)?);
                meter.event(|| sent_at(&data));
                got += 1;
            }
            Event::Gap(gap) => return Err(format!("a gap: {}", gap.cause).into()),
            _ => return Err("something that is not an event".into()),
        }
    }
    Ok(got)
}
