//! Values as the literals that their place asks for.

use apollo_compiler::schema::{EnumType, ExtendedType, InputObjectType};
use serde_json::Value as Json;

use super::variables::{Note, Place, Use};
use super::{Lowering, resolve, shown};
use crate::compose::value::{Form, Value};
use crate::document::tree::is_name;
use crate::tree::{self, Type};
use crate::{literal, scalar};

impl<'a> Lowering<'a> {
    /// The literal for a value of this type at a coordinate; without a type it is written as it was given.
    ///
    /// `has_default` tells whether the place has one, which allows nullable variables there. A refused value becomes
    /// `null`; nobody will see it.
    pub(super) fn value(&mut self, value: &'a Value, ty: Option<&Type>, has_default: bool, at: &str) -> tree::Value {
        match &value.form {
            Form::Invalid(why) => {
                self.refuse(at, why);
                tree::Value::Null
            }
            Form::Variable(variable) => {
                if self.in_constant {
                    self.refuse(at, format!("a variable, ${}, cannot stand here", shown(&variable.name)));
                    return tree::Value::Null;
                }
                let place = ty.map(|ty| Place {
                    ty: ty.clone(),
                    has_default,
                });
                self.notes.push(Note::Use(Use {
                    variable,
                    place,
                    at: at.to_owned(),
                }));
                tree::Value::Variable(variable.name.clone())
            }
            form => match ty {
                None => self.untyped(form, at),
                Some(ty) => self.typed(value, ty, at),
            },
        }
    }

    fn typed(&mut self, value: &'a Value, ty: &Type, at: &str) -> tree::Value {
        match (ty, &value.form) {
            (Type::NonNull(_), Form::Null) => {
                self.refuse(at, format!("null cannot be given where {ty} is expected"));
                tree::Value::Null
            }
            (Type::NonNull(inner), _) => self.typed(value, inner, at),
            (_, Form::Null) => tree::Value::Null,
            (Type::List(item), Form::List(items)) => {
                let items = items.iter();
                tree::Value::List(items.map(|value| self.value(value, Some(item), false, at)).collect())
            }
            (Type::List(item), _) => self.typed(value, item, at),
            (Type::Named(name), form) => self.named(form, name, at),
        }
    }

    fn named(&mut self, form: &'a Form, name: &str, at: &str) -> tree::Value {
        let ty = self.schema.and_then(|schema| schema.compiled().types.get(name));
        match (ty, form) {
            (Some(ExtendedType::Enum(ty)), Form::String(text) | Form::Enum(text)) => self.enum_value(ty, text, at),
            (Some(ExtendedType::InputObject(ty)), Form::Object(fields)) => self.input_object(ty, fields, at),
            (Some(ExtendedType::Enum(_) | ExtendedType::InputObject(_)), _) => self.mismatch(form, name, at),
            _ => self.scalar(form, name, at),
        }
    }

    fn enum_value(&mut self, ty: &EnumType, name: &str, at: &str) -> tree::Value {
        if !ty.values.contains_key(name) {
            let hint = self.hint(name, ty.values.keys().map(|name| name.as_str()));
            self.refuse(at, format!("'{}' is not a value of {}{hint}", shown(name), ty.name));
        }
        tree::Value::Enum(name.to_owned())
    }

    fn input_object(&mut self, ty: &'a InputObjectType, given: &'a [(String, Value)], of: &str) -> tree::Value {
        let is_one_of = ty.directives.has("oneOf");
        let mut lowered: Vec<(String, tree::Value)> = Vec::with_capacity(given.len());
        for (name, value) in given {
            let at = format!("{}.{}", ty.name, shown(name));
            let Some(definition) = resolve(name, |name| ty.fields.get(name)) else {
                let hint = self.hint(name, ty.fields.keys().map(|name| name.as_str()));
                self.refuse(at, format!("there is no such input field{hint}"));
                continue;
            };
            if lowered.iter().any(|(given, _)| given == definition.name.as_str()) {
                self.refuse(at, "this input field is given twice, in two spellings");
                continue;
            }
            let mut field_type = Type::of(&definition.ty);
            if is_one_of && matches!(value.form, Form::Variable(_)) {
                // The one that is given must not turn out to be null.
                field_type = Type::NonNull(Box::new(field_type));
            }
            let has_default = definition.default_value.is_some();
            let value = self.value(value, Some(&field_type), has_default, &at);
            lowered.push((definition.name.to_string(), value));
        }
        for missing in ty.fields.values().filter(|field| field.is_required()) {
            if !lowered.iter().any(|(name, _)| name == missing.name.as_str()) {
                let at = format!("{}.{}", ty.name, missing.name);
                let message = format!("this input field must be given in {of}; its type is {}", missing.ty);
                self.refuse(at, message);
            }
        }
        if is_one_of && (given.len() != 1 || matches!(given[0].1.form, Form::Null)) {
            let message = format!("exactly one field of {} must be given, and not null", ty.name);
            self.refuse(of, message);
        }
        tree::Value::Object(lowered)
    }

