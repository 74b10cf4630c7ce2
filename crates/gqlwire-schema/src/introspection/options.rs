//! The introspection query, and what to leave out of it for servers that do not know all of it.

use gqlwire_proto::GraphQLError;

use super::error::is_introspection_disabled;

/// What the introspection query asks for. Everything but the defaults is newer than some servers.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct IntrospectionOptions {
    /// Descriptions of types, fields, arguments and values; `true` by default.
    pub descriptions: bool,
    /// `specifiedByURL` of scalars; `false` by default.
    pub specified_by_url: bool,
    /// `isRepeatable` of directives; `false` by default.
    pub directive_is_repeatable: bool,
    /// The description of the schema itself; `false` by default.
    pub schema_description: bool,
    /// Deprecated arguments and input fields, and that they are; `true` by default.
    pub input_value_deprecation: bool,
    /// `isOneOf` of input objects; `false` by default.
    pub input_object_one_of: bool,
    /// How many times `ofType` is nested; 7 by default. A type such as `[[Int!]!]!` needs 5.
    pub type_recursion_level: usize,
}

impl Default for IntrospectionOptions {
    fn default() -> Self {
        Self {
            descriptions: true,
            specified_by_url: false,
            directive_is_repeatable: false,
            schema_description: false,
            input_value_deprecation: true,
            input_object_one_of: false,
            type_recursion_level: 7,
        }
    }
}

impl IntrospectionOptions {
    /// Everything that the specification of September 2025 knows.
    pub fn all() -> Self {
        Self {
            specified_by_url: true,
            directive_is_repeatable: true,
            schema_description: true,
            input_object_one_of: true,
            ..Self::default()
        }
    }

    /// The options to try next after a server refused the query, or `None` when leaving things out will not help:
    /// the errors are about something else, or nothing is left to leave out.
    ///
    /// Each step asks for strictly less, so that a loop over it ends.
    pub fn after_refusal(&self, errors: &[GraphQLError]) -> Option<Self> {
        if is_introspection_disabled(errors) {
            return None;
        }
        let mut next = self.clone();
        for error in errors {
            next.leave_out(error);
        }
        if next != *self {
            return Some(next);
        }
        if errors.iter().any(|error| is_too_deep(&error.message)) {
            return self.shallower();
        }
        let minimal = self.without_newer_parts();
        let helps = minimal != *self && errors.iter().any(is_about_the_document);
        helps.then_some(minimal)
    }

    fn leave_out(&mut self, error: &GraphQLError) {
        let mentions = |word: &str| error.message.contains(word);
        if mentions("isOneOf") {
            self.input_object_one_of = false;
        }
        if mentions("specifiedBy") {
            self.specified_by_url = false;
        }
        if mentions("isRepeatable") {
            self.directive_is_repeatable = false;
        }
        // On fields and enum values every server knows these, so only the newer places can be meant.
        if mentions("includeDeprecated") || mentions("isDeprecated") || mentions("deprecationReason") {
            self.input_value_deprecation = false;
        }
        if mentions("description") && mentions("__Schema") {
            self.schema_description = false;
        }
    }

    fn without_newer_parts(&self) -> Self {
        Self {
            specified_by_url: false,
            directive_is_repeatable: false,
            schema_description: false,
            input_value_deprecation: false,
            input_object_one_of: false,
            ..self.clone()
        }
    }

    /// `[T!]!` needs three levels; with fewer, nearly no schema can be read.
    fn shallower(&self) -> Option<Self> {
        let level = match self.type_recursion_level {
            0..=3 => return None,
            4 | 5 => 3,
            _ => 5,
        };
        Some(Self {
            type_recursion_level: level,
            ..self.clone()
        })
    }
}

