//! The formats of AppSync's string scalars.

use std::str::FromStr;

use gqlwire_proto::appsync::scalar::{
    AwsDate, AwsDateTime, AwsEmail, AwsIpAddress, AwsPhone, AwsTime, AwsTimestamp, AwsUrl,
};

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
        "AWSDate" => (is::<AwsDate>, "Date Object"),
        "AWSTime" => (is::<AwsTime>, "Time Object"),
        "AWSDateTime" => (is::<AwsDateTime>, "DateTime Object"),
        "AWSEmail" => (is::<AwsEmail>, "email address"),
        "AWSURL" => (is::<AwsUrl>, "URL"),
        "AWSPhone" => (is::<AwsPhone>, "phone number"),
        "AWSIPAddress" => (is::<AwsIpAddress>, "IP address"),
        _ => return Checked::Unknown,
    };
    match text {
        Some(text) if format(text) => Checked::Valid,
        _ => Checked::Invalid(what),
    }
}

fn is<T: FromStr>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}

/// Seconds since the epoch within the service's own range.
pub(super) fn is_timestamp(seconds: i64) -> bool {
    AwsTimestamp::new(seconds).is_some()
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
