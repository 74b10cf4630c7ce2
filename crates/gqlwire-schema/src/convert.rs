//! Values of the user's own for scalars and enums, by the name of their type, for programs without types of their own.

use std::collections::HashMap;
use std::fmt;

use apollo_compiler::ast::Type;
use apollo_compiler::executable::SelectionSet;
use apollo_compiler::schema::ExtendedType;
use serde_json::{Map, Value};

use crate::document::{Operation, Place, Step, VariableErrors};
use crate::execute::Collector;
use crate::schema::{Schema, TypeKind};

/// Turns values of a schema's scalars and enums into what a program wants them to be, and back, where they are
/// [`serde_json::Value`]s all along: in scripts, tools and tests that know the schema only when they run.
///
/// A program that knows its types writes them down instead, and lets serde turn them.
///
/// `AWSJSON` is built in: in here it is what the text holds. Another conversion may take its place.
///
/// ```
/// use gqlwire_schema::{Conversions, Schema};
/// use serde_json::{Value, json};
///
/// let schema = Schema::from_sdl(
///     "scalar Money
///      enum Currency { EURO POUND }
///      type Query { price(of: ID, above: Money): Money, currency: Currency }",
/// )?;
/// // On the wire money is a number of cents; in here, a text.
/// let conversions = Conversions::new(&schema)
///     .scalar(
///         "Money",
///         |value| {
///             let euros: f64 = value.as_str().and_then(|text| text.parse().ok()).ok_or("no amount")?;
///             Ok::<_, &str>(json!((euros * 100.0).round() as i64))
///         },
///         |value| Ok::<_, &str>(json!(format!("{:.2}", value.as_f64().ok_or("no number")? / 100.0))),
///     )?
///     .enumeration("Currency", [("EURO", json!("€")), ("POUND", json!("£"))])?;
///
/// let document = schema.parse("query($above: Money) { price(above: $above) now: currency }")?;
/// let operation = document.operation(None)?;
/// let variables = json!({"above": "9.99"});
/// let sent = conversions.serialize_variables(&operation, variables.as_object().unwrap())?;
/// assert_eq!(Value::Object(sent), json!({"above": 999}));
///
/// let data = conversions.parse_result(&operation, json!({"price": 1250, "now": "EURO"}))?;
/// assert_eq!(data, json!({"price": "12.50", "now": "€"}));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Conversions {
    schema: Schema,
    by_type: HashMap<String, Conversion>,
}

type Convert = Box<dyn Fn(&Value) -> Result<Value, String> + Send + Sync>;

enum Conversion {
    Scalar { serialize: Convert, parse: Convert },
    Enum(Vec<(String, Value)>),
}

/// Why a conversion cannot be had, or a result not be converted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct ConversionError {
    place: String,
    reason: String,
}

impl ConversionError {
    fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            reason: reason.into(),
        }
    }

    /// Where: the name of a type, or a place in the result, such as `messages[3].createdAt`.
    pub fn place(&self) -> &str {
        &self.place
    }
}

impl Conversions {
    /// None but that of `AWSJSON`.
    pub fn new(schema: &Schema) -> Self {
        let aws_json = Conversion::Scalar {
            serialize: Box::new(|value| Ok(Value::String(value.to_string()))),
            parse: Box::new(|value| {
                let text = value.as_str().ok_or("it is not a string")?;
                serde_json::from_str(text).map_err(|error| format!("its text is not JSON: {error}"))
            }),
        };
        Self {
            schema: schema.clone(),
            by_type: HashMap::from([("AWSJSON".to_owned(), aws_json)]),
        }
    }

