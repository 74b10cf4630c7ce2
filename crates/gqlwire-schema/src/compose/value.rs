//! Values of arguments, as they are given.

use serde::Serialize;
use serde_json::Number;

use super::MAX_DEPTH;
use super::directive::set;
use super::variable::Variable;

/// The value of an argument, a default or an input field.
///
/// Booleans, numbers, strings, `Option`s (`None` is `null`), lists (arrays and `Vec`s; tuples where the items are unlike),
/// [objects](object), [JSON](serde_json::Value) and [variables](Variable) convert into it, so that it seldom has to be
/// named; [`to_value`] takes anything that serde can write. Which literal it becomes is decided by its place in the schema:
///
/// | place | takes | written as |
/// |---|---|---|
/// | enum | a string or an [`enum_value`] | the enum value |
/// | `ID` | a string or an integer | as it was given |
/// | `Int` | an integer of 32 bits, also `2.0` | an integer |
/// | `Float` | any number but NaN and the infinities | as it was given |
/// | list | a list, or one item alone | as it was given |
/// | input object | an object; unknown and missing members are errors | an object |
/// | `AWSJSON` | a string that holds JSON, or anything else but a variable in it | a string that holds JSON |
/// | AppSync's other scalars | what they allow | as it was given |
/// | a scalar of your own | anything, objects and lists too | as it was given |
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub(super) form: Form,
    depth: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    Null,
    Boolean(bool),
    /// Numbers are text, so that nothing is lost.
    Int(String),
    Float(String),
    String(String),
    Enum(String),
    Variable(Box<Variable>),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
    /// What cannot be written, and why.
    Invalid(String),
}

/// `null`, which says "nothing" where leaving out an argument says nothing.
pub fn null() -> Value {
    Form::Null.into()
}

/// An enum value. Where the schema says that an enum is expected, a string does as well.
pub fn enum_value(name: impl Into<String>) -> Value {
    Form::Enum(name.into()).into()
}

/// What serde makes of a value: a struct is an input object, an enum's unit variant an enum value, `None` is `null`.
///
/// ```
/// use gqlwire_schema::compose::{field, query, to_value};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Point {
///     x: f64,
///     #[serde(skip_serializing_if = "Option::is_none")]
///     unit: Option<Unit>,
/// }
///
/// #[derive(Serialize)]
/// enum Unit {
///     METER,
/// }
///
/// let schema = "type Query { at(p: Point): Int } input Point { x: Float! unit: Unit } enum Unit { METER }".parse()?;
/// let at = |point| query().select(field("at").argument("p", to_value(point))).build(&schema);
/// assert_eq!(at(Point { x: 1.5, unit: Some(Unit::METER) })?.minified(), "{at(p:{unit:METER x:1.5})}");
/// assert_eq!(at(Point { x: 0.0, unit: None })?.minified(), "{at(p:{x:0.0})}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_value(value: impl Serialize) -> Value {
    match serde_json::to_value(value) {
        Ok(json) => json.into(),
        Err(error) => Form::Invalid(format!("it cannot be written as JSON: {error}")).into(),
    }
}

/// An input object in the making; for one without variables, [`json!`](serde_json::json) is shorter.
///
/// ```
/// use gqlwire_schema::compose::{object, variable};
///
/// let review = object().set("stars", variable("stars")).set("commentary", "loved it");
/// # let _ = review;
/// ```
pub fn object() -> Object {
    Object::default()
}

/// An input object in the making.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(Vec<(String, Value)>);

impl Object {
    /// Sets a member; a second value for the same name replaces the first.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        set(&mut self.0, name.into(), value.into());
        self
    }
}

impl Value {
    pub(super) fn is_null(&self) -> bool {
        matches!(self.form, Form::Null)
    }
}

impl From<Form> for Value {
    fn from(form: Form) -> Self {
        let depth = match &form {
            Form::List(items) => 1 + items.iter().map(|item| item.depth).max().unwrap_or(0),
            Form::Object(fields) => 1 + fields.iter().map(|(_, value)| value.depth).max().unwrap_or(0),
            Form::Variable(variable) => 1 + variable.default.as_ref().map_or(0, |value| value.depth),
            _ => 0,
        };
        if depth > MAX_DEPTH {
            let why = format!("it is nested deeper than {MAX_DEPTH} levels");
            return Self {
                form: Form::Invalid(why),
                depth: 0,
            };
        }
        Self { form, depth }
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Form::Object(object.0).into()
    }
}

impl From<Variable> for Value {
    fn from(variable: Variable) -> Self {
        Form::Variable(Box::new(variable)).into()
    }
}

impl From<&Variable> for Value {
    fn from(variable: &Variable) -> Self {
        variable.clone().into()
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Form::Boolean(value).into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Form::String(text.to_owned()).into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Form::String(text).into()
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Form::String(text.clone()).into()
    }
}

macro_rules! from_integers {
    ($($ty:ident),*) => {$(
        impl From<$ty> for Value {
            fn from(number: $ty) -> Self {
                Form::Int(number.to_string()).into()
            }
        }
    )*};
}

from_integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        match Number::from_f64(number) {
            Some(number) => Form::Float(number.to_string()).into(),
            None => Form::Invalid(format!("{number} is no number that GraphQL can write")).into(),
        }
    }
}

impl From<f32> for Value {
    fn from(number: f32) -> Self {
        // By way of its own digits: as an f64, 0.1 would be 0.10000000149011612.
        number.to_string().parse::<f64>().unwrap_or(f64::NAN).into()
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(null, T::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        items.into_iter().collect()
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

macro_rules! from_tuples {
    ($($($ty:ident $at:tt),+;)*) => {$(
        /// A list of unlike items.
        impl<$($ty: Into<Value>),+> From<($($ty,)+)> for Value {
            fn from(items: ($($ty,)+)) -> Self {
                Form::List(vec![$(items.$at.into()),+]).into()
            }
        }
    )*};
}

from_tuples! {
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Form::List(items.into_iter().map(T::into).collect()).into()
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => null(),
            Json::Bool(value) => value.into(),
            Json::Number(number) if number.is_f64() => Form::Float(number.to_string()).into(),
            Json::Number(number) => Form::Int(number.to_string()).into(),
            Json::String(text) => text.into(),
            Json::Array(items) => items.into(),
            Json::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, value.into()));
                Form::Object(fields.collect()).into()
            }
        }
    }
}
