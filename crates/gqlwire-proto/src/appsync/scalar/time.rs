//! Dates and times. A year may be negative, an offset may have seconds: neither is in ISO 8601, and the service takes both.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{Timestamp, ZonedDateTime};
use serde::{Deserialize, Deserializer, Serialize};

use super::ScalarError;

/// AppSync's `AWSDate`: a day, perhaps with an offset from UTC.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct AwsDate {
    date: Date,
    offset: Option<Offset>,
}

/// AppSync's `AWSTime`: a time of day, perhaps with an offset from UTC.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct AwsTime {
    time: Time,
    offset: Option<Offset>,
}

/// AppSync's `AWSDateTime`: an instant, and the offset from UTC that it was written with.
///
/// Two of them are equal if both are.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct AwsDateTime {
    date_time: DateTime,
    offset: Offset,
}

/// AppSync's `AWSTimestamp`: seconds since 1970.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct AwsTimestamp(i64);

impl AwsDate {
    /// A day, and an offset from UTC if that matters.
    pub fn new(date: Date, offset: Option<Offset>) -> Self {
        Self { date, offset }
    }

    /// The day.
    pub fn date(&self) -> Date {
        self.date
    }

    /// The offset from UTC, if it has one.
    pub fn offset(&self) -> Option<Offset> {
        self.offset
    }
}

impl AwsTime {
    /// A time of day, and an offset from UTC if that matters.
    pub fn new(time: Time, offset: Option<Offset>) -> Self {
        Self { time, offset }
    }

    /// The time of day.
    pub fn time(&self) -> Time {
        self.time
    }

    /// The offset from UTC, if it has one.
    pub fn offset(&self) -> Option<Offset> {
        self.offset
    }
}

impl AwsDateTime {
    /// A day and a time of day at an offset from UTC.
    pub fn new(date_time: DateTime, offset: Offset) -> Self {
        Self { date_time, offset }
    }

    /// The day and the time of day where the offset holds.
    pub fn date_time(&self) -> DateTime {
        self.date_time
    }

    /// The offset from UTC.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// The instant; `None` in the last hours of the year 9999 and the first of -9999, which [`Timestamp`] does not reach.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.offset.to_timestamp(self.date_time).ok()
    }
}

impl AwsTimestamp {
    /// The range of `java.time.Instant`, which is the service's own.
    const RANGE: std::ops::RangeInclusive<i64> = -31_557_014_167_219_200..=31_556_889_864_403_199;

    /// So many seconds since 1970; `None` where the service takes no such number.
    pub fn new(seconds: i64) -> Option<Self> {
        Self::RANGE.contains(&seconds).then_some(Self(seconds))
    }

    /// The seconds since 1970.
    pub fn seconds(&self) -> i64 {
        self.0
    }

    /// The instant; `None` where it is not within 10,000 years.
    pub fn timestamp(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.0).ok()
    }
}

impl From<Date> for AwsDate {
    fn from(date: Date) -> Self {
        Self::new(date, None)
    }
}

impl From<Time> for AwsTime {
    fn from(time: Time) -> Self {
        Self::new(time, None)
    }
}

impl From<Timestamp> for AwsDateTime {
    fn from(timestamp: Timestamp) -> Self {
        Self::new(Offset::UTC.to_datetime(timestamp), Offset::UTC)
    }
}

impl From<&ZonedDateTime> for AwsDateTime {
    fn from(zoned: &ZonedDateTime) -> Self {
        Self::new(zoned.datetime(), zoned.offset())
    }
}

/// Without the fraction of a second.
impl From<Timestamp> for AwsTimestamp {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_second())
    }
}

impl FromStr for AwsDate {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, ScalarError> {
        let parsed = date(text).and_then(|(date, rest)| Some((date, optional_offset(rest)?)));
        let (date, offset) = parsed.ok_or(ScalarError::new(
            "AWSDate",
            "which is YYYY-MM-DD and may end in an offset, as Z or +02:00",
        ))?;
        Ok(Self { date, offset })
    }
}

impl FromStr for AwsTime {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, ScalarError> {
        let parsed = time(text).and_then(|(time, rest)| Some((time, optional_offset(rest)?)));
        let (time, offset) = parsed.ok_or(ScalarError::new(
            "AWSTime",
            "which is hh:mm, hh:mm:ss or hh:mm:ss.sss and may end in an offset, as Z or +02:00",
        ))?;
        Ok(Self { time, offset })
    }
}

