//! What a resolver says when it fails.

use std::fmt;

use serde_json::Value;

/// The failure of one field, in AppSync's terms. Path and location are added by the executor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldError {
    /// What went wrong.
    pub message: String,
    /// AppSync's `errorType`, such as `Unauthorized` or `DynamoDB:ConditionalCheckFailedException`.
    pub error_type: Option<String>,
    /// AppSync's `errorInfo`: anything, given to the client as it is.
    pub error_info: Option<Value>,
    /// AppSync's `data` of an error: the client gets only the fields that it selected.
    pub data: Option<Value>,
}

impl FieldError {
    /// An error with a message and nothing else.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    /// What AppSync says of a field that the caller may not see.
    pub fn unauthorized(parent_type: &str, field_name: &str) -> Self {
        Self::new(format!("Not Authorized to access {field_name} on type {parent_type}")).with_type("Unauthorized")
    }

    /// Sets `errorType`.
    #[must_use]
    pub fn with_type(mut self, error_type: impl Into<String>) -> Self {
        self.error_type = Some(error_type.into());
        self
    }

    /// Sets `errorInfo`.
    #[must_use]
    pub fn with_info(mut self, info: impl Into<Value>) -> Self {
        self.error_info = Some(info.into());
        self
    }

    /// Sets `data`.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Value>) -> Self {
        self.data = Some(data.into());
        self
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.error_type {
            Some(error_type) => write!(f, " ({error_type})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FieldError {}
