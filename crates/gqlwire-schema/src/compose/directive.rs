use super::value::Value;

/// `@name(argument: …)`, for every place where the schema allows it in a document.
///
/// `@skip` and `@include` have methods of their own on what they can stand at.
#[derive(Clone, Debug, PartialEq)]
pub struct Directive {
    pub(super) name: String,
    pub(super) arguments: Vec<(String, Value)>,
}

/// A directive of this name, with or without the `@`.
pub fn directive(name: impl Into<String>) -> Directive {
    let name: String = name.into();
    Directive {
        name: name.strip_prefix('@').map(str::to_owned).unwrap_or(name),
        arguments: Vec::new(),
    }
}

impl Directive {
    /// Sets an argument; a second value for the same name replaces the first.
    #[must_use]
    pub fn argument(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        set(&mut self.arguments, name.into(), value.into());
        self
    }
}

pub(super) fn set(arguments: &mut Vec<(String, Value)>, name: String, value: Value) {
    match arguments.iter_mut().find(|(known, _)| *known == name) {
        Some(slot) => slot.1 = value,
        None => arguments.push((name, value)),
    }
}

/// `directive` for what can carry directives.
macro_rules! carries_directives {
    ($($ty:ident),*) => {$(
        impl $ty {
            /// Adds a directive; several keep their order.
            #[must_use]
            pub fn directive(mut self, directive: $crate::compose::Directive) -> Self {
                self.directives_mut().push(directive);
                self
            }
        }
    )*};
}

/// `skip_if` and `include_if` for what can stand in a selection.
macro_rules! is_conditional {
    ($($ty:ident),*) => {$(
        impl $ty {
            /// Adds `@skip(if: …)`: left out where the value, usually a variable, is true.
            #[must_use]
            pub fn skip_if(self, condition: impl Into<$crate::compose::Value>) -> Self {
                self.directive($crate::compose::directive("skip").argument("if", condition))
            }

            /// Adds `@include(if: …)`: left out where the value, usually a variable, is false.
            #[must_use]
            pub fn include_if(self, condition: impl Into<$crate::compose::Value>) -> Self {
                self.directive($crate::compose::directive("include").argument("if", condition))
            }
        }
    )*};
}

pub(super) use {carries_directives, is_conditional};
