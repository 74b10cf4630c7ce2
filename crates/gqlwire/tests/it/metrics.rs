use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use gqlwire::RetryPolicy;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use serde_json::json;

use crate::support::{MUTATION, Peer, SUBSCRIPTION, Server, appsync_client, realtime, response};

/// What was recorded since the last look, names with their labels: a look sets all to zero, gauges too.
fn recorded(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let entries = snapshotter.snapshot().into_vec().into_iter();
    let entries = entries.map(|(key, _unit, _description, value)| {
        let key = key.key();
        let labels: Vec<_> = key.labels().map(|label| label.value().to_owned()).collect();
        let value = match value {
            DebugValue::Counter(count) => count as f64,
            DebugValue::Gauge(value) => value.0,
            DebugValue::Histogram(values) => values.len() as f64,
        };
        (
            format!("{} {}", key.name(), labels.join(" ")).trim_end().to_owned(),
            value,
        )
    });
    entries.collect()
}

fn is_zero(recorded: &BTreeMap<String, f64>, name: &str) -> bool {
    recorded.get(name).is_none_or(|value| *value == 0.0)
}

#[tokio::test]
async fn calls_are_counted_by_kind_and_outcome_and_timed_and_attempts_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = ::metrics::set_default_local_recorder(&recorder);

    let count = AtomicUsize::new(0);
    let server = Server::start(move |_, stream| {
        let answer = match count.fetch_add(1, Ordering::SeqCst) {
            0 => response("503 Service Unavailable", &[], ""),
            1 => response("200 OK", &[], r#"{"data":{"a":1}}"#),
            2 => response("200 OK", &[], r#"{"data":null,"errors":[{"message":"no"}]}"#),
            3 => response("500 Internal Server Error", &[], ""),
            _ => Vec::new(),
        };
        async move {
            match answer.is_empty() {
                false => stream.send(answer).await,
                true => stream.send_and_hang("").await,
            }
        }
    })
    .await;
    let hasty = RetryPolicy::default().delays(Duration::ZERO, Duration::ZERO);
    let client = appsync_client(&server).retry(hasty).build().unwrap();
    client.execute("{ a }").await.unwrap();
    client.execute(MUTATION).await.unwrap();
    client.execute(MUTATION).await.unwrap_err();
    let limit = Duration::from_millis(50);
    client.execute("{ a }").timeout(limit).await.unwrap_err();
    tokio::time::timeout(limit, std::future::IntoFuture::into_future(client.execute("{ a }")))
        .await
        .unwrap_err();

    let recorded = recorded(&snapshotter);
    for call in [
        "query ok",
        "mutation graphql_errors",
        "mutation status",
        "query timeout",
        "query dropped",
    ] {
        assert_eq!(recorded[&format!("gqlwire_execute_total {call}")], 1.0, "{call}");
        assert_eq!(
            recorded[&format!("gqlwire_execute_duration_seconds {call}")],
            1.0,
            "{call}"
        );
    }
    assert_eq!(recorded["gqlwire_execute_retries_total query"], 1.0);
    assert!(is_zero(&recorded, "gqlwire_execute_retries_total mutation"));
}

#[tokio::test]
async fn sessions_of_several_clients_add_up_and_take_back_what_they_held() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = ::metrics::set_default_local_recorder(&recorder);

    let sent = Arc::new(AtomicUsize::new(0));
    let bytes = Arc::clone(&sent);
    let server = realtime(move |mut peer: Peer| {
        let bytes = Arc::clone(&bytes);
        async move {
            peer.ack().await;
            let start = peer.start_and_ack().await;
            for n in 0..100 {
                let text = json!({"type": "data", "id": start["id"], "payload": {"data": {"n": n}}});
                bytes.fetch_add(text.to_string().len(), Ordering::SeqCst);
                peer.send(text).await;
            }
            peer.expect("stop").await;
            peer.send(json!({"type": "complete", "id": start["id"]})).await;
            peer.drain().await;
        }
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let client = appsync_client(&server).build().unwrap();
        let mut subscription = client.subscribe(SUBSCRIPTION).await.unwrap();
        for _ in 0..100 {
            subscription.next().await.unwrap().unwrap();
        }
        held.push((client, subscription));
    }
    let counted = loop {
        let now = held[2].0.counters().await.unwrap();
        if now.events == 100 {
            break now;
        }
    };
    let open = recorded(&snapshotter);
    assert_eq!(open["gqlwire_events_total"], 300.0, "{open:?}");
    assert_eq!(open["gqlwire_frames_total"], 3.0 * counted.frames as f64, "{open:?}");
    assert!(
        open["gqlwire_received_bytes_total"] > sent.load(Ordering::SeqCst) as f64,
        "{open:?}"
    );
    assert_eq!(
        (open["gqlwire_subscriptions"], open["gqlwire_connections"]),
        (3.0, 3.0),
        "{open:?}"
    );
    assert!(is_zero(&open, "gqlwire_reconnects_total") && is_zero(&open, "gqlwire_gaps_total"));

    for (client, _subscription) in held {
        client.close().await;
    }
    let closed = recorded(&snapshotter);
    assert_eq!(
        (closed["gqlwire_subscriptions"], closed["gqlwire_connections"]),
        (-3.0, -3.0),
        "{closed:?}"
    );
}

#[test]
fn a_session_that_dies_with_its_runtime_takes_back_what_it_held() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = ::metrics::set_default_local_recorder(&recorder);

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let held = runtime.block_on(async {
        let server = realtime(|mut peer: Peer| async move {
            peer.ack().await;
            peer.start_and_ack().await;
            peer.drain().await;
        })
        .await;
        let client = appsync_client(&server).build().unwrap();
        let subscription = client.subscribe(SUBSCRIPTION).await.unwrap();
        client.counters().await.unwrap();
        (client, subscription)
    });
    assert_eq!(recorded(&snapshotter)["gqlwire_subscriptions"], 1.0);
    drop(runtime);
    let after = recorded(&snapshotter);
    assert_eq!(
        (after["gqlwire_subscriptions"], after["gqlwire_connections"]),
        (-1.0, -1.0),
        "{after:?}"
    );
    drop(held);
}
