//! One change, its class and its code.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::coordinate::Coordinate;
use crate::diagnostic::{Diagnostic, Severity};

/// Whom a change hurts; the worst sorts first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ChangeClass {
    /// Requests that were valid may be refused, or answers no longer fit.
    Breaking,
    /// Requests stay valid, but a client may be surprised at run time.
    Dangerous,
    /// No client notices.
    Safe,
}

impl ChangeClass {
    /// `breaking`, `dangerous` or `safe`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Dangerous => "dangerous",
            Self::Safe => "safe",
        }
    }
}

impl fmt::Display for ChangeClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Declares the codes with their text and class, in one place.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $class:ident;)*) => {
        /// What kind of change it is. Codes that graphql-js has too carry its names.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum ChangeCode { $($(#[$doc])* $name,)* }

        impl ChangeCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name, such as `FIELD_REMOVED`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The class of each change of this kind.
            pub fn class(self) -> ChangeClass {
                match self { $(Self::$name => ChangeClass::$class,)* }
            }
        }
    };
}

codes! {
    /// An optional argument was added.
    OptionalArgAdded = "OPTIONAL_ARG_ADDED", Dangerous;
    /// A required argument was added.
    RequiredArgAdded = "REQUIRED_ARG_ADDED", Breaking;
    /// An argument was removed.
    ArgRemoved = "ARG_REMOVED", Breaking;
    /// An argument's type, of a field or directive, no longer takes all that it took.
    ArgChangedKind = "ARG_CHANGED_KIND", Breaking;
    /// An argument's type takes all that it took, and more.
    ArgTypeWidened = "ARG_CHANGED_KIND_SAFE", Safe;
    /// An argument got a default.
    ArgDefaultValueAdded = "ARG_DEFAULT_VALUE_ADDED", Safe;
    /// An argument's default is another, or gone.
    ArgDefaultValueChange = "ARG_DEFAULT_VALUE_CHANGE", Dangerous;
    /// An argument lost its default and is required now.
    ArgBecameRequired = "ARG_BECAME_REQUIRED", Breaking;
    /// A group of Cognito users, or the lack of a restriction to groups, was added.
    AuthGroupAdded = "AUTH_GROUP_ADDED", Safe;
    /// Users outside of some groups lost access.
    AuthGroupRemoved = "AUTH_GROUP_REMOVED", Breaking;
    /// One more way to sign in is admitted.
    AuthModeAdded = "AUTH_MODE_ADDED", Safe;
    /// A way to sign in is no longer admitted.
    AuthModeRemoved = "AUTH_MODE_REMOVED", Breaking;
    /// What the API's default mode guarded now names its modes, or the other way round.
    AuthModesDefault = "AUTH_MODES_DEFAULT_CHANGED", Dangerous;
    /// Something is deprecated now.
    DeprecationAdded = "DEPRECATION_ADDED", Safe;
    /// Another reason is given.
    DeprecationReasonChanged = "DEPRECATION_REASON_CHANGED", Safe;
    /// Something is no longer deprecated.
    DeprecationRemoved = "DEPRECATION_REMOVED", Safe;
    /// A description came, went or is another.
    DescriptionChanged = "DESCRIPTION_CHANGED", Safe;
    /// A directive was added.
    DirectiveAdded = "DIRECTIVE_ADDED", Safe;
    /// A directive was removed.
    DirectiveRemoved = "DIRECTIVE_REMOVED", Breaking;
    /// A directive was applied.
    DirectiveApplied = "APPLIED_DIRECTIVE_ADDED", Safe;
    /// An application of a directive is gone.
    DirectiveUnapplied = "APPLIED_DIRECTIVE_REMOVED", Safe;
    /// An optional argument was added to a directive.
    DirectiveArgAdded = "OPTIONAL_DIRECTIVE_ARG_ADDED", Safe;
    /// A required argument was added to a directive.
    RequiredDirectiveArgAdded = "REQUIRED_DIRECTIVE_ARG_ADDED", Breaking;
    /// An argument was removed from a directive.
    DirectiveArgRemoved = "DIRECTIVE_ARG_REMOVED", Breaking;
    /// A directive may stand in one more place.
    DirectiveLocationAdded = "DIRECTIVE_LOCATION_ADDED", Safe;
    /// A directive may no longer stand in a place.
    DirectiveLocationRemoved = "DIRECTIVE_LOCATION_REMOVED", Breaking;
    /// A directive may stand more than once at the same place.
    DirectiveRepeatableAdded = "DIRECTIVE_REPEATABLE_ADDED", Safe;
    /// A directive may stand only once at the same place.
    DirectiveRepeatableRemoved = "DIRECTIVE_REPEATABLE_REMOVED", Breaking;
    /// An enum has one more value, which clients may not know.
    ValueAddedToEnum = "VALUE_ADDED_TO_ENUM", Dangerous;
    /// An enum lost a value.
    ValueRemovedFromEnum = "VALUE_REMOVED_FROM_ENUM", Breaking;
    /// A field was added.
    FieldAdded = "FIELD_ADDED", Safe;
    /// A field, or a field of an input object, was removed.
    FieldRemoved = "FIELD_REMOVED", Breaking;
    /// A field's type is no longer what clients expect, or an input field takes less.
    FieldChangedKind = "FIELD_CHANGED_KIND", Breaking;
    /// A field's type promises more, or an input field takes more.
    FieldTypeCompatible = "FIELD_CHANGED_KIND_SAFE", Safe;
    /// An optional field was added to an input object.
    OptionalInputFieldAdded = "OPTIONAL_INPUT_FIELD_ADDED", Dangerous;
    /// A required field was added to an input object.
    RequiredInputFieldAdded = "REQUIRED_INPUT_FIELD_ADDED", Breaking;
    /// An input field got a default.
    InputFieldDefaultAdded = "INPUT_FIELD_DEFAULT_VALUE_ADDED", Safe;
    /// An input field's default is another, or gone.
    InputFieldDefaultChanged = "INPUT_FIELD_DEFAULT_VALUE_CHANGE", Dangerous;
    /// An input field lost its default and is required now.
    InputFieldBecameRequired = "INPUT_FIELD_BECAME_REQUIRED", Breaking;
    /// A type implements one more interface.
    ImplementedInterfaceAdded = "IMPLEMENTED_INTERFACE_ADDED", Dangerous;
    /// A type no longer implements an interface.
    ImplementedInterfaceRemoved = "IMPLEMENTED_INTERFACE_REMOVED", Breaking;
    /// Exactly one field of an input object must be given now.
    OneOfAdded = "ONE_OF_ADDED", Breaking;
    /// Any fields of an input object may be given now.
    OneOfRemoved = "ONE_OF_REMOVED", Safe;
    /// An operation type was added.
    RootTypeAdded = "ROOT_TYPE_ADDED", Safe;
    /// Another type is where operations start.
    RootTypeChanged = "ROOT_TYPE_CHANGED", Breaking;
    /// An operation type was removed.
    RootTypeRemoved = "ROOT_TYPE_REMOVED", Breaking;
    /// A scalar is specified elsewhere.
    SpecifiedByChanged = "SPECIFIED_BY_URL_CHANGED", Dangerous;
    /// A subscription tells of one more mutation.
    SubscriptionSourceAdded = "SUBSCRIPTION_SOURCE_ADDED", Dangerous;
    /// A subscription no longer tells of a mutation.
    SubscriptionSourceRemoved = "SUBSCRIPTION_SOURCE_REMOVED", Breaking;
    /// A type was added.
    TypeAdded = "TYPE_ADDED", Safe;
    /// A type is of another kind.
    TypeChangedKind = "TYPE_CHANGED_KIND", Breaking;
    /// A type was removed.
    TypeRemoved = "TYPE_REMOVED", Breaking;
    /// A union has one more member, which clients may not know.
    TypeAddedToUnion = "TYPE_ADDED_TO_UNION", Dangerous;
    /// A union lost a member.
    TypeRemovedFromUnion = "TYPE_REMOVED_FROM_UNION", Breaking;
}

