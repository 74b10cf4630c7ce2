//! The doubles of `gqlwire::testing`: a scripted server, recordings, and their replay.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use gqlwire::testing::{Events, Expect, Feed, Recorder, Replay, Scripted};
use gqlwire::{Client, Error, ErrorKind, Event, EventSource, GraphQLError, RawEvent, RawIncremental, RawRequest};
use gqlwire::{RawResponse, Request, Transport};
use http::StatusCode;
use serde_json::{Value, json};

fn greeting(name: &str) -> Request<Value> {
    Request::new("query Greeting($name: String!) { greeting(name: $name) }").variable("name", name)
}

#[tokio::test]
async fn calls_are_answered_as_scripted_and_remembered() {
    let server = Scripted::new()
        .expect(
            Expect::query()
                .named("Greeting")
                .variable("name", "a")
                .data(json!({"greeting": "A"})),
        )
        .expect(
            Expect::query()
                .field("greeting")
                .variables(json!({"name": "b"}))
                .errors([GraphQLError::new("no b here")]),
        )
        .expect(Expect::mutation().fails(Error::new(ErrorKind::Connect, "the network is down")));
    let client = server.client();

    // In another order than they were scripted in.
    let b = client
        .execute(greeting("b"))
        .header("x-secret", "hunter22")
        .await
        .unwrap();
    assert_eq!(b.errors[0].message, "no b here");
    let a = client.execute(greeting("a")).await.unwrap().into_data().unwrap();
    assert_eq!(a["greeting"], "A");
    let error = client.execute("mutation { post }").await.unwrap_err();
    assert!(error.is_connect() && error.is_retryable());
    server.verify().unwrap();

    let calls = server.calls();
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[0].name.as_deref(), Some("Greeting"));
    assert_eq!(calls[0].variable("name"), Some(&json!("b")));
    assert_eq!(calls[0].root_fields(), ["greeting"]);
    assert_eq!(calls[0].headers["x-secret"], "hunter22");
    assert!(!format!("{calls:?}").contains("hunter22"));
    assert_eq!(calls[2].document, "mutation { post }");
}

#[tokio::test]
async fn an_unexpected_call_is_told_what_was_expected_and_verify_tells_it_again() {
    let server = Scripted::new().expect(Expect::query().named("Greeting").variable("name", "a").data(json!({})));
    let client = server.client();
    let error = client.execute(greeting("b")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert_eq!(
        error.to_string(),
        "the query Greeting with the variables {\"name\":\"b\"} was not expected; what was:\n\
         - a query named Greeting with name = \"a\" (0 of 1 calls came)"
    );
    assert_eq!(
        server.verify().unwrap_err().to_string(),
        "the scripted server was not asked what it expected:\n\
         - did not come: a query named Greeting with name = \"a\" (0 of 1 calls came)\n\
         - was not expected: the query Greeting with the variables {\"name\":\"b\"}"
    );
    let nothing = Scripted::new().client().execute("{ a }").await.unwrap_err();
    assert_eq!(nothing.to_string(), "the query of a was not expected; nothing was");
}

#[tokio::test]
async fn expectations_are_used_up_or_not_and_in_order_where_that_is_asked() {
    let server = Scripted::new()
        .expect(Expect::anything().times(2).data(json!({"n": 1})))
        .expect(Expect::anything().any_number_of_times().data(json!({"n": 2})));
    let client = server.client();
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(client.execute("{ n }").await.unwrap().into_data().unwrap()["n"].clone());
    }
    assert_eq!(answers, [1, 1, 2, 2]);
    server.verify().unwrap();

    let server = Scripted::new()
        .in_order()
        .expect(Expect::query().field("a").data(json!({})))
        .expect(Expect::query().field("b").data(json!({})));
    let client = server.client();
    let error = client.execute("{ b }").await.unwrap_err();
    assert!(error.to_string().contains("in this order"), "{error}");
    client.execute("{ a }").await.unwrap();
    client.execute("{ b }").await.unwrap();
}

