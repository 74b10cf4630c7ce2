//! What the driver waits for beside its sockets: providers and handshakes.

use std::panic::AssertUnwindSafe;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

use futures_util::FutureExt;
use gqlwire_proto::connection::Protocol;
use gqlwire_proto::session::{AuthSource, ConnectionId, SubscriptionHandle, Ticket};
use http::HeaderMap;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout};
use tracing::Instrument;
use url::Url;

use super::Shared;
use super::connect::Socket;
use super::credentials::{Answer, Question};
use crate::auth::{AuthProvider, Authorization, Target, TargetKind};
use crate::progress::Progress;
use crate::redact::Secrets;
use crate::{Error, ErrorKind};

/// What has come to its end.
pub(super) enum Done {
    /// It was given up, and nobody waits for it.
    Abandoned,
    Authorized {
        ticket: Ticket,
        subscription: SubscriptionHandle,
        source: AuthSource,
        outcome: Result<(Answer, Box<RawValue>), Error>,
    },
    /// A catch-up has its answer.
    CaughtUp {
        subscription: SubscriptionHandle,
        run: u32,
        outcome: Result<String, Error>,
    },
    /// Nothing more was read after the write half had broken.
    LastWords { connection: ConnectionId, why: String },
    Opened {
        connection: ConnectionId,
        outcome: Result<Opened, Error>,
    },
    Refreshed {
        source: AuthSource,
        generation: u64,
        better: bool,
    },
}

/// What came of a handshake, and the credentials that it was made with.
pub(super) struct Opened {
    pub(super) answer: Answer,
    /// What is spoken on the socket.
    pub(super) protocol: Protocol,
    /// What its first message carries.
    pub(super) init: Option<Box<RawValue>>,
    /// What no error may show.
    pub(super) secrets: Secrets,
    pub(super) socket: Result<Box<dyn Socket>, Error>,
}

impl Shared {
    /// Credentials, then a socket; the error is the provider's.
    ///
    /// Those who wait for it are told how far it is.
    pub(super) async fn open(&self, question: Question, waiting: &[Progress]) -> Result<Opened, Error> {
        let attempt = self.handshakes.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let span = tracing::debug_span!("connect", endpoint = %self.endpoint, attempt);
        let opened = self.open_now(question, waiting).instrument(span).await;
        if opened.as_ref().is_ok_and(|opened| opened.socket.is_ok()) {
            self.handshakes.store(0, Ordering::Relaxed);
        }
        opened
    }

    async fn open_now(&self, question: Question, waiting: &[Progress]) -> Result<Opened, Error> {
        let asked = Instant::now();
        let tell = |what: String| waiting.iter().for_each(|call| call.before_sending(what.clone()));
        tell(format!("getting credentials for {}", self.endpoint));
        let service = &self.options.service;
        let url = service.signing_url(TargetKind::Connect);
        let target = self.target(TargetKind::Connect, &url, service.connect_body(), &question);
        let authorization = self.authorize(question.provider.as_ref(), target).await?;
        let init = self.init_payload().await?;
        tell(format!("connecting to {}", self.endpoint));
        let secrets = Secrets::of(&authorization.headers)
            .and_of(&self.options.headers)
            .and_query_of(service.url())
            .and_texts_of(init.as_deref());
        let socket = self.handshake(&authorization).await;
        let socket = socket.map_err(|error| error.without_secrets(&secrets));
        let mut answer = question.answered(authorization);
        let date = socket.as_ref().ok().and_then(|socket| socket.server_date());
        answer.dates = date.zip(question.now.checked_add(asked.elapsed()));
        let selected = socket.as_ref().ok().map(|socket| socket.subprotocol());
        let guessed = selected == Some(None) && service.guesses();
        self.guessed.store(guessed, Ordering::Relaxed);
        let protocol = service.protocol(selected.flatten());
        // Apollo's own client always sends one, and there are servers that look into it without a check.
        let init = init.or_else(|| (protocol == Protocol::LegacyWs).then(nothing));
        Ok(Opened {
            answer,
            protocol,
            init,
            secrets,
            socket,
        })
    }

    async fn handshake(&self, authorization: &Authorization) -> Result<Box<dyn Socket>, Error> {
        let limit = self.options.connect_timeout;
        let upgrade = self.options.service.upgrade(authorization, &self.options.headers)?;
        let opening = self.connect.connect(upgrade);
        let opened = timeout(limit, opening).await;
        opened.map_err(|_| Error::timeout(&format!("connecting to {}", self.endpoint), limit))?
    }

    /// The authorization object of one start.
    pub(super) async fn start(
        &self,
        question: Question,
        body: &str,
        headers: &HeaderMap,
    ) -> Result<(Answer, Box<RawValue>), Error> {
        let service = &self.options.service;
        let url = service.signing_url(TargetKind::Subscribe);
        let target = self.target(TargetKind::Subscribe, &url, body, &question);
        let span = tracing::debug_span!("authorize", endpoint = %self.endpoint);
        let authorizing = self.authorize(question.provider.as_ref(), target);
        let authorization = authorizing.instrument(span).await?;
        let object = service.start(&authorization, &[headers, &self.options.headers])?;
        Ok((question.answered(authorization), object))
    }

    async fn init_payload(&self) -> Result<Option<Box<RawValue>>, Error> {
        let what = || format!("getting the payload that begins a connection to {}", self.endpoint);
        let making = async { self.options.service.init_payload().await };
        self.in_time(making, what).await
    }

    async fn authorize(&self, auth: &dyn AuthProvider, target: Target<'_>) -> Result<Authorization, Error> {
        let what = || format!("getting credentials for {}", self.endpoint);
        self.in_time(async { auth.authorize(target).await }, what).await
    }

    /// Runs the user's own code: one that panics, or takes for ever, must not take the connections of others with it.
    async fn in_time<T>(
        &self,
        asked: impl Future<Output = Result<T, Error>>,
        what: impl Fn() -> String,
    ) -> Result<T, Error> {
        let limit = self.options.auth_timeout;
        match timeout(limit, AssertUnwindSafe(asked).catch_unwind()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::new(
                ErrorKind::Auth,
                format!("{}: the provider panicked", what()),
            )),
            Err(_) => Err(Error::timeout(&what(), limit)),
        }
    }

    /// Tells a provider that what it gave was refused; whether it has something better, as far as it says so in time.
    pub(super) async fn has_better(&self, auth: &dyn AuthProvider, sent: &Authorization, refusal: &Error) -> bool {
        let asked = AssertUnwindSafe(async { auth.refused(sent, refusal).await }).catch_unwind();
        let renewed = matches!(timeout(self.options.auth_timeout, asked).await, Ok(Ok(true)));
        renewed || self.options.service.renews_init_payload()
    }

    fn target<'a>(&'a self, kind: TargetKind, url: &'a Url, body: &'a str, question: &Question) -> Target<'a> {
        static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        Target {
            kind,
            url,
            host: self.options.service.host(),
            region: self.options.service.region(),
            headers: &NONE,
            body,
            now: question.now,
        }
    }
}

fn nothing() -> Box<RawValue> {
    RawValue::from_string("{}".to_owned()).expect("an empty object is JSON")
}
