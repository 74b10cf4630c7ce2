use std::collections::HashMap;

use gqlwire_schema::{FieldDefinition, OperationKind, Schema, TypeDefinition};

/// Which subscription fields a mutation field fires: `@aws_subscribe` on the subscription, or its deprecated inverse
/// `@aws_publish` on the mutation.
#[derive(Debug, Default)]
pub(super) struct Triggers(HashMap<String, Vec<String>>);

impl Triggers {
    /// Reads the directives, and says what about them cannot be meant.
    pub(super) fn of(schema: &Schema) -> (Self, Vec<String>) {
        let mut triggers = Self::default();
        let mut warnings = Vec::new();
        for mutation in root_fields(schema, OperationKind::Mutation) {
            for subscription in named(&mutation, "aws_publish", "subscriptions") {
                triggers.add(mutation.name(), &subscription);
            }
        }
        for subscription in root_fields(schema, OperationKind::Subscription) {
            for mutation in named(&subscription, "aws_subscribe", "mutations") {
                triggers.add(&mutation, subscription.name());
            }
        }
        let silent: Vec<_> = root_fields(schema, OperationKind::Subscription)
            .map(|field| field.name())
            .filter(|name| !triggers.0.values().flatten().any(|fired| fired == name))
            .collect();
        if !silent.is_empty() {
            warnings.push(format!(
                "no mutation fires {}: a subscription field needs @aws_subscribe(mutations: [\"…\"]); subscribing to it \
                 works, but nothing will ever arrive",
                silent.join(", ")
            ));
        }
        warnings.extend(triggers.mistakes(schema));
        (triggers, warnings)
    }

    pub(super) fn fired_by(&self, mutation: &str) -> &[String] {
        self.0.get(mutation).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, mutation: &str, subscription: &str) {
        let fired = self.0.entry(mutation.to_owned()).or_default();
        if !fired.iter().any(|known| known == subscription) {
            fired.push(subscription.to_owned());
        }
    }

    fn mistakes(&self, schema: &Schema) -> Vec<String> {
        let mut found = Vec::new();
        let pairs = self
            .0
            .iter()
            .flat_map(|(mutation, fired)| fired.iter().map(move |field| (mutation, field)));
        for (mutation, subscription) in pairs {
            let field = |kind, name: &str| root_fields(schema, kind).find(|field| field.name() == name);
            let mutation_field = field(OperationKind::Mutation, mutation);
            let subscription_field = field(OperationKind::Subscription, subscription);
            match (mutation_field, subscription_field) {
                (Some(one), Some(other)) if one.ty().name() != other.ty().name() => found.push(format!(
                    "{subscription} returns {} but is fired by {mutation}, which returns {}: AppSync wants the same type",
                    other.ty().name(),
                    one.ty().name()
                )),
                (None, _) => found.push(format!("{subscription} is fired by {mutation}, which is no mutation")),
                (_, None) => found.push(format!("{mutation} fires {subscription}, which is no subscription")),
                _ => {}
            }
        }
        found.sort();
        found
    }
}

fn root_fields(schema: &Schema, kind: OperationKind) -> impl Iterator<Item = FieldDefinition<'_>> {
    let root = schema.root_type(kind).and_then(|name| schema.type_named(name));
    root.into_iter().flat_map(|root: TypeDefinition<'_>| root.fields())
}

fn named(field: &FieldDefinition<'_>, directive: &str, argument: &str) -> Vec<String> {
    field
        .directive(directive)
        .map_or_else(Vec::new, |directive| directive.strings(argument))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triggers(subscription: &str) -> (Triggers, Vec<String>) {
        let sdl = format!(
            "type Query {{ a: Int }} type T {{ id: ID }} type U {{ id: ID }}
             type Mutation {{ make: T old: T @aws_publish(subscriptions: [\"onOld\"]) }}
             type Subscription {{ {subscription} }}"
        );
        Triggers::of(&Schema::from_sdl(&sdl).unwrap())
    }

    #[test]
    fn both_directives_are_read() {
        let (triggers, warnings) = triggers(r#"onMake: T @aws_subscribe(mutations: ["make", "old"]) onOld: T"#);
        assert_eq!(triggers.fired_by("make"), ["onMake"]);
        assert_eq!(triggers.fired_by("old"), ["onOld", "onMake"]);
        assert_eq!(warnings, [""; 0]);
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let (_, warnings) = triggers(
            r#"silent: T onOld: T onGone: T @aws_subscribe(mutations: ["gone"]) onU: U @aws_subscribe(mutations: ["make"])"#,
        );
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert!(warnings[0].contains("silent"));
        assert!(warnings[1].contains("onGone is fired by gone"));
        assert!(warnings[2].contains("onU returns U but is fired by make, which returns T"));
    }
}
