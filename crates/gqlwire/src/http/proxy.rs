use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::is_loopback;

/// The proxy between here and this URL, without its credentials: what the HTTP client takes from `HTTP_PROXY`,
/// `HTTPS_PROXY` and `ALL_PROXY`, or from the system, unless `NO_PROXY` excepts the host.
pub(crate) fn proxy_for(url: &Url) -> Option<String> {
    match is_loopback(url) {
        true => None,
        false => named_by(&Matcher::from_system(), url),
    }
}

/// What to say to a proxy's 407.
pub(crate) fn wants_credentials(url: &Url) -> String {
    let proxy = proxy_for(url).map_or_else(|| "a proxy on the way".to_owned(), |proxy| format!("the proxy {proxy}"));
    format!("; {proxy} wants credentials of its own: put user and password into its URL, where that is set")
}

fn named_by(matcher: &Matcher, url: &Url) -> Option<String> {
    let scheme = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        other => other,
    };
    let destination = format!("{scheme}://{}/", super::host_of(url));
    let proxy = matcher.intercept(&destination.parse().ok()?)?;
    let (uri, port) = (proxy.uri(), proxy.uri().port());
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{}{port}", uri.scheme_str()?, uri.host()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_without_its_credentials_and_only_where_it_is_used() {
        let matcher = Matcher::builder()
            .http("http://user:s3cret@proxy.example.com:3128")
            .https("proxy.example.com:8080")
            .no("inside.example.com")
            .build();
        for (url, proxy) in [
            ("http://api.example.com/graphql", Some("http://proxy.example.com:3128")),
            ("ws://api.example.com:81/graphql", Some("http://proxy.example.com:3128")),
            ("wss://api.example.com/graphql", Some("http://proxy.example.com:8080")),
            ("https://inside.example.com/graphql", None),
        ] {
            assert_eq!(named_by(&matcher, &Url::parse(url).unwrap()).as_deref(), proxy, "{url}");
        }
    }
}
