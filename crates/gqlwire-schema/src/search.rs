//! Elements of a schema by words in their names and descriptions.

use std::cmp::Reverse;
use std::collections::HashSet;

use serde::Serialize;

use crate::coordinate::{Coordinate, member_names};
use crate::describe::{ElementKind, input_signature, signature};
use crate::schema::Schema;
use crate::suggest::did_you_mean;

/// An element that was found.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SearchHit {
    /// Its coordinate.
    pub coordinate: Coordinate,
    /// What it is.
    pub kind: ElementKind,
    /// As SDL has it, on one line: `messages(limit: Int = 10): [Message!]!`; of a type or value the name.
    pub signature: String,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is deprecated.
    pub deprecated: bool,
    /// How well it fits; only good for comparing hits of one search.
    pub score: u32,
}

impl Schema {
    /// Elements in which every word of the query occurs: in the name, whole, as one of its words, at its start or
    /// inside, or in the description. Best first; deprecated ones after others that fit as well.
    ///
    /// When nothing fits, names that are spelt alike are searched for instead.
    ///
    /// A query that is a coordinate finds that element first. What the specification defines itself is not searched.
    ///
    /// ```
    /// use gqlwire_schema::Schema;
    ///
    /// let schema = Schema::from_sdl("type Query { listMessages: [Message] } type Message { id: ID }")?;
    /// let hits = schema.search("message", 10);
    /// let found: Vec<_> = hits.iter().map(|hit| hit.coordinate.to_string()).collect();
    /// assert_eq!(found, ["Message", "Query.listMessages", "Message.id"]);
    /// # Ok::<(), gqlwire_schema::Diagnostics>(())
    /// ```
    pub fn search(&self, query: &str, most: usize) -> Vec<SearchHit> {
        let mut hits = self.matches(query);
        if hits.is_empty() {
            let names = self.types().flat_map(|found| {
                let members = member_names(&found);
                members.into_iter().chain([found.name()])
            });
            let near = did_you_mean(query.trim(), names);
            hits = near.into_iter().flat_map(|name| self.matches(name)).collect();
            let mut seen = HashSet::new();
            hits.retain(|hit| seen.insert(hit.coordinate.clone()));
        }
        hits.sort_by_key(|hit| (Reverse(hit.score), hit.deprecated));
        hits.truncate(most);
        hits
    }

    fn matches(&self, query: &str) -> Vec<SearchHit> {
        let mut search = Search {
            whole: query.trim().to_lowercase(),
            words: query.split(|c: char| !c.is_alphanumeric()).flat_map(words_of).collect(),
            hits: Vec::new(),
        };
        if !search.words.is_empty() {
            self.visit(&mut search);
        }
        search.hits
    }

    fn visit(&self, search: &mut Search) {
        let own = |name: &str| !self.is_from_prelude(name);
        for definition in self.types().filter(|found| !found.is_built_in() && own(found.name())) {
            let parent = definition.name();
            let kind = ElementKind::of_type(definition.kind());
            let coordinate = Coordinate::named(parent);
            search.consider(coordinate, kind, parent, "", definition.description(), false, || {
                parent.to_owned()
            });
            for field in definition.fields() {
                let (name, deprecated) = (field.name(), field.deprecation_reason().is_some());
                let coordinate = Coordinate::member(parent, name);
                let description = field.description();
                search.consider(
                    coordinate,
                    ElementKind::Field,
                    name,
                    parent,
                    description,
                    deprecated,
                    || signature(&field),
                );
                let owner = format!("{parent}.{name}");
                for argument in field.arguments() {
                    let coordinate = Coordinate::argument(parent, name, argument.name());
                    let deprecated = argument.deprecation_reason().is_some();
                    let description = argument.description();
                    let kind = ElementKind::Argument;
                    search.consider(
                        coordinate,
                        kind,
                        argument.name(),
                        &owner,
                        description,
                        deprecated,
                        || input_signature(&argument),
                    );
                }
            }
            for field in definition.input_fields() {
                let (name, deprecated) = (field.name(), field.deprecation_reason().is_some());
                let coordinate = Coordinate::member(parent, name);
                let (kind, description) = (ElementKind::InputField, field.description());
                search.consider(coordinate, kind, name, parent, description, deprecated, || {
                    input_signature(&field)
                });
            }
            for value in definition.enum_values() {
                let (name, deprecated) = (value.name(), value.deprecation_reason().is_some());
                let coordinate = Coordinate::member(parent, name);
                let (kind, description) = (ElementKind::EnumValue, value.description());
                search.consider(coordinate, kind, name, parent, description, deprecated, || {
                    name.to_owned()
                });
            }
        }
        let directives = self.directive_definitions();
        for directive in directives.filter(|found| !found.is_built_in() && own(found.name())) {
            let name = directive.name();
            let coordinate = Coordinate::directive(name);
            let kind = ElementKind::Directive;
            search.consider(coordinate, kind, name, "", directive.description(), false, || {
                format!("@{name}")
            });
        }
    }
}

