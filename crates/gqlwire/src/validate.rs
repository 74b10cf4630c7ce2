//! Requests checked against a schema before anything of them is sent, with the feature `schema`.

use std::borrow::Cow;
use std::error::Error as StdError;

use futures_util::future::BoxFuture;
use gqlwire_schema::{Diagnostics, Schema, VariableErrors};
use tokio::sync::watch;

use crate::documents::{Documents, Wire};
use crate::execute_batch::of_item;
use crate::transport::{EventSource, Outcome, RawRequest, RawResponse, Transport};
use crate::{Client, Counters, Error, Execute, SessionState, Subscribe};

impl Client {
    /// The same client, which from now on checks each request against this schema before it sends anything.
    ///
    /// A document that does not validate, and variables that do not fit their declared types, are an error of the kind
    /// [`Request`](crate::ErrorKind::Request), which shows every place and says what was probably meant. A variable that
    /// the operation does not declare is refused too. What the schema has deprecated may be used, and is logged as a
    /// warning. A document that is sent again is not validated again.
    ///
    /// [`Execute::validate`] and [`Subscribe::validate`] switch it off for one call.
    ///
    /// ```
    /// # use gqlwire::{Client, local::LocalTransport, schema::{PropertyResolver, Schema}};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let schema = Schema::from_sdl("type Query { hello(name: String): String }")?;
    /// # let transport = LocalTransport::new(schema.clone(), PropertyResolver);
    /// let client = Client::with_transport(transport).with_schema(schema);
    ///
    /// let error = client.execute("{ hello(nam: \"you\") }").await.unwrap_err();
    /// let diagnostics = error.diagnostics().unwrap();
    /// assert_eq!(diagnostics.iter().next().unwrap().rule(), "UndefinedArgument");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_schema(self, schema: Schema) -> Self {
        self.over(|inner| Validating {
            inner,
            documents: Documents::new(schema),
        })
    }
}

impl<T> Execute<T> {
    /// Whether this call is checked against the client's schema before it is sent; `true` unless set, and of no effect
    /// where the client has no schema.
    pub fn validate(mut self, validate: bool) -> Self {
        if let Ok(request) = &mut self.request {
            request.validate = validate;
        }
        self
    }
}

impl<T, S> Subscribe<T, S> {
    /// Whether this subscription, and the query that it catches up with, are checked against the client's schema before
    /// they are sent; `true` unless set, and of no effect where the client has no schema.
    pub fn validate(mut self, validate: bool) -> Self {
        if let Ok(request) = &mut self.request {
            request.validate = validate;
        }
        self
    }
}

impl Error {
    /// What is wrong with the document, where the client's schema refused it before anything was sent.
    pub fn diagnostics(&self) -> Option<&Diagnostics> {
        self.source()?.downcast_ref()
    }

    /// What is wrong with the variables, where they do not fit the types that the operation declares.
    pub fn variable_errors(&self) -> Option<&VariableErrors> {
        self.source()?.downcast_ref()
    }
}

/// Lets through to another transport what a schema finds nothing wrong with.
#[derive(Debug)]
struct Validating {
    inner: std::sync::Arc<dyn Transport>,
    documents: Documents,
}

impl Validating {
    fn check(&self, request: &RawRequest) -> Result<(), Error> {
        // Nothing is known here of a document that only the server has.
        if !request.validate || request.document_id().is_some() {
            return Ok(());
        }
        let body = with_files(request)?;
        let wire = Wire::of(&body)?;
        let document = self.documents.check(&wire.query).map_err(|diagnostics| {
            let found = match diagnostics.len() {
                1 => "the schema refuses this document".to_owned(),
                more => format!("the schema refuses this document, for {more} reasons"),
            };
            let diagnostics = (*diagnostics).clone();
            Error::request(format!("{found}:\n{diagnostics}")).with_source(diagnostics)
        })?;
        let operation = document
            .operation(wire.operation_name.as_deref())
            .map_err(|error| Error::request(error.to_string()))?;
        operation
            .check_variables(self.documents.schema(), &wire.variables.unwrap_or_default())
            .map_err(|errors| {
                Error::request(format!("the variables do not fit the operation:\n{errors}")).with_source(errors)
            })
    }
}

/// The request with something in the places of its files, where `null` would not fit the types of the variables.
fn with_files(request: &RawRequest) -> Result<Cow<'_, str>, Error> {
    #[cfg(feature = "upload")]
    if request.has_uploads() {
        return request.uploads.in_place(request.body()).map(Cow::Owned);
    }
    Ok(Cow::Borrowed(request.body()))
}

impl Transport for Validating {
    fn execute<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        match self.check(request) {
            Ok(()) => self.inner.execute(request),
            Err(error) => Box::pin(async { Err(error) }),
        }
    }

    fn execute_batch<'a>(&'a self, requests: &'a [RawRequest]) -> BoxFuture<'a, Result<Vec<Outcome>, Error>> {
        let mut checked = requests.iter().enumerate();
        let refused = checked.find_map(|(index, request)| self.check(request).err().map(|error| of_item(index, error)));
        match refused {
            None => self.inner.execute_batch(requests),
            Some(error) => Box::pin(async { Err(error) }),
        }
    }

    fn takes_uploads(&self) -> bool {
        self.inner.takes_uploads()
    }

    fn subscribe(&self, request: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        let catch_up = request.catch_up().map_or(Ok(()), |query| {
            self.check(query)
                .map_err(|error| error.suffixed("\n(in the query to catch up with)"))
        });
        match self.check(&request).and(catch_up) {
            Ok(()) => self.inner.subscribe(request),
            Err(error) => Box::pin(async { Err(error) }),
        }
    }

    fn catches_up(&self) -> bool {
        self.inner.catches_up()
    }

    fn state(&self) -> Option<watch::Receiver<SessionState>> {
        self.inner.state()
    }

    fn counters(&self) -> BoxFuture<'_, Option<Counters>> {
        self.inner.counters()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}
