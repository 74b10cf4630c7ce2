//! What documents use of a schema, and documents of several files checked together.

mod check;
mod deprecated;

pub use self::check::{CheckReport, SourceFile};
