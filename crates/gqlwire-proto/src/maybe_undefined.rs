use serde::de::Deserialize;
use serde::ser::Error;
use serde::{Deserializer, Serialize, Serializer};

/// A value, `null`, or nothing at all: in GraphQL's input, to leave something out is not to give `null`.
///
/// An update that leaves a field out keeps it, and one that gives `null` clears it; on AppSync a subscription whose
/// argument is left out gets every event, and one whose argument is `null` only those whose field is null.
///
/// As a field it needs two attributes, one for each direction:
///
/// ```
/// use gqlwire_proto::MaybeUndefined;
/// use serde::Serialize;
///
/// #[derive(Default, Serialize)]
/// struct UpdateUser {
///     id: String,
///     #[serde(default, skip_serializing_if = "MaybeUndefined::is_undefined")]
///     name: MaybeUndefined<String>,
///     #[serde(default, skip_serializing_if = "MaybeUndefined::is_undefined")]
///     phone: MaybeUndefined<String>,
/// }
///
/// let update = UpdateUser { id: "7".into(), phone: MaybeUndefined::Null, ..UpdateUser::default() };
/// assert_eq!(serde_json::to_string(&update)?, r#"{"id":"7","phone":null}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Without `skip_serializing_if`, writing one that is undefined is an error, for JSON has no word for it: as `null` it
/// would mean something else.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum MaybeUndefined<T> {
    /// Left out.
    #[default]
    Undefined,
    /// `null`.
    Null,
    /// A value.
    Value(T),
}

impl<T> MaybeUndefined<T> {
    /// Whether it is left out.
    pub fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined)
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The value for oneself, if there is one.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The same with the value turned into something else.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> MaybeUndefined<U> {
        match self {
            Self::Undefined => MaybeUndefined::Undefined,
            Self::Null => MaybeUndefined::Null,
            Self::Value(value) => MaybeUndefined::Value(turn(value)),
        }
    }
}

impl<T> From<T> for MaybeUndefined<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

/// `None` is `null`.
impl<T> From<Option<T>> for MaybeUndefined<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T: Serialize> Serialize for MaybeUndefined<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Undefined => Err(S::Error::custom(
                "it is undefined: leave it out with #[serde(skip_serializing_if = \"MaybeUndefined::is_undefined\")]",
            )),
            Self::Null => serializer.serialize_none(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for MaybeUndefined<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(deserializer).map(Self::from)
    }
}
