//! AppSync's wording of validation errors, which is that of graphql-java.

/// Where in a document an error lies.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Names of the enclosing fragment definition and fields, outermost first.
    pub(super) path: Vec<String>,
    /// The argument that encloses the error.
    pub(super) argument: Option<String>,
    /// That argument's value, as GraphQL text.
    pub(super) value: Option<String>,
    /// Whether the innermost field has a selection.
    pub(super) selects: bool,
}

/// Words an error as AppSync does. `message` is the graphql-js wording, whose quoted names are reused.
pub(super) fn message(rule: &str, message: &str, place: &Place, (line, column): (u32, u32)) -> String {
    if matches!(rule, "SyntaxError" | "LimitReached") {
        let reason = message.strip_prefix("syntax error: ").unwrap_or(message);
        return match line {
            0 => format!("Invalid Syntax : {reason}"),
            _ => format!("Invalid Syntax : {reason} at line {line} column {column}"),
        };
    }
    let names: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
    let (kind, text) = describe(rule, message, &names, place);
    let at_document = matches!(rule, "UnusedVariable" | "UnusedFragment");
    if place.path.is_empty() || at_document {
        return format!("Validation error of type {kind}: {text}");
    }
    format!("Validation error of type {kind}: {text} @ '{}'", place.path.join("/"))
}

fn describe<'a>(rule: &'a str, message: &str, names: &[&str], place: &Place) -> (&'a str, String) {
    let name = |index: usize| names.get(index).copied().unwrap_or_default();
    let variable = |index: usize| name(index).trim_start_matches('$');
    match rule {
        "UndefinedField" => (
            "FieldUndefined",
            format!("Field '{}' in type '{}' is undefined", name(0), name(1)),
        ),
        "RequiredArgument" if message.starts_with("Directive") => (
            "MissingDirectiveArgument",
            format!("Missing directive argument {}", name(1)),
        ),
        "RequiredArgument" => ("MissingFieldArgument", format!("Missing field argument {}", name(1))),
        "UndefinedArgument" if name(1).starts_with('@') => {
            ("UnknownDirective", format!("Unknown directive argument {}", name(0)))
        }
        "UndefinedArgument" => ("UnknownArgument", format!("Unknown field argument {}", name(0))),
        "MissingSubselection" => (
            "SubSelectionRequired",
            format!(
                "Sub selection required for type {} of field {}",
                name(1).trim_matches(['[', ']', '!']),
                name(0)
            ),
        ),
        "SubselectionOnScalarType" | "SubselectionOnEnumType" => (
            "SubSelectionNotAllowed",
            format!(
                "Sub selection not allowed on leaf type {} of field {}",
                name(1),
                name(0)
            ),
        ),
        "UndefinedDefinition"
        | "UndefinedTypeInNamedFragmentTypeCondition"
        | "UndefinedTypeInInlineFragmentTypeCondition" => ("UnknownType", format!("Unknown type {}", name(0))),
        "UndefinedVariable" => ("UndefinedVariable", format!("Undefined variable {}", variable(0))),
        "UndefinedFragment" => ("UndefinedFragment", format!("Undefined fragment {}", name(0))),
        "UndefinedDirective" => (
            "UnknownDirective",
            format!("Unknown directive {}", name(0).trim_start_matches('@')),
        ),
        "UnsupportedLocation" => (
            "MisplacedDirective",
            format!("Directive {} not allowed here", name(0).trim_start_matches('@')),
        ),
        "UnusedVariable" => ("UnusedVariable", format!("Unused variable {}", variable(0))),
        "UnusedFragment" => ("UnusedFragment", format!("Unused fragment {}", name(0))),
        "DisallowedVariableUsage" => (
            "VariableTypeMismatch",
            format!("Variable type '{}' doesn't match expected type '{}'", name(1), name(2)),
        ),
        "UnsupportedValueType"
        | "IntCoercionError"
        | "FloatCoercionError"
        | "UndefinedEnumValue"
        | "UndefinedInputValue"
        | "RequiredField"
        | "InvalidScalarLiteral"
        | "OneOfInputObject" => ("WrongType", wrong_type(rule, message, names, place)),
        "VariableInputType" => (
            "NonInputTypeOnVariable",
            format!("Input variable {} type is not an input type", variable(0)),
        ),
        "RecursiveFragmentDefinition" => ("FragmentCycle", "Fragment cycles not allowed".to_owned()),
        "InvalidFragmentTarget" => (
            "FragmentTypeConditionInvalid",
            "Fragment type condition is invalid, must be on Object/Interface/Union".to_owned(),
        ),
        "InvalidFragmentSpread" => ("InvalidFragmentType", message.to_owned()),
        "ConflictingFieldType" | "ConflictingFieldName" | "ConflictingFieldArgument" => {
            ("FieldsConflict", message.to_owned())
        }
        "AmbiguousAnonymousOperation" => (
            "LoneAnonymousOperationViolation",
            "Anonymous operation with other operations.".to_owned(),
        ),
        "OperationNameCollision" => (
            "DuplicateOperationName",
            format!("There can be only one operation named '{}'", name(0)),
        ),
        "FragmentNameCollision" => (
            "DuplicateFragmentName",
            format!("There can be only one fragment named '{}'", name(0)),
        ),
        "UniqueVariable" => (
            "DuplicateVariableName",
            format!("There can be only one variable named '{}'", variable(0)),
        ),
        "UniqueArgument" => (
            "DuplicateArgumentNames",
            format!("There can be only one argument named '{}'", name(0)),
        ),
        "UniqueInputField" => (
            "UniqueObjectFieldName",
            format!("There can be only one field named '{}'", name(0)),
        ),
        "UniqueDirective" => (
            "DuplicateDirectiveName",
            format!(
                "Non repeatable directive {} must be uniquely named within a location",
                name(0).trim_start_matches('@')
            ),
        ),
        "SubscriptionUsesMultipleFields" => ("SubscriptionMultipleRootFields", message.to_owned()),
        "TypeSystemDefinition" => ("NonExecutableDefinition", message.to_owned()),
        other => (other, message.to_owned()),
    }
}

fn wrong_type(rule: &str, message: &str, names: &[&str], place: &Place) -> String {
    let name = |index: usize| names.get(index).copied().unwrap_or_default();
    let subject = match (&place.argument, &place.value) {
        (Some(argument), Some(value)) => format!("argument '{argument}' with value '{}'", shortened(value)),
        _ => "value".to_owned(),
    };
    match rule {
        "UndefinedInputValue" => format!("{subject} contains a field not in '{}': '{}'", name(1), name(0)),
        "RequiredField" => {
            let field = name(0).rsplit('.').next().unwrap_or_default();
            format!("{subject} is missing required fields '[{field}]'")
        }
        "UndefinedEnumValue" => format!("{subject} is not a valid '{}'", name(1)),
        "UnsupportedValueType" | "IntCoercionError" | "FloatCoercionError" => {
            let expected = message.split(' ').next().unwrap_or_default();
            format!("{subject} is not a valid '{expected}'")
        }
        _ => format!("{subject} is not valid: {message}"),
    }
}

fn shortened(value: &str) -> String {
    match value.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
