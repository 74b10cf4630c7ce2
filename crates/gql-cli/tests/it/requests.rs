//! In which form an operation is sent.

use crate::support::handler::{self, Handler};
use crate::support::{Cli, Folder};

const OK: &str = r#"{"data":{"ok":true}}"#;

fn server() -> Handler {
    Handler::start(|_| handler::json("200 OK", OK))
}

#[test]
fn a_query_goes_by_get_if_that_is_asked_for() {
    let server = server();
    let cli = Cli::new().arg(server.url()).args(["--get", "-V", "a:1", "-q", "query($a: Int) { ok(a: $a) }"]);
    cli.run().status(0).stdout("{\"ok\":true}\n");
    let request = server.request();
    assert!(request.line().starts_with("GET /graphql?query=query"), "{}", request.line());
    assert!(request.line().contains("variables=%7B%22a%22%3A1%7D"), "{}", request.line());
    let cli = Cli::new().arg(server.url()).args(["--get", "-q", "mutation { ok }"]);
    cli.run().status(2).stderr_contains("goes by POST");
    for (transport, key) in [("ws", &[][..]), ("appsync", &["--api-key", "k"])] {
        let cli = Cli::new().arg(server.url()).args(["--get", "-q", "{ ok }", "--transport", transport]);
        cli.args(key.iter().copied()).run().status(2).stderr_contains("--get is for GraphQL over HTTP");
    }
    assert!(server.so_far().is_empty());
}

#[test]
fn a_hash_goes_first_and_the_document_if_it_is_not_known() {
    let server = Handler::start(|request| match request.json().get("query") {
        None => handler::json(
            "200 OK",
            r#"{"errors":[{"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}]}"#,
        ),
        Some(_) => handler::json("200 OK", OK),
    });
    Cli::new().arg(server.url()).args(["--apq", "-q", "{ ok }"]).run().status(0).stdout("{\"ok\":true}\n");
    let requests = server.so_far();
    let hashes = requests.iter().map(|request| request.json()["extensions"]["persistedQuery"]["sha256Hash"].clone());
    let hashes: Vec<_> = hashes.collect();
    assert_eq!((hashes.len(), &hashes[0]), (2, &hashes[1]));
    assert_eq!(requests[1].json()["query"], "{ ok }");
    let cli = Cli::new().arg(server.url()).args(["--apq", "-q", "subscription { a }"]);
    cli.run().status(2).stderr_contains("this is a subscription");
}

#[test]
fn a_document_that_the_server_keeps_is_run_by_its_id() {
    let server = server();
    let hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
    for (id, more, expected) in [
        ("posts", &[][..], r#"{"documentId":"posts","variables":{"a":1}}"#),
        ("posts", &["--id-as", "id"], r#"{"id":"posts","variables":{"a":1}}"#),
        (
            hash,
            &[],
            &format!(
                r#"{{"variables":{{"a":1}},"extensions":{{"persistedQuery":{{"version":1,"sha256Hash":"{hash}"}}}}}}"#
            ),
        ),
    ] {
        let cli = Cli::new().arg(server.url()).args(["--persisted-id", id, "-V", "a:1"]);
        cli.args(more.iter().copied()).run().status(0).stdout("{\"ok\":true}\n").stderr("");
        let (sent, expected) = (server.request().json(), serde_json::from_str::<serde_json::Value>(expected).unwrap());
        assert_eq!(sent, expected);
    }
    let cli = Cli::new().arg(server.url()).args(["--persisted-id", "x", "--get", "--kind", "mutation"]);
    cli.run().status(2).stderr_contains("goes by POST");
    let cli = Cli::new().arg(server.url()).args(["--persisted-id", "x", "-q", "{ a }"]);
    cli.run().status(2).stderr_contains("cannot be used with");
}

#[test]
fn files_go_along_in_the_place_of_variables() {
    let folder = Folder::with(&[("a.txt", "first file"), ("b;c.txt", "second file")]);
    let server = server();
    let mutation = "mutation($file: Upload!, $files: [Upload!], $input: In) { ok }";
    let cli = Cli::new().arg(server.url()).args(["-q", mutation]);
    let (a, b) = (folder.path("a.txt"), folder.path("b;c.txt"));
    cli.arg("-V")
        .arg(format!("file=@@{a};type=text/markdown;filename=other.md"))
        .arg(format!("files=@@{b}"))
        .arg("input:{\"name\": \"x\"}")
        .arg(format!("input.file=@@{a}"))
        .run()
        .status(0)
        .stdout("{\"ok\":true}\n")
        .stderr("");
    let request = server.request();
    assert!(request.header("content-type").unwrap().starts_with("multipart/form-data"), "{}", request.head);
    for part in [
        r#""variables":{"file":null"#,
        r#""files":[null]"#,
        r#""input":{"name":"x","file":null}"#,
        r#"filename="other.md""#,
        "text/markdown",
        "first file",
        r#"filename="b;c.txt""#,
        "second file",
        "variables.input.file",
        "variables.files.0",
    ] {
        assert!(request.body.contains(part), "{part}\n{}", request.body);
    }
}

#[test]
fn a_file_that_cannot_go_is_named_before_anything_is_sent() {
    let folder = Folder::with(&[("a.txt", "x")]);
    let server = server();
    let mutation = "mutation($file: Upload!) { ok(file: $file) }";
    let (there, absent) = (format!("file=@@{}", folder.path("a.txt")), format!("file=@@{}", folder.path("absent.txt")));
    let directory = format!("file=@@{}", folder.root().display());
    let elsewhere = there.replace("file=", "fiel=");
    for (variable, query, more, said) in [
        (&absent, mutation, &[][..], "absent.txt, to upload as file"),
        (&directory, mutation, &[], "cannot open"),
        (&elsewhere, mutation, &[], "declares no variable $fiel"),
        (&there, "subscription($file: Upload!) { ok }", &[], "this is a subscription"),
        (&there, mutation, &["--transport", "ws"], "for GraphQL over HTTP"),
        (&there, "query($file: Upload!) { ok }", &["--get"], "no place for files"),
    ] {
        let cli = Cli::new().arg(server.url()).args(["-q", query, "-V", variable.as_str()]);
        cli.args(more.iter().copied()).run().status(2).stdout("").stderr_contains(said);
    }
    assert!(server.so_far().is_empty());
}

#[test]
fn a_schema_checks_the_document_of_an_upload() {
    let sdl = "scalar Upload type Query { a: Int } type Mutation { ok(file: Upload!): Boolean }";
    let folder = Folder::with(&[("a.txt", "x"), ("s.graphql", sdl)]);
    let server = server();
    let file = format!("file=@@{}", folder.path("a.txt"));
    let run = |query: &str| {
        let cli = Cli::new().arg(server.url()).args(["-q", query, "-V", &file, "--schema"]);
        cli.arg(folder.path("s.graphql")).run()
    };
    run("mutation($file: Upload!) { ok(file: $file) }").status(0);
    run("mutation($file: Upload!) { okay(file: $file) }").status(7);
}
