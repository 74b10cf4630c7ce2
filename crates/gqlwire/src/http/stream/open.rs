use std::time::SystemTime;

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use tokio::time::Instant;

use super::incoming::Silence;
use super::messages::{Content, Messages};
use super::{Carrier, DEFAULT_STREAM_IDLE_TIMEOUT, StreamKind};
use crate::http::attempts::{Attempts, Next};
use crate::http::outgoing::Outgoing;
use crate::http::{HttpOptions, HttpTransport, transport};
use crate::redact::Secrets;
use crate::transport::{RawRequest, RawResponse};
use crate::{Error, ErrorKind, metrics};

/// What a request for a stream was answered with.
#[derive(Debug)]
pub(super) enum Opened {
    /// A stream, and the status and the headers that it came with.
    Stream(Box<Messages>, RawResponse),
    /// An answer as a whole.
    Whole(RawResponse),
    /// 204: there is no stream, and a client should not come again (as server-sent events have it).
    Nothing,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::http) enum Wanted {
    /// An answer as a whole.
    Answer,
    Any,
    Multipart,
    Pieces,
    Sse,
}

impl Wanted {
    pub(super) fn events(carrier: Carrier) -> Self {
        match carrier {
            Carrier::Multipart => Self::Multipart,
            Carrier::Negotiated => Self::Any,
            Carrier::SingleConnection | Carrier::Sse => Self::Sse,
        }
    }

    /// What is asked for where there is no subscription.
    pub(in crate::http) fn of_request(request: &RawRequest, options: &HttpOptions) -> Self {
        // AppSync streams nothing, and no protocol has a stream for a list of requests.
        if options.posts_only || request.batch.is_some() {
            return Self::Answer;
        }
        match request.may_come_in_pieces {
            _ if options.streams.carries_requests => Self::Sse,
            true => Self::Pieces,
            false => Self::Answer,
        }
    }

    /// What an answer in pieces is asked for with.
    fn of_pieces(options: &HttpOptions) -> Self {
        match options.streams.carries_requests {
            true => Self::Sse,
            false => Self::Pieces,
        }
    }

    pub(in crate::http) fn accept(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            // As GraphQL over HTTP recommends it: the first of them says that it is a GraphQL server that answers.
            Self::Answer => "application/graphql-response+json, application/json;q=0.9",
            Self::Any => {
                "text/event-stream, multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0, \
                 application/graphql-response+json, application/json"
            }
            Self::Multipart => "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0, application/json",
            // Apollo Server compares media types with their parameters, and takes the first that it knows.
            Self::Pieces => {
                "multipart/mixed;incrementalSpec=v0.2, multipart/mixed;deferSpec=20220824, multipart/mixed, \
                 text/event-stream, application/graphql-response+json, application/json"
            }
            // graphql-sse compares the whole header.
            Self::Sse => "text/event-stream",
        })
    }

    fn content(self) -> Content {
        match self {
            Self::Pieces => Content::Pieces,
            _ => Content::Events,
        }
    }
}

impl HttpTransport {
    /// Opens a stream, and tries again as the retry policy says: nothing has been received yet, so that this is a request
    /// like any other.
    pub(super) async fn open_first(&self, request: &RawRequest, wanted: &mut Wanted) -> Result<Opened, Error> {
        let limit = request.timeout().unwrap_or(self.options.timeout);
        let opening = async {
            let policy = request.retry().unwrap_or(&self.options.retry);
            let now = || Instant::now().into_std();
            self.budget.called(now());
            let mut attempts = Attempts::new(policy, request.kind(), now().checked_add(limit));
            loop {
                tracing::Span::current().record("attempts", attempts.current());
                let began = now();
                let error = match self.open(request, wanted, "").await {
                    Ok(opened) => return Ok(opened),
                    Err(error) => error,
                };
                match attempts.failed(&error, began, now(), SystemTime::now(), transport::roll()) {
                    Next::Over(why) => return Err(attempts.conclude(error, why)),
                    Next::Again(_) if !self.budget.allows(now()) => {
                        return Err(attempts.conclude(error, Some(self.budget.used_up())));
                    }
                    Next::Again(delay) => {
                        metrics::repeated(request.kind());
                        let waiting = format!("waiting to repeat the {} to {}", request.kind(), self.shown);
                        request.progress.failed(waiting, attempts.current() - 1, error);
                        tokio::time::sleep(delay).await;
                    }
                }
            }
        };
        let opened = tokio::time::timeout(limit, opening).await;
        opened.unwrap_or_else(|_| Err(crate::execute::timed_out(request, limit)))
    }

