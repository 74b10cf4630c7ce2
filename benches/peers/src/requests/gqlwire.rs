//! gqlwire, with its defaults.

use gqlwire::Request;

use super::Client;
use super::answer::{Data, QUERY, VARIABLES, check};
use crate::Failure;

struct Gqlwire(gqlwire::Client);

pub(super) fn client(url: &str) -> Result<impl Client, Failure> {
    Ok(Gqlwire(gqlwire::Client::new(url)?))
}

impl Client for Gqlwire {
    async fn request(&self) -> Result<(), Failure> {
        let request = Request::<Data>::new(QUERY)
            .variable("first", VARIABLES.first)
            .variable("room", VARIABLES.room);
        let data = self.0.execute(request).await?.into_data();
        check(Some(data.map_err(gqlwire::Error::from)?))
    }
}
