//! gqlwire, in AppSync's dialect. Its own pool spreads subscriptions over connections.

use std::hint::black_box;
use std::sync::Arc;

use futures_util::StreamExt;
use gqlwire::{Client, Event, RawEvent, ReconnectPolicy, Request, Subscription, appsync};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::event::{Data, SUBSCRIPTION, sent_at};
use super::meter::Meter;
use super::{Consumers, Job, all};
use crate::Failure;

/// When an event was sent.
type SentAt<T> = fn(&T) -> Option<u64>;

/// The data as JSON of one's own, to be kept or handed on.
pub(super) fn boxed() -> SentAt<Box<RawValue>> {
    |data| sent_at(data.get())
}

pub(super) fn typed() -> SentAt<Data> {
    |data| Some(data.event.at)
}

/// The cheapest that the public API allows: each event is seen as text where it lies.
pub(super) async fn run_raw(job: &Job, meter: &Arc<Meter>) -> Result<(), Failure> {
    let client = client(job)?;
    let mut consumers = Consumers::new();
    for _ in 0..job.connections * job.subscriptions {
        let subscription = client.subscribe(SUBSCRIPTION).await?;
        consumers.spawn(consume_raw(subscription, Arc::clone(meter)));
    }
    all(consumers, job).await?;
    client.close().await;
    Ok(())
}

async fn consume_raw(mut events: Subscription<Value>, meter: Arc<Meter>) -> Result<u64, Failure> {
    let mut got = 0;
    while let Some(read) = events
        .next_raw(|event| match event {
            RawEvent::Next(json) => {
                meter.event(|| sent_at(black_box(json)));
                Ok(())
            }
            RawEvent::Gap(gap) => Err(format!("a gap: {}", gap.cause)),
            _ => Err("something that is not an event".to_owned()),
        })
        .await
    {
        read??;
        got += 1;
    }
    Ok(got)
}

pub(super) async fn run<T>(job: &Job, meter: &Arc<Meter>, sent_at: SentAt<T>) -> Result<(), Failure>
where
    T: DeserializeOwned + Send + 'static,
{
    let client = client(job)?;
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

fn client(job: &Job) -> Result<Client, Failure> {
    let http_url = job.url.replacen("ws", "http", 1);
    Ok(Client::builder(&http_url)
        .realtime_url(format!("{}/realtime", job.url))
        .auth(appsync::ApiKey::new("da2-abcdefghijklmnopqrstuvwxyz"))
        .subscriptions_per_connection(usize::try_from(job.subscriptions)?)
        // A lost connection would be a lost benchmark.
        .reconnect(ReconnectPolicy::never())
        .build()?)
}
