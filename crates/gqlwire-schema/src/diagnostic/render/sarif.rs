//! SARIF 2.1.0, the format of static analysis results.

use serde_json::{Map, Value, json};

use super::super::position::Position;
use super::super::{Diagnostic, Severity};

/// The program that SARIF names as the source of its results.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SarifTool<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
}

/// A SARIF 2.1.0 log with one run; columns count characters.
pub fn render_sarif(diagnostics: &[Diagnostic], tool: SarifTool<'_>) -> Value {
    let mut rules: Vec<&str> = diagnostics.iter().map(|found| found.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let results = diagnostics.iter().map(|found| result(found, &rules));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": tool.name,
                    "version": tool.version,
                    "rules": rules.iter().map(|rule| json!({ "id": rule, "name": rule })).collect::<Vec<_>>(),
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn result(diagnostic: &Diagnostic, rules: &[&str]) -> Value {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let mut text = diagnostic.message.clone();
    if let Some(help) = diagnostic.help() {
        text = format!("{text} ({help})");
    }
    let mut result = Map::new();
    result.insert("ruleId".to_owned(), json!(diagnostic.rule));
    result.insert(
        "ruleIndex".to_owned(),
        json!(rules.binary_search(&diagnostic.rule).ok()),
    );
    result.insert("level".to_owned(), json!(level));
    result.insert("message".to_owned(), json!({ "text": text }));
    let location = location(diagnostic);
    if !location.is_empty() {
        result.insert("locations".to_owned(), json!([location]));
    }
    Value::Object(result)
}

fn location(diagnostic: &Diagnostic) -> Map<String, Value> {
    let mut location = Map::new();
    // A region means nothing without the file that it lies in.
    if let Some(file) = diagnostic.file() {
        let mut physical = Map::new();
        physical.insert("artifactLocation".to_owned(), json!({ "uri": uri(file) }));
        if let Some(at) = &diagnostic.position {
            physical.insert("region".to_owned(), region(at));
        }
        location.insert("physicalLocation".to_owned(), Value::Object(physical));
    }
    if let Some(coordinate) = diagnostic.coordinate() {
        let logical = json!([{ "fullyQualifiedName": coordinate }]);
        location.insert("logicalLocations".to_owned(), logical);
    }
    location
}

fn region(at: &Position) -> Value {
    json!({
        "startLine": at.line,
        "startColumn": at.column,
        "endLine": at.end_line,
        "endColumn": at.end_column,
    })
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'\\' => uri.push('/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}
