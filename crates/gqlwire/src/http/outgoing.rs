use std::borrow::Cow;
use std::sync::LazyLock;

use gqlwire_proto::RequestParts;
use gqlwire_proto::scan::OperationKind;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use super::connect_error;
#[cfg(feature = "upload")]
use super::form::Form;
use super::transport::HttpOptions;
use crate::Error;
use crate::auth::TargetKind;
use crate::transport::RawRequest;

/// Apollo's servers refuse what a web page could send without being asked, forms and bare `GET`s, unless a header is there
/// that it could not have set.
const PREFLIGHT: HeaderName = HeaderName::from_static("apollo-require-preflight");

/// One attempt at a request as HTTP has it.
pub(super) struct Outgoing {
    /// The URL of a `GET`; a `POST` goes to the endpoint's own.
    pub(super) get: Option<Url>,
    /// What the shape of the request asks for, and a signature should cover.
    pub(super) headers: Cow<'static, HeaderMap>,
    /// What the same shape asks for unless someone has said otherwise.
    pub(super) polite: HeaderMap,
    pub(super) payload: Payload,
}

pub(super) enum Payload {
    #[cfg(feature = "upload")]
    Form(Box<Form>),
    Json,
    Nothing,
}

impl Outgoing {
    /// Decides how a request goes out, and looks at the files that go along.
    ///
    /// # Errors
    ///
    /// The server takes none of that kind, or a file is not there.
    pub(super) async fn of(request: &RawRequest, options: &HttpOptions) -> Result<Self, Error> {
        let preflight = || HeaderMap::from_iter([(PREFLIGHT, HeaderValue::from_static("true"))]);
        if let Some(url) = url_of_get(request, options)? {
            return Ok(Self {
                get: Some(url),
                headers: Cow::default(),
                polite: preflight(),
                payload: Payload::Nothing,
            });
        }
        #[cfg(feature = "upload")]
        if request.has_uploads() {
            let form = Form::new(request).await?;
            return Ok(Self {
                get: None,
                headers: Cow::Owned(HeaderMap::from_iter([(CONTENT_TYPE, form.content_type()?)])),
                polite: preflight(),
                payload: Payload::Form(Box::new(form)),
            });
        }
        Ok(Self::plain(request))
    }

    /// As JSON, whatever the options say; a request without a body as nothing.
    pub(super) fn plain(request: &RawRequest) -> Self {
        static JSON: LazyLock<HeaderMap> =
            LazyLock::new(|| HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]));
        Self {
            get: None,
            headers: Cow::Borrowed(&JSON),
            polite: HeaderMap::new(),
            payload: match request.body() {
                "" => Payload::Nothing,
                _ => Payload::Json,
            },
        }
    }

    pub(super) fn method(&self) -> Method {
        match self.get {
            Some(_) => Method::GET,
            None => Method::POST,
        }
    }

    /// The exact bytes that a signature covers, unless that is a form, which is read while it is sent.
    pub(super) fn signed_body<'r>(&self, request: &'r RawRequest) -> &'r str {
        match self.payload {
            Payload::Nothing => "",
            _ => request.body(),
        }
    }

    /// What it is to those who authorise it.
    pub(super) fn kind(&self) -> TargetKind {
        match self.payload {
            #[cfg(feature = "upload")]
            Payload::Form(_) => TargetKind::Upload,
            Payload::Json => TargetKind::Http,
            Payload::Nothing => TargetKind::Get,
        }
    }
}

impl Payload {
    /// # Errors
    ///
    /// The server could not be reached, the connection broke, or a file did.
    pub(super) async fn send(
        self,
        client: &reqwest::Client,
        mut sending: reqwest::Request,
        request: &RawRequest,
        url: &Url,
    ) -> Result<reqwest::Response, Error> {
        let length = match self {
            #[cfg(feature = "upload")]
            Self::Form(form) => return send_form(*form, client, sending, url).await,
            Self::Json => {
                *sending.body_mut() = Some(request.body().to_owned().into());
                request.body().len()
            }
            Self::Nothing => 0,
        };
        let sent = client.execute(sending).await;
        sent.map_err(|error| connect_error(error, url, length))
    }
}

#[cfg(feature = "upload")]
async fn send_form(
    form: Form,
    client: &reqwest::Client,
    mut sending: reqwest::Request,
    url: &Url,
) -> Result<reqwest::Response, Error> {
    let failure = form.failure();
    let length = form
        .len()
        .map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
    *sending.body_mut() = Some(form.into_body());
    let sent = client.execute(sending).await;
    match (failure.take(), sent) {
        // The library says only that the body failed.
        (Some(failure), Err(_)) => Err(failure.after_sending()),
        (_, sent) => sent.map_err(|error| connect_error(error, url, length)),
    }
}

/// The URL with the request in it; `None` for what goes by `POST`.
fn url_of_get(request: &RawRequest, options: &HttpOptions) -> Result<Option<Url>, Error> {
    let wanted = request.is_by_get() || options.requests.queries_by_get;
    if !wanted || request.kind() != OperationKind::Query || request.batch.is_some() || request.has_uploads() {
        return Ok(None);
    }
    if options.posts_only {
        return Err(Error::request("AppSync takes queries by POST only: leave `get` out"));
    }
    let query = RequestParts::read(request.body())?.to_url_query()?;
    let mut url = options.url.clone();
    let query = match url.query() {
        Some(own) if !own.is_empty() => format!("{own}&{query}"),
        _ => query,
    };
    url.set_query(Some(&query));
    let limit = options.requests.get_url_limit;
    if url.as_str().len() > limit {
        tracing::debug!(limit, length = url.as_str().len(), "the URL would be too long: by POST");
        return Ok(None);
    }
    Ok(Some(url))
}
