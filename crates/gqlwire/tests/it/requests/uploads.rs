use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream;
use gqlwire::{AuthProvider, Authorization, Client, Error, ErrorKind, Request, RetryPolicy, Target, Upload, appsync};
use serde_json::{Value, json};

use super::site::{Seen, Site, description};
use crate::support::{Server, appsync_client, presentable};

const LOOK: &str = "query($file: Upload!) { look(file: $file) }";
const ADD: &str = "mutation($file: Upload!) { add(file: $file) }";
const ADD_ALL: &str = "mutation($files: [Upload!]!) { addAll(files: $files) }";

fn client(site: &Site) -> Client {
    let hasty = RetryPolicy::default().delays(Duration::from_millis(1), Duration::from_millis(1));
    Client::builder(&site.url).retry(hasty).build().unwrap()
}

/// A file that is gone when the test is.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gqlwire-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn name(&self) -> String {
        self.0.file_name().unwrap().to_string_lossy().into_owned()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn added(client: &Client, file: Upload) -> String {
    let data = client
        .execute(ADD)
        .upload("file", file)
        .await
        .unwrap()
        .into_data()
        .unwrap();
    data["add"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn operations_map_and_files_stand_in_this_order_with_a_length() {
    let site = Site::start().await;
    let file = Upload::bytes("Alpha")
        .filename("a\"\r\n.txt")
        .content_type("text/x-alpha");
    let answer = client(&site).execute(ADD).upload("variables.file", file).await.unwrap();
    assert!(answer.errors.is_empty(), "{answer:?}");
    let [request] = &site.seen()[..] else { panic!("not one") };
    let boundary = request.boundary();
    let part =
        |head: &str, body: &str| format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n");
    let expected = part(
        r#"name="operations""#,
        r#"{"query":"mutation($file: Upload!) { add(file: $file) }","variables":{"file":null}}"#,
    ) + &part(r#"name="map""#, r#"{"0":["variables.file"]}"#)
        + &part(
            "name=\"0\"; filename=\"a%22%0D%0A.txt\"\r\nContent-Type: text/x-alpha",
            "Alpha",
        )
        + &format!("--{boundary}--\r\n");
    assert_eq!(String::from_utf8_lossy(&request.body), expected);
    assert_eq!(request.header("content-length").unwrap(), expected.len().to_string());
    assert_eq!(request.header("apollo-require-preflight"), Some("true"));
    assert!(
        request
            .header("content-type")
            .unwrap()
            .starts_with("multipart/form-data; boundary=")
    );
}

#[tokio::test]
async fn every_kind_of_source_arrives_byte_for_byte() {
    let site = Site::start().await;
    let client = client(&site);
    let text = "0123456789abcdef".repeat(20_000);
    let file = File::new("photo.PNG", &text);
    let named = |upload: Upload| upload.filename("x");
    let path = added(&client, Upload::path(&file.0)).await;
    assert_eq!(path, description(&file.name(), "image/png", &text));
    let expected = description("x", "none", &text);
    let bytes = Bytes::from(text.clone());
    assert_eq!(added(&client, named(Upload::bytes(bytes.clone()))).await, expected);
    let reader = io::Cursor::new(bytes.clone());
    assert_eq!(added(&client, named(Upload::reader(reader.clone()))).await, expected);
    let known = Upload::reader(reader.clone()).len(text.len() as u64);
    assert_eq!(added(&client, named(known)).await, expected);
    let chunks: Vec<_> = bytes
        .chunks(1000)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .collect();
    assert_eq!(
        added(&client, named(Upload::stream(stream::iter(chunks)))).await,
        expected
    );
    let factory = Upload::factory(move || {
        let reader = reader.clone();
        async move { Ok(reader) }
    });
    assert_eq!(added(&client, named(factory)).await, expected);
    let lengths: Vec<bool> = site
        .seen()
        .iter()
        .map(|request| request.header("content-length").is_some())
        .collect();
    assert_eq!(lengths, [true, true, false, true, false, false]);
}

#[tokio::test]
async fn several_files_lists_and_one_file_in_several_places() {
    let site = Site::start().await;
    let client = client(&site);
    let [a, b] = ["a", "b"].map(|text| Upload::bytes(text).filename(text));
    let calling = client
        .execute(ADD_ALL)
        .upload("files.0", a.clone())
        .upload("files.1", b)
        .upload("files.2", a);
    let data = calling.await.unwrap().into_data().unwrap();
    let [a, b] = ["a", "b"].map(|text| description(text, "none", text));
    assert_eq!(data, json!({"addAll": [a, b, a]}));
    let body = String::from_utf8(site.seen()[0].body.clone()).unwrap();
    assert!(
        body.contains(r#"{"0":["variables.files.0","variables.files.2"],"1":["variables.files.1"]}"#),
        "{body}"
    );
}

#[tokio::test]
async fn files_go_along_with_the_operations_of_a_batch() {
    let site = Site::start().await;
    let file = Upload::bytes("a").filename("a");
    let batch = client(&site).execute_batch([ADD, "{ one }", ADD]);
    let outcomes = batch
        .upload(0, "file", file.clone())
        .upload(2, "file", file)
        .await
        .unwrap();
    let data: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap().into_data().unwrap())
        .collect();
    let a = description("a", "none", "a");
    assert_eq!(data, [json!({"add": a}), json!({"one": 1}), json!({"add": a})]);
    let body = String::from_utf8(site.seen()[0].body.clone()).unwrap();
    assert!(
        body.contains(r#"{"0":["0.variables.file","2.variables.file"]}"#),
        "{body}"
    );
}

#[tokio::test]
async fn what_can_be_read_again_is_sent_again_and_a_mutation_is_not_repeated() {
    let file = File::new("again.txt", "x");
    let factory = || Upload::factory(|| async { Ok(io::Cursor::new("x")) });
    for upload in [Upload::bytes("x"), Upload::path(&file.0), factory()] {
        let site = Site::refusing(vec!["503 Service Unavailable"; 2]).await;
        // It lets queries have none, and says so only once it has read them.
        client(&site)
            .execute(LOOK)
            .upload("file", upload.clone())
            .await
            .unwrap();
        let forms: Vec<String> = site.seen().iter().map(Seen::without_boundary).collect();
        assert!(
            forms
                .iter()
                .all(|form| *form == forms[0] && form.contains("\r\n\r\nx\r\n")),
            "{forms:?}"
        );
        assert_eq!(site.seen().len(), 3);
        let site = Site::refusing(vec!["503 Service Unavailable"]).await;
        assert!(client(&site).execute(ADD).upload("file", upload).await.is_err());
        assert_eq!(site.seen().len(), 1);
    }
}

#[tokio::test]
async fn what_was_read_and_cannot_be_read_again_is_said_where_another_attempt_would_have_been() {
    let site = Site::refusing(vec!["503 Service Unavailable"]).await;
    let once = Upload::reader(io::Cursor::new("x"));
    let error = client(&site)
        .execute(LOOK)
        .upload("file", once.clone())
        .await
        .unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.attempts()), (503, 1));
    assert!(
        presentable(&error).contains("a file that goes along has been read and can be read only once"),
        "{error}"
    );
    // The same reader for another call.
    let error = client(&site).execute(LOOK).upload("file", once).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(presentable(&error).contains("use `Upload::factory`"), "{error}");
}

#[tokio::test]
async fn a_server_that_was_not_there_has_cost_no_reader() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let client = Client::builder(&format!("http://{address}/graphql"));
    let client = client
        .retry(RetryPolicy::default().delays(Duration::ZERO, Duration::ZERO))
        .build()
        .unwrap();
    let once = Upload::reader(io::Cursor::new("x"));
    let error = client.execute(ADD).upload("file", once.clone()).await.unwrap_err();
    assert!(error.is_connect() && error.attempts() == 3, "{error}");
    let site = Site::start().await;
    assert_eq!(
        added(&self::client(&site), once).await,
        description("file", "none", "x")
    );
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named_before_anything_is_sent() {
    let site = Site::start().await;
    let directory = std::env::temp_dir();
    let missing = directory.join("gqlwire-no-such-file.txt");
    for (path, why) in [(&missing, "cannot be read"), (&directory, "is a directory")] {
        let error = client(&site)
            .execute(ADD)
            .upload("file", Upload::path(path))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        let shown = presentable(&error);
        assert!(
            shown.contains(&path.display().to_string()) && shown.contains(why),
            "{shown}"
        );
        assert!(!error.may_have_been_executed());
    }
    assert!(site.seen().is_empty());
}

#[tokio::test]
async fn a_file_that_is_longer_or_shorter_than_it_was_or_breaks_fails_the_request() {
    let site = Site::start().await;
    let text = "x".repeat(200_000);
    let broken = || stream::iter([Ok(Bytes::from_static(b"x")), Err(io::Error::other("the disk is gone"))]);
    let said = |len: u64| Upload::reader(io::Cursor::new(text.clone())).filename("a.txt").len(len);
    for (upload, why) in [
        (said(200_001), "the upload \"a.txt\" ended after 200000 bytes of 200001"),
        (said(199_999), "the upload \"a.txt\" has more than its 199999 bytes"),
        (said(0), "has more than its 0 bytes"),
        (
            Upload::stream(broken()),
            "the upload cannot be read to its end: the disk is gone",
        ),
        (
            Upload::factory(|| async { Err::<tokio::io::Empty, _>(io::Error::other("locked")) }),
            "cannot be opened: locked",
        ),
    ] {
        let error = client(&site).execute(ADD).upload("file", upload).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{error:?}");
        assert!(presentable(&error).contains(why), "{error}");
        assert!(error.may_have_been_executed() && error.attempts() == 1);
    }
    // None of them arrived as if it were whole.
    assert!(site.seen().is_empty());
}

#[tokio::test]
async fn a_place_that_is_taken_or_not_there_is_refused() {
    let site = Site::start().await;
    let client = client(&site);
    let file = || Upload::bytes("x");
    let request = Request::<Value>::new(ADD).variable("file", "taken");
    for (call, why) in [
        (
            client.execute(request).upload("file", file()),
            "variables.file has a value already",
        ),
        (
            client
                .execute(ADD)
                .upload("file", file())
                .upload("variables.file", file()),
            "two files are to stand at",
        ),
        (client.execute(ADD).upload("files.3", file()), "files"),
        (client.execute(ADD).upload("", file()), "a step of it is empty"),
        (
            client.execute(ADD).upload("file", file().content_type("a\nb")),
            "is no media type",
        ),
    ] {
        match call.await {
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Request);
                assert!(presentable(&error).contains(why), "{error}");
            }
            // An object with the member "3": the server's to refuse.
            Ok(response) => assert!(!response.errors.is_empty() && why == "files"),
        }
    }
    let error = client.execute_batch([ADD]).upload(1, "file", file()).await.unwrap_err();
    assert!(presentable(&error).contains("operation 1 of the batch"), "{error}");
}

