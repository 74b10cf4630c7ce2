//! An introspection result as SDL.

use std::fmt::Write as _;

use apollo_compiler::ast::{self, Definition, Selection};
use apollo_compiler::parser::Parser;
use gqlwire_proto::GraphQLError;
use serde_json::Value;

use super::error::IntrospectionError;

const BUILT_IN_SCALARS: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];
const BUILT_IN_DIRECTIVES: [&str; 5] = ["deprecated", "include", "oneOf", "skip", "specifiedBy"];

/// Some servers name types of their own with two underscores in front, too.
pub(crate) const INTROSPECTION_TYPES: [&str; 8] = [
    "__Directive",
    "__DirectiveLocation",
    "__EnumValue",
    "__Field",
    "__InputValue",
    "__Schema",
    "__Type",
    "__TypeKind",
];

const LOCATIONS: [&str; 19] = [
    "ARGUMENT_DEFINITION",
    "ENUM",
    "ENUM_VALUE",
    "FIELD",
    "FIELD_DEFINITION",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "INPUT_FIELD_DEFINITION",
    "INPUT_OBJECT",
    "INTERFACE",
    "MUTATION",
    "OBJECT",
    "QUERY",
    "SCALAR",
    "SCHEMA",
    "SUBSCRIPTION",
    "UNION",
    "VARIABLE_DEFINITION",
];

/// No honest type has this many lists and non-nulls around it.
const MAX_WRAPPERS: usize = 64;

/// A short description stays on one line up to this many characters.
const ONE_LINE: usize = 70;

/// The reason that a bare `@deprecated` stands for.
const NO_REASON: &str = "No longer supported";

/// Prints an introspection result as SDL: a whole response, its `data`, or the bare `__schema` object.
///
/// What the specification defines itself (its scalars, directives and introspection types) is left out. Members that
/// older servers do not give (`specifiedByURL`, `isRepeatable`, `isDeprecated` of arguments, …) may be missing. Parsing
/// the SDL gives a schema with the same introspection result.
///
/// # Errors
///
/// When the JSON is not an introspection result, or a part of it is damaged.
pub fn sdl_from_introspection(introspection: &Value) -> Result<String, IntrospectionError> {
    let schema = schema_object(introspection)?;
    let types = array(schema, "types");
    let mut sdl = String::new();
    print_schema_definition(&mut sdl, schema, types)?;
    for directive in array(schema, "directives") {
        print_directive(&mut sdl, directive)?;
    }
    for definition in types {
        let name = name_of(definition, "a type")?;
        if INTROSPECTION_TYPES.contains(&name) || BUILT_IN_SCALARS.contains(&name) {
            continue;
        }
        print_type(&mut sdl, definition, name)?;
    }
    Ok(sdl)
}

pub(crate) fn schema_object(introspection: &Value) -> Result<&Value, IntrospectionError> {
    let candidates = [
        introspection.pointer("/data/__schema"),
        introspection.get("__schema"),
        Some(introspection),
    ];
    let found = candidates
        .into_iter()
        .flatten()
        .find(|found| found.get("types").is_some_and(Value::is_array));
    if let Some(found) = found {
        return Ok(found);
    }
    match introspection.get("errors") {
        Some(errors) if !errors.is_null() => Err(IntrospectionError::Refused(GraphQLError::list_from_value(
            errors.clone(),
        ))),
        _ => Err(IntrospectionError::NotIntrospection),
    }
}