#[tokio::test]
async fn answers_may_be_computed_raw_or_broken() {
    let mut limited = RawResponse::new("{\"data\":{}}");
    limited.status = StatusCode::ACCEPTED;
    limited.headers.insert("x-left", "3".parse().unwrap());
    let server = Scripted::new()
        .expect(
            Expect::query()
                .named("Greeting")
                .answers_with(|call| Ok(json!({"data": {"greeting": call.variables["name"]}}))),
        )
        .expect(Expect::query().field("limited").raw(limited))
        .expect(Expect::query().field("broken").raw(RawResponse::new("<html>")))
        .expect(Expect::query().field("missing"));
    let client = server.client();
    assert_eq!(
        client.execute(greeting("x")).await.unwrap().into_data().unwrap()["greeting"],
        "x"
    );
    let limited = client.execute("{ limited }").await.unwrap();
    assert_eq!(
        (limited.status(), &limited.headers()["x-left"]),
        (Some(StatusCode::ACCEPTED), &"3".parse().unwrap())
    );
    assert_eq!(
        client.execute("{ broken }").await.unwrap_err().kind(),
        ErrorKind::Protocol
    );
    let missing = client.execute("{ missing }").await.unwrap_err();
    assert!(missing.to_string().contains("without an answer"), "{missing}");
}

#[tokio::test(start_paused = true)]
async fn delays_pass_by_a_clock_that_the_test_may_pause() {
    let server = Scripted::new()
        .expect(Expect::query().after(Duration::from_secs(3600)).data(json!({})))
        .expect(Expect::query().never_answers());
    let client = server.client();
    let began = tokio::time::Instant::now();
    client.execute("{ a }").await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(3600));
    let error = client
        .execute("{ a }")
        .timeout(Duration::from_secs(60))
        .await
        .unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_plays_its_script_to_the_end() {
    let events = Events::new()
        .data(json!({"n": 1}))
        .wait(Duration::from_secs(30))
        .next(json!({"data": null, "errors": [{"message": "not this one"}]}))
        .gap(Error::new(ErrorKind::Disconnected, "cut"))
        .dropped(7)
        .fails(Error::new(ErrorKind::Auth, "expired"));
    let server = Scripted::new()
        .expect(Expect::subscription().field("ticks").events(events))
        .expect(Expect::subscription().field("ticks").events(Events::new().complete()));
    let client = server.client();
    let mut ticks = client.subscribe("subscription { ticks }").await.unwrap();
    let mut seen = Vec::new();
    while let Some(event) = ticks.next().await {
        seen.push(match event {
            Ok(Event::Next(response)) => response
                .into_data()
                .map_or_else(|_| "errors".to_owned(), |data| data.to_string()),
            Ok(Event::Gap(gap)) => format!("gap: {}", gap.cause),
            Ok(Event::Dropped(dropped)) => format!("{} dropped", dropped.count),
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("error: {error}"),
        });
    }
    assert_eq!(seen, ["{\"n\":1}", "errors", "gap: cut", "7 dropped", "error: expired"]);
    assert!(
        client
            .subscribe("subscription { ticks }")
            .await
            .unwrap()
            .next()
            .await
            .is_none()
    );
}

#[tokio::test]
async fn a_test_feeds_events_and_sees_subscriptions_stop() {
    let feed = Feed::new();
    let script = Events::new().data(json!("scripted")).fed_by(&feed);
    let server = Scripted::new().expect(Expect::subscription().times(2).events(script));
    let client = server.client();
    assert_eq!(feed.data(json!("nobody hears it")), 0);
    let mut one = client.subscribe("subscription { said }").await.unwrap().data();
    let two = client.subscribe("subscription { said }").await.unwrap();
    assert_eq!(feed.data(json!("fed")), 2);
    assert_eq!(one.next().await.unwrap().unwrap(), "scripted");
    assert_eq!(one.next().await.unwrap().unwrap(), "fed");
    assert!(one.next().now_or_never().is_none());
    drop(two);
    assert!(!server.calls()[0].is_stopped() && server.calls()[1].is_stopped());
    assert_eq!(feed.complete(), 1);
    assert!(one.next().await.is_none());

    let server = Scripted::new().expect(Expect::subscription().events(Events::new()));
    let mut open = server.client().subscribe("subscription { said }").await.unwrap();
    server.client().close().await;
    assert!(open.next().await.is_none());
}

#[tokio::test]
async fn a_catch_up_is_asked_of_the_script_at_the_start_and_after_a_gap() {
    let events = Events::new()
        .data(json!(1))
        .gap(Error::new(ErrorKind::Disconnected, "cut"))
        .complete();
    let server = Scripted::new()
        .expect(Expect::query().field("list").data(json!("first")))
        .expect(Expect::query().field("list").data(json!("second")))
        .expect(Expect::subscription().events(events));
    let subscribing = server.client().subscribe("subscription { n }").catch_up("{ list }");
    let events: Vec<_> = subscribing.await.unwrap().map(Result::unwrap).collect().await;
    let snapshot = |event: &Event<Value, Value>, what: &str| match event {
        Event::Snapshot(response) => response.data.as_ref().is_some_and(|data| data == what),
        _ => false,
    };
    assert!(
        snapshot(&events[0], "first") && snapshot(&events[3], "second"),
        "{events:?}"
    );
    assert!(matches!(&events[1..3], [Event::Next(_), Event::Gap(_)]));
    server.verify().unwrap();
}

