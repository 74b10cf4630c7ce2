//! Response data that keeps the order of the document.

use apollo_compiler::Name;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Number, Value};

/// A value of a response. Unlike `serde_json::Value` it keeps the order in which fields were selected, as the
/// specification demands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ResponseValue {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number
    Number(Number),
    /// A string
    String(String),
    /// A list
    List(Vec<ResponseValue>),
    /// An object
    Object(ResponseObject),
}

/// An object of a response: response keys and values in the order of the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseObject {
    fields: Vec<(Name, ResponseValue)>,
    /// The object type that was completed; custom scalars have none.
    type_name: Option<Name>,
}

impl ResponseValue {
    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The field of an object with this response key.
    pub fn get(&self, response_key: &str) -> Option<&ResponseValue> {
        self.as_object()?.get(response_key)
    }

    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&ResponseObject> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// As a plain JSON value; the order of fields is lost.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Number(number) => Value::Number(number.clone()),
            Self::String(text) => Value::String(text.clone()),
            Self::List(items) => items.iter().map(Self::to_value).collect(),
            Self::Object(object) => Value::Object(object.to_map()),
        }
    }

    /// As JSON text, in order and without white space.
    pub fn to_json(&self) -> String {
        // Writing to a string cannot fail, and all keys are strings.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl ResponseObject {
    pub(crate) fn new(type_name: Option<Name>, fields: Vec<(Name, ResponseValue)>) -> Self {
        Self { fields, type_name }
    }

    /// The fields, in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ResponseValue)> {
        self.fields.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The field with this response key.
    pub fn get(&self, response_key: &str) -> Option<&ResponseValue> {
        self.iter()
            .find(|(key, _)| *key == response_key)
            .map(|(_, value)| value)
    }

    /// How many fields it has.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether it has no fields.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Name of the object type that the executor completed here, selected or not.
    pub fn type_name(&self) -> Option<&str> {
        self.type_name.as_ref().map(|name| name.as_str())
    }

    fn to_map(&self) -> Map<String, Value> {
        self.iter()
            .map(|(key, value)| (key.to_owned(), value.to_value()))
            .collect()
    }
}

/// From JSON that has no selection, such as a custom scalar's.
impl From<Value> for ResponseValue {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(flag),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::String(text),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                // A member of a custom scalar need not be a GraphQL name; nothing here depends on it.
                let members = members.into_iter();
                let fields = members.map(|(key, value)| (Name::new_unchecked(&key), Self::from(value)));
                Self::Object(ResponseObject::new(None, fields.collect()))
            }
        }
    }
}

impl Serialize for ResponseValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl Serialize for ResponseObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (key, value) in self.iter() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}
