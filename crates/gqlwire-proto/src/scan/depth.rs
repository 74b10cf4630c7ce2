use super::token::{Fault, Token};

/// The deepest nesting that a document may have: 128.
///
/// Selection sets, list and object values and list types count alike, each value from the selection set that it
/// stands in. Servers commonly allow 10 to 20 levels of selection, the usual introspection query has 14.
pub const MAX_DEPTH: usize = 128;

/// How deep the checker stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Depth(usize);

impl Depth {
    pub(super) const TOP: Self = Self(0);

    pub(super) const fn is_top(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn enter(self, opening: Token) -> Result<Self, Fault> {
        if self.0 == MAX_DEPTH {
            return Err(Fault::invalid(opening.start, "nested more than 128 levels deep"));
        }
        Ok(Self(self.0 + 1))
    }

    pub(super) const fn leave(self) -> Self {
        Self(self.0 - 1)
    }
}

/// Which of the open brackets are those of objects: a stack of bits, as deep as a document can be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brackets(u128);

const _: () = assert!(MAX_DEPTH <= u128::BITS as usize);

impl Brackets {
    pub(super) const NONE: Self = Self(0);

    pub(super) const fn push(self, object: bool) -> Self {
        Self(self.0 << 1 | object as u128)
    }

    pub(super) const fn pop(self) -> Self {
        Self(self.0 >> 1)
    }

    pub(super) const fn innermost_is_object(self) -> bool {
        self.0 & 1 == 1
    }
}
