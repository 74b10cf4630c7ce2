//! Annotations as GitHub's workflow commands have them.

use super::super::{Diagnostic, Severity};

/// One workflow command a line, which GitHub Actions shows beside the code:
/// `::error file=app.graphql,line=1,endLine=1,col=3,endColumn=6,title=UndefinedField::Cannot query field …`.
pub fn render_github(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let mut properties = Vec::new();
        if let Some(file) = diagnostic.file() {
            properties.push(format!("file={}", property(file)));
        }
        if let Some(at) = &diagnostic.position {
            properties.push(format!("line={},endLine={}", at.line, at.end_line));
            // GitHub refuses columns of an annotation that spans lines.
            if at.line == at.end_line {
                properties.push(format!("col={},endColumn={}", at.column, at.end_column));
            }
        }
        properties.push(format!("title={}", property(diagnostic.rule)));
        let mut message = diagnostic.message.clone();
        if let Some(help) = diagnostic.help() {
            message = format!("{message} ({help})");
        }
        text.push_str(&format!("::{command} {}::{}\n", properties.join(","), data(&message)));
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