    /// Asks for a stream once; and once more if the credentials are refused and there are better ones, or if the server
    /// understands nothing but server-sent events, as graphql-sse.
    pub(super) async fn open(
        &self,
        request: &RawRequest,
        wanted: &mut Wanted,
        last_event_id: &str,
    ) -> Result<Opened, Error> {
        let first = self.open_as(request, *wanted, last_event_id).await;
        let status = match &first {
            Ok(Opened::Whole(answer)) => Some(answer.status),
            Ok(_) => None,
            Err(error) => error.status(),
        };
        let misunderstood = matches!(status, Some(StatusCode::NOT_FOUND | StatusCode::NOT_ACCEPTABLE));
        if *wanted == Wanted::Any && misunderstood {
            let second = self.open_as(request, Wanted::Sse, last_event_id).await;
            if let Ok(Opened::Stream(..)) = second {
                *wanted = Wanted::Sse;
                return second;
            }
        }
        first
    }

    async fn open_as(&self, request: &RawRequest, wanted: Wanted, last_event_id: &str) -> Result<Opened, Error> {
        let auth = request.auth().or(self.options.auth.as_ref());
        let mut renewed = false;
        loop {
            let ahead = self.clock().ahead();
            let outgoing = Outgoing::of(request, &self.options).await?;
            let accept = match wanted {
                Wanted::Pieces => Wanted::of_pieces(&self.options),
                wanted => wanted,
            };
            let accept = accept.accept();
            let (mut headers, sent) = self.prepare(request, &outgoing, auth, ahead, accept).await?;
            // An id that no header can hold was no use to give.
            if let Ok(id) = HeaderValue::from_bytes(last_event_id.as_bytes())
                && !last_event_id.is_empty()
            {
                headers.insert(HeaderName::from_static("last-event-id"), id);
            }
            let secrets = Secrets::of(&headers).and_query_of(&self.options.url);
            let (method, url) = (outgoing.method(), outgoing.get.clone());
            let url = url.unwrap_or_else(|| self.options.url.clone());
            let response = self.dispatch(request, method, url, outgoing.payload, headers).await?;
            let refusal = match self.opened(request, response, wanted, &secrets).await {
                Err(error) if error.is_auth() => error,
                other => return other,
            };
            let (Some(auth), Some(sent)) = (auth, sent) else {
                return Err(refusal);
            };
            if renewed || !auth.refused(&sent, &refusal).await {
                return Err(refusal.refusing(auth.as_ref()));
            }
            renewed = true;
            tracing::debug!("the credentials were refused, and there are others");
        }
    }

    async fn opened(
        &self,
        request: &RawRequest,
        response: reqwest::Response,
        wanted: Wanted,
        secrets: &Secrets,
    ) -> Result<Opened, Error> {
        let status = response.status();
        if status == StatusCode::NO_CONTENT {
            return Ok(Opened::Nothing);
        }
        // A status that is no success says more than its stream: graphql-yoga answers a document that does not validate
        // so, and a browser would not read on either.
        match StreamKind::of(&response) {
            Some(kind) if status.is_success() => {
                let head = RawResponse {
                    status,
                    headers: response.headers().clone(),
                    body: String::new(),
                };
                let messages = Messages::new(
                    response,
                    &kind,
                    wanted.content(),
                    self.silence(wanted),
                    self.options.max_body,
                );
                Ok(Opened::Stream(Box::new(messages), head))
            }
            _ => self.judged(request, response, secrets).await.map(Opened::Whole),
        }
    }

    /// A request has an end, and its server something to do meanwhile; a subscription may have nothing to say for days.
    pub(super) fn silence(&self, wanted: Wanted) -> Silence {
        match (wanted, self.options.streams.idle) {
            (Wanted::Pieces, _) => Silence::Limited(self.options.timeout),
            (_, Some(limit)) => Silence::Limited(limit),
            (_, None) => Silence::AfterHeartbeat(DEFAULT_STREAM_IDLE_TIMEOUT),
        }
    }
}

/// The error of an answer that was to be a stream and is none, if it refuses: errors, and no data.
pub(super) fn refusal(answer: &RawResponse, shown: &dyn std::fmt::Display) -> Option<Error> {
    let response = gqlwire_proto::Response::<serde::de::IgnoredAny>::from_json(&answer.body).ok()?;
    if response.data.is_some() || response.errors.is_empty() {
        return None;
    }
    let what = crate::error::summary(&response.errors, "it gave no reason");
    let error = Error::new(ErrorKind::GraphQL, format!("{shown} refused the subscription: {what}"));
    let error = error.with_errors(response.errors);
    Some(error.with_answer(answer.status, answer.headers.clone()))
}