/// Something to write a recording to, and to read it from.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a client sees of everything that can be recorded, in words.
async fn session(client: &Client) -> Vec<String> {
    let mut seen = Vec::new();
    for name in ["a", "b", "a"] {
        let answer = client.execute(greeting(name)).await;
        seen.push(answer.map_or_else(
            |error| {
                format!(
                    "{:?} {error} {:?} {}",
                    error.kind(),
                    error.status(),
                    error.is_retryable()
                )
            },
            |answer| {
                format!(
                    "{:?} {:?} {:?}",
                    answer.status(),
                    answer.raw_data().map(|raw| raw.get().to_owned()),
                    answer.data
                )
            },
        ));
    }
    seen.push(format!("{:?}", client.execute("{ odd }").await.map(drop)));
    let refused = client
        .subscribe("subscription { refused }")
        .await
        .map(drop)
        .unwrap_err();
    seen.push(format!(
        "{:?} {refused} {:?} {:?}",
        refused.kind(),
        refused.close_code(),
        refused.errors()
    ));
    let subscribing = client.subscribe("subscription { ticks }").catch_up("{ list }");
    let mut ticks = subscribing.await.unwrap();
    while let Some(event) = ticks.next().await {
        seen.push(match event {
            Ok(Event::Gap(gap)) => format!("gap {} {}", gap.cause, gap.cause.may_have_been_executed()),
            Ok(Event::Dropped(dropped)) => format!("{} dropped", dropped.count),
            Ok(event) => format!("{event:?}"),
            Err(error) => format!("{:?} {error}", error.kind()),
        });
    }
    seen
}

fn eventful() -> Scripted {
    let throttled =
        Error::new(ErrorKind::Status, "slow down").with_answer(StatusCode::TOO_MANY_REQUESTS, Default::default());
    let refusal = Error::new(ErrorKind::GraphQL, "refused: denied")
        .with_errors(vec![GraphQLError::new("denied")])
        .with_close(Some(4403), "Forbidden");
    let events = Events::new()
        .data(json!({"n": 12345678901234567890_u64}))
        .text("{\"data\":\n {\"n\": 1.0}}\n")
        .gap(Error::new(ErrorKind::Disconnected, "cut").after_sending())
        .dropped(3)
        .wait(Duration::from_secs(5))
        .fails(Error::new(ErrorKind::Lagged, "too slow"));
    Scripted::new()
        .expect(
            Expect::query()
                .variable("name", "a")
                .after(Duration::from_secs(2))
                .data(json!({"greeting": "first"})),
        )
        .expect(
            Expect::query()
                .variable("name", "a")
                .data(json!({"greeting": "second"})),
        )
        .expect(Expect::query().variable("name", "b").fails(throttled))
        .expect(Expect::query().field("odd").raw(RawResponse::new("not JSON\nat all")))
        .expect(Expect::query().field("list").times(2).data(json!({"list": []})))
        .expect(Expect::subscription().field("refused").fails(refusal))
        .expect(Expect::subscription().field("ticks").events(events))
}

#[tokio::test(start_paused = true)]
async fn a_replay_is_what_was_recorded() {
    let (server, page) = (eventful(), Page::default());
    let recorder = Recorder::around_to(server.clone(), page.clone());
    let recorded = session(&Client::with_transport(recorder.clone())).await;
    recorder.finish().unwrap();
    server.verify().unwrap();
    let text = page.text();
    assert!(
        text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{text}"
    );

    let began = tokio::time::Instant::now();
    let replay = Replay::from_text(&text).unwrap();
    assert_eq!(session(&replay.client()).await, recorded);
    assert_eq!(began.elapsed(), Duration::ZERO);

    let replay = Replay::from_text(&text).unwrap().in_order().with_original_timing();
    assert_eq!(session(&replay.client()).await, recorded);
    assert_eq!(began.elapsed(), Duration::from_secs(7));
}

/// Answers in two pieces, if it is asked for pieces.
#[derive(Debug)]
struct InPieces;

#[derive(Debug)]
struct TwoPieces(std::array::IntoIter<&'static str, 2>, &'static str);

impl Transport for InPieces {
    fn execute<'a>(&'a self, _: &'a RawRequest) -> BoxFuture<'a, Result<RawResponse, Error>> {
        Box::pin(async { Err(Error::new(ErrorKind::Status, "not acceptable")) })
    }

