use std::time::{Duration, SystemTime};

use appsync_local::Server;
use gqlwire_proto::appsync::{CONTENT_TYPE_HTTP, HeaderCarrier, HeaderObject, Signer};
use gqlwire_proto::sigv4::Credentials;
use serde_json::{Value, json};
use url::Url;

use crate::support::{Connect, Request, Socket, start};

const BODY: &str = r#"{"query":"mutation { createMessage(input: {message: \"hi\"}) { message } }"}"#;
const DATA: &str = r#"{"query":"subscription { onCreateMessage { message } }"}"#;

fn pair() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned())
}

async fn server() -> Server {
    start(Server::builder().access_key("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")).await
}

/// Signs like a client whose clock is `late` behind.
struct Client<'a> {
    server: &'a Server,
    credentials: Credentials,
    late: Duration,
}

impl<'a> Client<'a> {
    fn new(server: &'a Server, credentials: Credentials) -> Self {
        Self {
            server,
            credentials,
            late: Duration::ZERO,
        }
    }

    fn signer(&self) -> Signer<'_> {
        Signer {
            credentials: &self.credentials,
            region: "eu-central-1",
            time: SystemTime::now() - self.late,
        }
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.server.http_url())).unwrap()
    }

    fn http(&self, body: &str) -> Request {
        let signed = self
            .signer()
            .sign_http(&self.url(""), CONTENT_TYPE_HTTP, body.as_bytes())
            .unwrap();
        let request = Request::post(body);
        signed
            .headers()
            .iter()
            .fold(request, |request, (name, value)| request.header(name, value))
    }

    fn connect(&self, carrier: HeaderCarrier) -> Connect<'a> {
        let object: HeaderObject = self.signer().sign_connect(&self.url("/connect")).unwrap().into();
        Connect::carrying(self.server, "/graphql/realtime", carrier, &object)
    }

    async fn start(&self, socket: &mut Socket, id: &str, data: &str) {
        let object: HeaderObject = self.signer().sign_start(&self.url(""), data).unwrap().into();
        socket.authorization = serde_json::from_str(&object.to_json()).unwrap();
        socket.start(id, data).await;
    }
}

#[tokio::test]
async fn the_whole_flow_in_each_way_of_carrying_the_signature() {
    let server = server().await;
    let client = Client::new(&server, pair());
    for carrier in [HeaderCarrier::Subprotocol, HeaderCarrier::Query, HeaderCarrier::Headers] {
        let mut socket = client.connect(carrier).open().await;
        socket.init().await;
        client.start(&mut socket, "1", DATA).await;
        assert_eq!(socket.next().await["type"], "start_ack");
        let answer = client.http(BODY).send(&server).await;
        assert_eq!(answer.json(), json!({"data": {"createMessage": {"message": "hi"}}}));
        let event = socket.data("1").await;
        assert_eq!(event, json!({"data": {"onCreateMessage": {"message": "hi"}}}));
    }
}

