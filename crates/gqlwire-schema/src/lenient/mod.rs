//! Broken schemas of servers that work all the same, made usable.

mod introspection;
mod repair;

use apollo_compiler::parser::Parser;
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::introspection::{IntrospectionError, sdl_from_introspection};
use crate::schema::Schema;

/// Faults that leave a schema as it is: documents can be checked against it, and the server knows what it means.
const HARMLESS: [&str; 23] = [
    "DuplicateRootOperationType",
    "EmptyFieldSet",
    "EmptyInputValueSet",
    "EmptyMemberSet",
    "EmptyValueSet",
    "ExtraRequiredImplementationFieldArgument",
    "FloatCoercionError",
    "IntCoercionError",
    "InvalidImplementationFieldArgumentType",
    "InvalidImplementationFieldType",
    "MissingInterfaceField",
    "MissingInterfaceFieldArgument",
    "QueryRootOperationType",
    "RecursiveDirectiveDefinition",
    "RecursiveInputObjectDefinition",
    "RequiredArgument",
    "RequiredField",
    "ReservedName",
    "TransitiveImplementedInterfaces",
    "UndefinedEnumValue",
    "UndefinedInputValue",
    "UnsupportedLocation",
    "UnsupportedValueType",
];

const RECURSION_LIMIT: usize = 100;

impl Schema {
    /// Reads a schema in SDL that other servers or tools made, with faults that do not stand in the way of a client.
    ///
    /// The second part of the result says what was forgiven, each as a warning: what was left out (what is declared
    /// twice, unknown interfaces, types in places that their kind forbids, applied directives that are not declared),
    /// what was made up (unknown types become scalars), and what stays as it is (types without fields, interfaces that
    /// are not implemented in full, names with two underscores in front, defaults of a wrong type). It is empty for a
    /// valid schema.
    ///
    /// ```
    /// use gqlwire_schema::Schema;
    ///
    /// let (schema, forgiven) = Schema::from_sdl_lenient("type Query { at: DateTime } type Empty")?;
    /// assert!(schema.parse("{ at }").is_ok());
    /// let forgiven: Vec<_> = forgiven.iter().map(|found| found.message()).collect();
    /// assert_eq!(forgiven[0], "The type DateTime is used, but not defined; it is taken for a scalar.");
    /// # Ok::<(), gqlwire_schema::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the text is no SDL, or has faults beyond those.
    pub fn from_sdl_lenient(sdl: &str) -> Result<(Self, Vec<Diagnostic>), Diagnostics> {
        if let Ok(schema) = Self::from_sdl_tolerating(sdl, &[]) {
            let kept = schema.1.into_iter().flatten();
            return Ok((schema.0, kept.map(Diagnostic::into_warning).collect()));
        }
        let parsed = Parser::new()
            .recursion_limit(RECURSION_LIMIT)
            .parse_ast(sdl, "<schema>");
        let mut tree = match parsed {
            Ok(tree) => tree,
            // Nothing between braces is a syntax error, which leaves no hole in the tree.
            Err(failed) if repair::only_empty_braces(&failed.errors, sdl) => failed.partial,
            Err(failed) => return Err(Diagnostics::from_schema(&failed.errors, sdl)),
        };
        let mut forgiven = repair::repair(&mut tree);
        let repaired = tree.to_string();
        let (schema, kept) = Self::from_sdl_tolerating(&repaired, &HARMLESS)?;
        // Places in the repaired text are nobody's.
        forgiven.extend(kept.into_iter().flatten().map(Diagnostic::into_unplaced_warning));
        Ok((schema, forgiven))
    }

    /// Reads a schema from the introspection result of a server that does not keep to the specification: what
    /// [`from_sdl_lenient`](Self::from_sdl_lenient) forgives, and also members that are missing or null, names that are
    /// none, kinds that are unknown, types that are cut off. What has to be left out is named in the second part of the
    /// result.
    ///
    /// # Errors
    ///
    /// When the JSON is not an introspection result at all, or nothing usable is left of it.
    pub fn from_introspection_lenient(introspection: &Value) -> Result<(Self, Vec<Diagnostic>), IntrospectionError> {
        if let Ok(schema) = Self::from_introspection(introspection) {
            return Ok((schema, Vec::new()));
        }
        let (cleaned, mut forgiven) = introspection::clean(introspection)?;
        let sdl = sdl_from_introspection(&cleaned)?;
        let (schema, repaired) = Self::from_sdl_lenient(&sdl).map_err(IntrospectionError::InvalidSchema)?;
        forgiven.extend(repaired.into_iter().map(Diagnostic::into_unplaced_warning));
        Ok((schema, forgiven))
    }
}
