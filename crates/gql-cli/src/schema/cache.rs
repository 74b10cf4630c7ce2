//! Schemas that `schema fetch --cache` keeps on disk, and that are used where somebody says `--schema cached`.
//!
//! A schema is known by its endpoint alone: that of an API is the same whoever asks, where it is not, the one who fetched
//! last decides. It holds no credentials, and its file is for its owner only, as schemas of private APIs may be.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use gqlwire_proto::appsync::{Endpoint, is_appsync_host};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::document::read_file_up_to;
use crate::endpoint;
use crate::failure::Failure;
use crate::file::{self, Readers};

/// What the first lines of a kept schema begin with. They are comments, so that the file as a whole is SDL.
const TITLE: &str = "# A schema that gql-cli keeps, version 1";
const ENDPOINT: &str = "# endpoint: ";
const FETCHED: &str = "# fetched: ";

/// Above what is kept of any schema.
const LONGEST: u64 = 64 * 1024 * 1024;

/// A kept schema: its SDL, below the lines about it.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) text: String,
    pub(super) path: PathBuf,
}

/// Keeps the schema of an endpoint, in place of the one that was kept before.
pub(super) fn write(endpoint: &Url, sdl: &str) -> Result<PathBuf, Failure> {
    let endpoint = &over_http(endpoint);
    let path = folder()?.join(file_name(endpoint));
    let unwritable = |error| Failure::file("write", path.display(), &error);
    if let Some(folder) = path.parent() {
        create_folder(folder).map_err(|error| Failure::file("create", folder.display(), &error))?;
    }
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let text = format!(
        "{TITLE}\n{ENDPOINT}{}\n{FETCHED}{now}\n\n{sdl}",
        endpoint::shown(endpoint)
    );
    file::replace(&path, text.as_bytes(), Readers::Owner).map_err(unwritable)?;
    Ok(path)
}

/// The kept schema of an endpoint.
///
/// # Errors
///
/// There is none, or it is older than `max_age`: both say how to fetch it.
pub(super) fn read(endpoint: &Url, max_age: Option<Duration>) -> Result<Kept, Failure> {
    let endpoint = &over_http(endpoint);
    let path = folder()?.join(file_name(endpoint));
    let shown = endpoint::shown(endpoint);
    let again = format!("fetch it: gql-cli schema fetch {shown} --cache, with the options that the endpoint needs");
    if !path.exists() {
        return Err(Failure::usage(format!("there is no cached schema of {shown}")).hint(again));
    }
    let text = read_file_up_to(&path, LONGEST)?;
    let Some(fetched) = fetched_at(&text, &shown) else {
        return Err(Failure::usage(format!("{} is no cached schema of {shown}", path.display())).hint(again));
    };
    // One from the future is new.
    let age = Duration::try_from(Timestamp::now().duration_since(fetched)).unwrap_or_default();
    tracing::info!("schema of {}, {} old", path.display(), in_words(age));
    match max_age {
        Some(most) if age > most => Err(Failure::usage(format!(
            "the cached schema of {shown} is {} old, and --max-age allows {}",
            in_words(age),
            in_words(most)
        ))
        .hint(again)),
        _ => Ok(Kept { text, path }),
    }
}

/// When it was fetched, if it is what it should be.
fn fetched_at(text: &str, endpoint: &str) -> Option<Timestamp> {
    let mut lines = text.lines();
    let is_ours = lines.next()? == TITLE && lines.next()?.strip_prefix(ENDPOINT)? == endpoint;
    let fetched: Timestamp = lines.next()?.strip_prefix(FETCHED)?.parse().ok()?;
    is_ours.then_some(fetched)
}

/// AppSync's two endpoints are of one API.
fn over_http(endpoint: &Url) -> Url {
    match Endpoint::new(endpoint.as_str()) {
        Ok(known) if is_appsync_host(endpoint) => known.http_url().clone(),
        _ => endpoint.clone(),
    }
}

/// The host for people, the hash for everything that tells endpoints apart. A query may, and may also be a secret, so
/// that it stands nowhere else.
fn file_name(endpoint: &Url) -> String {
    let mut known_by = endpoint.clone();
    known_by.set_fragment(None);
    // These fail for URLs that cannot have any.
    let _ = known_by.set_username("");
    let _ = known_by.set_password(None);
    let hash = Sha256::digest(known_by.as_str().as_bytes());
    let hash: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let host = endpoint.host_str().unwrap_or_default().replace([':', '[', ']'], "_");
    format!("{host}-{hash}.graphql")
}

fn folder() -> Result<PathBuf, Failure> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = variable("XDG_CACHE_HOME").or_else(|| {
        if cfg!(windows) {
            return variable("LOCALAPPDATA");
        }
        let below_home = if cfg!(target_os = "macos") {
            "Library/Caches"
        } else {
            ".cache"
        };
        Some(variable("HOME")?.join(below_home))
    });
    let base = base.ok_or_else(|| {
        Failure::usage("there is no folder for cached schemas").hint("set XDG_CACHE_HOME, or HOME, to an absolute path")
    })?;
    Ok(base.join("gql-cli").join("schemas"))
}

fn create_folder(path: &std::path::Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// In the largest unit that makes at least 1.
fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (number, unit) = match seconds {
        86_400.. => (seconds / 86_400, "d"),
        3600.. => (seconds / 3600, "h"),
        60.. => (seconds / 60, "min"),
        _ => (seconds, "s"),
    };
    format!("{number} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_kept_schema_of_that_endpoint_is_told_apart() {
        let endpoint = "https://example.com/graphql";
        let kept = format!("{TITLE}\n{ENDPOINT}{endpoint}\n{FETCHED}2026-11-24T12:00:00Z\n\ntype Query {{ a: Int }}");
        assert!(fetched_at(&kept, endpoint).is_some());
        for text in [
            kept.replace("version 1", "version 2"),
            kept.replace("example.com", "example.org"),
            kept.replace("T12:00", "T"),
            "type Query { a: Int }".to_owned(),
            String::new(),
        ] {
            assert_eq!(fetched_at(&text, endpoint), None, "{text}");
        }
    }

    #[test]
    fn both_endpoints_of_an_api_have_one_schema_and_other_urls_have_others() {
        let name = |url: &str| file_name(&over_http(&Url::parse(url).unwrap()));
        let https = name("https://abc.appsync-api.eu-west-1.amazonaws.com/graphql");
        let wss = name("wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql");
        assert_eq!(https, wss);
        assert!(https.starts_with("abc.appsync-api.eu-west-1.amazonaws.com-"), "{https}");
        let mut names: Vec<String> = [
            "http://x/",
            "https://x/",
            "https://x/a",
            "https://x/?t=1",
            "https://x:1/",
        ]
        .iter()
        .map(|url| name(url))
        .collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 5);
        assert!(!name("https://[::1]:4000/graphql").contains(':'));
    }

    #[test]
    fn ages_are_in_the_largest_unit() {
        for (seconds, words) in [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (90_000, "1 d")] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
