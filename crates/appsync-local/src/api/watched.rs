use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use gqlwire_schema::{FieldContext, FieldError, Resolution, Resolver, TypeKind};
use serde_json::Value;

use crate::store::weight;

/// A resolver under guard, for one execution.
///
/// - A panic becomes the error of its field.
/// - The bytes that the response gathers are counted, since a short document can name a long value a thousand times.
/// - The root fields of a mutation are noted, for what they publish.
pub(super) struct Watched<'r> {
    resolver: &'r dyn Resolver,
    mutation: Option<&'r str>,
    mutated: Mutex<Vec<(String, String)>>,
    bytes: AtomicUsize,
    max_bytes: usize,
}

impl<'r> Watched<'r> {
    /// `mutation` is the name of the type whose fields are noted.
    pub(super) fn new(resolver: &'r dyn Resolver, mutation: Option<&'r str>, max_bytes: usize) -> Self {
        Self {
            resolver,
            mutation,
            mutated: Mutex::default(),
            bytes: AtomicUsize::new(0),
            max_bytes,
        }
    }

    /// Response key and field name of each root field of the mutation.
    pub(super) fn into_mutated(self) -> Vec<(String, String)> {
        self.mutated.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a value was left out because there was too much already.
    pub(super) fn is_exceeded(&self) -> bool {
        self.bytes.load(Relaxed) > self.max_bytes
    }

    fn counted(&self, value: Value) -> Result<Value, FieldError> {
        match self.has_room(weight(&value)) {
            true => Ok(value),
            false => Err(too_much(self.max_bytes)),
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        let before = self.bytes.fetch_add(bytes, Relaxed);
        before.saturating_add(bytes) <= self.max_bytes
    }
}

impl Resolver for Watched<'_> {
    fn resolve<'a>(&'a self, field: FieldContext<'a>) -> Resolution<'a> {
        if Some(field.parent_type) == self.mutation {
            let names = (field.response_key.to_owned(), field.field_name.to_owned());
            self.mutated.lock().unwrap_or_else(PoisonError::into_inner).push(names);
        }
        let asked = catch_unwind(AssertUnwindSafe(|| self.resolver.resolve(field)));
        match asked {
            Ok(Resolution::Property) if self.has_room(copied(&field)) => Resolution::Property,
            Ok(Resolution::Property) => too_much(self.max_bytes).into(),
            Ok(Resolution::Ready(answer)) => Resolution::Ready(answer.and_then(|value| self.counted(value))),
            Ok(Resolution::Pending(future)) => Resolution::pending(async move {
                let caught = AssertUnwindSafe(future).catch_unwind().await;
                caught
                    .unwrap_or_else(|_| Err(panicked()))
                    .and_then(|value| self.counted(value))
            }),
            Err(_) => panicked().into(),
        }
    }
}

/// How much of its parent's value a field copies into the response: a leaf as it is, of others only what is below.
fn copied(field: &FieldContext<'_>) -> usize {
    match field.property() {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        compound => {
            let ty = field.definition().map(|definition| definition.ty());
            let kind = ty
                .and_then(|ty| field.schema().type_named(ty.name()))
                .map(|ty| ty.kind());
            match kind {
                Some(TypeKind::Scalar | TypeKind::Enum) => weight(compound),
                _ => 0,
            }
        }
    }
}

fn too_much(max_bytes: usize) -> FieldError {
    FieldError::new(format!("The response would gather more than {max_bytes} bytes."))
        .with_type("ResponseSizeLimitReached")
}

fn panicked() -> FieldError {
    FieldError::new("The resolver of this field panicked; the server's own output says where.")
        .with_type("InternalFailure")
}
