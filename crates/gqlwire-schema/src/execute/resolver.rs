//! Where field values come from.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde_json::Value;

use super::context::FieldContext;
use super::error::FieldError;

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Gives fields their values.
///
/// One resolver serves the whole schema; it is asked for each field of the response, and says quickly for which of
/// them there is anything to do: [`Resolution::Property`] takes the same-named member of the parent's value and costs
/// nothing.
///
/// ```
/// use gqlwire_schema::{FieldContext, Resolution, Resolver};
/// use serde_json::json;
///
/// struct Hello;
///
/// impl Resolver for Hello {
///     fn resolve<'a>(&'a self, field: FieldContext<'a>) -> Resolution<'a> {
///         match (field.parent_type, field.field_name) {
///             ("Query", "hello") => Resolution::pending(async move {
///                 Ok(json!(format!("Hello, {}!", field.arguments["name"])))
///             }),
///             _ => Resolution::Property,
///         }
///     }
/// }
/// ```
pub trait Resolver: Send + Sync {
    /// Decides how one field gets its value.
    ///
    /// Siblings are all started before any is waited for, except the root fields of a mutation.
    fn resolve<'a>(&'a self, field: FieldContext<'a>) -> Resolution<'a>;
}

/// How a field gets its value.
pub enum Resolution<'a> {
    /// The member of the parent's value that has the field's name; `null` when there is none.
    Property,
    /// The value, or the error, is known already.
    Ready(Result<Value, FieldError>),
    /// The value has to be waited for.
    Pending(BoxFuture<'a, Result<Value, FieldError>>),
}

impl<'a> Resolution<'a> {
    /// A value that has to be waited for.
    pub fn pending(future: impl Future<Output = Result<Value, FieldError>> + Send + 'a) -> Self {
        Self::Pending(Box::pin(future))
    }
}

impl From<Value> for Resolution<'_> {
    fn from(value: Value) -> Self {
        Self::Ready(Ok(value))
    }
}

impl From<FieldError> for Resolution<'_> {
    fn from(error: FieldError) -> Self {
        Self::Ready(Err(error))
    }
}

impl fmt::Debug for Resolution<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property => f.write_str("Property"),
            Self::Ready(result) => f.debug_tuple("Ready").field(result).finish(),
            Self::Pending(_) => f.write_str("Pending(..)"),
        }
    }
}

/// Takes every field from the same-named member of its parent's value.
///
/// Right for data that is complete already, such as the events of a subscription.
#[derive(Clone, Copy, Debug, Default)]
pub struct PropertyResolver;

impl Resolver for PropertyResolver {
    fn resolve<'a>(&'a self, _: FieldContext<'a>) -> Resolution<'a> {
        Resolution::Property
    }
}
