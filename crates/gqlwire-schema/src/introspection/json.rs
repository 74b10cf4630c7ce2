//! A schema as an introspection result.

use apollo_compiler::ast::{self, Type};
use apollo_compiler::schema::ExtendedType;
use serde_json::{Map, Value, json};

use super::IntrospectionOptions;
use crate::schema::{OperationKind, Schema, deprecation_reason};

impl Schema {
    /// The schema as the `data` of an answer to the introspection query of these options:
    /// `{"__schema": {"queryType": …, "types": […], "directives": […]}}`.
    ///
    /// With [`IntrospectionOptions::all`] nothing is lost but what an introspection result cannot hold: applied
    /// directives other than `@deprecated`, `@specifiedBy` and `@oneOf`. Types are never cut off, whatever
    /// `type_recursion_level` is. AppSync's own directives are listed only where the schema declares them.
    ///
    /// ```
    /// use gqlwire_schema::{IntrospectionOptions, Schema};
    ///
    /// let schema = Schema::from_sdl("type Query { now: String! }")?;
    /// let json = schema.to_introspection(&IntrospectionOptions::all());
    /// assert_eq!(json["__schema"]["queryType"]["name"], "Query");
    /// assert_eq!(Schema::from_introspection(&json).unwrap(), schema);
    /// # Ok::<(), gqlwire_schema::Diagnostics>(())
    /// ```
    pub fn to_introspection(&self, options: &IntrospectionOptions) -> Value {
        let printer = Printer { schema: self, options };
        json!({ "__schema": printer.schema() })
    }
}

struct Printer<'a> {
    schema: &'a Schema,
    options: &'a IntrospectionOptions,
}