#[tokio::test]
async fn appsync_and_signatures_over_the_body_take_no_files() {
    let server = Server::answering("").await;
    let client = appsync_client(&server).build().unwrap();
    let error = client
        .execute(ADD)
        .upload("file", Upload::bytes("x"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(presentable(&error).contains("AppSync"), "{error}");
    let iam = appsync::Iam::with_credentials(appsync::Credentials::new("AKIDEXAMPLE", "secretsecretsecret"))
        .region("us-east-1");
    let client = Client::builder(&server.url("/graphql")).auth(iam).build().unwrap();
    let error = client
        .execute(ADD)
        .upload("file", Upload::bytes("x"))
        .await
        .unwrap_err();
    assert!(presentable(&error).contains("IAM signs the body"), "{error}");
    assert!(server.requests().is_empty());
}

/// Has better credentials each time it is asked.
#[derive(Debug, Default)]
struct Renewing(AtomicUsize);

impl AuthProvider for Renewing {
    fn authorize<'a>(&'a self, _target: Target<'a>) -> BoxFuture<'a, Result<Authorization, Error>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(Authorization::default()) })
    }

    fn refused<'a>(&'a self, _sent: &'a Authorization, _why: &'a Error) -> BoxFuture<'a, bool> {
        Box::pin(async { true })
    }
}