/// The introspection query for these options: one operation named `IntrospectionQuery`, with the fragments
/// `FullType`, `InputValue` and `TypeRef`.
pub fn introspection_query(options: &IntrospectionOptions) -> String {
    let when = |wanted: bool, text: &'static str| if wanted { text } else { "" };
    let description = when(options.descriptions, " description");
    let deprecated_too = when(options.input_value_deprecation, "(includeDeprecated: true)");
    let schema_description = when(options.descriptions && options.schema_description, " description");
    let repeatable = when(options.directive_is_repeatable, " isRepeatable");
    let one_of = when(options.input_object_one_of, " isOneOf");
    let specified_by = when(options.specified_by_url, " specifiedByURL");
    let input_deprecation = when(options.input_value_deprecation, " isDeprecated deprecationReason");
    let depth = options.type_recursion_level;
    let type_ref = format!("{}{}", " ofType { kind name".repeat(depth), " }".repeat(depth));
    format!(
        "query IntrospectionQuery {{
  __schema {{{schema_description}
    queryType {{ name kind }}
    mutationType {{ name kind }}
    subscriptionType {{ name kind }}
    types {{ ...FullType }}
    directives {{ name{description}{repeatable} locations args{deprecated_too} {{ ...InputValue }} }}
  }}
}}

fragment FullType on __Type {{
  kind name{description}{one_of}{specified_by}
  fields(includeDeprecated: true) {{
    name{description}
    args{deprecated_too} {{ ...InputValue }}
    type {{ ...TypeRef }}
    isDeprecated deprecationReason
  }}
  inputFields{deprecated_too} {{ ...InputValue }}
  interfaces {{ ...TypeRef }}
  enumValues(includeDeprecated: true) {{ name{description} isDeprecated deprecationReason }}
  possibleTypes {{ ...TypeRef }}
}}

fragment InputValue on __InputValue {{
  name{description}
  type {{ ...TypeRef }}
  defaultValue{input_deprecation}
}}

fragment TypeRef on __Type {{
  kind name{type_ref}
}}
"
    )
}

fn is_too_deep(message: &str) -> bool {
    let text = message.to_ascii_lowercase();
    text.contains("depth") || text.contains("too deep") || text.contains("nested")
}

/// Whether an error may be about something in the document, rather than about the caller or the service.
fn is_about_the_document(error: &GraphQLError) -> bool {
    const SIGNS: [&str; 12] = [
        "validation",
        "cannot query",
        "can't query",
        "unknown argument",
        "unknown field",
        "undefined",
        "not defined",
        "doesn't exist",
        "does not exist",
        "not found in type",
        "no such field",
        "accept argument",
    ];
    let text = error.message.to_ascii_lowercase();
    let code = error.error_type().unwrap_or_default().to_ascii_lowercase();
    SIGNS.iter().any(|sign| text.contains(sign)) || code.contains("validation")
}

#[cfg(test)]
mod tests {
    use gqlwire_proto::GraphQLError;

    use super::{IntrospectionOptions, introspection_query};
    use crate::is_introspection_disabled;

