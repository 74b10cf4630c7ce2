//! Rules of good taste, and AppSync's traps, that a valid schema may still break.

mod appsync;
mod auth;
mod naming;
mod reach;
mod upkeep;

use apollo_compiler::parser::SourceSpan;

use crate::coordinate::Coordinate;
use crate::diagnostic::{Diagnostic, Severity};
use crate::schema::{PRELUDE_NAMES, Schema, TypeDefinition};

/// Declares the rules with their name and severity, in one place.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $severity:ident;)*) => {
        /// A rule of [`Schema::lint`].
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum LintRule { $($(#[$doc])* $name,)* }

        impl LintRule {
            /// Every rule there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable name, such as `unused-type`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// How much its findings matter.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// The rule of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|rule| rule.as_str() == name)
            }
        }
    };
}

rules! {
    /// Names of arguments and input fields are written `likeThis`.
    ArgumentNameCase = "argument-name-case", Warning;
    /// `@aws_auth` is ignored beside the directives of other modes.
    AwsAuthIgnored = "appsync-aws-auth-ignored", Error;
    /// A field admits callers who may not read the type that it returns.
    AuthModeMissingOnType = "appsync-auth-mode-missing-on-type", Warning;
    /// `@deprecated` says what to use instead.
    DeprecatedWithoutReason = "deprecated-without-reason", Warning;
    /// Types, and fields of root types, are described.
    DescriptionMissing = "description-missing", Info;
    /// Values of enums are written `LIKE_THIS`.
    EnumValueCase = "enum-value-case", Warning;
    /// Names of fields are written `likeThis`.
    FieldNameCase = "field-name-case", Warning;
    /// Names of input objects end in `Input`, `Filter` or a like word, so that nobody takes them for what is returned.
    InputName = "input-name", Info;
    /// A required argument or input field cannot be left out, so nobody can heed its deprecation.
    RequiredDeprecated = "required-deprecated", Error;
    /// `@aws_subscribe` names a field of the mutation type.
    SubscribeUnknownMutation = "appsync-subscribe-unknown-mutation", Error;
    /// A subscription returns what its mutations return.
    SubscribeOtherType = "appsync-subscribe-other-type", Error;
    /// A subscription's argument is compared with the payload's field of its name and type.
    SubscriptionArgument = "appsync-subscription-argument", Warning;
    /// Non-null fields of a payload fail for subscribers where the mutation does not select them.
    SubscriptionNonNullField = "appsync-subscription-non-null-field", Info;
    /// A subscription's payload is nullable, as what a mutation answers with may be null.
    SubscriptionNonNullPayload = "appsync-subscription-non-null-payload", Warning;
    /// A subscription says which mutations feed it.
    SubscriptionWithoutSource = "appsync-subscription-without-source", Warning;
    /// Names of types are written `LikeThis`.
    TypeNameCase = "type-name-case", Warning;
    /// Every type can be reached from an operation.
    UnusedType = "unused-type", Warning;
}

/// What is looked at, and how the findings are placed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LintOptions {
    /// Rules that are left out; none by default.
    pub off: Vec<LintRule>,
    /// The file that the schema was read from as SDL. With it, findings have a file, line and column; without, which is
    /// the default, only coordinates.
    pub file: Option<String>,
}

impl Schema {
    /// Looks for what a valid schema should still not have: odd names, unused types, missing descriptions, and what
    /// AppSync accepts and then does not do.
    ///
    /// AppSync's rules are applied where the schema has AppSync's directives. Errors come first, then the order is that
    /// of the schema.
    ///
    /// ```
    /// use gqlwire_schema::{LintOptions, Schema};
    ///
    /// let schema = Schema::from_sdl(
    ///     "type Query { a: Int }
    ///      type Mutation { post: Int }
    ///      type Subscription { onPost: Int @aws_subscribe(mutations: [\"pots\"]) }",
    /// )?;
    /// let found = &schema.lint(&LintOptions::default())[0];
    /// assert_eq!(found.rule(), "appsync-subscribe-unknown-mutation");
    /// assert_eq!(found.suggestions(), ["post"]);
    /// # Ok::<(), gqlwire_schema::Diagnostics>(())
    /// ```
    pub fn lint(&self, options: &LintOptions) -> Vec<Diagnostic> {
        let mut lint = Lint {
            schema: self,
            options,
            found: Vec::new(),
        };
        naming::check(&mut lint);
        upkeep::check(&mut lint);
        reach::check(&mut lint);
        appsync::check(&mut lint);
        auth::check(&mut lint);
        let mut found = lint.found;
        found.sort_by_key(|(place, diagnostic)| (diagnostic.severity(), *place));
        found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
    }
}

struct Lint<'a> {
    schema: &'a Schema,
    options: &'a LintOptions,
    /// With their places in the text.
    found: Vec<(usize, Diagnostic)>,
}

impl<'a> Lint<'a> {
    /// Types of the schema's author. AppSync's are in its introspection results like any other.
    fn types(&self) -> impl Iterator<Item = TypeDefinition<'a>> + use<'a> {
        let own = |found: &TypeDefinition<'_>| !found.is_built_in() && !PRELUDE_NAMES.contains(&found.name());
        self.schema.types().filter(own)
    }

    fn report(&mut self, rule: LintRule, coordinate: Coordinate, at: Option<SourceSpan>, message: String) {
        self.report_with(rule, coordinate, at, message, |diagnostic| diagnostic);
    }

    fn report_with(
        &mut self,
        rule: LintRule,
        coordinate: Coordinate,
        at: Option<SourceSpan>,
        message: String,
        more: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        if self.options.off.contains(&rule) {
            return;
        }
        let shown = at.filter(|_| self.options.file.is_some());
        let sources = &self.schema.compiled().sources;
        let diagnostic = Diagnostic::found(rule.severity(), rule.as_str(), message, shown, sources);
        let diagnostic = diagnostic
            .with_coordinate(coordinate)
            .with_file(self.options.file.as_deref().map(Into::into));
        self.found.push((at.map_or(0, |at| at.offset()), more(diagnostic)));
    }
}
