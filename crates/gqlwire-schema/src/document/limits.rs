//! Limits that stop a hostile document before it costs anything.

use apollo_compiler::ast::{Definition, Document, Selection};
use apollo_compiler::collections::{HashMap, HashSet};

use super::tokens::Tokens;
use crate::diagnostic::Diagnostics;

/// How many tokens AppSync takes in one document.
pub const APPSYNC_MAX_TOKENS: usize = 15_000;

/// Selections nested deeper than this are refused. AppSync's own limit, where it is set, is at most 75; the compiler
/// stops at 128; the executor's stack is sized for this.
pub(super) const MAX_DEPTH: usize = 100;

/// The parser counts selection sets, values and types towards one limit, and needs some more room than selections.
pub(super) const PARSER_RECURSION: usize = 200;

/// Fragments that spread fragments in a chain; the compiler stops at 100.
const MAX_FRAGMENT_CHAIN: usize = 100;

/// Validation looks at a fragment again for each operation that uses it, so that a document can cost the product of the
/// two; an honest one stays far below this many selections.
const MAX_VALIDATED: usize = 1_000_000;

/// Counts tokens without building anything.
pub(super) fn check_tokens(source: &str, max: usize) -> Result<(), Diagnostics> {
    if Tokens::of(source).take(max.saturating_add(1)).count() <= max {
        return Ok(());
    }
    let message = format!("the document has more than {max} tokens; split it, or raise the limit");
    Err(Diagnostics::single("LimitReached", message, None, None, source))
}

/// Measures nesting, and what validation would cost, through fragments. Cycles of fragments are left to validation,
/// which names them.
pub(super) fn check_selections(document: &Document, max_depth: usize, source: &str) -> Result<(), Diagnostics> {
    let mut walk = Walk {
        fragments: HashMap::default(),
        depths: HashMap::default(),
        max: max_depth,
    };
    for definition in &document.definitions {
        if let Definition::FragmentDefinition(fragment) = definition {
            walk.fragments.insert(fragment.name.as_str(), &fragment.selection_set);
        }
    }
    let mut budget = MAX_VALIDATED;
    for definition in &document.definitions {
        let Definition::OperationDefinition(operation) = definition else {
            continue;
        };
        let refuse = |rule, message: String| {
            let at = operation.location();
            Err(Diagnostics::single(rule, message, at, Some(document), source))
        };
        let depth = walk.depth(&operation.selection_set, 0, 0);
        if depth.is_none_or(|depth| depth > max_depth) {
            return refuse(
                "MaximumDepth",
                format!("selections are nested deeper than {max_depth} levels"),
            );
        }
        budget = match budget.checked_sub(walk.reachable(&operation.selection_set, budget)) {
            Some(left) => left,
            None => {
                let message = "too many operations share too large fragments; split the document".to_owned();
                return refuse("MaximumComplexity", message);
            }
        };
    }
    Ok(())
}

struct Walk<'a> {
    fragments: HashMap<&'a str, &'a [Selection]>,
    /// Depth below each fragment; `None` while it is being measured, which is how a cycle shows.
    depths: HashMap<&'a str, Option<usize>>,
    max: usize,
}

impl<'a> Walk<'a> {
    /// How many selections an operation reaches, each fragment once; stops counting when there are more than `max`.
    fn reachable(&self, selections: &'a [Selection], max: usize) -> usize {
        let mut seen = HashSet::default();
        let mut count = 0_usize;
        let mut open = vec![selections];
        while let Some(selections) = open.pop() {
            count += selections.len();
            if count > max {
                break;
            }
            open.extend(selections.iter().filter_map(|selection| match selection {
                Selection::Field(field) => Some(field.selection_set.as_slice()),
                Selection::InlineFragment(inline) => Some(inline.selection_set.as_slice()),
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name.as_str();
                    seen.insert(name).then(|| self.fragments.get(name).copied())?
                }
            }));
        }
        count
    }

    /// Levels below these selections; `None` when there are too many to go on.
    fn depth(&mut self, selections: &'a [Selection], level: usize, chain: usize) -> Option<usize> {
        if level > self.max || chain > MAX_FRAGMENT_CHAIN {
            return None;
        }
        let mut deepest = 0;
        for selection in selections {
            let depth = match selection {
                Selection::Field(field) if field.selection_set.is_empty() => 1,
                Selection::Field(field) => 1 + self.depth(&field.selection_set, level + 1, chain)?,
                Selection::InlineFragment(inline) => self.depth(&inline.selection_set, level, chain)?,
                Selection::FragmentSpread(spread) => self.fragment(spread.fragment_name.as_str(), level, chain)?,
            };
            deepest = deepest.max(depth);
        }
        Some(deepest)
    }

    fn fragment(&mut self, name: &'a str, level: usize, chain: usize) -> Option<usize> {
        if let Some(known) = self.depths.get(name) {
            return Some(known.unwrap_or(0));
        }
        let Some(selections) = self.fragments.get(name).copied() else {
            return Some(0);
        };
        self.depths.insert(name, None);
        let depth = self.depth(selections, level, chain + 1)?;
        self.depths.insert(name, Some(depth));
        Some(depth)
    }
}