impl Printer<'_> {
    fn schema(&self) -> Value {
        let compiled = self.schema.compiled();
        let mut object = Map::new();
        if self.options.schema_description {
            self.describe(&mut object, self.schema.description());
        }
        for (member, kind) in [
            ("queryType", OperationKind::Query),
            ("mutationType", OperationKind::Mutation),
            ("subscriptionType", OperationKind::Subscription),
        ] {
            let root = self.schema.root_type(kind);
            let root = root.map(|name| json!({ "kind": "OBJECT", "name": name }));
            object.insert(member.to_owned(), root.unwrap_or_default());
        }
        let types = compiled.types.values().map(|definition| self.named_type(definition));
        object.insert("types".to_owned(), types.collect());
        let directives = compiled.directive_definitions.values();
        let listed = directives.filter(|definition| match definition.name.as_str() {
            "oneOf" => self.options.input_object_one_of,
            name => !self.schema.is_from_prelude(name),
        });
        let directives = listed.map(|definition| self.directive(definition));
        object.insert("directives".to_owned(), directives.collect());
        Value::Object(object)
    }

    fn named_type(&self, definition: &ExtendedType) -> Value {
        let mut object = Map::new();
        let mut set = |member: &str, value: Value| object.insert(member.to_owned(), value);
        set("kind", json!(kind(definition)));
        set("name", json!(definition.name().as_str()));
        for member in ["fields", "inputFields", "interfaces", "enumValues", "possibleTypes"] {
            set(member, Value::Null);
        }
        if self.options.input_object_one_of {
            set("isOneOf", Value::Null);
        }
        if self.options.specified_by_url {
            set("specifiedByURL", Value::Null);
        }
        match definition {
            ExtendedType::Scalar(scalar) if self.options.specified_by_url => {
                let directive = scalar.directives.get("specifiedBy");
                let url = directive.and_then(|found| found.specified_argument_by_name("url")?.as_str());
                set("specifiedByURL", json!(url));
            }
            ExtendedType::Scalar(_) => {}
            ExtendedType::Object(found) => {
                set("fields", found.fields.values().map(|field| self.field(field)).collect());
                let interfaces = found.implements_interfaces.iter();
                set(
                    "interfaces",
                    interfaces.map(|name| self.reference(&name.name)).collect(),
                );
            }
            ExtendedType::Interface(found) => {
                set("fields", found.fields.values().map(|field| self.field(field)).collect());
                let interfaces = found.implements_interfaces.iter();
                set(
                    "interfaces",
                    interfaces.map(|name| self.reference(&name.name)).collect(),
                );
                let view = self.schema.type_named(&found.name);
                let possible = view.map(|view| view.possible_types()).unwrap_or_default();
                set(
                    "possibleTypes",
                    possible.into_iter().map(|name| self.reference(name)).collect(),
                );
            }
            ExtendedType::Union(found) => {
                let members = found.members.iter();
                set(
                    "possibleTypes",
                    members.map(|name| self.reference(&name.name)).collect(),
                );
            }
            ExtendedType::Enum(found) => {
                let values = found.values.values().map(|value| {
                    let mut object = self.element(&value.value, value.description.as_deref());
                    deprecation(&mut object, &value.directives);
                    Value::Object(object)
                });
                set("enumValues", values.collect());
            }
            ExtendedType::InputObject(found) => {
                set(
                    "inputFields",
                    found.fields.values().map(|field| self.input(field)).collect(),
                );
                if self.options.input_object_one_of {
                    set("isOneOf", json!(found.directives.has("oneOf")));
                }
            }
        }
        self.describe(&mut object, definition.description().map(|text| text.as_str()));
        Value::Object(object)
    }

    fn field(&self, field: &ast::FieldDefinition) -> Value {
        let mut object = self.element(&field.name, field.description.as_deref());
        let arguments = field.arguments.iter().map(|argument| self.input(argument));
        object.insert("args".to_owned(), arguments.collect());
        object.insert("type".to_owned(), self.ty(&field.ty));
        deprecation(&mut object, &field.directives);
        Value::Object(object)
    }

    fn input(&self, input: &ast::InputValueDefinition) -> Value {
        let mut object = self.element(&input.name, input.description.as_deref());
        object.insert("type".to_owned(), self.ty(&input.ty));
        let default = input.default_value.as_ref();
        let default = default.map(|value| value.serialize().no_indent().to_string());
        object.insert("defaultValue".to_owned(), json!(default));
        if self.options.input_value_deprecation {
            deprecation(&mut object, &input.directives);
        }
        Value::Object(object)
    }

    fn directive(&self, directive: &ast::DirectiveDefinition) -> Value {
        let mut object = self.element(&directive.name, directive.description.as_deref());
        let locations: Vec<_> = directive.locations.iter().map(|location| location.name()).collect();
        object.insert("locations".to_owned(), json!(locations));
        let arguments = directive.arguments.iter().map(|argument| self.input(argument));
        object.insert("args".to_owned(), arguments.collect());
        if self.options.directive_is_repeatable {
            object.insert("isRepeatable".to_owned(), json!(directive.repeatable));
        }
        Value::Object(object)
    }

    fn element(&self, name: &str, description: Option<&str>) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("name".to_owned(), json!(name));
        self.describe(&mut object, description);
        object
    }

    fn describe(&self, object: &mut Map<String, Value>, description: Option<&str>) {
        if self.options.descriptions {
            object.insert("description".to_owned(), json!(description));
        }
    }

    fn ty(&self, ty: &Type) -> Value {
        let wrap = |kind: &str, inner: Value| json!({ "kind": kind, "name": null, "ofType": inner });
        match ty {
            Type::Named(name) => self.reference(name),
            Type::NonNullNamed(name) => wrap("NON_NULL", self.reference(name)),
            Type::List(item) => wrap("LIST", self.ty(item)),
            Type::NonNullList(item) => wrap("NON_NULL", wrap("LIST", self.ty(item))),
        }
    }

    fn reference(&self, name: &str) -> Value {
        let definition = self.schema.compiled().types.get(name);
        json!({ "kind": definition.map(kind), "name": name, "ofType": null })
    }
}

fn deprecation(object: &mut Map<String, Value>, directives: &ast::DirectiveList) {
    let reason = deprecation_reason(directives);
    object.insert("isDeprecated".to_owned(), json!(reason.is_some()));
    object.insert("deprecationReason".to_owned(), json!(reason));
}

fn kind(definition: &ExtendedType) -> &'static str {
    match definition {
        ExtendedType::Enum(_) => "ENUM",
        ExtendedType::InputObject(_) => "INPUT_OBJECT",
        ExtendedType::Interface(_) => "INTERFACE",
        ExtendedType::Object(_) => "OBJECT",
        ExtendedType::Scalar(_) => "SCALAR",
        ExtendedType::Union(_) => "UNION",
    }
}
