//! `schema fetch`, its cache, and `--print-schema --format`.

use serde_json::{Value, json};

use crate::support::{Canned, Cli, ControlPlane, Folder, KEY_ID, Local, SECRET};

const SDL: &str = "type Query { now: AWSDateTime @aws_iam }\n";

fn introspection() -> Value {
    let int = json!({"kind": "SCALAR", "name": "Int", "ofType": null});
    json!({"__schema": {
        "queryType": {"name": "Query"}, "mutationType": null, "subscriptionType": null, "directives": [],
        "types": [
            {"kind": "OBJECT", "name": "Query", "interfaces": [], "fields":
                [{"name": "now", "args": [], "type": int, "isDeprecated": false, "deprecationReason": null}]},
            {"kind": "SCALAR", "name": "Int"},
        ],
    }})
}

fn answering(data: &Value) -> Canned {
    Canned::json("200 OK", &json!({ "data": data }).to_string())
}

#[test]
fn a_schema_is_printed_as_sdl_or_json_by_the_verb_and_the_option() {
    let server = answering(&introspection());
    for way in [&["schema", "fetch"][..], &["--print-schema"]] {
        let run = |format: &str| {
            Cli::new()
                .args(way.iter().copied())
                .arg(server.url())
                .args(["--format", format])
                .run()
        };
        run("sdl").status(0).stdout("type Query {\n  now: Int\n}\n").stderr("");
        let json: Value = serde_json::from_str(&run("json").status(0).stdout).unwrap();
        assert_eq!(json, introspection());
    }
    Cli::new()
        .arg(server.url())
        .args(["--format", "json", "-q", "{ now }"])
        .run()
        .status(2)
        .stderr_contains("--print-schema");
}

#[test]
fn a_local_appsync_tells_its_schema() {
    let local = Local::start();
    let folder = Folder::new();
    let path = folder.path("schema.graphql");
    Cli::new()
        .args(["schema", "fetch", &local.url(), "--api-key", local.key(), "-o", &path])
        .run()
        .status(0)
        .stdout("");
    assert!(folder.read("schema.graphql").contains("createMessage("));
    Cli::new()
        .args(["schema", "describe", "Mutation.createMessage", "--schema", &path])
        .run()
        .status(0)
        .stdout_contains("Mutation.createMessage (field)")
        .stderr("");
}

#[test]
fn what_is_no_schema_leaves_the_file_as_it_was() {
    let folder = Folder::with(&[("schema.graphql", "old")]);
    let path = folder.path("schema.graphql");
    for body in [
        r#"{"data": {"__schema": {"types": []}}}"#,
        r#"{"data": {"__schema": null}}"#,
        r#"{"errors": [{"message": "no"}]}"#,
        "<html>",
    ] {
        let server = Canned::json("200 OK", body);
        let run = Cli::new().args(["schema", "fetch", &server.url(), "-o", &path]).run();
        assert!(!run.stderr.is_empty(), "{body}");
        let status = if body.starts_with("<html") || body.contains("[]") {
            5
        } else {
            1
        };
        run.status(status).stdout("");
        assert_eq!(folder.read("schema.graphql"), "old", "{body}");
    }
    assert_eq!(std::fs::read_dir(folder.root()).unwrap().count(), 1);
}

#[test]
fn where_introspection_is_off_the_error_names_the_way_round_it() {
    let errors = r#"{"data":null,"errors":[{"message":"Validation error of type FieldUndefined: Field '__schema' in type 'Query' is undefined @ '__schema'"}]}"#;
    let server = Canned::json("200 OK", errors);
    Cli::new()
        .args(["schema", "fetch", &server.url()])
        .run()
        .status(1)
        .stdout("")
        .stderr_contains("gql-cli schema fetch --from-api-id ID");
}

#[test]
fn a_server_that_knows_less_is_asked_for_less() {
    let server = Canned::json(
        "200 OK",
        r#"{"errors":[{"message":"Cannot query field \"isOneOf\" on type \"__Type\"."}]}"#,
    );
    Cli::new().args(["schema", "fetch", &server.url()]).run().status(1);
    assert!(server.request().contains("isOneOf"));
    assert!(!server.request().contains("isOneOf"));
}

#[test]
fn a_faulty_schema_is_usable_unless_strictness_is_asked_for() {
    let mut faulty = introspection();
    faulty["__schema"]["types"][0]["fields"][0]["type"]["name"] = json!("Nowhere");
    let server = answering(&faulty);
    Cli::new()
        .args(["schema", "fetch", &server.url()])
        .run()
        .status(0)
        .stdout_contains("now: Nowhere")
        .stderr_contains("warning: ");
    Cli::new()
        .args(["schema", "fetch", &server.url(), "--strict"])
        .run()
        .status(5)
        .stdout("")
        .stderr_contains("Nowhere");
}

fn plane(cli: Cli, plane: &ControlPlane, secret: &str) -> Cli {
    cli.env("AWS_ENDPOINT_URL_APPSYNC", &plane.url())
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", secret)
}

