//! What is selected: fields, inline fragments, spreads, everything.

use std::fmt;

use super::directive::{Directive, carries_directives, is_conditional, set};
use super::fragment::{Fragment, Spread};
use super::value::Value;
use super::{MAX_DEPTH, lower};
use crate::tree;

/// One entry of a selection set.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection(pub(super) Entry);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entry {
    Field(Field),
    Inline(InlineFragment),
    Spread(Spread),
    All(usize),
    /// Something that cannot be built, and why.
    Invalid(String),
}

impl Selection {
    /// Levels of fields and fragments.
    fn depth(&self) -> usize {
        match &self.0 {
            Entry::Field(field) => 1 + field.selections.depth,
            Entry::Inline(inline) => 1 + inline.selections.depth,
            Entry::Spread(spread) => 1 + spread.depth(),
            Entry::All(_) | Entry::Invalid(_) => 1,
        }
    }
}

/// A selection set in the making.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Selections {
    pub(super) entries: Vec<Selection>,
    pub(super) depth: usize,
}

impl Selections {
    pub(super) fn add(&mut self, selections: impl IntoSelections) {
        for selection in selections.into_selections() {
            let depth = selection.depth();
            if depth > MAX_DEPTH {
                let why = format!("selections are nested deeper than {MAX_DEPTH} levels");
                self.entries.push(Selection(Entry::Invalid(why)));
                continue;
            }
            self.depth = self.depth.max(depth);
            self.entries.push(selection);
        }
    }
}

/// What can be given to `select`: the name of a field, a [`Field`], an [inline fragment](on), a
/// [spread](Fragment::spread) (or `&fragment` for a plain one), [everything](all), parts of a [tree](crate::tree); and
/// arrays, `Vec`s, `Option`s and tuples (of up to twelve) of them, also mixed.
pub trait IntoSelections {
    /// The selections, in order.
    fn into_selections(self) -> Vec<Selection>;
}

/// A field of this name. A name alone, where nothing else is to be said, can be given to `select` as it is.
///
/// The meta fields are fields like all others: `__typename` (or [`typename`]) everywhere but at the root of a
/// subscription, `__schema` and `__type` at the root of a query.
pub fn field(name: impl Into<String>) -> Field {
    Field {
        alias: None,
        name: name.into(),
        arguments: Vec::new(),
        directives: Vec::new(),
        selections: Selections::default(),
    }
}

/// The meta field `__typename`.
pub fn typename() -> Field {
    field("__typename")
}

/// An inline fragment for values of this type: `... on Type { … }`.
pub fn on(ty: impl Into<String>) -> InlineFragment {
    InlineFragment {
        on: Some(ty.into()),
        ..inline()
    }
}

/// An inline fragment without a type condition, which gives several selections a common directive.
pub fn inline() -> InlineFragment {
    InlineFragment {
        on: None,
        directives: Vec::new(),
        selections: Selections::default(),
    }
}

/// Every field that needs no argument, `depth` levels deep.
///
/// With a depth of 1 these are the scalars and enums; with 2 also the fields of objects, of which again the scalars and
/// enums; and so on, which is what bounds a cycle of types. Interfaces and unions get `__typename`, and an inline fragment
/// for each type that adds something. Where these types have fields of one name and different types, which could not stand
/// side by side, the later ones get the alias `name_Type`. A type that has nothing at this depth gets `__typename`.
///
/// At most 20,000 selections in a document are made in this way; more is an error.
pub fn all(depth: usize) -> Selection {
    Selection(Entry::All(depth))
}

/// A field: `alias: name(argument: …) @directive { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub(super) alias: Option<String>,
    pub(super) name: String,
    pub(super) arguments: Vec<(String, Value)>,
    pub(super) directives: Vec<Directive>,
    pub(super) selections: Selections,
}

impl Field {
    /// Gives the field another name in the response.
    #[must_use]
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// Sets an argument; a second value for the same name replaces the first. An argument that was not set is absent,
    /// which is not the same as [`null`](super::null).
    #[must_use]
    pub fn argument(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        set(&mut self.arguments, name.into(), value.into());
        self
    }

    /// Sets an argument if there is a value, and leaves it absent otherwise.
    #[must_use]
    pub fn optional_argument(self, name: impl Into<String>, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.argument(name, value),
            None => self,
        }
    }

    fn directives_mut(&mut self) -> &mut Vec<Directive> {
        &mut self.directives
    }

    fn selections_mut(&mut self) -> &mut Selections {
        &mut self.selections
    }
}

