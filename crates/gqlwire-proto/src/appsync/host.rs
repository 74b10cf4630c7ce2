//! The host names of AppSync, and what they tell.

use url::{Host, Url};

const API: &str = "appsync-api";
const REALTIME: &str = "appsync-realtime-api";

/// A host name that AppSync, or an emulator of it, gives to an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AppSyncHost<'a> {
    pub(super) place: Place,
    pub(super) role: Role,
    pub(super) region: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// `….amazonaws.com` and `….amazonaws.com.cn`. No host of the data plane under `api.aws` is known.
    Aws,
    /// `….{region}.localhost` and `….localhost.localstack.cloud`.
    Emulator,
    /// A VPC endpoint, reached without private DNS: it serves many APIs, each named by the `Host` header.
    VpcEndpoint,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Http,
    Realtime,
}

/// What a host name tells, or `None` for a custom domain or any other host. The name is in lower case.
pub(super) fn parse(host: &str) -> Option<AppSyncHost<'_>> {
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    let [id, service, place @ ..] = labels.as_slice() else {
        return None;
    };
    let role = match *service {
        API => Role::Http,
        REALTIME => Role::Realtime,
        _ => return None,
    };
    let (place, region) = match place {
        [region, "amazonaws", "com"] | [region, "amazonaws", "com", "cn"] => (Place::Aws, Some(*region)),
        [region, "vpce", "amazonaws", "com"] | [region, "vpce", "amazonaws", "com", "cn"] => {
            (Place::VpcEndpoint, Some(*region))
        }
        [region, "localhost"] => (Place::Emulator, Some(*region)),
        ["localhost", "localstack", "cloud"] => (Place::Emulator, None),
        _ => return None,
    };
    let named = !id.is_empty() && region.is_none_or(|region| !region.is_empty());
    named.then_some(AppSyncHost { place, role, region })
}

/// The name of the same API in the other role; a name that is not AppSync's, or a VPC endpoint's, stays as it is.
pub(super) fn in_role(host: &str, role: Role) -> String {
    let (from, to) = match role {
        Role::Http => (REALTIME, API),
        Role::Realtime => (API, REALTIME),
    };
    match parse(host) {
        Some(known) if known.place != Place::VpcEndpoint && known.role != role => {
            host.replacen(&format!(".{from}."), &format!(".{to}."), 1)
        }
        _ => host.to_owned(),
    }
}

/// True if the URL's host is one that AppSync (or an emulator of it) gives to an API, realtime and VPC endpoints
/// included. A custom domain cannot be told from any other host.
pub fn is_appsync_host(url: &Url) -> bool {
    url.host_str().is_some_and(|host| parse(host).is_some())
}

/// True for `localhost`, names under it, and loopback addresses. `localhost.localstack.cloud` is not among them: what
/// it resolves to is for its DNS to say.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
        }
        None => false,
    }
}
