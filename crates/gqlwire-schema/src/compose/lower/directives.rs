//! Directives, and the arguments of fields and directives.

use apollo_compiler::Node;
use apollo_compiler::ast::{DirectiveLocation, InputValueDefinition};

use super::{Lowering, resolve, shown};
use crate::compose::directive::Directive;
use crate::compose::value::Value;
use crate::document::tree::is_name;
use crate::tree::{self, Type};

impl<'a> Lowering<'a> {
    pub(super) fn directives(
        &mut self,
        directives: &'a [Directive],
        location: DirectiveLocation,
    ) -> Vec<tree::Directive> {
        let mut lowered = Vec::with_capacity(directives.len());
        for directive in directives {
            lowered.extend(self.directive(directive, location));
        }
        lowered
    }

    fn directive(&mut self, directive: &'a Directive, location: DirectiveLocation) -> Option<tree::Directive> {
        let at = format!("@{}", shown(&directive.name));
        let mut arguments = None;
        if let Some(schema) = self.schema {
            let known = &schema.compiled().directive_definitions;
            let Some(definition) = known.get(directive.name.as_str()) else {
                let names = known.values().filter(|found| found.locations.iter().any(is_executable));
                let names: Vec<&str> = names.map(|found| found.name.as_str()).collect();
                let hint = self.hint(&directive.name, names.iter().copied());
                let all = names.join(", @");
                self.refuse(
                    at,
                    format!("there is no such directive{hint}; documents can use: @{all}"),
                );
                return None;
            };
            if !definition.locations.contains(&location) {
                let allowed: Vec<&str> = definition.locations.iter().map(|location| location.name()).collect();
                let message = format!("it cannot stand at {}, only at {}", location.name(), allowed.join(", "));
                self.refuse(at, message);
                return None;
            }
            arguments = Some(definition.arguments.as_slice());
        } else {
            self.check_name(&directive.name, "a directive");
        }
        Some(tree::Directive {
            name: directive.name.clone(),
            arguments: self.arguments(&directive.arguments, arguments, &at),
        })
    }

    /// Arguments of the field or directive at a coordinate. Without definitions nothing is looked up.
    pub(super) fn arguments(
        &mut self,
        given: &'a [(String, Value)],
        definitions: Option<&'a [Node<InputValueDefinition>]>,
        of: &str,
    ) -> Vec<tree::Argument> {
        let mut lowered: Vec<tree::Argument> = Vec::with_capacity(given.len());
        for (name, value) in given {
            let at = format!("{of}({}:)", shown(name));
            let Some(definitions) = definitions else {
                if !is_name(name) {
                    self.refuse(at, "this is not the name of an argument");
                    continue;
                }
                lowered.push(tree::Argument {
                    name: name.clone(),
                    value: self.value(value, None, false, &at),
                });
                continue;
            };
            let find = |name: &str| definitions.iter().find(|found| found.name == name);
            let Some(definition) = resolve(name, find) else {
                let hint = self.hint(name, definitions.iter().map(|found| found.name.as_str()));
                self.refuse(at, format!("there is no such argument{hint}"));
                continue;
            };
            if lowered.iter().any(|given| given.name == definition.name.as_str()) {
                self.refuse(at, "this argument is given twice, in two spellings");
                continue;
            }
            let ty = Type::of(&definition.ty);
            let has_default = definition.default_value.is_some();
            lowered.push(tree::Argument {
                name: definition.name.to_string(),
                value: self.value(value, Some(&ty), has_default, &at),
            });
        }
        for missing in definitions.unwrap_or_default() {
            // A misspelt argument that was meant for this one has been told of already; both are true.
            if missing.is_required() && !lowered.iter().any(|given| given.name == missing.name.as_str()) {
                let at = format!("{of}({}:)", missing.name);
                self.refuse(at, format!("this argument must be given; its type is {}", missing.ty));
            }
        }
        lowered
    }
}

fn is_executable(location: &DirectiveLocation) -> bool {
    use DirectiveLocation::*;
    matches!(
        location,
        Query
            | Mutation
            | Subscription
            | Field
            | FragmentDefinition
            | FragmentSpread
            | InlineFragment
            | VariableDefinition
    )
}
