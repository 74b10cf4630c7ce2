use super::directive::{Directive, carries_directives};
use super::value::Value;

/// A variable, which is declared by being used as a [`Value`]: alone, in a list, in an object, in a directive.
///
/// Its type is that of the place where it stands. In several places it has the type that fits them all: the non-null one
/// where one of them is nullable; places of different types are an error. What a variable has besides, a default or a
/// directive, is said at one of its uses, or at the [operation](super::Operation::variable).
///
/// Each operation declares the variables that it reaches, fragments included, in the order of their first use.
///
/// ```
/// use gqlwire_schema::compose::{field, query, variable};
///
/// let schema = "type Query { sum(a: Int!, of: [Int]): Int }".parse()?;
/// let number = variable("n");
/// let document = query()
///     .select(field("sum").argument("a", &number).argument("of", (1, number.default(5))))
///     .build(&schema)?;
/// assert_eq!(document.minified(), "query($n:Int!=5){sum(a:$n of:[1$n])}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    pub(super) name: String,
    pub(super) ty: Option<String>,
    pub(super) default: Option<Value>,
    pub(super) directives: Vec<Directive>,
}

/// A variable of this name, with or without the `$`.
pub fn variable(name: impl Into<String>) -> Variable {
    let name: String = name.into();
    Variable {
        name: name.strip_prefix('$').map(str::to_owned).unwrap_or(name),
        ty: None,
        default: None,
        directives: Vec::new(),
    }
}

impl Variable {
    /// Declares the type, as a schema writes it: `[ID!]!`. Needed only inside of a custom scalar, where no place tells
    /// it, and without a schema.
    #[must_use]
    pub fn ty(mut self, ty: impl Into<String>) -> Self {
        self.ty = Some(ty.into());
        self
    }

    /// Gives it a default.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self
    }

    fn directives_mut(&mut self) -> &mut Vec<Directive> {
        &mut self.directives
    }
}

carries_directives!(Variable);