    /// Converts the values of a scalar: with `serialize` what a variable is given as into what is sent, with `parse` what
    /// a result has into what the program wants. Neither is asked about `null`.
    ///
    /// # Errors
    ///
    /// The schema has no scalar of this name.
    pub fn scalar<E: fmt::Display>(
        mut self,
        name: &str,
        serialize: impl Fn(&Value) -> Result<Value, E> + Send + Sync + 'static,
        parse: impl Fn(&Value) -> Result<Value, E> + Send + Sync + 'static,
    ) -> Result<Self, ConversionError> {
        self.expect(name, TypeKind::Scalar, "a scalar")?;
        let conversion = Conversion::Scalar {
            serialize: Box::new(move |value| serialize(value).map_err(|error| error.to_string())),
            parse: Box::new(move |value| parse(value).map_err(|error| error.to_string())),
        };
        self.by_type.insert(name.to_owned(), conversion);
        Ok(self)
    }

    /// Converts the values of an enum: the name of each, and what it is to the program. A name that a result has and the
    /// schema does not stays as it is.
    ///
    /// # Errors
    ///
    /// The schema has no enum of this name, a value of it is missing here, or one that it does not have is given.
    pub fn enumeration<N: Into<String>>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = (N, Value)>,
    ) -> Result<Self, ConversionError> {
        self.expect(name, TypeKind::Enum, "an enum")?;
        let values: Vec<(String, Value)> = values.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let known: Vec<&str> = self
            .schema
            .type_named(name)
            .map(|ty| ty.enum_values().map(|value| value.name()).collect())
            .unwrap_or_default();
        if let Some(missing) = known
            .iter()
            .find(|known| !values.iter().any(|(name, _)| name == *known))
        {
            return Err(ConversionError::new(
                name,
                format!("there is nothing for its value {missing}"),
            ));
        }
        if let Some((unknown, _)) = values.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            return Err(ConversionError::new(name, format!("it has no value {unknown}")));
        }
        self.by_type.insert(name.to_owned(), Conversion::Enum(values));
        Ok(self)
    }

    /// The variables to send for those that are given, checked against the types that the operation declares.
    ///
    /// # Errors
    ///
    /// As [`Operation::check_variables`], and where a conversion refuses a value.
    pub fn serialize_variables(
        &self,
        operation: &Operation<'_>,
        variables: &Map<String, Value>,
    ) -> Result<Map<String, Value>, VariableErrors> {
        let mut converted = variables.clone();
        let mut refused = Vec::new();
        for definition in &operation.compiled().variables {
            if let Some(value) = converted.get_mut(definition.name.as_str()) {
                let place = Place::variable(&definition.name);
                self.serialize(&definition.ty, value, &place, &mut refused);
            }
        }
        match VariableErrors::from_refused(refused) {
            Some(errors) => Err(errors),
            None => operation.check_variables(&self.schema, &converted).map(|()| converted),
        }
    }

    /// The data of an operation's result with its scalars and enums converted, wherever they are selected: under
    /// aliases, through fragments, in lists. What is `null` or missing stays so.
    ///
    /// # Errors
    ///
    /// A conversion refuses a value, or the data has another shape than the operation asks for.
    pub fn parse_result(&self, operation: &Operation<'_>, mut data: Value) -> Result<Value, ConversionError> {
        let root = Place::result();
        self.object(operation, &[&operation.compiled().selection_set], &mut data, &root)?;
        Ok(data)
    }

    fn expect(&self, name: &str, kind: TypeKind, what: &str) -> Result<(), ConversionError> {
        match self.schema.type_named(name) {
            Some(found) if found.kind() == kind => Ok(()),
            Some(_) => Err(ConversionError::new(name, format!("it is not {what} in this schema"))),
            None => Err(ConversionError::new(name, "the schema has no such type")),
        }
    }

    /// What does not fit its type is left for the check that follows.
    fn serialize(&self, ty: &Type, value: &mut Value, place: &Place<'_>, refused: &mut Vec<(String, String)>) {
        match value {
            Value::Null => return,
            Value::Array(items) if ty.is_list() => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.serialize(ty.item_type(), item, &place.then(Step::Index(index)), refused);
                }
                return;
            }
            _ => {}
        }
        let name = ty.inner_named_type();
        match self.by_type.get(name.as_str()) {
            Some(Conversion::Scalar { serialize, .. }) => match serialize(value) {
                Ok(converted) => *value = converted,
                Err(reason) => refused.push((place.to_string(), reason)),
            },
            Some(Conversion::Enum(values)) => {
                if let Some((name, _)) = values.iter().find(|(_, known)| known == value) {
                    *value = Value::String(name.clone());
                }
            }
            None => {
                let definition = self.schema.compiled().types.get(name);
                if let (Some(ExtendedType::InputObject(definition)), Value::Object(members)) = (definition, value) {
                    for (name, member) in members {
                        if let Some(field) = definition.fields.get(name.as_str()) {
                            self.serialize(&field.ty, member, &place.then(Step::Field(name)), refused);
                        }
                    }
                }
            }
        }
    }

    /// One object, or the objects of a list of any depth: the selection is looked through once for all of them.
    fn object(
        &self,
        operation: &Operation<'_>,
        selections: &[&SelectionSet],
        value: &mut Value,
        place: &Place<'_>,
    ) -> Result<(), ConversionError> {
        let no_variables = Map::new();
        let collector = Collector {
            schema: &self.schema,
            document: operation.document(),
            variables: &no_variables,
        };
        // Fields of one key have one type wherever they stand, so that no `__typename` is needed.
        let groups = collector.collect(None, selections.iter().copied());
        each_object(value, place, &mut |members, place| {
            for (key, nodes) in &groups {
                let Some(member) = members.get_mut(key.as_str()) else {
                    continue;
                };
                let place = place.then(Step::Field(key.as_str()));
                let field = nodes[0];
                if field.selection_set.selections.is_empty() {
                    if let Some(conversion) = self.by_type.get(field.ty().inner_named_type().as_str()) {
                        leaf(conversion, field.ty(), member, &place)?;
                    }
                    continue;
                }
                let below: Vec<_> = nodes.iter().map(|node| &node.selection_set).collect();
                self.object(operation, &below, member, &place)?;
            }
            Ok(())
        })
    }
}

