//! AppSync, as the local server speaks it: the commands of the documentation, and each way of authorisation.

use std::time::{SystemTime, UNIX_EPOCH};

use appsync_local::{JwtKeys, Server};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use crate::support::{Cli, Local};

const MUTATION: &str = "mutation($message: String!) { createMessage(input: {message: $message}) { message } }";
const CREATED: &str = "{\"createMessage\":{\"message\":\"Hello world!\"}}\n";

fn create(local: &Local) -> Cli {
    Cli::new()
        .arg(local.url())
        .args(["-V", "message:Hello world!"])
        .stdin(MUTATION)
}

#[test]
fn the_three_commands_of_the_documentation_run_as_written() {
    let local = Local::start();
    let with_key = || {
        Cli::new()
            .env("AWS_GRAPHQL_API_ENDPOINT", &local.url())
            .env("AWS_GRAPHQL_API_KEY", local.key())
            .arg(local.url())
    };
    let subscribe = with_key().args(["--transport", "appsync_websockets", "-v", "--count", "1"]);
    let subscribed = subscribe
        .stdin("subscription{onCreateMessage{message}}\n")
        .spawn()
        .until_stderr_says("subscribed");
    let mutate = with_key().args(["--transport", "appsync_http", "-V", "message:Hello world!"]);
    mutate.stdin(MUTATION).run().status(0).stdout(CREATED).stderr("");
    subscribed
        .end()
        .status(0)
        .stdout("{\"onCreateMessage\":{\"message\":\"Hello world!\"}}\n");
    let schema = with_key().args(["--transport", "appsync_http", "--print-schema"]);
    schema.run().status(0).stdout_contains("type Subscription {").stderr("");
}

#[test]
fn the_schema_comes_over_http_whichever_endpoint_is_given() {
    let local = Local::start();
    let schema = Cli::new()
        .arg(local.realtime_url())
        .args(["--api-key", local.key(), "--print-schema"]);
    let schema = schema
        .args(["--transport", "appsync_websockets"])
        .run()
        .status(0)
        .stdout;
    assert!(schema.contains("type Message {\n  id: ID!\n"), "{schema}");
}

#[test]
fn appsync_chooses_http_or_the_websocket_by_the_operation() {
    let local = Local::start();
    for url in [local.url(), local.realtime_url()] {
        let base = || Cli::new().arg(&url).args(["--api-key", local.key()]);
        let subscription = base().args([
            "-v",
            "--count",
            "1",
            "-q",
            "subscription { onCreateMessage { message } }",
        ]);
        let subscribed = subscription.spawn().until_stderr_says("subscribed");
        base().args(["-V", "message:hi", "-q", MUTATION]).run().status(0);
        subscribed
            .end()
            .status(0)
            .stdout("{\"onCreateMessage\":{\"message\":\"hi\"}}\n");
    }
}

#[test]
fn an_api_key_is_accepted_or_refused() {
    let local = Local::start();
    create(&local)
        .args(["--api-key", local.key()])
        .run()
        .status(0)
        .stdout(CREATED);
    create(&local)
        .args(["--api-key", "da2-wrong"])
        .run()
        .status(4)
        .stdout("")
        .never_says("da2-wrong");
}

#[test]
fn a_jwt_is_accepted_or_refused() {
    let local = Local::with(Server::builder().jwt(JwtKeys::hs256("secret")));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let token = |secret: &str, expires: u64| {
        let claims = json!({"sub": "me", "exp": expires});
        encode(
            &Header::default(),
            &claims,
            &EncodingKey::from_secret(secret.as_bytes()),
        )
        .unwrap()
    };
    create(&local)
        .args(["--jwt", &token("secret", now + 600)])
        .run()
        .status(0)
        .stdout(CREATED);
    for refused in [token("secret", now - 600), token("forged", now + 600)] {
        let run = create(&local).args(["--jwt", &refused]).run();
        run.status(4)
            .stdout("")
            .stderr_contains("fresh token")
            .never_says(&refused);
        let subscription = Cli::new()
            .arg(local.url())
            .args(["-q", "subscription { onCreateMessage { id } }"]);
        subscription
            .args(["--jwt", &refused])
            .run()
            .status(4)
            .stdout("")
            .never_says(&refused);
    }
}

