use std::str::FromStr;
use std::time::Duration;

/// What `--execute-timeout` takes: seconds, a duration with a unit, or `none`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Limit(pub(crate) Option<Duration>);

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self(None));
        }
        match seconds(text).or_else(|| with_units(text)) {
            Some(Duration::ZERO) => Err("0 leaves no time for an answer; `none` is for no limit".to_owned()),
            Some(limit) => Ok(Self(Some(limit))),
            None => Err("give seconds, such as 30 or 0.5, or a duration, such as 500ms or 5m, or `none`".to_owned()),
        }
    }
}

/// Reads a duration: `30s`, `5m`, `1h30m`, `500ms`, or a number of seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    seconds(text)
        .or_else(|| with_units(text))
        .ok_or_else(|| "give a duration, such as 30s, 5m, 1h30m, 500ms, or a number of seconds".to_owned())
}

/// The same, of which something must be left.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("0 leaves no time".to_owned()),
        time => Ok(time),
    }
}

fn seconds(text: &str) -> Option<Duration> {
    // `inf`, `nan`, signs and exponents are numbers to Rust, and no durations to anybody.
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = text.parse().ok().filter(|_| plain)?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn with_units(mut text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    if text.is_empty() {
        return None;
    }
    while !text.is_empty() {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, rest) = text.split_at(digits);
        let unit_end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (unit, rest) = rest.split_at(unit_end);
        let in_seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        let number: f64 = number.parse().ok()?;
        total = total.checked_add(Duration::try_from_secs_f64(number * in_seconds).ok()?)?;
        text = rest;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_numbers_with_units_or_seconds() {
        for (text, milliseconds) in [
            ("30", 30_000),
            ("0.5", 500),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("1.5s", 1500),
            ("1d", 86_400_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "s",
            "5x",
            "-1",
            "1e3",
            "inf",
            "nan",
            "5 m",
            "1h30",
            "9999999999999999999999h",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_limit_is_seconds_or_a_duration_or_none() {
        assert_eq!("none".parse(), Ok(Limit(None)));
        assert_eq!("1.5".parse(), Ok(Limit(Some(Duration::from_millis(1500)))));
        assert_eq!("5m".parse(), Ok(Limit(Some(Duration::from_secs(300)))));
        assert!("0ms".parse::<Limit>().is_err());
        assert!("-1".parse::<Limit>().is_err());
        assert!("0".parse::<Limit>().unwrap_err().contains("`none`"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in any::<String>()) {
            let _ = duration(&text);
            let _ = text.parse::<Limit>();
        }
    }
}
