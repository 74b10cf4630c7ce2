//! Definitions of directives, and the deprecation and directives of what a type is made of.

use std::fmt;

use apollo_compiler::ast;

use super::Schema;
use super::access::{ArgumentDefinition, Directive, EnumValue, FieldDefinition};

/// The reason that a bare `@deprecated` stands for.
pub(crate) const NO_REASON: &str = "No longer supported";

impl Schema {
    /// The description of the schema itself, if there is one.
    pub fn description(&self) -> Option<&str> {
        self.compiled().schema_definition.description.as_deref()
    }

    /// Every directive that the schema defines, the specification's own (`@skip`, `@deprecated`, …) included.
    pub fn directive_definitions(&self) -> impl Iterator<Item = DirectiveDefinition<'_>> {
        let definitions = self.compiled().directive_definitions.values();
        definitions.map(|definition| DirectiveDefinition { definition })
    }

    /// The definition of the directive of this name, written without the `@`.
    pub fn directive_definition(&self, name: &str) -> Option<DirectiveDefinition<'_>> {
        let definition = self.compiled().directive_definitions.get(name)?;
        Some(DirectiveDefinition { definition })
    }
}

/// A directive as the schema defines it.
#[derive(Clone, Copy)]
pub struct DirectiveDefinition<'a> {
    pub(crate) definition: &'a ast::DirectiveDefinition,
}

impl<'a> DirectiveDefinition<'a> {
    /// Its name, without the `@`.
    pub fn name(&self) -> &'a str {
        self.definition.name.as_str()
    }

    /// The description, if there is one.
    pub fn description(&self) -> Option<&'a str> {
        self.definition.description.as_deref()
    }

    /// Its arguments, in the order of declaration.
    pub fn arguments(&self) -> impl Iterator<Item = ArgumentDefinition<'a>> + use<'a> {
        let arguments = self.definition.arguments.iter();
        arguments.map(|definition| ArgumentDefinition { definition })
    }

    /// The argument of this name.
    pub fn argument(&self, name: &str) -> Option<ArgumentDefinition<'a>> {
        self.arguments().find(|argument| argument.name() == name)
    }

    /// Where it may stand: `FIELD`, `OBJECT`, …, in the order of declaration.
    pub fn locations(&self) -> impl Iterator<Item = &'static str> + use<'a> {
        self.definition.locations.iter().map(|location| location.name())
    }

    /// Whether it may stand more than once at the same place.
    pub fn is_repeatable(&self) -> bool {
        self.definition.repeatable
    }

    /// Whether the specification itself defines it.
    pub fn is_built_in(&self) -> bool {
        matches!(self.name(), "deprecated" | "include" | "oneOf" | "skip" | "specifiedBy")
    }
}

impl fmt::Debug for DirectiveDefinition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.name())
    }
}

impl<'a> FieldDefinition<'a> {
    /// Why the field is deprecated; `None` when it is not.
    pub fn deprecation_reason(&self) -> Option<&'a str> {
        deprecation_reason(&self.definition.directives)
    }
}

impl<'a> ArgumentDefinition<'a> {
    /// The default as GraphQL text.
    pub fn default_text(&self) -> Option<String> {
        let value = self.definition.default_value.as_ref()?;
        Some(value.serialize().no_indent().to_string())
    }

    /// Why it is deprecated; `None` when it is not.
    pub fn deprecation_reason(&self) -> Option<&'a str> {
        deprecation_reason(&self.definition.directives)
    }

    /// Directives applied to it.
    pub fn directives(&self) -> Vec<Directive<'a>> {
        applied(&self.definition.directives)
    }
}

impl<'a> EnumValue<'a> {
    /// Why the value is deprecated; `None` when it is not.
    pub fn deprecation_reason(&self) -> Option<&'a str> {
        deprecation_reason(&self.definition.directives)
    }

    /// Directives applied to the value.
    pub fn directives(&self) -> Vec<Directive<'a>> {
        applied(&self.definition.directives)
    }
}

/// The directive as it is written: `@aws_subscribe(mutations: ["createMessage"])`.
impl fmt::Display for Directive<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.directive.serialize().no_indent(), f)
    }
}

/// The reason of `@deprecated`, if it is applied.
pub(crate) fn deprecation_reason(directives: &ast::DirectiveList) -> Option<&str> {
    let directive = directives.get("deprecated")?;
    let reason = directive.specified_argument_by_name("reason");
    Some(reason.and_then(|value| value.as_str()).unwrap_or(NO_REASON))
}

fn applied(directives: &ast::DirectiveList) -> Vec<Directive<'_>> {
    let directives = directives.0.iter();
    directives.map(|directive| Directive { directive }).collect()
}
