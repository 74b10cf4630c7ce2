//! Scalars that are texts of a certain form. The service's own expressions are not published: what it is known to take is
//! taken here.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Url;

use super::ScalarError;

/// AppSync's `AWSEmail`: the text of an address, as it was written.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AwsEmail(String);

/// AppSync's `AWSPhone`: the text of a number, as it was written; without a country code the service reads it as one of
/// the United States.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AwsPhone(String);

/// AppSync's `AWSURL`: the text of a URL, as it was written.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AwsUrl(String);

/// AppSync's `AWSIPAddress`: an address of version 4 or 6, perhaps with the length of a prefix.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AwsIpAddress {
    address: IpAddr,
    prefix: Option<u8>,
}

impl AwsUrl {
    /// The URL in its parts. The service takes some texts that the URL standard does not.
    ///
    /// # Errors
    ///
    /// The text is none by that standard.
    pub fn to_url(&self) -> Result<Url, url::ParseError> {
        Url::parse(&self.0)
    }
}

impl TryFrom<&Url> for AwsUrl {
    type Error = ScalarError;

    fn try_from(url: &Url) -> Result<Self, ScalarError> {
        url.as_str().parse()
    }
}

impl AwsIpAddress {
    /// The address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many of its bits are those of a network, if that was written.
    pub fn prefix(&self) -> Option<u8> {
        self.prefix
    }
}

impl From<IpAddr> for AwsIpAddress {
    fn from(address: IpAddr) -> Self {
        Self { address, prefix: None }
    }
}

impl FromStr for AwsIpAddress {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, ScalarError> {
        let parsed = || {
            let (address, prefix) = match text.split_once('/') {
                Some((address, prefix)) => (address, Some(prefix)),
                None => (text, None),
            };
            let address: IpAddr = address.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let prefix = match prefix {
                None => None,
                Some(prefix) if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) => return None,
                Some(prefix) => Some(prefix.parse().ok().filter(|bits| *bits <= most)?),
            };
            Some(Self { address, prefix })
        };
        parsed().ok_or(ScalarError::new(
            "AWSIPAddress",
            "which is an address of IPv4 or IPv6, and may end in a prefix, as /24",
        ))
    }
}

impl fmt::Display for AwsIpAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix {
            Some(prefix) => write!(f, "{}/{prefix}", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// What the scalars that keep their text have in common.
macro_rules! texts {
    ($($type:ident: $fits:ident, $scalar:literal, $form:literal;)*) => {$(
        impl $type {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, for oneself.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = ScalarError;

            fn from_str(text: &str) -> Result<Self, ScalarError> {
                match $fits(text) {
                    true => Ok(Self(text.to_owned())),
                    false => Err(ScalarError::new($scalar, $form)),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        super::as_string!($type = $scalar);
    )*};
}

texts! {
    AwsEmail: is_email, "AWSEmail", "which is local@domain";
    AwsPhone: is_phone, "AWSPhone", "which is digits with spaces or hyphens, after + and a country code perhaps";
    AwsUrl: is_url, "AWSURL", "which has a scheme, as https://example.com/";
}

super::as_string!(AwsIpAddress = "AWSIPAddress");

/// `local@domain`; the local part may be quoted, the domain may be an address in brackets.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let plain =
        |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '@' | '"' | '<' | '>' | ',' | '(' | ')');
    let local_is_fine = quoted || (!local.is_empty() && local.chars().all(plain));
    let in_domain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '[' | ']' | ':');
    local_is_fine && !domain.is_empty() && domain.chars().all(in_domain) && !domain.starts_with('.')
}

/// A scheme, then something; the service refuses `//` inside the path.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let scheme_is_fine = scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(in_scheme);
    let unprintable = |c: char| c.is_whitespace() || c.is_control();
    if !scheme_is_fine || rest.is_empty() || rest.contains(unprintable) {
        return false;
    }
    let Some(authority) = rest.strip_prefix("//") else {
        return true;
    };
    let address = authority.split(['?', '#']).next().unwrap_or_default();
    let host_is_there = !address.is_empty() && (scheme == "file" || !address.starts_with('/'));
    host_is_there && !address.contains("//")
}

/// An optional `+`, then digits with spaces, hyphens, dots or brackets between the groups.
fn is_phone(text: &str) -> bool {
    let number = text.trim().strip_prefix('+').unwrap_or(text.trim());
    let count = number.bytes().filter(u8::is_ascii_digit).count();
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')');
    (3..=17).contains(&count) && number.chars().all(allowed)
}
