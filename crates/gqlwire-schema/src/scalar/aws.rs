//! The formats of AppSync's string scalars.

use std::net::IpAddr;

/// The verdict on a string.
pub(super) enum Checked {
    Valid,
    /// With the name that AppSync's messages give the format.
    Invalid(&'static str),
    /// Not one of AppSync's scalars.
    Unknown,
}

/// Checks a value that must be a string; `None` stands for any other JSON value.
pub(super) fn check(scalar: &str, text: Option<&str>) -> Checked {
    let (format, what): (fn(&str) -> bool, _) = match scalar {
        "AWSDate" => (is_date_with_offset, "Date Object"),
        "AWSTime" => (is_time_with_offset, "Time Object"),
        "AWSDateTime" => (is_date_time, "DateTime Object"),
        "AWSEmail" => (is_email, "email address"),
        "AWSURL" => (is_url, "URL"),
        "AWSPhone" => (is_phone, "phone number"),
        "AWSIPAddress" => (is_ip_address, "IP address"),
        _ => return Checked::Unknown,
    };
    match text {
        Some(text) if format(text) => Checked::Valid,
        _ => Checked::Invalid(what),
    }
}

/// Seconds since the epoch within what `java.time.Instant` can hold, which is the service's own range.
pub(super) fn is_timestamp(seconds: i64) -> bool {
    (-31_557_014_167_219_200..=31_556_889_864_403_199).contains(&seconds)
}

fn is_date_with_offset(text: &str) -> bool {
    date(text).is_some_and(|rest| rest.is_empty() || is_offset(rest))
}

fn is_time_with_offset(text: &str) -> bool {
    time(text).is_some_and(|rest| rest.is_empty() || is_offset(rest))
}

/// The offset is mandatory here, and only here.
fn is_date_time(text: &str) -> bool {
    date(text)
        .and_then(|rest| rest.strip_prefix('T'))
        .and_then(time)
        .is_some_and(is_offset)
}

/// `YYYY-MM-DD` with an optional sign before the year; what follows it.
fn date(text: &str) -> Option<&str> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (year, rest) = digits(unsigned, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(rest)
}

/// `hh:mm[:ss[.fraction]]`; what follows it.
fn time(text: &str) -> Option<&str> {
    let (_, rest) = digits(text, 2).filter(|(hour, _)| *hour < 24)?;
    let (_, rest) = digits(rest.strip_prefix(':')?, 2).filter(|(minute, _)| *minute < 60)?;
    let Some(seconds) = rest.strip_prefix(':') else {
        return Some(rest);
    };
    let (_, rest) = digits(seconds, 2).filter(|(second, _)| *second < 60)?;
    let Some(fraction) = rest.strip_prefix('.') else {
        return Some(rest);
    };
    let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
    (1..=9).contains(&length).then(|| &fraction[length..])
}

/// `Z` or `±hh:mm[:ss]`; the seconds are not in ISO 8601, but the service takes them.
fn is_offset(text: &str) -> bool {
    if text == "Z" {
        return true;
    }
    let Some(rest) = text.strip_prefix(['+', '-']) else {
        return false;
    };
    time(rest).is_some_and(str::is_empty) && !rest.contains('.')
}

/// Exactly `count` digits and what follows them.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (head, rest) = text.split_at_checked(count)?;
    if !head.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((head.parse().ok()?, rest))
}

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

/// IPv4 or IPv6 without brackets, with or without a CIDR suffix.
fn is_ip_address(text: &str) -> bool {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    prefix.is_none_or(|prefix| {
        let plain = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        plain && prefix.parse::<u32>().is_ok_and(|bits| bits <= most)
    })
}

#[cfg(test)]
mod tests {
    use super::{Checked, check, is_timestamp};

    fn accepted(scalar: &str, text: &str) -> bool {
        matches!(check(scalar, Some(text)), Checked::Valid)
    }

    #[test]
    fn valid_texts_are_accepted() {
        for (scalar, texts) in [
            (
                "AWSDate",
                &[
                    "1970-01-01",
                    "1970-01-01Z",
                    "1970-01-01-07:00",
                    "1970-01-01+05:30",
                    "-2000-02-29",
                ] as &[_],
            ),
            (
                "AWSTime",
                &[
                    "12:30",
                    "12:30Z",
                    "12:30:24-07:00",
                    "12:30:24.500+05:30",
                    "23:59:59.123456789",
                ],
            ),
            (
                "AWSDateTime",
                &[
                    "1970-01-01T12:30Z",
                    "1970-01-01T12:30:00.5-07:00",
                    "2024-02-29T00:00:00+05:30:12",
                    "-0001-01-01T00:00Z",
                ],
            ),
            (
                "AWSEmail",
                &[
                    "username@example.com",
                    "a.b+c@x",
                    "\"a b\"@example.com",
                    "a@[127.0.0.1]",
                ],
            ),
            (
                "AWSURL",
                &[
                    "https://www.amazon.com/",
                    "http://localhost:80/a?b=//c",
                    "ftp://x",
                    "mailto:a@b",
                    "file:///etc",
                ],
            ),
            (
                "AWSPhone",
                &["+1 555-0100-123", "(206) 555-0100", "2065550100", "+49 30 901820"],
            ),
            ("AWSIPAddress", &["127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"]),
        ] {
            for text in texts {
                assert!(accepted(scalar, text), "{scalar} {text}");
            }
        }
    }

    #[test]
    fn invalid_texts_are_refused() {
        for (scalar, texts) in [
            (
                "AWSDate",
                &[
                    "",
                    "1970-1-01",
                    "1970-02-30",
                    "2023-02-29",
                    "1970-01-01T",
                    "70-01-01",
                    "1970-01-01 Z",
                ] as &[_],
            ),
            (
                "AWSTime",
                &[
                    "",
                    "24:00",
                    "12:60",
                    "12:30.5",
                    "12:30:61",
                    "12:30:24.",
                    "12:30:24.1234567890",
                    "1:30",
                ],
            ),
            (
                "AWSDateTime",
                &[
                    "",
                    "1970-01-01T12:30",
                    "1970-01-01 12:30Z",
                    "1970-01-01T12:30z",
                    "1970-01-01",
                    "é-01-01T00:00Z",
                ],
            ),
            ("AWSEmail", &["", "a", "@b", "a@", "a b@c", "a@b c", "a@.c"]),
            (
                "AWSURL",
                &[
                    "",
                    "www.amazon.com",
                    "https://",
                    "https:///x",
                    "https://a//b",
                    "1http://a",
                    "https://a b",
                ],
            ),
            ("AWSPhone", &["", "+", "abc", "12", "+1 555 x", "123456789012345678"]),
            (
                "AWSIPAddress",
                &[
                    "",
                    "256.0.0.1",
                    "10.0.0.0/33",
                    "[::1]",
                    "::/129",
                    "10.0.0.0/",
                    "10.0.0.0/+8",
                ],
            ),
        ] {
            for text in texts {
                assert!(!accepted(scalar, text), "{scalar} {text}");
            }
        }
    }

    #[test]
    fn anything_but_a_string_is_refused() {
        assert!(matches!(check("AWSDate", None), Checked::Invalid("Date Object")));
        assert!(matches!(check("Other", None), Checked::Unknown));
    }

    #[test]
    fn timestamps_have_the_range_of_the_service() {
        assert!(is_timestamp(-31_557_014_167_219_200) && is_timestamp(31_556_889_864_403_199));
        assert!(!is_timestamp(-31_557_014_167_219_201) && !is_timestamp(i64::MAX));
    }
}