    fn incremental(&self, _: RawRequest) -> BoxFuture<'_, Result<RawIncremental, Error>> {
        let pieces = [
            r#"{"data":{"a":1},"hasNext":true}"#,
            r#"{"incremental":[{"path":[],"data":{"b":2}}],"hasNext":false}"#,
        ];
        Box::pin(async move { Ok(RawIncremental::new(Box::new(TwoPieces(pieces.into_iter(), "")))) })
    }

    fn subscribe(&self, _: RawRequest) -> BoxFuture<'_, Result<Box<dyn EventSource>, Error>> {
        Box::pin(async { Err(Error::new(ErrorKind::Request, "no subscriptions")) })
    }
}

impl EventSource for TwoPieces {
    fn poll_event<'s>(&'s mut self, _: &mut Context<'_>) -> Poll<Option<Result<RawEvent<'s>, Error>>> {
        Poll::Ready(self.0.next().map(|piece| {
            self.1 = piece;
            Ok(RawEvent::Next(self.1))
        }))
    }

    fn stop(&mut self) {}
}

#[tokio::test]
async fn an_answer_in_pieces_passes_a_recorder_in_pieces_and_is_replayed_as_a_whole() {
    let query = "{ a ... @defer { b } }";
    let page = Page::default();
    let client = Client::with_transport(Recorder::around_to(InPieces, page.clone()));
    let mut answer = client.incremental(query).await.unwrap();
    assert!(answer.next().await.unwrap().unwrap().has_next);
    assert!(!page.text().contains("execute"), "{}", page.text());
    assert!(!answer.next().await.unwrap().unwrap().has_next);
    let replayed = Replay::from_text(&page.text()).unwrap().client();
    let mut replayed = replayed.incremental(query).await.unwrap();
    assert!(!replayed.next().await.unwrap().unwrap().has_next);
    assert_eq!(replayed.raw(), answer.raw());
}

#[tokio::test]
async fn each_of_a_batch_is_recorded_and_replayed_as_a_call_of_its_own() {
    let server = Scripted::new().expect(
        Expect::query()
            .times(2)
            .answers_with(|call| Ok(json!({"data": {"greeting": call.variables["name"]}}))),
    );
    let page = Page::default();
    let client = Client::with_transport(Recorder::around_to(server, page.clone()));
    let answers = |outcomes: Vec<Result<gqlwire::Response<Value>, Error>>| -> Vec<Value> {
        outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap().into_data().unwrap()["greeting"].clone())
            .collect()
    };
    let batch = || [greeting("a"), greeting("b")];
    assert_eq!(answers(client.execute_batch(batch()).await.unwrap()), ["a", "b"]);
    let replay = Replay::from_text(&page.text()).unwrap().client();
    assert_eq!(
        replay.execute(greeting("b")).await.unwrap().into_data().unwrap()["greeting"],
        "b"
    );
    let replay = Replay::from_text(&page.text()).unwrap().client();
    assert_eq!(answers(replay.execute_batch(batch()).await.unwrap()), ["a", "b"]);
}

#[tokio::test]
async fn headers_and_variables_are_recorded_only_where_they_may_be() {
    let mut answer = RawResponse::new("{\"data\":{}}");
    answer.headers.insert("x-request-id", "id-1".parse().unwrap());
    answer.headers.insert("set-cookie", "session=hunter22".parse().unwrap());
    let server = Scripted::new().expect(Expect::query().raw(answer));
    let page = Page::default();
    let recorder = Recorder::around_to(server, page.clone())
        .keeping_header("X-Request-Id")
        .hiding_variable("password");
    let client = Client::with_transport(recorder);
    let document = "query($login: Login!) { login(login: $login) }";
    let login =
        |password: &str| Request::<Value>::new(document).variable("login", json!({"user": "me", "password": password}));
    let call = client
        .execute(login("hunter22"))
        .header("authorization", "hunter22")
        .header("x-request-id", "id-0");
    call.await.unwrap();
    let text = page.text();
    assert!(!text.contains("hunter22"), "{text}");
    assert!(
        text.contains("id-0") && text.contains("id-1") && text.contains("[hidden]"),
        "{text}"
    );

    let replay = Replay::from_text(&text).unwrap();
    let replayed = replay.client().execute(login("another")).await.unwrap();
    assert_eq!(replayed.headers()["x-request-id"], "id-1");
}

