use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::double::{Keys, Network, Peer, Setup, event, subscribed};
use crate::Event;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test(start_paused = true)]
async fn over_three_days_of_a_server_that_cuts_at_24_hours_nothing_is_lost_or_doubled() {
    let network = follow(Setup::default(), DAY, 3 * DAY).await;
    assert!((4..8).contains(&network.connects()), "{}", network.connects());
}

#[tokio::test(start_paused = true)]
async fn before_its_credentials_expire_a_connection_is_replaced_and_nothing_is_lost_or_doubled() {
    let keys = Keys::that_live(HOUR);
    let setup = Setup {
        auth: Arc::clone(&keys),
        ..Setup::default()
    };
    let network = follow(setup, HOUR, 5 * HOUR).await;
    assert!((5..8).contains(&network.connects()), "{}", network.connects());
    // One question for each connection and one for each start, and never a refusal.
    assert_eq!((keys.asked(), keys.refusals()), (2 * network.connects(), 0));
}

#[tokio::test(start_paused = true)]
async fn a_second_connection_takes_over_from_one_whose_credentials_run_out() {
    let setup = Setup {
        auth: Keys::that_live(HOUR),
        ..Setup::default()
    };
    let (_client, mut network, mut old, first, mut subscription) = subscribed(setup).await;
    let begun = Instant::now();
    let mut new = loop {
        match timeout(Duration::from_secs(60), network.accept()).await {
            Ok(peer) => break peer,
            Err(_) => old.send(json!({"type": "ka"})),
        }
    };
    let minutes = begun.elapsed().as_secs() / 60;
    assert!((54..=55).contains(&minutes), "{minutes}");
    new.ack().await;
    let second = new.start_and_ack().await;
    // Settling, the new one misses an event; the old one has it.
    old.data(&first, 1);
    sleep(Duration::from_secs(3)).await;
    // Both have this one.
    old.data(&first, 2);
    new.data(&second, 2);
    assert_eq!(old.expect("stop").await["id"], first.as_str());
    // What the old one still sends is not wanted any more.
    old.data(&first, 3);
    new.data(&second, 3);
    old.complete(&first);
    for n in 1..=3 {
        assert_eq!(super::double::next(&mut subscription).await.unwrap().unwrap(), n);
    }
    assert_eq!(old.close_code().await, 1000);
    assert!(
        timeout(Duration::from_secs(30), event(&mut subscription))
            .await
            .is_err()
    );
}

/// Publishes a number each few seconds on every socket that is subscribed, for so long, and reads them all.
async fn follow(setup: Setup, socket_lives: Duration, time: Duration) -> Network {
    let (_client, mut network, peer, id, mut subscription) = subscribed(setup).await;
    let mut server = vec![Lived {
        peer,
        id: Some(id),
        since: Instant::now(),
    }];
    let until = Instant::now() + time;
    let (mut sent, mut got) = (0, 0);
    for step in 0.. {
        if Instant::now() >= until {
            break;
        }
        tokio::select! {
            biased;
            peer = network.accept() => server.push(Lived { peer, id: None, since: Instant::now() }),
            () = sleep(Duration::from_secs(5)) => {}
        }
        sent += 1;
        for socket in &mut server {
            socket.answer();
            if step % 12 == 0 {
                socket.peer.send(json!({"type": "ka"}));
            }
            if let Some(id) = &socket.id {
                socket.peer.data(id, sent);
            }
            assert!(socket.since.elapsed() < socket_lives, "the server had to cut");
        }
        server.retain(|socket| !socket.peer.is_closed());
        // What a socket that takes over holds back comes later.
        while let Ok(event) = timeout(Duration::from_millis(1), event(&mut subscription)).await {
            let Some(Ok(Event::Next(response))) = event else {
                panic!("{event:?} after {got}");
            };
            got += 1;
            assert_eq!(response.data.unwrap()["n"], json!(got));
        }
    }
    assert!(sent - got <= 3, "{got} of {sent}");
    network
}

struct Lived {
    peer: Peer,
    id: Option<String>,
    since: Instant,
}

impl Lived {
    fn answer(&mut self) {
        while let Ok(message) = self.peer.try_receive() {
            let id = message["id"].as_str().map(str::to_owned);
            match message["type"].as_str().unwrap() {
                "connection_init" => {
                    let payload = json!({"connectionTimeoutMs": 300_000});
                    self.peer.send(json!({"type": "connection_ack", "payload": payload}));
                }
                "start" => {
                    self.peer.send(json!({"type": "start_ack", "id": id}));
                    self.id = id;
                }
                "stop" => {
                    self.id = None;
                    self.peer.complete(&id.unwrap());
                }
                other => panic!("{other}"),
            }
        }
    }
}