    fn scalar(&mut self, form: &'a Form, name: &str, at: &str) -> tree::Value {
        match (name, form) {
            ("Int", Form::Int(text)) => match text.parse::<i32>() {
                Ok(_) => tree::Value::Int(text.clone()),
                Err(_) => {
                    self.refuse(at, format!("{} does not fit into the 32 bits of an Int", shown(text)));
                    tree::Value::Null
                }
            },
            ("Int", Form::Float(text)) => match text.parse::<f64>() {
                Ok(number) if number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX) => {
                    tree::Value::Int(format!("{number:.0}"))
                }
                _ => self.mismatch(form, name, at),
            },
            ("Float", Form::Int(_) | Form::Float(_))
            | ("String" | "ID", Form::String(_))
            | ("ID", Form::Int(_))
            | ("Boolean", Form::Boolean(_)) => self.untyped(form, at),
            ("Int" | "Float" | "String" | "ID" | "Boolean", _) => self.mismatch(form, name, at),
            ("AWSJSON", Form::String(_)) => self.appsync_scalar(form, name, at),
            ("AWSJSON", _) => {
                let mut text = String::new();
                match write_json(form, &mut text) {
                    Ok(()) => tree::Value::String(text),
                    Err(why) => {
                        self.refuse(at, why);
                        tree::Value::Null
                    }
                }
            }
            (name, _) if name.starts_with("AWS") => self.appsync_scalar(form, name, at),
            _ => self.untyped(form, at),
        }
    }

    fn appsync_scalar(&mut self, form: &'a Form, name: &str, at: &str) -> tree::Value {
        let json = match form {
            Form::String(text) | Form::Enum(text) => Json::String(text.clone()),
            Form::Int(text) => literal::int(text),
            Form::Float(text) => Json::from(text.parse::<f64>().ok()),
            Form::Boolean(value) => Json::Bool(*value),
            _ => return self.mismatch(form, name, at),
        };
        if let Err(why) = scalar::parse(name, &json) {
            self.refuse(at, why);
        }
        self.untyped(form, at)
    }

    /// As it was given, which still has to be something that GraphQL can write.
    fn untyped(&mut self, form: &'a Form, at: &str) -> tree::Value {
        match form {
            Form::Null | Form::Invalid(_) | Form::Variable(_) => tree::Value::Null,
            Form::Boolean(value) => tree::Value::Boolean(*value),
            Form::Int(text) => {
                self.check_number(text, at);
                tree::Value::Int(text.clone())
            }
            Form::Float(text) => {
                self.check_number(text, at);
                tree::Value::Float(text.clone())
            }
            Form::String(text) => tree::Value::String(text.clone()),
            Form::Enum(name) => {
                if !is_name(name) || matches!(name.as_str(), "true" | "false" | "null") {
                    self.refuse(at, format!("'{}' cannot be an enum value", shown(name)));
                }
                tree::Value::Enum(name.clone())
            }
            Form::List(items) => {
                let items = items.iter();
                tree::Value::List(items.map(|value| self.value(value, None, false, at)).collect())
            }
            Form::Object(fields) => {
                let mut lowered = Vec::with_capacity(fields.len());
                for (name, value) in fields {
                    if !is_name(name) {
                        let name = shown(name);
                        let message = format!("'{name}' cannot be written as a name; give the object in a variable");
                        self.refuse(at, message);
                    }
                    lowered.push((name.clone(), self.value(value, None, false, at)));
                }
                tree::Value::Object(lowered)
            }
        }
    }

    /// Numbers come as text from trees, which anybody can write. JSON's numbers are GraphQL's.
    fn check_number(&mut self, text: &str, at: &str) {
        if !is_number(text) {
            self.refuse(at, format!("'{}' is not a number", shown(text)));
        }
    }

    fn mismatch(&mut self, form: &Form, name: &str, at: &str) -> tree::Value {
        let kind = match form {
            Form::Null => "null",
            Form::Boolean(_) => "a boolean",
            Form::Int(_) => "an integer",
            Form::Float(_) => "a number with a fraction",
            Form::String(_) => "a string",
            Form::Enum(_) => "an enum value",
            Form::Variable(_) => "a variable",
            Form::List(_) => "a list",
            Form::Object(_) => "an object",
            Form::Invalid(_) => "something invalid",
        };
        self.refuse(at, format!("{name} is expected, and {kind} was given"));
        tree::Value::Null
    }
}

fn is_number(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    // The parser would skip blanks around it.
    starts
        && text.ends_with(|last: char| last.is_ascii_digit())
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// A value as the text of JSON, for a scalar that is a string of it.
fn write_json(form: &Form, text: &mut String) -> Result<(), String> {
    match form {
        Form::Null => text.push_str("null"),
        Form::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
        Form::Int(number) | Form::Float(number) if is_number(number) => text.push_str(number),
        Form::Int(number) | Form::Float(number) => return Err(format!("'{}' is not a number", shown(number))),
        Form::String(value) | Form::Enum(value) => text.push_str(&Json::from(value.as_str()).to_string()),
        Form::Invalid(why) => return Err(why.clone()),
        Form::Variable(variable) => {
            let name = shown(&variable.name);
            return Err(format!(
                "${name} cannot stand inside of JSON text; make the whole value a variable"
            ));
        }
        Form::List(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                write_json(&item.form, text)?;
            }
            text.push(']');
        }
        Form::Object(fields) => {
            text.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                text.push_str(&Json::from(name.as_str()).to_string());
                text.push(':');
                write_json(&value.form, text)?;
            }
            text.push('}');
        }
    }
    Ok(())
}
