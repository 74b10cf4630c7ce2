//! Schemas over the wire: the introspection query, and its result as SDL.

mod error;
mod json;
mod options;
mod print;

pub use self::error::{IntrospectionError, is_introspection_disabled};
pub use self::options::{IntrospectionOptions, introspection_query};
pub use self::print::sdl_from_introspection;
pub(crate) use self::print::{INTROSPECTION_TYPES, schema_object};
