//! Scratch.
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use gqlwire::*;
use serde_json::{Value, json};

fn client(url: &str, options: &WebSocketOptions, phoenix: bool) -> Client {
    let builder = Client::builder(url).header("x-tenant", "blue");
    if phoenix {
        builder.phoenix(PhoenixOptions::new()).build().unwrap()
    } else {
        builder.websocket(options.clone()).build().unwrap()
    }
}

async fn control(url: &str, method: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let url = url::Url::parse(url).unwrap();
    let mut stream = tokio::net::TcpStream::connect((url.host_str().unwrap(), url.port().unwrap()))
        .await
        .unwrap();
    let path = &url[url::Position::BeforePath..];
    stream
        .write_all(
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes(),
        )
        .await
        .unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
        .split("\r\n\r\n")
        .nth(1)
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let (kind, url, ctl) = (args.next().unwrap(), args.next().unwrap(), args.next().unwrap());
    let phoenix = kind == "phoenix";
    let options = match kind.as_str() {
        "legacy" => WebSocketOptions::new().protocols([Protocol::LegacyWs]),
        "transport" => WebSocketOptions::new().protocols([Protocol::TransportWs]),
        _ => WebSocketOptions::new(),
    };
    let began = Instant::now();
    let c = client(&url, &options, phoenix);
    let q = |d: &str| Request::<Value>::new(d.to_owned());
    println!(
        "hello   {:?}",
        c.execute(q("{ hello add(a: 1, b: 2) }")).await.map(|r| r.data)
    );
    println!(
        "state   {:?} ack {:?}",
        c.state().unwrap().borrow(),
        c.state().unwrap().borrow().ack_payload()
    );
    println!(
        "vars    {:?}",
        c.execute(q("query Q($n: String) { hello(name: $n) }").variable("n", "\"ü"))
            .await
            .map(|r| r.data)
    );
    println!(
        "fail    {:?}",
        c.execute(q("{ fail }")).await.map(|r| (r.data, r.errors))
    );
    println!(
        "invalid {:?}",
        c.execute(q("{ nonsense }")).await.map(|r| (r.data, r.errors))
    );
    println!(
        "headers {:?}",
        c.execute(q(r#"{ headers(names: ["X-Tenant"]) }"#))
            .await
            .map(|r| r.data)
    );
    println!("bump    {:?}", c.execute(q("mutation { bump }")).await.map(|r| r.data));
    println!(
        "big     {:?}",
        c.execute(q("{ big(bytes: 3000000) }"))
            .await
            .map(|r| r.data.unwrap()["big"].as_str().unwrap().len())
    );
    println!(
        "timeout {:?}",
        c.execute(q("{ slow(ms: 3000) }"))
            .timeout(Duration::from_millis(200))
            .await
            .map(|r| r.data)
    );
    for document in [
        "subscription { countdown(from: 3) }",
        "subscription { failing }",
        "subscription { breaking }",
        "subscription { nonsense }",
    ] {
        println!("{document}");
        match c.subscribe(q(document)).await {
            Err(error) => println!("  start: {error:?}"),
            Ok(mut stream) => {
                while let Some(event) = stream.next().await {
                    match event {
                        Ok(Event::Next(r)) => println!("  {:?} {:?}", r.data, r.errors),
                        Ok(other) => println!("  {other:?}"),
                        Err(error) => println!("  end: {error:?}"),
                    }
                }
            }
        }
    }
    let mut forever = c.subscribe(q("subscription { forever }")).await.unwrap();
    for n in 0..12 {
        if n == 5 {
            println!("cut     {}", control(&format!("{ctl}/cut"), "POST").await);
        }
        match forever.next().await.unwrap() {
            Ok(Event::Next(r)) => print!("{} ", r.data.unwrap()["forever"]),
            Ok(Event::Gap(gap)) => println!("gap: {}", gap.cause),
            other => println!("{other:?}"),
        }
    }
    println!();
    let (a, b) = tokio::join!(async { c.execute(q("mutation { bump(ms: 500) }")).await }, async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        control(&format!("{ctl}/cut"), "POST").await
    });
    println!(
        "cut mutation {:?} {b}",
        a.map_err(|e| (e.may_have_been_executed(), e)).map(|r| r.data)
    );
    let (a, _) = tokio::join!(async { c.execute(q("{ slow(ms: 500) }")).await }, async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        control(&format!("{ctl}/cut"), "POST").await
    });
    println!("cut query {:?}", a.map(|r| r.data));
    drop(forever);
    let many = futures_util::future::join_all((0..1000).map(|_| {
        let c = c.clone();
        async move {
            c.execute(Request::<Value>::new("{ hello }"))
                .await
                .unwrap()
                .into_data()
                .unwrap()
        }
    }))
    .await;
    println!("many {}", many.len());
    c.close().await;
    for token in ["let me in", "wrong and secret"] {
        let c = Client::builder(&url)
            .websocket(options.clone().init_payload_value(json!({"token": token})))
            .build()
            .unwrap();
        if phoenix {
            break;
        }
        println!("token {:?}", c.execute(q("{ token }")).await.map(|r| r.data));
        println!(
            "token sub {:?}",
            c.subscribe(q("subscription { countdown(from: 1) }")).await.map(|_| ())
        );
    }
    println!("counts {}", control(&format!("{ctl}/counts"), "GET").await);
    println!("took {:?}", began.elapsed());
}