#[tokio::test]
async fn what_is_not_in_a_recording_is_told_what_comes_nearest() {
    let server = Scripted::new().expect(Expect::query().any_number_of_times().data(json!({})));
    let page = Page::default();
    let client = Client::with_transport(Recorder::around_to(server, page.clone()));
    client.execute("{ other }").await.unwrap();
    client.execute(greeting("a")).await.unwrap();

    let said = |replay: Replay, request: Request<Value>| async move {
        replay.client().execute(request).await.unwrap_err().to_string()
    };
    let replay = Replay::from_text(&page.text()).unwrap();
    assert_eq!(
        said(replay.clone(), greeting("b")).await,
        "the query Greeting is not in the recording; the nearest is the query Greeting, on line 3, where name is \"a\" and \
         not \"b\""
    );
    assert_eq!(
        said(replay.clone(), Request::new("{ others }")).await,
        "the query `{ others }` is not in the recording; the nearest is the query `{ other }`, on line 2, with another \
         document"
    );
    replay.client().execute(greeting("a")).await.unwrap();
    assert_eq!(
        said(replay.clone(), greeting("a")).await,
        "the query Greeting is in the recording 1 times, and was played as often: `repeating` plays it again"
    );
    replay.repeating().client().execute(greeting("a")).await.unwrap();

    let ordered = Replay::from_text(&page.text()).unwrap().in_order();
    assert_eq!(
        said(ordered, greeting("a")).await,
        "the query Greeting is not what comes next in the recording: that is the query `{ other }`, on line 2, with another \
         document"
    );
}

#[tokio::test]
async fn a_subscription_that_was_stopped_stays_open_when_it_is_replayed() {
    let server = Scripted::new().expect(Expect::subscription().events(Events::new().data(json!(1))));
    let page = Page::default();
    let client = Client::with_transport(Recorder::around_to(server.clone(), page.clone()));
    let mut events = client.subscribe("subscription { n }").await.unwrap().data();
    events.next().await.unwrap().unwrap();
    drop(events);
    assert!(server.calls()[0].is_stopped());
    assert!(page.text().contains("\"how\":\"stopped\""));

    let replay = Replay::from_text(&page.text()).unwrap().client();
    let mut events = replay.subscribe("subscription { n }").await.unwrap().data();
    assert_eq!(events.next().await.unwrap().unwrap(), 1);
    assert!(events.next().now_or_never().is_none());
    replay.close().await;
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_file_that_is_no_recording_says_so_and_where() {
    let head = "{\"gqlwire_recording\":1}\n";
    for (text, says) in [
        ("", "its first line does not say that it is a recording"),
        ("{}", "its first line does not say that it is a recording"),
        ("{\"gqlwire_recording\":2}\n", "it is of version 2, and this reads 1"),
        (&format!("{head}\nnonsense\n"), "line 3 is not one of a recording"),
        (
            &format!("{head}{{\"event\":{{\"of\":1,\"at\":0,\"next\":{{\"text\":\"\"}}}}}}\n"),
            "line 2: no subscription of the number 1 is running",
        ),
        (
            &format!(
                "{head}{{\"execute\":{{\"at\":0,\"took\":0,\"request\":{{\"kind\":\"query\",\"body\":null}}}}}}\n"
            ),
            "line 2: there is neither an answer nor an error",
        ),
    ] {
        let error = Replay::from_text(text).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    // A process that was killed while it wrote.
    assert!(Replay::from_text(&format!("{head}{{\"execute\":{{\"a")).is_ok());

    let error = Replay::from_file("/nowhere/at.all").unwrap_err();
    assert!(error.to_string().contains("/nowhere/at.all cannot be read"), "{error}");
    let error = Recorder::around(Scripted::new(), "/nowhere/at.all").unwrap_err();
    assert!(error.to_string().contains("cannot be created"), "{error}");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_replay_panic(lines in proptest::collection::vec("\\PC{0,80}", 0..4)) {
        let _ = Replay::from_text(&lines.join("\n"));
        let _ = Replay::from_text(&format!("{{\"gqlwire_recording\":1}}\n{}", lines.join("\n")));
    }

    #[test]
    fn a_recording_cut_anywhere_is_read_or_refused(cut in 0..4000_usize) {
        static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            let page = Page::default();
            let recorder = Recorder::around_to(eventful(), page.clone());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            runtime.block_on(session(&Client::with_transport(recorder)));
            page.text()
        });
        let text = TEXT.get(..cut.min(TEXT.len())).unwrap_or_default();
        let read = Replay::from_text(text);
        assert!(read.is_ok() || text.len() < "{\"gqlwire_recording\":1}".len(), "{read:?}");
    }
}
