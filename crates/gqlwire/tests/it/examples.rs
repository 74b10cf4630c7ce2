//! The programs in `examples/`, run as a user runs them, against the local server.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use appsync_local::{Api, JwtKeys, Server};
use jsonwebtoken::{EncodingKey, Header};

const KEY: &str = "da2-exampleexampleexampleexam";
const SECRET: &str = "the secret of the tokens";

async fn server() -> Server {
    Server::builder()
        .api(Api::messages())
        .api_key(KEY)
        .access_key("AKIDEXAMPLE", "the secret of the key")
        .jwt(JwtKeys::hs256(SECRET))
        .bind("127.0.0.1:0")
        .await
        .unwrap()
}

fn token() -> String {
    let expiry = SystemTime::now() + Duration::from_secs(600);
    let claims = serde_json::json!({
        "sub": "somebody",
        "exp": expiry.duration_since(UNIX_EPOCH).unwrap().as_secs(),
    });
    jsonwebtoken::encode(
        &Header::default(),
        &claims,
        &EncodingKey::from_secret(SECRET.as_bytes()),
    )
    .unwrap()
}

/// An example of this crate. Cargo builds them next to the tests.
fn program(name: &str) -> PathBuf {
    let mut directory: PathBuf = env::current_exe().unwrap();
    directory.pop();
    if directory.ends_with("deps") {
        directory.pop();
    }
    directory.join("examples").join(name)
}

fn example(name: &str, argument: &str, server: &Server) -> Command {
    let mut command = Command::new(program(name));
    command
        .arg(argument)
        .env("AWS_GRAPHQL_API_ENDPOINT", server.http_url())
        .env("AWS_GRAPHQL_API_KEY", KEY)
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "the secret of the key")
        .env_remove("AWS_SESSION_TOKEN")
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_GRAPHQL_JWT", token())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits until the subscription is acknowledged.
fn subscribed(child: &mut Child) {
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "subscribed\n");
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The event of the mutation reaches the subscription, both authorised the same way.
async fn a_mutation_reaches_the_subscription(mode: &'static str) {
    let server = server().await;
    let done = tokio::task::spawn_blocking(move || {
        let mut subscription = example(&format!("subscription_{mode}"), "1", &server).spawn().unwrap();
        subscribed(&mut subscription);
        let mutation = example(&format!("mutation_{mode}"), "Hello world!", &server)
            .output()
            .unwrap();
        assert!(text(&mutation).ends_with(": Hello world!\n"));
        let mut events = String::new();
        subscription.stdout.take().unwrap().read_to_string(&mut events).unwrap();
        assert_eq!(events, "Hello world!\n");
        assert!(subscription.wait().unwrap().success());
        server
    });
    done.await.unwrap().shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_mutates_and_subscribes() {
    a_mutation_reaches_the_subscription("api_key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn iam_mutates_and_subscribes() {
    a_mutation_reaches_the_subscription("iam").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jwt_mutates_and_subscribes() {
    a_mutation_reaches_the_subscription("jwt").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_the_environment_is_not_told_what_stays_on_this_machine() {
    let server = server().await;
    let done = tokio::task::spawn_blocking(move || {
        let behind_proxy = |name: &str| {
            let mut command = example(name, "1", &server);
            // Nobody listens there: whoever asks this proxy fails.
            for variable in ["http_proxy", "https_proxy", "all_proxy"] {
                command.env(variable, "http://127.0.0.1:1");
            }
            command.env_remove("no_proxy");
            command
        };
        let mut subscription = behind_proxy("subscription_api_key").spawn().unwrap();
        subscribed(&mut subscription);
        assert_eq!(
            text(&behind_proxy("mutation_api_key").output().unwrap())
                .lines()
                .count(),
            1
        );
        assert!(subscription.wait().unwrap().success());
        server
    });
    done.await.unwrap().shutdown().await;
}

#[cfg(feature = "schema")]
#[test]
fn a_local_schema_lists_follows_and_refuses() {
    let output = text(&Command::new(program("local_execution")).output().unwrap());
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines.len(), 4, "{output}");
    assert!(
        lines[0].starts_with("so far: [") && lines[0].contains("the first"),
        "{output}"
    );
    assert_eq!(lines[1], "message 3: HELLO WORLD");
    assert!(lines[2].contains("a message has to say something"), "{output}");
    assert!(lines[3].contains("text"), "{output}");
}

#[cfg(all(feature = "schema", feature = "scalars"))]
#[test]
fn scalars_and_enums_are_types() {
    let output = text(&Command::new(program("scalars_and_enums")).output().unwrap());
    assert!(
        output.contains("likes Empire\nlikes AWAKENS, whatever that is\n"),
        "{output}"
    );
    assert!(
        output.contains("$input.email: the string is not a valid AWSEmail"),
        "{output}"
    );
}
