use futures_util::StreamExt;
use gqlwire::{Client, Request, SseOptions};
use serde_json::Value;

#[tokio::test]
async fn by_hand() {
    let Ok(url) = std::env::var("STREAM_URL") else { return };
    let mode = std::env::var("STREAM_MODE").unwrap_or_default();
    let document = std::env::var("STREAM_DOC").unwrap();
    let builder = Client::builder(&url);
    let client = match mode.as_str() {
        "sse" => builder.sse(SseOptions::new()),
        "single" => builder.sse(SseOptions::new().single_connection()),
        "multipart" => builder.multipart_subscriptions(),
        _ => builder,
    }
    .build()
    .unwrap();
    if mode == "pieces" {
        match client.incremental(Request::<Value>::new(document.clone())).await {
            Err(error) => println!("refused {error}"),
            Ok(mut answer) => {
                while let Some(item) = answer.next().await {
                    match item {
                        Ok(item) => println!(
                            "item {:?} patches {:?} more {}",
                            item.response.data, item.patches, item.has_next
                        ),
                        Err(error) => println!("error {error}"),
                    }
                }
                println!("raw {}", answer.raw());
            }
        }
        println!(
            "execute {:?}",
            client
                .execute(Request::<Value>::new(document.clone()))
                .await
                .map(|a| (a.data, a.errors))
        );
        return;
    }
    match client.subscribe(&document as &str).await {
        Err(error) => println!("refused {:?} {error}", error.kind()),
        Ok(subscription) => println!("said {:#?}", super::all(subscription).await),
    }
}
