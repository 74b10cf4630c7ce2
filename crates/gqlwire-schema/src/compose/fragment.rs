//! Named fragments and their spreads.

use std::sync::Arc;

use super::directive::{Directive, carries_directives, is_conditional};
use super::selection::{Selections, has_selections};

/// A fragment definition: `fragment Name on Type { … }`. Cloning is cheap.
///
/// It comes into a document by being spread there. Two different fragments of one name in one document are an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Fragment(pub(super) Arc<Definition>);

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) on: String,
    pub(super) directives: Vec<Directive>,
    pub(super) selections: Selections,
}

/// A fragment of this name that selects from this type.
pub fn fragment(name: impl Into<String>, on: impl Into<String>) -> Fragment {
    Fragment(Arc::new(Definition {
        name: name.into(),
        on: on.into(),
        directives: Vec::new(),
        selections: Selections::default(),
    }))
}

impl Fragment {
    /// Gives it another name; spreads that were made before keep the old one.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).name = name.into();
        self
    }

    /// A spread, which can carry directives of its own. For a plain one, `&fragment` can be given to `select` as it is.
    pub fn spread(&self) -> Spread {
        Spread {
            of: Of::Fragment(self.clone()),
            directives: Vec::new(),
        }
    }

    fn directives_mut(&mut self) -> &mut Vec<Directive> {
        &mut Arc::make_mut(&mut self.0).directives
    }

    fn selections_mut(&mut self) -> &mut Selections {
        &mut Arc::make_mut(&mut self.0).selections
    }
}

/// A spread: `...Name @directive`.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    pub(super) of: Of,
    pub(super) directives: Vec<Directive>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Of {
    Fragment(Fragment),
    Name(String),
}

/// A spread of a fragment that is given to the [document](super::Document::fragment), or is spread elsewhere in it.
pub fn spread(name: impl Into<String>) -> Spread {
    Spread {
        of: Of::Name(name.into()),
        directives: Vec::new(),
    }
}

impl Spread {
    pub(super) fn depth(&self) -> usize {
        match &self.of {
            Of::Fragment(fragment) => fragment.0.selections.depth,
            Of::Name(_) => 0,
        }
    }

    fn directives_mut(&mut self) -> &mut Vec<Directive> {
        &mut self.directives
    }
}

carries_directives!(Fragment, Spread);
is_conditional!(Spread);
has_selections!(Fragment);
