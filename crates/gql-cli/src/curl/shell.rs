//! Words as a POSIX shell reads them.

/// One word of a command line: text, with variables of the environment in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Word(Vec<Piece>);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Piece {
    Text(String),
    Variable(String),
}

impl Word {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::default().and_text(text)
    }

    pub(super) fn and_text(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.0.push(Piece::Text(text));
        }
        self
    }

    /// The name is one that a shell takes.
    pub(super) fn and_variable(mut self, name: impl Into<String>) -> Self {
        self.0.push(Piece::Variable(name.into()));
        self
    }

    /// As it is typed. Text that means something to a shell stands between single quotes, where nothing does.
    pub(super) fn quoted(&self) -> String {
        if self.0.is_empty() {
            return "''".to_owned();
        }
        let is_harmless = |text: &str| text.chars().all(|c| is_plain(c) || c == ' ');
        let has_variable = self.0.iter().any(|piece| matches!(piece, Piece::Variable(_)));
        let fits_double = self.0.iter().all(|piece| match piece {
            Piece::Text(text) => is_harmless(text),
            Piece::Variable(_) => true,
        });
        if has_variable && fits_double {
            let inner: String = self.0.iter().map(Piece::bare).collect();
            return format!("\"{inner}\"");
        }
        self.0.iter().map(Piece::quoted).collect()
    }
}

impl Piece {
    fn bare(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Variable(name) => format!("${{{name}}}"),
        }
    }

    fn quoted(&self) -> String {
        match self {
            Self::Text(text) if text.chars().all(is_plain) => text.clone(),
            Self::Text(text) => format!("'{}'", text.replace('\'', r"'\''")),
            Self::Variable(name) => format!("\"${{{name}}}\""),
        }
    }
}

/// Whether a character means nothing to a shell, within quotes or without.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c)
}

/// A variable's name for something that has a name already: `x-api-key` is `X_API_KEY`.
pub(super) fn variable_name(name: &str) -> String {
    let upper = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_uppercase(),
        false => '_',
    };
    let name: String = name.chars().map(upper).collect();
    match name.starts_with(|c: char| c.is_ascii_digit()) || name.is_empty() {
        true => format!("_{name}"),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_word_is_quoted_where_it_has_to_be() {
        for (word, typed) in [
            (Word::text(""), "''"),
            (Word::text("https://a.example/x"), "https://a.example/x"),
            (Word::text("it's"), r"'it'\''s'"),
            (Word::text("x-api-key: ").and_variable("KEY"), "\"x-api-key: ${KEY}\""),
            (
                Word::text("a: $b ").and_variable("KEY").and_text("`x`"),
                "'a: $b '\"${KEY}\"'`x`'",
            ),
        ] {
            assert_eq!(word.quoted(), typed);
        }
    }

    #[test]
    fn a_variable_has_a_name_that_a_shell_takes() {
        for (name, variable) in [("x-api-key", "X_API_KEY"), ("7up", "_7UP"), ("", "_"), ("é", "_")] {
            assert_eq!(variable_name(name), variable);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_shell_reads_what_was_meant(before in "[^\0]*", after in "[^\0]*") {
            let word = Word::text(before.clone()).and_variable("SECRET").and_text(after.clone());
            let script = format!("printf %s {}", word.quoted());
            let output = Command::new("sh").args(["-c", &script]).env("SECRET", "$x `y` \"z\"").output().unwrap();
            prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{before}$x `y` \"z\"{after}"));
        }
    }
}
