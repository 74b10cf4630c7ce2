use std::fmt;
use std::sync::{PoisonError, RwLock};

use cookie_store::{CookieStore, StoreAction};
use http::HeaderValue;
use url::Url;

/// As many cookies as are kept; browsers keep 180 or more for a domain.
const MOST: usize = 200;

/// As long as one may be, its attributes included: what browsers take (RFC 6265, 6.1).
const LONGEST: usize = 4096;

/// The cookies of one client. What a hostile server makes it keep is bounded.
#[derive(Default)]
pub(crate) struct Cookies(RwLock<CookieStore>);

impl reqwest::cookie::CookieStore for Cookies {
    fn set_cookies(&self, headers: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        let mut store = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for header in headers {
            let text = header.to_str().unwrap_or_default();
            if text.is_empty() || text.len() > LONGEST {
                tracing::debug!(
                    length = header.len(),
                    "a cookie is not kept: it is too long, or no text"
                );
                continue;
            }
            match store.parse(text, url) {
                Ok(StoreAction::Inserted) if store.iter_any().count() > MOST => {
                    // Those that have expired are no loss; after that, the newest is the least known.
                    let expired: Vec<_> = store
                        .iter_any()
                        .filter(|cookie| cookie.is_expired())
                        .map(place)
                        .collect();
                    let newest = cookie_store::Cookie::parse(text, url).ok().map(|cookie| place(&cookie));
                    let surplus = if expired.is_empty() {
                        newest.into_iter().collect()
                    } else {
                        expired
                    };
                    for (domain, path, name) in surplus {
                        store.remove(&domain, &path, &name);
                    }
                    tracing::debug!(most = MOST, "a cookie is not kept: there are too many");
                }
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "a cookie is not kept"),
            }
        }
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        let store = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let pairs = store
            .get_request_values(url)
            .map(|(name, value)| format!("{name}={value}"));
        let line = pairs.collect::<Vec<_>>().join("; ");
        let mut value = HeaderValue::from_str(&line).ok().filter(|_| !line.is_empty())?;
        value.set_sensitive(true);
        Some(value)
    }
}

fn place(cookie: &cookie_store::Cookie<'_>) -> (String, String, String) {
    (
        String::from(&cookie.domain),
        String::from(&cookie.path),
        cookie.name().to_owned(),
    )
}

/// Cookies are often credentials.
impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookies")
    }
}

#[cfg(test)]
mod tests {
    use reqwest::cookie::CookieStore as _;

    use super::*;

    #[test]
    fn cookies_go_back_where_they_came_from_and_are_bounded() {
        let url = Url::parse("http://127.0.0.1:1/graphql").unwrap();
        let cookies = Cookies::default();
        let set = |text: String| cookies.set_cookies(&mut [HeaderValue::from_str(&text).unwrap()].iter(), &url);
        set("session=s1; Path=/; HttpOnly".to_owned());
        set("session=s2; Path=/".to_owned());
        set("other=1; Path=/elsewhere".to_owned());
        assert_eq!(cookies.cookies(&url).unwrap(), "session=s2");
        assert!(cookies.cookies(&Url::parse("http://127.0.0.2/").unwrap()).is_none());
        set(format!("long={}", "x".repeat(LONGEST)));
        for n in 0..1000 {
            set(format!("flood{n}=1; Path=/"));
        }
        let sent = cookies.cookies(&url).unwrap();
        let sent = sent.to_str().unwrap();
        assert!(sent.contains("session=s2") && !sent.contains("long"), "{sent}");
        assert!(sent.split("; ").count() <= MOST, "{}", sent.split("; ").count());
        set("session=s3; Path=/".to_owned());
        assert!(cookies.cookies(&url).unwrap().to_str().unwrap().contains("session=s3"));
    }
}