/// As it was composed: names and values are not yet those of a schema, and [`all`] is left out.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match lower::sketch(self) {
            Some(field) => field.fmt(f),
            None => f.write_str(&self.name),
        }
    }
}

/// An inline fragment: `... on Type @directive { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct InlineFragment {
    pub(super) on: Option<String>,
    pub(super) directives: Vec<Directive>,
    pub(super) selections: Selections,
}

impl InlineFragment {
    fn directives_mut(&mut self) -> &mut Vec<Directive> {
        &mut self.directives
    }

    fn selections_mut(&mut self) -> &mut Selections {
        &mut self.selections
    }
}

/// `select` and `select_all` for what has a selection set.
macro_rules! has_selections {
    ($($ty:ident),*) => {$(
        impl $ty {
            /// Adds to what is selected.
            #[must_use]
            pub fn select(mut self, selections: impl $crate::compose::IntoSelections) -> Self {
                self.selections_mut().add(selections);
                self
            }

            /// Selects [everything](crate::compose::all) that needs no argument, to a depth.
            #[must_use]
            pub fn select_all(self, depth: usize) -> Self {
                self.select($crate::compose::all(depth))
            }
        }
    )*};
}

pub(super) use has_selections;

carries_directives!(Field, InlineFragment);
is_conditional!(Field, InlineFragment);
has_selections!(Field, InlineFragment);

impl From<&str> for Selection {
    fn from(name: &str) -> Self {
        field(name).into()
    }
}

impl From<Field> for Selection {
    fn from(field: Field) -> Self {
        Self(Entry::Field(field))
    }
}

impl From<InlineFragment> for Selection {
    fn from(inline: InlineFragment) -> Self {
        Self(Entry::Inline(inline))
    }
}

impl From<Spread> for Selection {
    fn from(spread: Spread) -> Self {
        Self(Entry::Spread(spread))
    }
}

impl From<&Fragment> for Selection {
    fn from(fragment: &Fragment) -> Self {
        fragment.spread().into()
    }
}

impl IntoSelections for Selection {
    fn into_selections(self) -> Vec<Selection> {
        vec![self]
    }
}

impl IntoSelections for Field {
    fn into_selections(self) -> Vec<Selection> {
        vec![self.into()]
    }
}

impl IntoSelections for &str {
    fn into_selections(self) -> Vec<Selection> {
        field(self).into_selections()
    }
}

impl IntoSelections for String {
    fn into_selections(self) -> Vec<Selection> {
        field(self).into_selections()
    }
}

impl IntoSelections for InlineFragment {
    fn into_selections(self) -> Vec<Selection> {
        vec![self.into()]
    }
}

impl IntoSelections for Spread {
    fn into_selections(self) -> Vec<Selection> {
        vec![self.into()]
    }
}

impl IntoSelections for &Fragment {
    fn into_selections(self) -> Vec<Selection> {
        self.spread().into_selections()
    }
}

impl IntoSelections for tree::Selection {
    fn into_selections(self) -> Vec<Selection> {
        vec![self.into()]
    }
}

impl IntoSelections for tree::Field {
    fn into_selections(self) -> Vec<Selection> {
        Field::from(self).into_selections()
    }
}

impl<T: IntoSelections> IntoSelections for Vec<T> {
    fn into_selections(self) -> Vec<Selection> {
        self.into_iter().flat_map(T::into_selections).collect()
    }
}

impl<T: IntoSelections, const N: usize> IntoSelections for [T; N] {
    fn into_selections(self) -> Vec<Selection> {
        self.into_iter().flat_map(T::into_selections).collect()
    }
}

impl<T: IntoSelections> IntoSelections for Option<T> {
    fn into_selections(self) -> Vec<Selection> {
        self.map(T::into_selections).unwrap_or_default()
    }
}

macro_rules! tuples {
    ($($ty:ident $at:tt),*) => {
        tuples!(@ [] $($ty $at),*);
    };
    (@ [$($done:tt)*]) => {};
    (@ [$($done:ident $at:tt),*] $next:ident $index:tt $(, $rest:ident $rest_at:tt)*) => {
        impl<$($done: IntoSelections,)* $next: IntoSelections> IntoSelections for ($($done,)* $next,) {
            fn into_selections(self) -> Vec<Selection> {
                let mut all = Vec::new();
                $(all.extend(self.$at.into_selections());)*
                all.extend(self.$index.into_selections());
                all
            }
        }
        tuples!(@ [$($done $at,)* $next $index] $($rest $rest_at),*);
    };
}

tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