#[test]
fn the_control_plane_tells_a_schema_with_its_directives() {
    let json = json!({ "data": introspection() }).to_string();
    let control = ControlPlane::start(SDL, &json);
    let fetch = || {
        plane(
            Cli::new().args(["schema", "fetch", "--from-api-id", "abc123"]),
            &control,
            SECRET,
        )
    };
    fetch()
        .args(["--region", "eu-west-1"])
        .run()
        .status(0)
        .stdout(SDL)
        .stderr("");
    fetch().env("AWS_REGION", "eu-west-1").run().status(0).stdout(SDL);
    fetch()
        .arg("https://x.appsync-api.eu-west-1.amazonaws.com/graphql")
        .run()
        .status(0)
        .stdout(SDL);
    let run = fetch()
        .args(["--region", "eu-west-1", "--format", "json"])
        .run()
        .status(0);
    assert_eq!(
        serde_json::from_str::<Value>(&run.stdout).unwrap()["data"],
        introspection()
    );
}

#[test]
fn a_refusal_of_the_control_plane_says_what_to_check() {
    let control = ControlPlane::start(SDL, "{}");
    let fetch = |secret: &str, id: &str| {
        plane(
            Cli::new().args(["schema", "fetch", "--from-api-id", id]),
            &control,
            secret,
        )
    };
    let region = ["--region", "eu-west-1"];
    fetch("wrong-secret", "abc123")
        .args(region)
        .run()
        .status(4)
        .stdout("")
        .stderr_contains("The signature does not match.")
        .stderr_contains("appsync:GetIntrospectionSchema")
        .never_says("wrong-secret");
    fetch(SECRET, "other")
        .args(region)
        .run()
        .status(4)
        .stderr_contains("not found")
        .stderr_contains("the id of an API");
    fetch(SECRET, "https://x/")
        .args(region)
        .run()
        .status(2)
        .stderr_contains("not the id of an API")
        .never_says(SECRET);
    fetch(SECRET, "a/b")
        .args(region)
        .run()
        .status(2)
        .stderr_contains("not the id of an API");
    fetch(SECRET, "abc123").run().status(2).stderr_contains("--region");
    fetch(SECRET, "abc123")
        .args(region)
        .args(["--format", "json"])
        .run()
        .status(5)
        .stdout("");
    fetch(SECRET, "abc123")
        .args(["--api-key", "k"])
        .run()
        .status(2)
        .stderr_contains("cannot be used with");
}

#[test]
fn a_cached_schema_is_used_where_that_is_asked_for() {
    let folder = Folder::new();
    let server = answering(&introspection());
    let cli = || Cli::new().env("XDG_CACHE_HOME", &folder.path("cache"));
    let url = server.url();
    let cached = ["schema", "search", "now", "--schema", "cached"];
    cli()
        .args(cached)
        .arg(&url)
        .run()
        .status(2)
        .stderr_contains("schema fetch http");
    cli().args(cached).run().status(2).stderr_contains("by their endpoint");

    let private = format!("{url}?key=hush-hush");
    cli()
        .args(["schema", "fetch", &private, "--cache"])
        .run()
        .status(0)
        .stdout("");
    cli().args(cached).arg(&url).run().status(2).stdout("");
    cli()
        .args(["schema", "fetch", &url, "--cache"])
        .run()
        .status(0)
        .stdout("")
        .stderr_contains("Kept");
    cli()
        .args(cached)
        .arg(&url)
        .run()
        .status(0)
        .stdout_contains("Query.now");
    cli()
        .args(cached)
        .env("AWS_GRAPHQL_API_ENDPOINT", &url)
        .run()
        .status(0)
        .stdout_contains("Query.now");
    cli()
        .args(cached)
        .args([url.as_str(), "--max-age", "1h"])
        .run()
        .status(0);

    let kept = std::fs::read_dir(folder.root().join("cache/gql-cli/schemas")).unwrap();
    let kept: Vec<_> = kept.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 2);
    for path in &kept {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(
            !text.contains("hush") && !path.to_string_lossy().contains("hush"),
            "{path:?}: {text}"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
        let year = text.find("# fetched: ").unwrap() + "# fetched: ".len();
        std::fs::write(path, format!("{}2001{}", &text[..year], &text[year + 4..])).unwrap();
    }
    cli().args(cached).arg(&url).run().status(0);
    cli()
        .args(cached)
        .args([url.as_str(), "--max-age", "1h"])
        .run()
        .status(2)
        .stderr_contains("--max-age allows 1 h");
}

#[test]
fn the_cached_schema_of_an_endpoint_is_compared_with_the_one_it_has_now() {
    let folder = Folder::new();
    let control = ControlPlane::start(SDL, "{}");
    let server = answering(&introspection());
    let cli = || Cli::new().env("XDG_CACHE_HOME", &folder.path("cache"));
    plane(cli(), &control, SECRET)
        .args([
            "schema",
            "fetch",
            &server.url(),
            "--from-api-id",
            "abc123",
            "--region",
            "eu-west-1",
            "--cache",
        ])
        .run()
        .status(0);
    cli()
        .args(["schema", "diff", "cached", &server.url()])
        .run()
        .status(9)
        .stdout_contains("breaking FIELD_CHANGED_KIND: Query.now");
}