fn leaf(conversion: &Conversion, ty: &Type, value: &mut Value, place: &Place<'_>) -> Result<(), ConversionError> {
    if value.is_null() {
        return Ok(());
    }
    if ty.is_list() {
        let Value::Array(items) = value else {
            return Err(ConversionError::new(
                place.to_string(),
                "a list was to be here, and something else is",
            ));
        };
        for (index, item) in items.iter_mut().enumerate() {
            leaf(conversion, ty.item_type(), item, &place.then(Step::Index(index)))?;
        }
        return Ok(());
    }
    match conversion {
        Conversion::Scalar { parse, .. } => {
            *value = parse(value).map_err(|reason| ConversionError::new(place.to_string(), reason))?;
        }
        Conversion::Enum(values) => {
            let known = values.iter().find(|(name, _)| value.as_str() == Some(name));
            if let Some((_, known)) = known {
                *value = known.clone();
            }
        }
    }
    Ok(())
}

type ConvertObject<'f> = dyn FnMut(&mut Map<String, Value>, &Place<'_>) -> Result<(), ConversionError> + 'f;

/// Calls this with an object, or with each object of a list of any depth.
fn each_object(value: &mut Value, place: &Place<'_>, with: &mut ConvertObject<'_>) -> Result<(), ConversionError> {
    match value {
        Value::Null => Ok(()),
        Value::Object(members) => with(members, place),
        Value::Array(items) => {
            let mut items = items.iter_mut().enumerate();
            items.try_for_each(|(index, item)| each_object(item, &place.then(Step::Index(index)), with))
        }
        _ => Err(ConversionError::new(
            place.to_string(),
            "an object or a list was to be here, and something else is",
        )),
    }
}

impl fmt::Debug for Conversions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_type.keys()).finish()
    }
}