impl fmt::Display for ChangeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One change from an older schema to a newer one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    code: ChangeCode,
    coordinate: Option<Coordinate>,
    message: String,
    before: Option<String>,
    after: Option<String>,
}

impl Change {
    /// What kind of change it is.
    pub fn code(&self) -> ChangeCode {
        self.code
    }

    /// Whom it hurts.
    pub fn class(&self) -> ChangeClass {
        self.code.class()
    }

    /// What changed: in the older schema when it was removed, otherwise in the newer one; `None` for the schema itself.
    pub fn coordinate(&self) -> Option<&Coordinate> {
        self.coordinate.as_ref()
    }

    /// What happened, as a sentence without a full stop.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What it was, where that is short and there was something: a type, a default, a reason.
    pub fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    /// What it is, where that is short and there is something.
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// The change for the renderers of diagnostics: a breaking one is an error, a dangerous one a warning.
    pub fn to_diagnostic(&self) -> Diagnostic {
        let severity = match self.class() {
            ChangeClass::Breaking => Severity::Error,
            ChangeClass::Dangerous => Severity::Warning,
            ChangeClass::Safe => Severity::Info,
        };
        let message = self.message.clone();
        let diagnostic = Diagnostic::found(severity, self.code.as_str(), message, None, &Default::default());
        match &self.coordinate {
            Some(coordinate) => diagnostic.with_coordinate(coordinate.clone()),
            None => diagnostic,
        }
    }
}

