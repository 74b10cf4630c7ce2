//! AppSync's scalars as types: what they hold, and exactly the texts that the service takes.
//!
//! | scalar | type | in JSON |
//! |---|---|---|
//! | `AWSDate` | [`AwsDate`] | `"2026-11-24"`, `"2026-11-24+01:00"`, `"-0044-03-15"` |
//! | `AWSTime` | [`AwsTime`] | `"07:56"`, `"07:56:59.123Z"` |
//! | `AWSDateTime` | [`AwsDateTime`] | `"2026-11-24T07:56:59Z"`; never without an offset |
//! | `AWSTimestamp` | [`AwsTimestamp`] | `1795506619`, in seconds |
//! | `AWSEmail` | [`AwsEmail`] | `"ada@example.com"` |
//! | `AWSJSON` | [`AwsJson`] | `"{\"a\":1}"`: JSON written into a string |
//! | `AWSPhone` | [`AwsPhone`] | `"+49 30 901820"` |
//! | `AWSURL` | [`AwsUrl`] | `"https://example.com/"` |
//! | `AWSIPAddress` | [`AwsIpAddress`] | `"127.0.0.1"`, `"2001:db8::/32"` |
//!
//! The tenth, `ID`, is a `String`.
//!
//! They are types for variables and for answers alike:
//!
//! ```
//! use gqlwire_proto::appsync::scalar::{AwsDateTime, AwsJson};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, Serialize)]
//! struct Settings { dark: bool }
//!
//! #[derive(Deserialize, Serialize)]
//! #[serde(rename_all = "camelCase")]
//! struct User { created_at: AwsDateTime, settings: AwsJson<Settings> }
//!
//! let user: User = serde_json::from_str(r#"{"createdAt":"2026-11-24T07:56Z","settings":"{\"dark\":true}"}"#)?;
//! assert_eq!(user.created_at.timestamp().unwrap().as_second(), 1_795_506_960);
//! assert!(user.settings.0.dark);
//! assert_eq!(
//!     serde_json::to_string(&user)?,
//!     r#"{"createdAt":"2026-11-24T07:56:00Z","settings":"{\"dark\":true}"}"#
//! );
//! # Ok::<(), serde_json::Error>(())
//! ```

mod json;
mod text;
mod time;

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};

pub use self::json::AwsJson;
pub use self::text::{AwsEmail, AwsIpAddress, AwsPhone, AwsUrl};
pub use self::time::{AwsDate, AwsDateTime, AwsTime, AwsTimestamp};

/// A text or a number that AppSync does not take for a scalar. It does not hold the value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this is not a valid {scalar}, {form}")]
pub struct ScalarError {
    scalar: &'static str,
    form: &'static str,
}

impl ScalarError {
    fn new(scalar: &'static str, form: &'static str) -> Self {
        Self { scalar, form }
    }

    /// Name of the scalar, such as `AWSDate`.
    pub fn scalar(&self) -> &'static str {
        self.scalar
    }
}

/// Reads a scalar whose JSON is a string.
fn from_string<'de, D: Deserializer<'de>, T: FromStr<Err = ScalarError>>(
    deserializer: D,
    scalar: &'static str,
) -> Result<T, D::Error> {
    struct Text<T>(&'static str, PhantomData<T>);

    impl<T: FromStr<Err = ScalarError>> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "an {}, which is a string", self.0)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Text(scalar, PhantomData))
}

/// The JSON of these is what they display as.
macro_rules! as_string {
    ($($type:ident = $scalar:literal),* $(,)?) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::from_string(deserializer, $scalar)
            }
        }
    )*};
}

use as_string;