impl FromStr for AwsDateTime {
    type Err = ScalarError;

    fn from_str(text: &str) -> Result<Self, ScalarError> {
        let parsed = date(text).and_then(|(date, rest)| {
            let (time, rest) = time(rest.strip_prefix('T')?)?;
            Some((date.to_datetime(time), offset(rest)?))
        });
        let (date_time, offset) = parsed.ok_or(ScalarError::new(
            "AWSDateTime",
            "which is YYYY-MM-DDThh:mm:ss.sss and ends in an offset, as Z or +02:00",
        ))?;
        Ok(Self { date_time, offset })
    }
}

impl fmt::Display for AwsDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_date(f, self.date)?;
        self.offset.map_or(Ok(()), |offset| write_offset(f, offset))
    }
}

impl fmt::Display for AwsTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.time)?;
        self.offset.map_or(Ok(()), |offset| write_offset(f, offset))
    }
}

impl fmt::Display for AwsDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_date(f, self.date_time.date())?;
        write!(f, "T{}", self.date_time.time())?;
        write_offset(f, self.offset)
    }
}

super::as_string!(AwsDate = "AWSDate", AwsTime = "AWSTime", AwsDateTime = "AWSDateTime");

impl<'de> Deserialize<'de> for AwsTimestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = i64::deserialize(deserializer)?;
        let out_of_range = || ScalarError::new("AWSTimestamp", "which is a number of seconds within a billion years");
        Self::new(seconds).ok_or_else(|| serde::de::Error::custom(out_of_range()))
    }
}

/// `YYYY-MM-DD` with an optional sign before the year, and what follows it.
fn date(text: &str) -> Option<(Date, &str)> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (year, rest) = digits(unsigned, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let date = Date::new(
        sign * i16::try_from(year).ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
    );
    Some((date.ok()?, rest))
}

/// `hh:mm[:ss[.fraction]]`, and what follows it.
fn time(text: &str) -> Option<(Time, &str)> {
    let (hour, rest) = digits(text, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(seconds) => digits(seconds, 2)?,
        None => return Some((of_day(hour, minute, 0, 0)?, rest)),
    };
    let Some(fraction) = rest.strip_prefix('.') else {
        return Some((of_day(hour, minute, second, 0)?, rest));
    };
    let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let (written, rest) = fraction.split_at(length);
    if !(1..=9).contains(&length) {
        return None;
    }
    let nanoseconds = written.parse::<u32>().ok()? * 10_u32.pow(9 - length as u32);
    Some((of_day(hour, minute, second, nanoseconds)?, rest))
}

fn of_day(hour: u32, minute: u32, second: u32, nanoseconds: u32) -> Option<Time> {
    let (hour, minute, second) = (hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?);
    Time::new(hour, minute, second, nanoseconds.try_into().ok()?).ok()
}

/// Nothing, or an offset and nothing after it.
fn optional_offset(text: &str) -> Option<Option<Offset>> {
    match text {
        "" => Some(None),
        text => offset(text).map(Some),
    }
}

/// `Z` or `±hh:mm[:ss]`.
fn offset(text: &str) -> Option<Offset> {
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (time, rest) = time(rest)?;
    if !rest.is_empty() || text.contains('.') {
        return None;
    }
    let seconds = i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second());
    Offset::from_seconds(sign * seconds).ok()
}

/// Exactly `count` digits and what follows them.
fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let (head, rest) = text.split_at_checked(count)?;
    if !head.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((head.parse().ok()?, rest))
}

fn write_date(f: &mut fmt::Formatter<'_>, date: Date) -> fmt::Result {
    let sign = if date.year() < 0 { "-" } else { "" };
    let year = date.year().unsigned_abs();
    write!(f, "{sign}{year:04}-{:02}-{:02}", date.month(), date.day())
}

fn write_offset(f: &mut fmt::Formatter<'_>, offset: Offset) -> fmt::Result {
    let seconds = offset.seconds();
    if seconds == 0 {
        return f.write_str("Z");
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    write!(f, "{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)?;
    match seconds % 60 {
        0 => Ok(()),
        rest => write!(f, ":{rest:02}"),
    }
}