#[tokio::test]
async fn a_session_token_must_be_the_one_of_its_key() {
    let temporary = pair().with_session_token("TESTSESSIONTOKEN".to_owned());
    let server = start(Server::builder().aws_credentials(temporary.clone())).await;
    let answer = Client::new(&server, temporary).http(BODY).send(&server).await;
    assert_eq!(answer.status, 200);
    for other in [pair(), pair().with_session_token("OTHER".to_owned())] {
        let answer = Client::new(&server, other).http(BODY).send(&server).await;
        answer.assert_refused(
            403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        );
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused_everywhere_and_told_what_was_signed() {
    let server = server().await;
    let forger = Client::new(&server, Credentials::new("AKIDEXAMPLE", "another secret".to_owned()));
    let answer = forger.http(BODY).send(&server).await;
    assert_eq!(answer.status, 400);
    assert_mismatch(&answer.json()["errors"][0]);

    for carrier in [HeaderCarrier::Subprotocol, HeaderCarrier::Query, HeaderCarrier::Headers] {
        let error = forger.connect(carrier).refusal().await;
        assert_mismatch(&error);
        assert_eq!(error["errorCode"], 400);
    }

    let mut socket = Client::new(&server, pair())
        .connect(HeaderCarrier::default())
        .open()
        .await;
    socket.init().await;
    forger.start(&mut socket, "1", DATA).await;
    assert_mismatch(&socket.error(Some("1")).await[0]);
}

#[track_caller]
fn assert_mismatch(error: &Value) {
    assert_eq!(error["errorType"], "BadRequestException", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("The request signature we calculated does not match"),
        "{message}"
    );
    assert!(message.contains("'POST\n/graphql"), "{message}");
    assert!(message.contains("'AWS4-HMAC-SHA256\n"), "{message}");
}

#[tokio::test]
async fn an_unknown_access_key_is_refused_everywhere() {
    let server = server().await;
    let stranger = Client::new(&server, Credentials::new("AKIDOTHER", "secret".to_owned()));
    let message = "The security token included in the request is invalid.";
    stranger
        .http(BODY)
        .send(&server)
        .await
        .assert_refused(403, "UnrecognizedClientException", message);
    let error = stranger.connect(HeaderCarrier::default()).refusal().await;
    assert_eq!(error["errorType"], "UnrecognizedClientException");
    let mut socket = Client::new(&server, pair())
        .connect(HeaderCarrier::default())
        .open()
        .await;
    stranger.start(&mut socket, "1", DATA).await;
    assert_eq!(socket.error(Some("1")).await[0]["message"], message);
}

#[tokio::test]
async fn a_signature_of_another_time_is_refused_everywhere() {
    let server = server().await;
    let mut late = Client::new(&server, pair());
    late.late = Duration::from_secs(3600);
    let answer = late.http(BODY).send(&server).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("Signature expired"), "{answer:?}");
    let error = late.connect(HeaderCarrier::default()).refusal().await;
    assert!(error["message"].as_str().unwrap().starts_with("Signature expired"));
    let mut socket = Client::new(&server, pair())
        .connect(HeaderCarrier::default())
        .open()
        .await;
    late.start(&mut socket, "1", DATA).await;
    let errors = socket.error(Some("1")).await;
    assert!(errors[0]["message"].as_str().unwrap().starts_with("Signature expired"));
}

#[tokio::test]
async fn a_body_that_differs_by_one_byte_is_refused() {
    let server = server().await;
    let client = Client::new(&server, pair());
    let signed = client
        .signer()
        .sign_http(&client.url(""), CONTENT_TYPE_HTTP, BODY.as_bytes())
        .unwrap();
    let altered = Request::post(BODY.replace("hi", "ho"));
    let altered = signed
        .headers()
        .iter()
        .fold(altered, |request, (name, value)| request.header(name, value));
    assert_eq!(altered.send(&server).await.status, 400);

    let mut socket = client.connect(HeaderCarrier::default()).open().await;
    socket.init().await;
    let object: HeaderObject = client.signer().sign_start(&client.url(""), DATA).unwrap().into();
    socket.authorization = serde_json::from_str(&object.to_json()).unwrap();
    socket.start("1", &DATA.replace("message", "id")).await;
    assert_mismatch(&socket.error(Some("1")).await[0]);
}

#[tokio::test]
async fn a_signature_for_a_start_does_not_open_a_connection() {
    let server = server().await;
    let client = Client::new(&server, pair());
    let object: HeaderObject = client.signer().sign_start(&client.url(""), "{}").unwrap().into();
    let connect = Connect::carrying(&server, "/graphql/realtime", HeaderCarrier::Subprotocol, &object);
    assert_mismatch(&connect.refusal().await);
}

#[tokio::test]
async fn a_signature_beside_an_api_key_is_judged_as_a_signature() {
    let server = start(
        Server::builder()
            .api_key(crate::support::KEY)
            .access_key("AKID", "secret"),
    )
    .await;
    let forger = Client::new(&server, Credentials::new("AKID", "another".to_owned()));
    let answer = forger.http(BODY).key().send(&server).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn what_only_begins_like_a_signature_is_a_bad_request() {
    let server = server().await;
    for value in [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=x",
        "AWS4-HMAC-SHA256 a=b, c=d,,,=",
    ] {
        let answer = Request::post(BODY).header("authorization", value).send(&server).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["errors"][0]["errorType"], "BadRequestException");
    }
}
