//! From composed pieces to a tree, with a schema to check them against or without.
//!
//! Operations come first; each spread puts its fragment into a queue, which is then worked off, so that no chain of
//! fragments is walked by recursion. What uses variables is noted on the way, and when all fragments are known each
//! operation collects its variables from the notes.

mod directives;
mod everything;
mod selections;
mod values;
mod variables;

use std::collections::{HashMap, HashSet, VecDeque};

use apollo_compiler::ast::DirectiveLocation;

use self::variables::Note;
use super::error::{BuildError, BuildErrors, MAX_ERRORS};
use super::fragment::{Definition, Fragment};
use super::suggest::did_you_mean;
use super::{Document, Field, Operation};
use crate::document::tree::is_name;
use crate::schema::{OperationKind, Schema};
use crate::tree;

/// The most selections that `all` makes in a document; about as many as a document has tokens by default.
const MAX_EVERYTHING: usize = 20_000;

/// Each operation looks at the variables of all fragments that it reaches, which multiplies; an honest document stays far
/// below this.
const MAX_USES: usize = 1_000_000;

pub(super) fn document(composed: &Document, schema: Option<&Schema>) -> Result<tree::Document, BuildErrors> {
    let mut lowering = Lowering::new(composed, schema);
    let document = lowering.document();
    if let Some(errors) = BuildErrors::of(lowering.errors) {
        return Err(errors);
    }
    if let Some(schema) = schema {
        document.validate(schema)?;
    }
    Ok(document)
}

/// A field as it was composed, for people to read: what cannot be written without a schema is left out.
pub(super) fn sketch(field: &Field) -> Option<tree::Field> {
    Lowering::new(&Document::default(), None).field(field, None)
}

struct Lowering<'a> {
    schema: Option<&'a Schema>,
    composed: &'a Document,
    errors: Vec<BuildError>,
    /// The operation or fragment being lowered, as errors name it.
    within: String,
    /// Of the operation or fragment being lowered.
    notes: Vec<Note<'a>>,
    /// Whether variables are out of place.
    in_constant: bool,
    queue: VecDeque<&'a Fragment>,
    queued: HashSet<*const Definition>,
    /// Fragments that are spread by name, and where.
    wanted: Vec<(&'a str, String)>,
    everything_left: usize,
    /// Uses of variables that may still be looked at.
    uses_left: usize,
}

/// The fragments of a document, each with its notes.
#[derive(Default)]
struct Fragments<'a> {
    trees: Vec<tree::Fragment>,
    notes: Vec<Vec<Note<'a>>>,
    by_name: HashMap<&'a str, usize>,
}

impl<'a> Lowering<'a> {
    fn new(composed: &'a Document, schema: Option<&'a Schema>) -> Self {
        Self {
            schema,
            composed,
            errors: Vec::new(),
            within: String::new(),
            notes: Vec::new(),
            in_constant: false,
            queue: VecDeque::new(),
            queued: HashSet::new(),
            wanted: Vec::new(),
            everything_left: MAX_EVERYTHING,
            uses_left: MAX_USES,
        }
    }

    fn document(&mut self) -> tree::Document {
        if self.composed.operations.is_empty() {
            self.refuse("", "the document has no operation");
        }
        let mut operations = Vec::new();
        for operation in &self.composed.operations {
            let lowered = self.operation(operation);
            operations.push((operation, lowered, std::mem::take(&mut self.notes)));
        }
        let fragments = self.fragments();
        let operations = operations
            .into_iter()
            .map(|(composed, mut lowered, notes)| {
                self.within = name_of(composed);
                lowered.variables = self.variables(composed, &notes, &fragments);
                lowered
            })
            .collect();
        tree::Document {
            operations,
            fragments: fragments.trees,
        }
    }

    fn operation(&mut self, operation: &'a Operation) -> tree::Operation {
        self.within = name_of(operation);
        if let Some(name) = &operation.name {
            self.check_name(name, "an operation");
        }
        let location = match operation.kind {
            OperationKind::Query => DirectiveLocation::Query,
            OperationKind::Mutation => DirectiveLocation::Mutation,
            OperationKind::Subscription => DirectiveLocation::Subscription,
        };
        let directives = self.directives(&operation.directives, location);
        let root = self.schema.map(|schema| schema.root_type(operation.kind));
        let selections = match root {
            Some(None) => {
                self.refuse("", format!("the schema has no {}s", operation.kind));
                Vec::new()
            }
            Some(Some(root)) => self.selections(&operation.selections, Some(root)),
            None => self.selections(&operation.selections, None),
        };
        if operation.selections.entries.is_empty() {
            self.refuse("", "nothing is selected");
        }
        tree::Operation {
            kind: operation.kind,
            name: operation.name.clone(),
            variables: Vec::new(),
            directives,
            selections,
        }
    }