#[test]
fn iam_signs_with_the_environment_or_a_profile() {
    let local = Local::with(Server::builder().access_key("AKIDEXAMPLE", "right-secret"));
    let iam = || create(&local).args(["--iam", "--region", "us-east-1"]);
    let environment = |cli: Cli, secret: &str| {
        cli.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", secret)
    };
    environment(iam(), "right-secret").run().status(0).stdout(CREATED);
    let wrong = environment(iam(), "wrong-secret").run();
    wrong
        .status(4)
        .stdout("")
        .stderr_contains("hint: check the AWS credentials")
        .never_says("wrong-secret");

    let path = std::env::temp_dir().join(format!("gql-cli-aws-{}", std::process::id()));
    let profile = "[work]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = right-secret\nregion = us-east-1\n";
    std::fs::write(&path, profile).unwrap();
    let file = path.to_str().unwrap();
    let work = create(&local)
        .args(["--aws-profile", "work"])
        .env("AWS_SHARED_CREDENTIALS_FILE", file);
    // A profile that was asked for beats keys of the environment, and an API key there.
    environment(work, "wrong-secret")
        .env("AWS_GRAPHQL_API_KEY", "da2-wrong")
        .run()
        .status(0)
        .stdout(CREATED);
    std::fs::remove_file(path).unwrap();
}

#[cfg(unix)]
#[test]
fn a_profile_whose_credentials_come_from_a_process_is_left_to_the_aws_chain() {
    let local = Local::with(Server::builder().access_key("AKIDPROCESS", "process-secret"));
    let directory = std::env::temp_dir().join(format!("gql-cli-chain-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (keys, config) = (directory.join("keys.json"), directory.join("config"));
    std::fs::write(
        &keys,
        r#"{"Version": 1, "AccessKeyId": "AKIDPROCESS", "SecretAccessKey": "process-secret"}"#,
    )
    .unwrap();
    std::fs::write(
        &config,
        format!("[profile corp]\ncredential_process = /bin/cat {}\n", keys.display()),
    )
    .unwrap();
    let corp = create(&local).args(["--aws-profile", "corp", "--region", "us-east-1"]);
    let run = corp
        .env("PATH", "/usr/bin:/bin")
        .env("AWS_CONFIG_FILE", config.to_str().unwrap())
        .run();
    run.status(0).stdout(CREATED).stderr("");
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn iam_subscribes_too() {
    let local = Local::with(Server::builder().access_key("AKIDEXAMPLE", "right-secret"));
    let iam = |cli: Cli| {
        cli.args(["--iam", "--region", "us-east-1"])
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "right-secret")
    };
    let subscription = Cli::new().arg(local.url()).args([
        "-v",
        "--count",
        "1",
        "-q",
        "subscription { onCreateMessage { message } }",
    ]);
    let subscribed = iam(subscription).spawn().until_stderr_says("subscribed");
    iam(create(&local)).run().status(0);
    subscribed
        .end()
        .status(0)
        .stdout("{\"onCreateMessage\":{\"message\":\"Hello world!\"}}\n");
}

#[test]
fn each_carrier_of_the_header_object_works() {
    let local = Local::start();
    for carrier in ["headers", "query", "subprotocol"] {
        let cli = Cli::new()
            .arg(local.url())
            .args(["--api-key", local.key(), "--header-carrier", carrier]);
        cli.args(["--for", "0", "-q", "subscription { onCreateMessage { id } }"])
            .run()
            .status(0)
            .stdout("");
    }
}
