use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Error, IntoDeserializer, Visitor, value};
use serde::{Deserializer, Serialize, Serializer};

/// An enum's value that this program knows, or the name of one that it does not.
///
/// Servers add values to their enums, and a program that was built before must go on: with the bare enum, one new value
/// makes the whole answer one that does not fit. Serde's `#[serde(other)]` on a unit variant does that too, and loses
/// the name; this keeps it, so that it can be shown and sent back.
///
/// ```
/// use gqlwire_proto::MaybeKnown;
/// use serde::Deserialize;
///
/// #[derive(Debug, Deserialize, PartialEq)]
/// #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
/// enum Episode { NewHope, Empire, Jedi }
///
/// let episodes: Vec<MaybeKnown<Episode>> = serde_json::from_str(r#"["NEW_HOPE", "AWAKENS"]"#)?;
/// assert_eq!(episodes[0], MaybeKnown::Known(Episode::NewHope));
/// assert_eq!(episodes[1], MaybeKnown::Unknown("AWAKENS".to_owned()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum MaybeKnown<E> {
    /// A value that the enum has.
    Known(E),
    /// The name of one that it does not have.
    Unknown(String),
}

impl<E> MaybeKnown<E> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&E> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// The value for oneself, or the name of one that is not known.
    ///
    /// # Errors
    ///
    /// The name.
    pub fn into_known(self) -> Result<E, String> {
        match self {
            Self::Known(value) => Ok(value),
            Self::Unknown(name) => Err(name),
        }
    }
}

impl<E> From<E> for MaybeKnown<E> {
    fn from(value: E) -> Self {
        Self::Known(value)
    }
}

impl<E: Serialize> Serialize for MaybeKnown<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::Unknown(name) => serializer.serialize_str(name),
        }
    }
}

impl<'de, E: Deserialize<'de>> Deserialize<'de> for MaybeKnown<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name<E>(PhantomData<E>);

        impl<'de, E: Deserialize<'de>> Visitor<'de> for Name<E> {
            type Value = MaybeKnown<E>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an enum's value")
            }

            fn visit_str<R: Error>(self, name: &str) -> Result<MaybeKnown<E>, R> {
                let deserializer: value::StrDeserializer<'_, value::Error> = name.into_deserializer();
                let known = E::deserialize(deserializer);
                Ok(known.map_or_else(|_| MaybeKnown::Unknown(name.to_owned()), MaybeKnown::Known))
            }
        }

        deserializer.deserialize_str(Name(PhantomData))
    }
}