    /// Works off the queue of fragments; lowering one may lengthen it.
    fn fragments(&mut self) -> Fragments<'a> {
        let mut known = Fragments::default();
        let mut given: HashMap<&str, Vec<&'a Fragment>> = HashMap::new();
        for fragment in &self.composed.fragments {
            given.entry(&fragment.0.name).or_default().push(fragment);
        }
        loop {
            while let Some(fragment) = self.queue.pop_front() {
                self.fragment(fragment, &mut known);
            }
            for (name, within) in std::mem::take(&mut self.wanted) {
                if known.by_name.contains_key(name) {
                    continue;
                }
                let Some(found) = given.get(name) else {
                    let hint = self.hint(name, given.keys().chain(known.by_name.keys()).copied());
                    self.within = within;
                    self.refuse("", format!("there is no fragment '{}'{hint}", shown(name)));
                    continue;
                };
                for fragment in found {
                    self.enqueue(fragment);
                }
            }
            if self.queue.is_empty() {
                return known;
            }
        }
    }

    fn enqueue(&mut self, fragment: &'a Fragment) {
        if self.queued.insert(std::sync::Arc::as_ptr(&fragment.0)) {
            self.queue.push_back(fragment);
        }
    }

    fn fragment(&mut self, fragment: &'a Fragment, known: &mut Fragments<'a>) {
        let definition = &*fragment.0;
        self.within = format!("fragment {}", definition.name);
        if definition.name == "on" {
            self.refuse("", "a fragment cannot be named 'on'");
        } else {
            self.check_name(&definition.name, "a fragment");
        }
        let directives = self.directives(&definition.directives, DirectiveLocation::FragmentDefinition);
        let selections = match self.type_condition(&definition.on) {
            Some(parent) => self.selections(&definition.selections, parent),
            None => Vec::new(),
        };
        if definition.selections.entries.is_empty() {
            self.refuse("", "nothing is selected");
        }
        let lowered = tree::Fragment {
            name: definition.name.clone(),
            on: definition.on.clone(),
            directives,
            selections,
        };
        let notes = std::mem::take(&mut self.notes);
        match known.by_name.get(definition.name.as_str()) {
            None => {
                known.by_name.insert(&definition.name, known.trees.len());
                known.trees.push(lowered);
                known.notes.push(notes);
            }
            // Equal twice: what it says of its variables may still differ.
            Some(index) if known.trees[*index] == lowered => known.notes[*index].extend(notes),
            Some(_) => self.refuse("", "there are two different fragments of this name; rename one of them"),
        }
    }

    fn check_name(&mut self, name: &str, of: &str) {
        if !is_name(name) {
            let name = shown(name);
            self.refuse(
                "",
                format!("'{name}' cannot be the name of {of}: letters, digits and _ make a name"),
            );
        }
    }

    /// What was most likely meant, as the end of a message that will be read.
    fn hint<'n>(&self, written: &str, known: impl IntoIterator<Item = &'n str>) -> String {
        match self.errors.len() < MAX_ERRORS {
            true => did_you_mean(written, known),
            false => String::new(),
        }
    }

    fn refuse(&mut self, coordinate: impl Into<String>, message: impl Into<String>) {
        if self.errors.len() >= MAX_ERRORS {
            return;
        }
        self.errors.push(BuildError {
            coordinate: coordinate.into(),
            message: message.into(),
            within: self.within.clone(),
        });
    }
}

fn name_of(operation: &Operation) -> String {
    match &operation.name {
        Some(name) => format!("{} {}", operation.kind, shown(name)),
        None => format!("the {}", operation.kind),
    }
}

/// A name that may be anything, at a length that a message can take.
fn shown(name: &str) -> String {
    match name.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// `home_planet` as `homePlanet`; `None` where there is nothing to change.
fn camel_case(name: &str) -> Option<String> {
    let start = name.len() - name.trim_start_matches('_').len();
    if !name[start..].contains('_') {
        return None;
    }
    let mut words = name[start..].split('_').filter(|word| !word.is_empty());
    let mut camel = name[..start].to_owned();
    camel.push_str(words.next()?);
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    Some(camel)
}

/// What the schema calls this: the name as it is, or else in camelCase.
fn resolve<T>(name: &str, find: impl Fn(&str) -> Option<T>) -> Option<T> {
    find(name).or_else(|| find(&camel_case(name)?))
}

#[cfg(test)]
mod tests {
    use super::camel_case;

    #[test]
    fn names_become_camel_case() {
        for (name, expected) in [
            ("home_planet", Some("homePlanet")),
            ("_private_name", Some("_privateName")),
            ("a__b_", Some("aB")),
            ("homePlanet", None),
            ("__typename", None),
            ("__", None),
            ("", None),
        ] {
            assert_eq!(camel_case(name).as_deref(), expected, "{name}");
        }
    }
}
