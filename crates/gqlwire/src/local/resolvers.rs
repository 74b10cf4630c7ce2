use std::collections::HashMap;
use std::fmt;
use std::future::Future;

use futures_util::future::BoxFuture;
use gqlwire_schema::{FieldContext, FieldError, Resolution, Resolver};
use serde_json::{Map, Value};

/// Resolvers by type and field, each an asynchronous closure; any other field is the member of that name in its parent's
/// value.
///
/// A field's closure gets copies, so that it can be spawned, and kept apart from what is executed: a resolver that has to
/// see more, or to copy less, implements [`Resolver`] itself.
///
/// ```
/// use gqlwire::local::Resolvers;
/// use gqlwire::schema::FieldError;
/// use serde_json::json;
///
/// let resolvers = Resolvers::new()
///     .field("Query", "me", |_| async { Ok(json!({"id": "7", "first": "Ada", "last": "Lovelace"})) })
///     .field("User", "name", |field| async move {
///         match (&field.source["first"], &field.source["last"]) {
///             (first, last) if first.is_string() && last.is_string() => Ok(json!([first, last])),
///             _ => Err(FieldError::new("the user has no name").with_type("NotFound")),
///         }
///     });
/// ```
#[derive(Default)]
pub struct Resolvers {
    by_type: HashMap<String, HashMap<String, Resolve>>,
}

type Resolve = Box<dyn Fn(Field) -> BoxFuture<'static, Result<Value, FieldError>> + Send + Sync>;

/// One field that is about to be resolved.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Field {
    /// The parent's value; `null` for a root field.
    pub source: Value,
    /// The arguments, coerced, with defaults. One that was left out and has no default is absent; one that was given as
    /// `null` is `null`.
    pub arguments: Map<String, Value>,
}

impl Resolvers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Resolves one field of one object type; a second closure for it takes the place of the first.
    #[must_use]
    pub fn field<F, Fut>(mut self, type_name: impl Into<String>, field_name: impl Into<String>, resolve: F) -> Self
    where
        F: Fn(Field) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Value, FieldError>> + Send + 'static,
    {
        let resolve: Resolve = Box::new(move |field| Box::pin(resolve(field)));
        let fields = self.by_type.entry(type_name.into()).or_default();
        fields.insert(field_name.into(), resolve);
        self
    }
}

impl Resolver for Resolvers {
    fn resolve<'a>(&'a self, field: FieldContext<'a>) -> Resolution<'a> {
        let fields = self.by_type.get(field.parent_type);
        let Some(resolve) = fields.and_then(|fields| fields.get(field.field_name)) else {
            return Resolution::Property;
        };
        Resolution::Pending(resolve(Field {
            source: field.source.clone(),
            arguments: field.arguments.clone(),
        }))
    }
}

impl fmt::Debug for Resolvers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types = self.by_type.iter();
        f.debug_map()
            .entries(types.map(|(name, fields)| (name, fields.keys().collect::<Vec<_>>())))
            .finish()
    }
}
