//! Collecting the fields of a selection: fragments opened, `@skip` and `@include` applied, equal keys merged.

use apollo_compiler::collections::{HashSet, IndexMap};
use apollo_compiler::executable::{DirectiveList, ExecutableDocument, Field, Selection, SelectionSet};
use apollo_compiler::{Name, Node};
use serde_json::{Map, Value};

use crate::schema::Schema;

/// The fields that share one response key; never empty.
pub(crate) type Nodes<'a> = Vec<&'a Node<Field>>;

/// Response keys in the order of the document.
pub(crate) type Groups<'a> = IndexMap<&'a Name, Nodes<'a>>;

#[derive(Clone, Copy)]
pub(crate) struct Collector<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) document: &'a ExecutableDocument,
    pub(crate) variables: &'a Map<String, Value>,
}

impl<'a> Collector<'a> {
    /// The fields that an object of type `object` has to give. With `None`, fragments of every type count.
    pub(crate) fn collect(&self, object: Option<&str>, sets: impl IntoIterator<Item = &'a SelectionSet>) -> Groups<'a> {
        let mut groups = Groups::default();
        let mut visited = HashSet::default();
        for set in sets {
            self.add(object, set, &mut visited, &mut groups);
        }
        groups
    }

    fn add(
        &self,
        object: Option<&str>,
        set: &'a SelectionSet,
        visited: &mut HashSet<&'a Name>,
        groups: &mut Groups<'a>,
    ) {
        let applies = |condition: &str| object.is_none_or(|object| self.schema.is_possible_type(condition, object));
        for selection in &set.selections {
            if !self.is_included(selection.directives()) {
                continue;
            }
            match selection {
                Selection::Field(field) => groups.entry(field.response_key()).or_default().push(field),
                Selection::InlineFragment(inline) => {
                    if inline
                        .type_condition
                        .as_ref()
                        .is_none_or(|condition| applies(condition))
                    {
                        self.add(object, &inline.selection_set, visited, groups);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    if !visited.insert(&spread.fragment_name) {
                        continue;
                    }
                    let Some(fragment) = self.document.fragments.get(&spread.fragment_name) else {
                        continue;
                    };
                    if applies(fragment.type_condition()) {
                        self.add(object, &fragment.selection_set, visited, groups);
                    }
                }
            }
        }
    }

    fn is_included(&self, directives: &DirectiveList) -> bool {
        let condition = |directive: &str| {
            let value = directives.get(directive)?.specified_argument_by_name("if")?;
            match value.as_variable() {
                Some(variable) => self.variables.get(variable.as_str()).and_then(Value::as_bool),
                None => value.to_bool(),
            }
        };
        condition("skip") != Some(true) && condition("include") != Some(false)
    }
}
