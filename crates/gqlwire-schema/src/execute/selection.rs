//! The selection below a field, for resolvers that want to know.

use apollo_compiler::Node;
use apollo_compiler::executable as exe;

use super::collect::Nodes;
use super::run::Run;

/// The most entries; fragments that spread each other twice make selections exponentially large.
const MAX_SELECTED: usize = 10_000;

/// A field selected below another one.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SelectedField {
    /// Name of the field in the schema.
    pub name: String,
    /// Key in the response: the alias, or the name.
    pub response_key: String,
    /// What is selected below it.
    pub selection: Vec<SelectedField>,
}

pub(super) fn below(run: &Run<'_>, nodes: &[&Node<exe::Field>]) -> Vec<SelectedField> {
    collect(run, nodes, &mut MAX_SELECTED.clone())
}

pub(super) fn list(selection: &[SelectedField]) -> Vec<String> {
    let mut paths = Vec::new();
    add_paths(selection, "", &mut paths);
    paths
}

fn collect(run: &Run<'_>, nodes: &[&Node<exe::Field>], budget: &mut usize) -> Vec<SelectedField> {
    let sets = nodes.iter().map(|node| &node.selection_set);
    let groups = run.collector().collect(None, sets);
    let mut selected = Vec::new();
    for (key, nodes) in groups {
        if *budget == 0 {
            break;
        }
        *budget -= 1;
        selected.push(select(run, key, &nodes, budget));
    }
    selected
}

fn select(run: &Run<'_>, key: &str, nodes: &Nodes<'_>, budget: &mut usize) -> SelectedField {
    SelectedField {
        name: nodes[0].name.to_string(),
        response_key: key.to_owned(),
        selection: collect(run, nodes, budget),
    }
}

fn add_paths(selection: &[SelectedField], prefix: &str, paths: &mut Vec<String>) {
    for field in selection {
        let path = format!("{prefix}{}", field.response_key);
        let below = format!("{path}/");
        paths.push(path);
        add_paths(&field.selection, &below, paths);
    }
}
