use std::str::FromStr;

use gqlwire_proto::appsync::scalar::{
    AwsDate, AwsDateTime, AwsEmail, AwsIpAddress, AwsJson, AwsPhone, AwsTime, AwsTimestamp, AwsUrl,
};
use jiff::civil;
use jiff::tz::Offset;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn written<T: FromStr + ToString>(text: &str) -> Option<String> {
    Some(text.parse::<T>().ok()?.to_string())
}

#[test]
fn dates_and_times_are_read_and_written_as_the_service_has_them() {
    for (text, expected) in [
        ("1970-01-01", "1970-01-01"),
        ("1970-01-01+00:00", "1970-01-01Z"),
        ("1970-01-01-07:30", "1970-01-01-07:30"),
        ("-2000-02-29", "-2000-02-29"),
        ("9999-12-31", "9999-12-31"),
    ] {
        assert_eq!(written::<AwsDate>(text).as_deref(), Some(expected), "{text}");
    }
    for (text, expected) in [
        ("12:30", "12:30:00"),
        ("12:30:24.500Z", "12:30:24.5Z"),
        ("23:59:59.123456789+05:30:12", "23:59:59.123456789+05:30:12"),
    ] {
        assert_eq!(written::<AwsTime>(text).as_deref(), Some(expected), "{text}");
    }
    for (text, expected) in [
        ("2026-11-24T07:56Z", "2026-11-24T07:56:00Z"),
        ("-0001-01-01T00:00:00-23:59", "-0001-01-01T00:00:00-23:59"),
    ] {
        assert_eq!(written::<AwsDateTime>(text).as_deref(), Some(expected), "{text}");
    }
    assert!(written::<AwsDateTime>("2026-11-24T07:56").is_none());
    assert!(written::<AwsDate>("2026-02-29").is_none());
}

#[test]
fn an_instant_goes_both_ways() {
    let read: AwsDateTime = "2026-11-24T09:56:59.25+02:00".parse().unwrap();
    assert_eq!(read.offset(), Offset::constant(2));
    assert_eq!(read.date_time(), civil::date(2026, 11, 24).at(9, 56, 59, 250_000_000));
    let timestamp = read.timestamp().unwrap();
    assert_eq!(AwsDateTime::from(timestamp).to_string(), "2026-11-24T07:56:59.25Z");
    assert_eq!(
        AwsTimestamp::from(timestamp).timestamp().unwrap().as_second(),
        timestamp.as_second()
    );
    let last: AwsDateTime = "9999-12-31T23:59:59Z".parse().unwrap();
    assert_eq!(last.timestamp(), None);
    assert_eq!(last.to_string(), "9999-12-31T23:59:59Z");
}

#[test]
fn timestamps_have_the_range_of_the_service() {
    for (json, fits) in [
        ("31556889864403199", true),
        ("-31557014167219200", true),
        ("31556889864403200", false),
        ("1.5", false),
        ("\"1\"", false),
    ] {
        assert_eq!(serde_json::from_str::<AwsTimestamp>(json).is_ok(), fits, "{json}");
    }
    assert_eq!(serde_json::to_string(&AwsTimestamp::new(-1)).unwrap(), "-1");
}

#[test]
fn texts_are_kept_as_they_are_written() {
    let url: AwsUrl = "HTTPS://example.com".parse().unwrap();
    assert_eq!(url.as_str(), "HTTPS://example.com");
    assert_eq!(url.to_url().unwrap().as_str(), "https://example.com/");
    assert_eq!(
        written::<AwsPhone>("+1 555-0100-123").as_deref(),
        Some("+1 555-0100-123")
    );
    assert_eq!(written::<AwsEmail>("a.b+c@x").as_deref(), Some("a.b+c@x"));
    let network: AwsIpAddress = "2001:db8::/32".parse().unwrap();
    assert!(network.address().is_ipv6() && network.prefix() == Some(32));
    assert_eq!(network.to_string(), "2001:db8::/32");
}

#[test]
fn json_inside_of_a_string_is_what_it_holds() {
    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Settings {
        dark: bool,
    }
    let read: AwsJson<Settings> = serde_json::from_str(r#""{\"dark\":true}""#).unwrap();
    assert_eq!(read.0, Settings { dark: true });
    assert_eq!(serde_json::to_string(&read).unwrap(), r#""{\"dark\":true}""#);
    let scalar: AwsJson = serde_json::from_value(json!("\"x\"")).unwrap();
    assert_eq!(scalar.0, json!("x"));
    for bad in [json!({"dark": true}), json!("{a: 1}"), json!(null)] {
        assert!(serde_json::from_value::<AwsJson<Value>>(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn an_error_says_what_is_expected_and_not_what_it_found() {
    let error = serde_json::from_str::<AwsDate>("\"secret\"").unwrap_err().to_string();
    assert!(error.contains("not a valid AWSDate, which is YYYY-MM-DD"), "{error}");
    assert!(!error.contains("secret"), "{error}");
    let error = serde_json::from_str::<AwsEmail>("{}").unwrap_err().to_string();
    assert!(error.contains("expected an AWSEmail, which is a string"), "{error}");
}

proptest! {
    #[test]
    fn no_text_makes_a_scalar_panic_and_what_is_written_reads_the_same(text in "[-0-9:.TZ+é]{0,32}|\\PC{0,16}") {
        macro_rules! check {
            ($($type:ty),*) => {$(
                if let Ok(read) = text.parse::<$type>() {
                    prop_assert_eq!(&read.to_string().parse::<$type>().unwrap(), &read);
                }
            )*};
        }
        check!(AwsDate, AwsTime, AwsDateTime, AwsEmail, AwsIpAddress, AwsPhone, AwsUrl);
    }

    #[test]
    fn every_date_and_time_is_written_and_read_the_same(
        year in -9999_i16..=9999, month in 1_i8..=12, day in 1_i8..=28,
        second in 0_i32..86400, nanosecond in 0_i32..1_000_000_000, offset in -86399_i32..=86399,
    ) {
        let time = civil::Time::new((second / 3600) as i8, (second / 60 % 60) as i8, (second % 60) as i8, nanosecond);
        let date_time = civil::date(year, month, day).to_datetime(time.unwrap());
        let value = AwsDateTime::new(date_time, Offset::from_seconds(offset).unwrap());
        prop_assert_eq!(value.to_string().parse::<AwsDateTime>().unwrap(), value);
    }
}
