//! Documents of several files, which share fragments, against a schema.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use apollo_compiler::ast::{self, Definition, FragmentDefinition, FragmentSpread, Selection};
use apollo_compiler::{Name, Node};

use super::deprecated::deprecated_use;
use crate::diagnostic::{Diagnostic, Severity};
use crate::document::{self, ParseOptions};
use crate::schema::Schema;

/// A file with operations and fragments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SourceFile<'a> {
    /// Its name, as the diagnostics are to show it.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What [`Schema::check`] found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckReport {
    /// Errors and warnings, by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// How many operations were checked.
    pub operations: usize,
    /// How many fragments were checked.
    pub fragments: usize,
}

impl CheckReport {
    /// Whether something is wrong that a server would refuse.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many diagnostics have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        let found = self.diagnostics.iter();
        found.filter(|diagnostic| diagnostic.severity() == severity).count()
    }
}

impl Schema {
    /// Checks the documents of all files, with the default limits.
    ///
    /// A file may spread fragments that another file defines; its own come first. Broken rules are errors; fragments
    /// that no operation uses (`UnusedFragment`) and the use of what is deprecated (`DeprecatedUse`) are warnings.
    ///
    /// ```
    /// use gqlwire_schema::{Schema, SourceFile};
    ///
    /// let schema = Schema::from_sdl("type Query { now: Int, today: Int @deprecated }")?;
    /// let report = schema.check(&[
    ///     SourceFile { name: "a.graphql", text: "query A { ...Times }" },
    ///     SourceFile { name: "b.graphql", text: "fragment Times on Query { now today }" },
    /// ]);
    /// assert!(!report.has_errors());
    /// assert_eq!(report.diagnostics[0].file(), Some("b.graphql"));
    /// assert_eq!(report.diagnostics[0].rule(), "DeprecatedUse");
    /// # Ok::<(), gqlwire_schema::Diagnostics>(())
    /// ```
    pub fn check(&self, files: &[SourceFile<'_>]) -> CheckReport {
        self.check_with(files, &ParseOptions::default())
    }

    /// [`check`](Self::check) with limits of your own, which hold for each file.
    pub fn check_with(&self, files: &[SourceFile<'_>], options: &ParseOptions) -> CheckReport {
        let mut check = Check {
            schema: self,
            options,
            trees: Vec::new(),
            fragments: HashMap::new(),
            used: HashSet::new(),
            found: Vec::new(),
            seen: HashSet::new(),
        };
        for file in files {
            check.read(file);
        }
        check.index_fragments();
        for file in 0..files.len() {
            check.validate(file);
        }
        check.find_unused();
        check.report(files)
    }
}

type Fragment = Node<FragmentDefinition>;

struct Check<'a> {
    schema: &'a Schema,
    options: &'a ParseOptions,
    /// One for each file; `None` where the syntax is wrong.
    trees: Vec<Option<ast::Document>>,
    /// Files that define a fragment of a name, each once.
    fragments: HashMap<Name, Vec<(usize, Fragment)>>,
    used: HashSet<(usize, Name)>,
    found: Vec<Diagnostic>,
    seen: HashSet<(Option<String>, u32, u32, &'static str, String)>,
}

impl Check<'_> {
    fn read(&mut self, file: &SourceFile<'_>) {
        match document::read(self.schema, file.text, file.name, self.options) {
            Ok(tree) => self.trees.push(Some(tree)),
            Err(errors) => {
                let name: Option<Arc<str>> = (!file.name.starts_with('<')).then(|| Arc::from(file.name));
                for error in errors {
                    self.add(error.with_file(name.clone()));
                }
                self.trees.push(None);
            }
        }
    }

    fn index_fragments(&mut self) {
        for (file, tree) in self.trees.iter().enumerate() {
            for fragment in tree.iter().flat_map(own_fragments) {
                let places = self.fragments.entry(fragment.name.clone()).or_default();
                if places.last().is_none_or(|(last, _)| *last != file) {
                    places.push((file, fragment.clone()));
                }
            }
        }
    }

    /// Validates a file together with the fragments of other files that it needs.
    fn validate(&mut self, file: usize) {
        let Some(mut tree) = self.trees[file].clone() else {
            return;
        };
        let borrowed = self.resolve_spreads(file, &tree);
        for (other, fragment) in borrowed {
            if let Some(sources) = self.trees[other].as_ref().map(|tree| tree.sources.clone()) {
                let all = Arc::make_mut(&mut tree.sources);
                all.extend(sources.iter().map(|(id, text)| (*id, text.clone())));
            }
            tree.definitions.push(Definition::FragmentDefinition(fragment));
        }
        let outcome = document::validate(self.schema, &tree, "", self.options);
        let (errors, deprecated) = match outcome {
            Ok(document) => (None, deprecated_use(self.schema, &document)),
            Err(invalid) => {
                let partial = invalid.partial.as_ref();
                let deprecated = partial.map(|document| deprecated_use(self.schema, document));
                (Some(invalid.errors), deprecated.unwrap_or_default())
            }
        };
        // Whether a fragment is used is a question to all files.
        let errors = errors
            .into_iter()
            .flatten()
            .filter(|error| error.rule() != "UnusedFragment");
        for diagnostic in errors.chain(deprecated) {
            self.add(diagnostic);
        }
    }

    /// The fragments of other files that a file needs, each once. Those that its operations reach are marked as used.
    fn resolve_spreads(&mut self, file: usize, tree: &ast::Document) -> Vec<(usize, Fragment)> {
        let mut borrowed = Vec::new();
        let mut reached = HashSet::new();
        // Operations first, so that what only unused fragments reach is not marked.
        let (operations, others): (Vec<_>, Vec<_>) = tree
            .definitions
            .iter()
            .partition(|definition| matches!(definition, Definition::OperationDefinition(_)));
        for (definitions, from_operation) in [(operations, true), (others, false)] {
            let mut open: Vec<Node<FragmentSpread>> = Vec::new();
            for definition in definitions {
                collect_spreads(selections(definition), &mut open);
            }
            while let Some(spread) = open.pop() {
                let name = &spread.fragment_name;
                let Some((place, fragment)) = self.find(file, &spread, tree) else {
                    continue;
                };
                if from_operation {
                    self.used.insert((place, name.clone()));
                }
                if reached.insert(name.clone()) {
                    collect_spreads(&fragment.selection_set, &mut open);
                    if place != file {
                        borrowed.push((place, fragment));
                    }
                }
            }
        }
        borrowed
    }

    /// The fragment that a spread in a file means: its own, or that of another file.
    fn find(&mut self, file: usize, spread: &FragmentSpread, tree: &ast::Document) -> Option<(usize, Fragment)> {
        let places = self.fragments.get(&spread.fragment_name)?;
        if let Some(own) = places.iter().find(|(place, _)| *place == file) {
            return Some(own.clone());
        }
        let chosen = places.first()?.clone();
        if places.iter().any(|(_, other)| other != &chosen.1) {
            let message = format!(
                r#"Fragment "{}" is defined differently in {} files, none of which is this one."#,
                spread.fragment_name,
                places.len()
            );
            let at = spread.fragment_name.location();
            let found = Diagnostic::found(Severity::Error, "AmbiguousFragment", message, at, &tree.sources);
            self.add(found.with_help("give each fragment a name of its own, or define it in this file"));
        }
        Some(chosen)
    }

    fn find_unused(&mut self) {
        let mut unused = Vec::new();
        for (name, places) in &self.fragments {
            for (file, fragment) in places {
                let sources = self.trees[*file].as_ref().map(|tree| &tree.sources);
                if let (false, Some(sources)) = (self.used.contains(&(*file, name.clone())), sources) {
                    let message = format!(r#"Fragment "{name}" is never used."#);
                    let at = fragment.name.location();
                    unused.push(Diagnostic::found(
                        Severity::Warning,
                        "UnusedFragment",
                        message,
                        at,
                        sources,
                    ));
                }
            }
        }
        unused.into_iter().for_each(|diagnostic| self.add(diagnostic));
    }

    /// A fragment that several files use is validated with each of them, and its errors are found as often.
    fn add(&mut self, diagnostic: Diagnostic) {
        let key = (
            diagnostic.file().map(str::to_owned),
            diagnostic.line(),
            diagnostic.column(),
            diagnostic.rule(),
            diagnostic.message().to_owned(),
        );
        if self.seen.insert(key) {
            self.found.push(diagnostic);
        }
    }

    fn report(self, files: &[SourceFile<'_>]) -> CheckReport {
        let order: HashMap<&str, usize> = files.iter().enumerate().map(|(at, file)| (file.name, at)).collect();
        let mut diagnostics = self.found;
        diagnostics.sort_by_key(|found| {
            let file = found.file().and_then(|file| order.get(file).copied());
            (file, found.line(), found.column(), found.severity())
        });
        let definitions = self.trees.iter().flatten().flat_map(|tree| &tree.definitions);
        let count = |wanted: fn(&Definition) -> bool| definitions.clone().filter(|found| wanted(found)).count();
        CheckReport {
            diagnostics,
            operations: count(|found| matches!(found, Definition::OperationDefinition(_))),
            fragments: count(|found| matches!(found, Definition::FragmentDefinition(_))),
        }
    }
}

fn own_fragments(tree: &ast::Document) -> impl Iterator<Item = &Fragment> {
    tree.definitions.iter().filter_map(|definition| match definition {
        Definition::FragmentDefinition(fragment) => Some(fragment),
        _ => None,
    })
}

fn selections(definition: &Definition) -> &[Selection] {
    match definition {
        Definition::OperationDefinition(operation) => &operation.selection_set,
        Definition::FragmentDefinition(fragment) => &fragment.selection_set,
        _ => &[],
    }
}

/// The parser's own limit on nesting bounds the recursion.
fn collect_spreads(selections: &[Selection], spreads: &mut Vec<Node<FragmentSpread>>) {
    for selection in selections {
        match selection {
            Selection::Field(field) => collect_spreads(&field.selection_set, spreads),
            Selection::InlineFragment(inline) => collect_spreads(&inline.selection_set, spreads),
            Selection::FragmentSpread(spread) => spreads.push(spread.clone()),
        }
    }
}
