//! What the headers of an answer say of time.

use std::time::{Duration, SystemTime};

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName};

/// "Without a limit" is often written as the longest duration there is, which no clock can be moved by.
pub(super) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// When the server sent it, by its own clock.
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    parsed(headers, DATE)
}

/// How long the server asks to wait. A date is taken by the server's own clock, where its answer shows that.
pub(crate) fn retry_after(headers: &HeaderMap, wall: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let until = parsed(headers, RETRY_AFTER)?;
    let now = date(headers).unwrap_or(wall);
    Some(until.duration_since(now).unwrap_or_default().min(LONGEST))
}

fn parsed(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?.trim()).ok()
}