fn print_schema_definition(sdl: &mut String, schema: &Value, types: &[Value]) -> Result<(), IntrospectionError> {
    let declared = |name: &str| types.iter().any(|definition| definition["name"].as_str() == Some(name));
    let roots = [
        ("query", "Query", "queryType"),
        ("mutation", "Mutation", "mutationType"),
        ("subscription", "Subscription", "subscriptionType"),
    ];
    let mut lines = String::new();
    let mut needed = has_description(schema);
    for (kind, default, member) in roots {
        match schema.get(member).filter(|root| !root.is_null()) {
            Some(root) => {
                let name = name_of(root, member)?;
                needed |= name != default;
                push(&mut lines, format_args!("  {kind}: {name}\n"));
            }
            // A type that only happens to have a root type's name.
            None => needed |= declared(default),
        }
    }
    if needed && !lines.is_empty() {
        print_description(sdl, schema, "");
        push(sdl, format_args!("schema {{\n{lines}}}\n"));
    }
    Ok(())
}

fn print_directive(sdl: &mut String, directive: &Value) -> Result<(), IntrospectionError> {
    let name = name_of(directive, "a directive")?;
    if BUILT_IN_DIRECTIVES.contains(&name) {
        return Ok(());
    }
    let locations = locations(directive);
    if locations.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    print_arguments(&mut text, directive, &format!("@{name}"), "")?;
    separate(sdl);
    print_description(sdl, directive, "");
    let repeatable = if is_true(directive, "isRepeatable") {
        " repeatable"
    } else {
        ""
    };
    push(
        sdl,
        format_args!("directive @{name}{text}{repeatable} on {}\n", locations.join(" | ")),
    );
    Ok(())
}

/// The locations that the language knows; servers of before 2016 have flags instead of a list.
fn locations(directive: &Value) -> Vec<&str> {
    let listed = array(directive, "locations").iter().filter_map(Value::as_str);
    let mut locations: Vec<_> = listed.filter(|location| LOCATIONS.contains(location)).collect();
    if locations.is_empty() {
        let flags: [(&str, &[&str]); 3] = [
            ("onOperation", &["QUERY", "MUTATION", "SUBSCRIPTION"]),
            (
                "onFragment",
                &["FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"],
            ),
            ("onField", &["FIELD"]),
        ];
        let set = flags.into_iter().filter(|(flag, _)| is_true(directive, flag));
        locations.extend(set.flat_map(|(_, places)| places));
    }
    locations
}

fn print_type(sdl: &mut String, definition: &Value, name: &str) -> Result<(), IntrospectionError> {
    separate(sdl);
    print_description(sdl, definition, "");
    match definition["kind"].as_str().unwrap_or_default() {
        "SCALAR" => {
            push(sdl, format_args!("scalar {name}"));
            let url = definition["specifiedByURL"]
                .as_str()
                .or(definition["specifiedByUrl"].as_str());
            if let Some(url) = url {
                push(sdl, format_args!(" @specifiedBy(url: {})", quoted(url)));
            }
            sdl.push('\n');
        }
        kind @ ("OBJECT" | "INTERFACE") => {
            let keyword = if kind == "OBJECT" { "type" } else { "interface" };
            push(sdl, format_args!("{keyword} {name}"));
            let interfaces = names(definition, "interfaces", name)?;
            if !interfaces.is_empty() {
                push(sdl, format_args!(" implements {}", interfaces.join(" & ")));
            }
            print_fields(sdl, definition, name)?;
        }
        "UNION" => {
            push(sdl, format_args!("union {name}"));
            let members = names(definition, "possibleTypes", name)?;
            if !members.is_empty() {
                push(sdl, format_args!(" = {}", members.join(" | ")));
            }
            sdl.push('\n');
        }
        "ENUM" => {
            push(sdl, format_args!("enum {name} {{\n"));
            for value in array(definition, "enumValues") {
                print_description(sdl, value, "  ");
                push(sdl, format_args!("  {}", name_of(value, name)?));
                print_deprecation(sdl, value);
                sdl.push('\n');
            }
            sdl.push_str("}\n");
        }
        "INPUT_OBJECT" => {
            let one_of = if is_true(definition, "isOneOf") { " @oneOf" } else { "" };
            push(sdl, format_args!("input {name}{one_of} {{\n"));
            for field in array(definition, "inputFields") {
                print_description(sdl, field, "  ");
                sdl.push_str("  ");
                print_input_value(sdl, field, name)?;
                sdl.push('\n');
            }
            sdl.push_str("}\n");
        }
        other => return Err(malformed(name, format!("'{other}' is not a kind of type"))),
    }
    Ok(())
}