/// The sentence.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// `class`, `code`, `coordinate`, `message`, and `before` and `after` where there is something.
impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("class", self.class().as_str())?;
        map.serialize_entry("code", self.code.as_str())?;
        map.serialize_entry("coordinate", &self.coordinate)?;
        map.serialize_entry("message", &self.message)?;
        for (key, value) in [("before", &self.before), ("after", &self.after)] {
            if let Some(value) = value {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

/// Collects changes.
#[derive(Default)]
pub(super) struct Changes(Vec<Change>);

impl Changes {
    pub(super) fn add(
        &mut self,
        code: ChangeCode,
        coordinate: Coordinate,
        message: String,
        before: Option<&str>,
        after: Option<&str>,
    ) {
        self.push(code, Some(coordinate), message, before, after);
    }

    pub(super) fn add_to_schema(
        &mut self,
        code: ChangeCode,
        message: String,
        before: Option<&str>,
        after: Option<&str>,
    ) {
        self.push(code, None, message, before, after);
    }

    /// A change that says what happened to a coordinate, without a before and an after.
    pub(super) fn say(&mut self, code: ChangeCode, coordinate: Coordinate, what: &str) {
        let message = format!("{coordinate} {what}");
        self.add(code, coordinate, message, None, None);
    }

    pub(super) fn sorted(mut self) -> Vec<Change> {
        self.0
            .sort_by(|a, b| (a.class(), &a.coordinate, a.code).cmp(&(b.class(), &b.coordinate, b.code)));
        self.0
    }

    fn push(
        &mut self,
        code: ChangeCode,
        coordinate: Option<Coordinate>,
        message: String,
        before: Option<&str>,
        after: Option<&str>,
    ) {
        self.0.push(Change {
            code,
            coordinate,
            message,
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::ChangeCode;

    #[test]
    fn codes_are_distinct_and_spelt_alike() {
        let texts: HashSet<_> = ChangeCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(texts.len(), ChangeCode::ALL.len());
        let upper = |c: char| c.is_ascii_uppercase() || c == '_';
        assert!(texts.iter().all(|text| text.chars().all(upper)));
    }
}
