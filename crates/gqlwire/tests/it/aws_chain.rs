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

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_the_container_are_never_asked_for_through_a_proxy() {
    let server = Server::start(|_, stream| async move {
        let body =
            r#"{"AccessKeyId":"AKIDCONTAINER","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#;
        stream
            .send(response("200 OK", &[("content-type", "application/json")], body))
            .await;
    })
    .await;
    let url = server.url("/credentials");
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*url),
        ("AWS_REGION", "ap-east-1"),
        ("http_proxy", "http://127.0.0.1:1"),
    ];
    tokio::task::block_in_place(|| run("aws_chain::inside_proxy", &variables)).unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
#[ignore = "run by credentials_of_the_container_are_never_asked_for_through_a_proxy"]
async fn inside_proxy() {
    // The credentials come; the request itself, which is for elsewhere, goes to the proxy, where nobody is.
    let client = Client::builder("http://api.example.com/graphql")
        .appsync()
        .auth(Iam::aws_default_chain())
        .danger_allow_plaintext_credentials();
    let error = client.build().unwrap().execute("{ a }").await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert!(
        error.to_string().contains("through the proxy http://127.0.0.1:1"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_live_shortly_are_kept_for_most_of_their_life() {
    let server = Server::start(|_, stream| async move {
        let end = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(5);
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
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*url),
        ("AWS_REGION", "ap-east-1"),
    ];
    tokio::task::block_in_place(|| run("aws_chain::inside_container", &variables)).unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_gives_region_and_credentials() {
    let server = Server::start(|request, stream| async move {
        let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
        let body = match request.target.as_str() {
            "/latest/api/token" => "imds-token".to_owned(),
            "/latest/meta-data/placement/region" => "sa-east-1".to_owned(),
            path if path.ends_with("/app-role") => format!(
                r#"{{"Code":"Success","LastUpdated":"2025-01-01T00:00:00Z","Type":"AWS-HMAC","AccessKeyId":"AKIDINSTANCE","SecretAccessKey":"s","Token":"t","Expiration":"{end}"}}"#
            ),
            path if path.contains("/security-credentials") => "app-role".to_owned(),
            other => panic!("{other}"),
        };
        let headers = [("x-aws-ec2-metadata-token-ttl-seconds", "21600")];
        stream.send(response("200 OK", &headers, &body)).await;
    })
    .await;
    let url = server.url("");
    let variables = [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*url),
        ("AWS_EC2_METADATA_DISABLED", "false"),
    ];
    tokio::task::block_in_place(|| run("aws_chain::inside_instance", &variables)).unwrap();
}

#[tokio::test]
#[ignore = "run by an_instance_gives_region_and_credentials"]
async fn inside_instance() {
    let request = signed(Iam::aws_default_chain()).await.unwrap();
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.contains("Credential=AKIDINSTANCE/"), "{authorization}");
    assert!(authorization.contains("/sa-east-1/appsync/"), "{authorization}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_metadata_service_that_hangs_is_asked_for_the_region_for_a_second() {
    let server = Server::start(|_, stream| stream.send_and_hang("")).await;
    let url = server.url("");
    let variables = [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*url),
        ("AWS_EC2_METADATA_DISABLED", "false"),
    ];
    tokio::task::block_in_place(|| run("aws_chain::inside_hanging_instance", &variables)).unwrap();
}

#[tokio::test]
#[ignore = "run by an_instance_metadata_service_that_hangs_is_asked_for_the_region_for_a_second"]
async fn inside_hanging_instance() {
    let before = std::time::Instant::now();
    let error = signed(Iam::aws_default_chain()).await.unwrap_err();
    assert!(error.to_string().contains("AWS_REGION"), "{error}");
    assert!(
        before.elapsed() < std::time::Duration::from_secs(5),
        "{:?}",
        before.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_assumed_in_the_region_of_the_api_where_the_profile_names_none() {
    let server = Server::start(|request, stream| async move {
        let authorization = request.header("authorization").unwrap();
        assert!(authorization.contains("Credential=AKIDBASE/") && authorization.contains("/eu-west-1/sts/"), "{authorization}");
        assert!(request.body.contains("Action=AssumeRole"), "{}", request.body);
        let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
        let body = format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><AssumedRoleUser>\
             <Arn>arn:aws:sts::123456789012:assumed-role/app/s</Arn><AssumedRoleId>i</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>AKIDROLE</AccessKeyId>\
             <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{end:.0}</Expiration></Credentials>\
             </AssumeRoleResult></AssumeRoleResponse>"
        );
        stream.send(response("200 OK", &[("content-type", "text/xml")], &body)).await;
    })
    .await;
    let files = Files::with_config(
        "role",
        "[profile app]\nrole_arn = arn:aws:iam::123456789012:role/app\nsource_profile = base\n\
         [profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n",
    );
    let (url, config) = (server.url(""), files.config());
    let variables = [("AWS_ENDPOINT_URL_STS", &*url), ("AWS_CONFIG_FILE", &config)];
    tokio::task::block_in_place(|| run("aws_chain::inside_role", &variables)).unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
#[ignore = "run by a_role_is_assumed_in_the_region_of_the_api_where_the_profile_names_none"]
async fn inside_role() {
    let request = signed(Iam::aws_profile("app").region("eu-west-1")).await.unwrap();
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.contains("Credential=AKIDROLE/"), "{authorization}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_by_sso_gives_credentials() {
    let server = Server::start(|request, stream| async move {
        assert_eq!(request.header("x-amz-sso_bearer_token"), Some("sso-token"));
        let end = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)).as_millisecond();
        let body = format!(
            r#"{{"roleCredentials":{{"accessKeyId":"AKIDSSO","secretAccessKey":"s","sessionToken":"t","expiration":{end}}}}}"#
        );
        stream.send(response("200 OK", &[("content-type", "application/json")], &body)).await;
    })
    .await;
    let files = Files::with_config(
        "sso",
        "[profile app]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\nregion = eu-west-3\n\
         [sso-session corp]\nsso_region = eu-west-3\nsso_start_url = https://corp.awsapps.com/start\n",
    );
    let cache = files.0.join(".aws/sso/cache");
    std::fs::create_dir_all(&cache).unwrap();
    // The file is named after the SHA-1 of the session's name.
    std::fs::write(
        cache.join("ee0bfd2552fbd840c02cc48b6e823320543c450f.json"),
        r#"{"accessToken":"sso-token","expiresAt":"2099-01-01T00:00:00Z","region":"eu-west-3","startUrl":"https://corp.awsapps.com/start"}"#,
    )
    .unwrap();
    let (url, config, home) = (server.url(""), files.config(), files.0.display().to_string());
    let variables = [
        ("AWS_ENDPOINT_URL_SSO", &*url),
        ("AWS_CONFIG_FILE", &config),
        ("HOME", &home),
    ];
    tokio::task::block_in_place(|| run("aws_chain::inside_sso", &variables)).unwrap();
}

#[tokio::test]
#[ignore = "run by a_login_by_sso_gives_credentials"]
async fn inside_sso() {
    let request = signed(Iam::aws_profile("app")).await.unwrap();
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.contains("Credential=AKIDSSO/"), "{authorization}");
    assert!(authorization.contains("/eu-west-3/appsync/"), "{authorization}");
}
