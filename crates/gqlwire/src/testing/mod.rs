//! Doubles of a server for tests, without a network. With the feature `testing`.
//!
//! [`Scripted`] answers what a test says it is asked, and remembers what it was. [`Recorder`] writes down what passes
//! between a client and its server, and [`Replay`] answers from what was written.
//!
//! ```
//! use gqlwire::Request;
//! use gqlwire::testing::{Expect, Scripted};
//! use serde_json::{Value, json};
//!
//! # async fn example() -> Result<(), gqlwire::Error> {
//! let server = Scripted::new()
//!     .expect(Expect::query().field("greeting").variable("name", "you").data(json!({"greeting": "Hello, you!"})));
//! let client = server.client();
//!
//! let greeting = Request::<Value>::new("query($name: String!) { greeting(name: $name) }").variable("name", "you");
//! assert_eq!(client.execute(greeting).await?.into_data()?["greeting"], "Hello, you!");
//! server.verify()
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
//! ```

mod call;
mod events;
mod expect;
mod recorder;
mod recording;
mod replay;
mod scripted;
mod source;

pub use call::Call;
pub use events::{Events, Feed};
pub use expect::Expect;
pub use recorder::Recorder;
pub use replay::Replay;
pub use scripted::Scripted;

use std::time::Duration;

use crate::Error;

/// Sleeps by the runtime's clock, which a test may have paused.
async fn sleep(duration: Duration) -> Result<(), Error> {
    if !duration.is_zero() {
        crate::runtime::current()?;
        tokio::time::sleep(duration).await;
    }
    Ok(())
}

/// As much of a text as an error shows of it.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 200;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
