//! Diagnostics as text, JSON, SARIF and GitHub's annotations.

mod github;
mod sarif;
mod text;

use serde_json::{Value, json};

use super::{Diagnostic, Severity};

pub use self::github::render_github;
pub use self::sarif::{SarifTool, render_sarif};
pub use self::text::{TextOptions, render_text};

pub(super) use self::text::plain;

/// `{"diagnostics": […], "errors": 1, "warnings": 2}`; each diagnostic has `severity`, `rule`, `message`, and what is
/// known of `file`, `line`, `column`, `endLine`, `endColumn`, `coordinate`, `suggestions` and `help`.
pub fn render_json(diagnostics: &[Diagnostic]) -> Value {
    let count = |severity| diagnostics.iter().filter(|found| found.severity == severity).count();
    json!({
        "diagnostics": diagnostics,
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
    })
}