fn print_fields(sdl: &mut String, definition: &Value, type_name: &str) -> Result<(), IntrospectionError> {
    let fields = array(definition, "fields");
    if fields.is_empty() {
        sdl.push('\n');
        return Ok(());
    }
    sdl.push_str(" {\n");
    for field in fields {
        let name = name_of(field, type_name)?;
        let place = format!("{type_name}.{name}");
        print_description(sdl, field, "  ");
        push(sdl, format_args!("  {name}"));
        print_arguments(sdl, field, &place, "  ")?;
        push(sdl, format_args!(": {}", type_reference(&field["type"], &place)?));
        print_deprecation(sdl, field);
        sdl.push('\n');
    }
    sdl.push_str("}\n");
    Ok(())
}

/// On one line, unless one of them has a description.
fn print_arguments(sdl: &mut String, owner: &Value, place: &str, indent: &str) -> Result<(), IntrospectionError> {
    let arguments = array(owner, "args");
    if arguments.is_empty() {
        return Ok(());
    }
    let on_lines = arguments.iter().any(has_description);
    let inner = format!("{indent}  ");
    sdl.push('(');
    for (index, argument) in arguments.iter().enumerate() {
        if on_lines {
            sdl.push('\n');
            print_description(sdl, argument, &inner);
            sdl.push_str(&inner);
        } else if index > 0 {
            sdl.push_str(", ");
        }
        print_input_value(sdl, argument, place)?;
    }
    if on_lines {
        push(sdl, format_args!("\n{indent}"));
    }
    sdl.push(')');
    Ok(())
}

fn print_input_value(sdl: &mut String, value: &Value, owner: &str) -> Result<(), IntrospectionError> {
    let name = name_of(value, owner)?;
    let place = format!("{owner}.{name}");
    push(sdl, format_args!("{name}: {}", type_reference(&value["type"], &place)?));
    if let Some(default) = value["defaultValue"].as_str() {
        push(sdl, format_args!(" = {}", default_value(default)));
    }
    print_deprecation(sdl, value);
    Ok(())
}

/// A default is GraphQL text already. Some servers forget the quotation marks of a string; theirs are put back.
fn default_value(text: &str) -> String {
    constant(text).unwrap_or_else(|| quoted(text))
}

/// The text as the printer of values has it, if it is exactly one constant value. Inside a list, so that nothing after
/// the value is overlooked.
fn constant(text: &str) -> Option<String> {
    let document = format!("{{a(b:[{text}\n])}}");
    let parsed = Parser::new()
        .recursion_limit(100)
        .parse_ast(document, "default.graphql")
        .ok()?;
    let [Definition::OperationDefinition(operation)] = &parsed.definitions[..] else {
        return None;
    };
    let [Selection::Field(field)] = &operation.selection_set[..] else {
        return None;
    };
    let ([argument], true) = (&field.arguments[..], field.selection_set.is_empty()) else {
        return None;
    };
    let [value] = argument.value.as_list()? else {
        return None;
    };
    is_constant(value).then(|| value.serialize().no_indent().to_string())
}

fn is_constant(value: &ast::Value) -> bool {
    match value {
        ast::Value::Variable(_) => false,
        ast::Value::List(items) => items.iter().all(|item| is_constant(item)),
        ast::Value::Object(fields) => fields.iter().all(|(_, value)| is_constant(value)),
        _ => true,
    }
}

fn print_deprecation(sdl: &mut String, value: &Value) {
    let reason = value["deprecationReason"].as_str();
    if !is_true(value, "isDeprecated") {
        return;
    }
    match reason {
        None | Some(NO_REASON) => sdl.push_str(" @deprecated"),
        Some(reason) => push(sdl, format_args!(" @deprecated(reason: {})", quoted(reason))),
    }
}

