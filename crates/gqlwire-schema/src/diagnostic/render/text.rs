//! Text for terminals and logs: the message, the line with a caret, and what to do.

use std::fmt::{self, Write};

use super::super::position::Excerpt;
use super::super::{Diagnostic, Severity};

/// How text is rendered.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct TextOptions {
    /// Whether to colour it with ANSI sequences; `false` by default.
    pub color: bool,
}

impl TextOptions {
    /// With ANSI colours.
    pub fn colored() -> Self {
        Self { color: true }
    }
}

/// All diagnostics with severity and rule, an empty line between them, and a line break at the end; nothing when
/// there are none.
///
/// ```text
/// error[UndefinedField]: Cannot query field "nwo" on type "Query".
///  --> app.graphql:1:3
///   |
/// 1 | { nwo }
///   |   ^^^
///   = help: did you mean "now"?
/// ```
pub fn render_text(diagnostics: &[Diagnostic], options: &TextOptions) -> String {
    let style = Style { color: options.color };
    let mut text = String::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        // Writing to a string cannot fail.
        let _ = titled(diagnostic, style, &mut text);
        text.push('\n');
    }
    text
}

/// Without severity and rule.
pub(in super::super) fn plain(diagnostic: &Diagnostic, out: &mut impl Write) -> fmt::Result {
    out.write_str(&diagnostic.message)?;
    details(diagnostic, Style { color: false }, out)
}

fn titled(diagnostic: &Diagnostic, style: Style, out: &mut impl Write) -> fmt::Result {
    let severity = diagnostic.severity;
    let title = format!("{severity}[{}]", diagnostic.rule);
    write!(out, "{}: ", style.severity(severity, &title))?;
    out.write_str(&style.bold(&printable(&diagnostic.message)))?;
    details(diagnostic, style, out)
}

fn details(diagnostic: &Diagnostic, style: Style, out: &mut impl Write) -> fmt::Result {
    let (number, margin) = match &diagnostic.position {
        Some(at) => (at.line.to_string(), " ".repeat(at.line.to_string().len())),
        None => (String::new(), " ".to_owned()),
    };
    let file = diagnostic.file().map(printable);
    if let Some(at) = &diagnostic.position {
        let file = file.map(|file| format!("{file}:")).unwrap_or_default();
        let bar = style.dim("|");
        let Excerpt { text, caret, width } = &at.excerpt;
        let marks = style.severity(diagnostic.severity, &"^".repeat((*width).max(1)));
        write!(out, "\n{margin}{} {file}{number}:{}", style.dim("-->"), at.column)?;
        write!(out, "\n{margin} {bar}\n{} {bar} {text}", style.dim(&number))?;
        write!(out, "\n{margin} {bar} {}{marks}", " ".repeat(*caret))?;
    } else if let Some(file) = file {
        write!(out, "\n{margin}{} {file}", style.dim("-->"))?;
    }
    match diagnostic.help() {
        Some(help) => write!(out, "\n{margin} {} {}", style.help("= help:"), printable(&help)),
        None => Ok(()),
    }
}

/// A text from elsewhere must not move the cursor.
fn printable(text: &str) -> String {
    let control = |c: char| c.is_control() && c != '\n' && c != '\t';
    text.replace(control, "\u{fffd}")
}

#[derive(Clone, Copy)]
struct Style {
    color: bool,
}

impl Style {
    fn severity(self, severity: Severity, text: &str) -> String {
        self.paint(
            text,
            match severity {
                Severity::Error => "1;31",
                Severity::Warning => "1;33",
                Severity::Info => "1;36",
            },
        )
    }

    fn bold(self, text: &str) -> String {
        self.paint(text, "1")
    }

    fn dim(self, text: &str) -> String {
        self.paint(text, "34")
    }

    fn help(self, text: &str) -> String {
        self.paint(text, "32")
    }

    fn paint(self, text: &str, code: &str) -> String {
        match self.color {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }
}