#[tokio::test]
async fn a_form_is_sent_again_with_better_credentials_if_it_can_be() {
    let site = Site::refusing(vec!["401 Unauthorized", "401 Unauthorized"]).await;
    let renewing = Arc::new(Renewing::default());
    let client = Client::builder(&site.url).auth(Arc::clone(&renewing)).build().unwrap();
    let once = Upload::reader(io::Cursor::new("x"));
    let error = client.execute(ADD).upload("file", once).await.unwrap_err();
    assert!(
        error.is_auth() && presentable(&error).contains("can be read only once"),
        "{error}"
    );
    assert_eq!(
        added(&client, Upload::bytes("x")).await,
        description("file", "none", "x")
    );
    assert_eq!(site.seen().len(), 3);
}

#[cfg(feature = "schema")]
#[tokio::test]
async fn a_schema_lets_files_stand_where_it_wants_them() {
    let site = Site::start().await;
    let sdl = "scalar Upload type Query { one: Int } type Mutation { add(file: Upload!): String }";
    let client = client(&site).with_schema(gqlwire::schema::Schema::from_sdl(sdl).unwrap());
    added(&client, Upload::bytes("x")).await;
    let error = client
        .execute(Request::<Value>::new(ADD).variable("file", ()))
        .await
        .unwrap_err();
    assert!(error.variable_errors().is_some(), "{error}");
}