fn type_reference(reference: &Value, place: &str) -> Result<String, IntrospectionError> {
    let mut wrappers = Vec::new();
    let mut next = reference;
    let name = loop {
        match next["kind"].as_str() {
            Some(kind @ ("LIST" | "NON_NULL")) => wrappers.push(kind),
            Some(_) => break name_of(next, place)?,
            None if wrappers.is_empty() => return Err(malformed(place, "its type is missing".to_owned())),
            None => {
                return Err(IntrospectionError::TruncatedType {
                    place: place.to_owned(),
                });
            }
        }
        if wrappers.len() > MAX_WRAPPERS {
            return Err(malformed(place, "its type has no end".to_owned()));
        }
        next = &next["ofType"];
    };
    let mut text = name.to_owned();
    for wrapper in wrappers.into_iter().rev() {
        text = if wrapper == "LIST" {
            format!("[{text}]")
        } else {
            format!("{text}!")
        };
    }
    Ok(text)
}

fn has_description(value: &Value) -> bool {
    value["description"].is_string()
}

fn print_description(sdl: &mut String, value: &Value, indent: &str) {
    if let Some(text) = value["description"].as_str() {
        push(sdl, format_args!("{indent}{}\n", description(text, indent)));
    }
}

/// A block string where that keeps every character, else an escaped string.
fn description(text: &str, indent: &str) -> String {
    let printable = |c: char| c == '\n' || c == '\t' || (c >= ' ' && c != '\u{7f}');
    let blank = |line: &str| line.trim_matches([' ', '\t']).is_empty();
    let lines: Vec<&str> = text.split('\n').collect();
    // A block string loses blank first and last lines and the indentation that all lines share.
    let flush = |line: &&str| !line.starts_with([' ', '\t']);
    let survives = text.chars().all(printable)
        && !blank(lines[0])
        && lines.last().is_some_and(|line| !blank(line))
        && lines.iter().filter(|line| !blank(line)).any(flush)
        && lines.iter().all(|line| line.is_empty() || !blank(line));
    if !survives {
        return quoted(text);
    }
    let escaped = text.replace("\"\"\"", "\\\"\"\"");
    let one_line = lines.len() == 1 && text.chars().count() <= ONE_LINE;
    if one_line && !text.starts_with('"') && !text.ends_with(['"', '\\']) {
        return format!("\"\"\"{escaped}\"\"\"");
    }
    let mut block = String::from("\"\"\"\n");
    for line in escaped.split('\n') {
        if !line.is_empty() {
            push(&mut block, format_args!("{indent}{line}"));
        }
        block.push('\n');
    }
    push(&mut block, format_args!("{indent}\"\"\""));
    block
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c < ' ' || c == '\u{7f}' => push(&mut quoted, format_args!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn names<'a>(owner: &'a Value, member: &str, place: &str) -> Result<Vec<&'a str>, IntrospectionError> {
    array(owner, member).iter().map(|item| name_of(item, place)).collect()
}

fn name_of<'a>(value: &'a Value, place: &str) -> Result<&'a str, IntrospectionError> {
    let name = value["name"].as_str().unwrap_or_default();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.bytes().all(word) {
        return Err(malformed(place, format!("{} is not a name", value["name"])));
    }
    Ok(name)
}

fn array<'a>(owner: &'a Value, member: &str) -> &'a [Value] {
    owner[member].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn is_true(owner: &Value, member: &str) -> bool {
    owner[member].as_bool() == Some(true)
}

fn malformed(place: &str, problem: String) -> IntrospectionError {
    IntrospectionError::Malformed {
        place: place.to_owned(),
        problem,
    }
}

fn separate(sdl: &mut String) {
    if !sdl.is_empty() {
        sdl.push('\n');
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(arguments);
}