    #[test]
    fn what_a_server_refuses_is_left_out() {
        type Cleared = fn(&mut IntrospectionOptions);
        let table: [(&str, Cleared); 11] = [
            (
                r#"Unknown argument "includeDeprecated" on field "__Type.inputFields"."#,
                |o| o.input_value_deprecation = false,
            ),
            (
                "Validation error of type UnknownArgument: Unknown field argument includeDeprecated @ 'FullType/inputFields'",
                |o| {
                    o.input_value_deprecation = false;
                },
            ),
            (
                "Validation error (UnknownArgument@[__schema/directives/args]) : Unknown field argument 'includeDeprecated'",
                |o| {
                    o.input_value_deprecation = false;
                },
            ),
            ("Field 'args' doesn't accept argument 'includeDeprecated'", |o| {
                o.input_value_deprecation = false
            }),
            (r#"Cannot query field "isDeprecated" on type "__InputValue"."#, |o| {
                o.input_value_deprecation = false
            }),
            ("field 'deprecationReason' not found in type: '__InputValue'", |o| {
                o.input_value_deprecation = false
            }),
            (
                r#"Cannot query field "specifiedByURL" on type "__Type". Did you mean "specifiedByUrl"?"#,
                |o| {
                    o.specified_by_url = false;
                },
            ),
            (
                "Validation error of type FieldUndefined: Field 'isRepeatable' in type '__Directive' is undefined @ '__schema/directives/isRepeatable'",
                |o| {
                    o.directive_is_repeatable = false;
                },
            ),
            ("The field `isOneOf` does not exist on the type `__Type`.", |o| {
                o.input_object_one_of = false
            }),
            (
                "Validation error of type FieldUndefined: Field 'description' in type '__Schema' is undefined @ '__schema/description'",
                |o| {
                    o.schema_description = false;
                },
            ),
            ("Query is too deep: depth 15 exceeds 10", |o| o.type_recursion_level = 5),
        ];
        for (message, clear) in table {
            let options = IntrospectionOptions::all();
            let mut expected = options.clone();
            clear(&mut expected);
            let next = options.after_refusal(&[GraphQLError::new(message)]);
            assert_eq!(next, Some(expected), "{message}");
        }
    }

    #[test]
    fn an_unclear_refusal_of_the_document_leaves_out_all_newer_parts() {
        let error = GraphQLError::new("Bad request").with_error_type("GRAPHQL_VALIDATION_FAILED");
        let next = IntrospectionOptions::all().after_refusal(&[error]).unwrap();
        assert_eq!(
            next,
            IntrospectionOptions {
                input_value_deprecation: false,
                ..IntrospectionOptions::default()
            }
        );
    }

    #[test]
    fn errors_about_other_things_are_not_answered_with_a_smaller_query() {
        for message in [
            "You are not authorized to make this call.",
            "GraphQL introspection is not allowed by Apollo Server, but the query contained __schema or __type.",
            "Validation error of type FieldUndefined: Field '__schema' in type 'Query' is undefined @ '__schema'",
            "internal error",
            "",
        ] {
            let next = IntrospectionOptions::all().after_refusal(&[GraphQLError::new(message)]);
            assert_eq!(next, None, "{message}");
        }
        assert_eq!(IntrospectionOptions::all().after_refusal(&[]), None);
    }

    #[test]
    fn falling_back_ends_whatever_the_server_says() {
        for message in [
            "includeDeprecated isOneOf specifiedByURL isRepeatable description __Schema validation depth",
            "validation depth",
            "depth",
            "validation",
        ] {
            let errors = [GraphQLError::new(message)];
            let mut options = IntrospectionOptions::all();
            let mut steps = 0;
            while let Some(next) = options.after_refusal(&errors) {
                assert_ne!(next, options);
                options = next;
                steps += 1;
                assert!(steps < 10, "{message}");
            }
        }
    }

    #[test]
    fn switched_off_introspection_is_recognised() {
        for (message, code, expected) in [
            (
                "Validation error of type FieldUndefined: Field '__schema' in type 'Query' is undefined @ '__schema'",
                "",
                true,
            ),
            (r#"Cannot query field "__schema" on type "Query"."#, "", true),
            ("Field `__type` is not defined", "", true),
            (
                "GraphQL introspection has been disabled, but the requested query contained the field \"__schema\".",
                "",
                true,
            ),
            ("no", "INTROSPECTION_DISABLED", true),
            (
                "Field 'description' in type '__Schema' is undefined @ '__schema/description'",
                "",
                false,
            ),
            (r#"Cannot query field "x" on type "Query"."#, "", false),
            ("Unauthorized", "UnauthorizedException", false),
        ] {
            let error = GraphQLError::new(message).with_error_type(code);
            assert_eq!(is_introspection_disabled(&[error]), expected, "{message} {code}");
        }
    }

    #[test]
    fn the_query_asks_for_exactly_what_the_options_say() {
        let default = introspection_query(&IntrospectionOptions::default());
        assert!(default.starts_with("query IntrospectionQuery {"));
        for fragment in [
            "fragment FullType on __Type",
            "fragment InputValue on __InputValue",
            "fragment TypeRef on __Type",
        ] {
            assert!(default.contains(fragment), "{fragment}");
        }
        assert_eq!(default.matches("ofType").count(), 7);
        assert_eq!(default.matches("includeDeprecated").count(), 5);
        for absent in ["isOneOf", "specifiedByURL", "isRepeatable", "__schema { description"] {
            assert!(!default.contains(absent), "{absent}");
        }
        let all = introspection_query(&IntrospectionOptions::all());
        for present in ["isOneOf", "specifiedByURL", "isRepeatable", "__schema { description"] {
            assert!(all.contains(present), "{present}");
        }
        let bare = introspection_query(&IntrospectionOptions {
            descriptions: false,
            input_value_deprecation: false,
            type_recursion_level: 2,
            ..IntrospectionOptions::all()
        });
        assert!(!bare.contains("description"));
        assert_eq!(bare.matches("includeDeprecated").count(), 2);
        assert_eq!(bare.matches("ofType").count(), 2);
    }
}