struct Search {
    whole: String,
    words: Vec<String>,
    hits: Vec<SearchHit>,
}

impl Search {
    #[expect(clippy::too_many_arguments, reason = "what an element is made of, once")]
    fn consider(
        &mut self,
        coordinate: Coordinate,
        kind: ElementKind,
        name: &str,
        parent: &str,
        description: Option<&str>,
        deprecated: bool,
        signature: impl FnOnce() -> String,
    ) {
        let Some(mut score) = self.score(name, parent, description) else {
            return;
        };
        if name.to_lowercase() == self.whole || coordinate.to_string().to_lowercase() == self.whole {
            score += 1_000;
        }
        // Of a type and a field called the same, the type.
        if matches!(coordinate, Coordinate::Type(_)) {
            score += 5;
        }
        self.hits.push(SearchHit {
            coordinate,
            kind,
            signature: signature(),
            description: description.map(str::to_owned),
            deprecated,
            score,
        });
    }

    /// `None` when a word occurs nowhere.
    fn score(&self, name: &str, parent: &str, description: Option<&str>) -> Option<u32> {
        let (name_words, lower) = (words_of(name), name.to_lowercase());
        let parent = parent.to_lowercase();
        let description = description.map(str::to_lowercase).unwrap_or_default();
        let mut score = 0;
        for word in &self.words {
            score += if lower == *word {
                100
            } else if name_words.iter().any(|found| same_word(found, word)) {
                60
            } else if lower.starts_with(word.as_str()) {
                50
            } else if lower.contains(word.as_str()) {
                30
            } else if description
                .split(|c: char| !c.is_alphanumeric())
                .any(|found| same_word(found, word))
            {
                15
            } else if description.contains(word.as_str()) {
                10
            } else if parent.contains(word.as_str()) {
                5
            } else {
                return None;
            };
        }
        // Of names that fit alike the shorter one is nearer.
        Some(score * 10 + 10_u32.saturating_sub(u32::try_from(name_words.len()).unwrap_or(10)))
    }
}

/// The same, or the plural.
fn same_word(found: &str, word: &str) -> bool {
    found == word || found.strip_suffix('s') == Some(word) || word.strip_suffix('s') == Some(found)
}

/// `listHTTPMessages_v2` has the words `list`, `http`, `messages` and `v2`.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let characters: Vec<char> = name.chars().collect();
    let mut open = false;
    for (index, c) in characters.iter().enumerate() {
        if !c.is_alphanumeric() {
            open = false;
            continue;
        }
        let previous_lower = index > 0 && !characters[index - 1].is_uppercase();
        let next_lower = characters.get(index + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (previous_lower || next_lower) {
            open = false;
        }
        match words.last_mut().filter(|_| open) {
            Some(word) => word.extend(c.to_lowercase()),
            None => words.push(c.to_lowercase().collect()),
        }
        open = true;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn names_are_cut_into_words() {
        for (name, expected) in [
            ("listHTTPMessages_v2", &["list", "http", "messages", "v2"][..]),
            ("URL", &["url"]),
            ("IN_PROGRESS", &["in", "progress"]),
            ("_id", &["id"]),
            ("", &[]),
        ] {
            assert_eq!(words_of(name), expected);
        }
    }
}
