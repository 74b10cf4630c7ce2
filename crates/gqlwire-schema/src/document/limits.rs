//! Limits that stop a hostile document before it costs anything.

use apollo_compiler::ast::{Definition, Document, Selection};
use apollo_compiler::collections::HashMap;

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

/// Counts tokens without building anything.
pub(super) fn check_tokens(source: &str, max: usize) -> Result<(), Diagnostics> {
    if Tokens::of(source).take(max.saturating_add(1)).count() <= max {
        return Ok(());
    }
    let message = format!("the document has more than {max} tokens; split it, or raise the limit");
    Err(Diagnostics::single("LimitReached", message, None, None, source))
}

/// Measures nesting through fragments. A cycle of fragments ends here too, as too deep; a shallow one is left to
/// validation, which names it.
pub(super) fn check_depth(document: &Document, max: usize, source: &str) -> Result<(), Diagnostics> {
    let mut walk = Walk {
        fragments: HashMap::default(),
        depths: HashMap::default(),
        max,
    };
    for definition in &document.definitions {
        if let Definition::FragmentDefinition(fragment) = definition {
            walk.fragments.insert(fragment.name.as_str(), &fragment.selection_set);
        }
    }
    for definition in &document.definitions {
        let Definition::OperationDefinition(operation) = definition else {
            continue;
        };
        if walk
            .depth(&operation.selection_set, 0, 0)
            .is_none_or(|depth| depth > max)
        {
            let message = format!("selections are nested deeper than {max} levels");
            let at = operation.location();
            return Err(Diagnostics::single("MaximumDepth", message, at, Some(document), source));
        }
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
