//! The SDK's credential chain reads the process's environment, so each test runs its body in a process of its own.

use std::path::PathBuf;
use std::process::Command;

use gqlwire::Client;
use gqlwire::appsync::Iam;

use crate::support::{Request, SUBSCRIPTION, Server, response};

const OK: &str = r#"{"data":{}}"#;

/// Runs an ignored test of this binary with nothing in its environment but this; its standard output.
fn run(test: &str, variables: &[(&str, &str)]) -> Result<String, String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("running 1 test"), "{text}");
    if output.status.success() { Ok(text) } else { Err(text) }
}

struct Files(PathBuf);

impl Files {
    fn with_config(test: &str, config: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("gqlwire-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config"), config).unwrap();
        Self(folder)
    }

    fn config(&self) -> String {
        self.0.join("config").display().to_string()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Sends one query with what the chain finds; who signed it, and for where.
async fn signed(iam: Iam) -> Result<Request, gqlwire::Error> {
    let server = Server::answering(response("200 OK", &[], OK)).await;
    let client = Client::builder(&server.url("/graphql")).appsync().auth(iam).build()?;
    client.execute("{ a }").await?;
    Ok(server.requests().remove(0))
}

#[test]
fn a_process_named_in_a_profile_gives_credentials_and_the_profile_the_region() {
    let json = r#"{"Version":1,"AccessKeyId":"AKIDPROCESS","SecretAccessKey":"s","SessionToken":"token-of-process"}"#;
    let files = Files::with_config(
        "process",
        &format!("[profile tool]\nregion = eu-south-2\ncredential_process = echo '{json}'\n"),
    );
    for test in [
        "aws_chain::inside_process_by_variable",
        "aws_chain::inside_process_by_name",
    ] {
        let keys = [("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "s")];
        let mut variables = vec![
            ("AWS_CONFIG_FILE", files.config()),
            ("PATH", std::env::var("PATH").unwrap()),
        ];
        match test {
            "aws_chain::inside_process_by_variable" => variables.push(("AWS_PROFILE", "tool".to_owned())),
            _ => variables.extend(keys.map(|(name, value)| (name, value.to_owned()))),
        }
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        run(test, &variables).unwrap();
    }
}

#[tokio::test]
#[ignore = "run by a_process_named_in_a_profile_gives_credentials_and_the_profile_the_region"]
async fn inside_process_by_variable() {
    is_of_process(signed(Iam::aws_default_chain()).await.unwrap());
}

#[tokio::test]
#[ignore = "run by a_process_named_in_a_profile_gives_credentials_and_the_profile_the_region"]
async fn inside_process_by_name() {
    is_of_process(signed(Iam::aws_profile("tool")).await.unwrap());
}

fn is_of_process(request: Request) {
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.contains("Credential=AKIDPROCESS/"), "{authorization}");
    assert!(authorization.contains("/eu-south-2/appsync/"), "{authorization}");
    assert_eq!(request.header("x-amz-security-token"), Some("token-of-process"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_gives_credentials_which_are_kept_until_shortly_before_their_end() {
    let server = Server::start(|request, stream| async move {
        assert_eq!(request.header("authorization"), Some("container-token"));
        let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
        let body = format!(
            r#"{{"AccessKeyId":"AKIDCONTAINER","SecretAccessKey":"s","Token":"t","Expiration":"{end}","RoleArn":"r"}}"#
        );
        stream
            .send(response("200 OK", &[("content-type", "application/json")], &body))
            .await;
    })
    .await;
    let url = server.url("/credentials");
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token"),
        ("AWS_REGION", "ap-east-1"),
    ];
    let ran = tokio::task::block_in_place(|| run("aws_chain::inside_container", &variables));
    ran.unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
#[ignore = "run by a_container_gives_credentials_which_are_kept_until_shortly_before_their_end"]
async fn inside_container() {
    let server = Server::answering(response("200 OK", &[], OK)).await;
    let client = Client::builder(&server.url("/graphql"))
        .appsync()
        .auth(Iam::aws_default_chain())
        .build()
        .unwrap();
    for _ in 0..3 {
        client.execute("{ a }").await.unwrap();
    }
    let authorization = server.requests()[2].header("authorization").unwrap().to_owned();
    assert!(authorization.contains("Credential=AKIDCONTAINER/"), "{authorization}");
    assert!(authorization.contains("/ap-east-1/appsync/"), "{authorization}");
}

#[test]
fn nothing_found_says_where_was_looked() {
    run("aws_chain::inside_nothing", &[("AWS_REGION", "eu-west-1")]).unwrap();
    run("aws_chain::inside_no_region", &[]).unwrap();
}

#[tokio::test]
#[ignore = "run by nothing_found_says_where_was_looked"]
async fn inside_nothing() {
    let error = signed(Iam::aws_default_chain()).await.unwrap_err();
    assert!(error.is_auth());
    assert!(error.to_string().contains("instance metadata"), "{error}");
    let client = Client::builder("http://127.0.0.1:1/graphql")
        .auth(Iam::aws_profile("nobody"))
        .region("eu-west-1");
    let error = client.build().unwrap().subscribe(SUBSCRIPTION).await.unwrap_err();
    assert!(error.to_string().contains("nobody"), "{error}");
}

#[tokio::test]
#[ignore = "run by nothing_found_says_where_was_looked"]
async fn inside_no_region() {
    let error = signed(Iam::aws_default_chain()).await.unwrap_err();
    assert!(error.to_string().contains("AWS_REGION"), "{error}");
}
