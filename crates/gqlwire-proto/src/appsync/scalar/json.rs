use std::borrow::Cow;

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// AppSync's `AWSJSON`: JSON that is written into a string, and here what is in it.
///
/// ```
/// use gqlwire_proto::appsync::scalar::AwsJson;
///
/// let tags = AwsJson(vec!["a", "b"]);
/// assert_eq!(serde_json::to_string(&tags)?, r#""[\"a\",\"b\"]""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AwsJson<T = Value>(
    /// What the string holds.
    pub T,
);

impl<T: Serialize> Serialize for AwsJson<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(&self.0).map_err(S::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for AwsJson<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

        let Text(text) = Text::deserialize(deserializer)?;
        let value =
            serde_json::from_str(&text).map_err(|error| D::Error::custom(format!("inside of an AWSJSON: {error}")))?;
        Ok(Self(value))
    }
}
