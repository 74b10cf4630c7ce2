//! How a connection is made: proxies, certificates, addresses, patience.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::handler::{self, Handler};
use crate::support::tls::Tls;
use crate::support::{Canned, Cli, Folder};

const OK: &str = r#"{"data":{"ok":true}}"#;

fn ask(url: &str) -> Cli {
    Cli::new().arg(url).args(["-q", "{ ok }"])
}

#[test]
fn a_proxy_is_used_if_it_is_named_and_no_proxy_if_none_is_wanted() {
    let proxy = Handler::start(|_| handler::json("200 OK", OK));
    let at = format!("http://127.0.0.1:{}", proxy.port());
    ask("http://server.example/graphql")
        .args(["--proxy", &at])
        .run()
        .status(0)
        .stdout("{\"ok\":true}\n");
    assert!(
        proxy
            .request()
            .line()
            .starts_with("POST http://server.example/graphql ")
    );
    ask("http://server.example/graphql")
        .env("HTTP_PROXY", &at)
        .run()
        .status(0);
    assert!(proxy.request().line().contains("server.example"));
    let pinned = format!("server.example:{}:127.0.0.1", proxy.port());
    let direct =
        ask(&format!("http://server.example:{}/graphql", proxy.port())).env("HTTP_PROXY", "http://127.0.0.1:1");
    direct.args(["--no-proxy", "--resolve", &pinned]).run().status(0);
    assert!(proxy.request().line().starts_with("POST /graphql "));
    ask("http://server.example/")
        .args(["--proxy", &at, "--no-proxy"])
        .run()
        .status(2)
        .stderr_contains("cannot be used with");
    ask("http://server.example/")
        .args(["--proxy", "nonsense://x"])
        .run()
        .status(2)
        .stderr_contains("nonsense");
}

#[test]
fn a_schema_is_fetched_the_same_way() {
    let proxy = Handler::start(|_| handler::json("200 OK", r#"{"data":{"__schema":null}}"#));
    let at = format!("http://127.0.0.1:{}", proxy.port());
    let url = "http://server.example/graphql";
    for words in [
        &["schema", "fetch", url, "--proxy", at.as_str()][..],
        &[url, "--print-schema", "--proxy", at.as_str()],
        &["schema", "search", "x", url, "--proxy", at.as_str()],
        &["check", "Cargo.toml", url, "--proxy", at.as_str()],
    ] {
        let run = Cli::new().args(words.iter().copied()).run();
        assert!(run.stderr.contains("error: "), "{run:#?}");
        assert!(proxy.request().line().contains("server.example"), "{words:?}");
        proxy.so_far();
    }
}

#[test]
fn an_authority_is_trusted_if_its_certificate_is_given_and_anything_with_insecure() {
    let server = Tls::start();
    let folder = Folder::with(&[("ca.pem", &server.authority), ("nonsense.pem", "x")]);
    let ca = folder.path("ca.pem");
    let cli = || ask(&server.url()).args(["--resolve", &server.pinned()]);
    cli().run().status(5).stderr_contains("certificate");
    cli()
        .args(["--cacert", &ca])
        .run()
        .status(0)
        .stdout("{\"known\":false}\n")
        .stderr("");
    cli()
        .args(["-k"])
        .run()
        .status(0)
        .stdout("{\"known\":false}\n")
        .stderr_contains("warning: --insecure");
    cli()
        .args(["--cacert", "/nonexistent.pem"])
        .run()
        .status(2)
        .stderr_contains("--cacert: cannot open");
    cli()
        .args(["--cacert", &folder.path("nonsense.pem")])
        .run()
        .status(2)
        .stderr_contains("nonsense.pem holds no certificate in PEM");
    let binary = folder.path("binary.pem");
    std::fs::write(&binary, b"\xff\xfe").unwrap();
    for option in ["--cacert", "--cert"] {
        let run = cli().args([option, binary.as_str()]).run();
        run.status(2).stderr_contains("is not UTF-8 text");
    }
}

#[test]
fn a_client_certificate_is_shown_to_the_server() {
    let server = Tls::start();
    let (certificate, key) = &server.client;
    let both = format!("{certificate}\n{key}");
    let files = [
        ("ca.pem", server.authority.as_str()),
        ("cert.pem", certificate),
        ("key.pem", key),
        ("both.pem", &both),
    ];
    let folder = Folder::with(&files);
    let cli = || {
        let ca = folder.path("ca.pem");
        ask(&server.url()).args(["--resolve", &server.pinned(), "--cacert", &ca])
    };
    let (certificate, key, both) = (folder.path("cert.pem"), folder.path("key.pem"), folder.path("both.pem"));
    for words in [
        &["--cert", certificate.as_str(), "--key", key.as_str()][..],
        &["--cert", both.as_str()],
    ] {
        cli()
            .args(words.iter().copied())
            .run()
            .status(0)
            .stdout("{\"known\":true}\n");
    }
    cli()
        .args(["--cert", &certificate])
        .run()
        .status(2)
        .stderr_contains("key");
    cli().args(["--key", &key]).run().status(2).stderr_contains("--cert");
}

#[test]
fn an_address_is_that_of_the_option() {
    let server = Handler::start(|_| handler::json("200 OK", OK));
    let url = format!("http://server.example:{}/graphql", server.port());
    let pinned = format!("server.example:{}:127.0.0.1", server.port());
    ask(&url)
        .args(["--resolve", &pinned])
        .run()
        .status(0)
        .stdout("{\"ok\":true}\n");
    assert!(server.request().header("host").unwrap().starts_with("server.example"));
    ask(&url)
        .args(["--resolve", "server.example"])
        .run()
        .status(2)
        .stderr_contains("HOST:PORT:ADDR");
}

#[cfg(unix)]
#[test]
fn a_unix_socket_takes_the_place_of_the_host() {
    use std::os::unix::net::UnixListener;

    let folder = Folder::new();
    let path = folder.path("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = handler::read(&mut stream).unwrap();
        stream.write_all(handler::json("200 OK", OK).as_bytes()).unwrap();
        request
    });
    ask("http://server.example/graphql")
        .args(["--unix-socket", &path])
        .run()
        .status(0)
        .stdout("{\"ok\":true}\n");
    assert_eq!(serving.join().unwrap().header("host"), Some("server.example"));
    ask("http://server.example/")
        .args(["--unix-socket", &folder.path("absent")])
        .run()
        .status(5);
}

#[test]
fn a_query_is_repeated_as_often_as_is_said_and_a_mutation_is_not() {
    let server = Handler::start(|_| handler::json("503 Service Unavailable", "{}"));
    for (times, sent) in [("0", 1), ("1", 2)] {
        ask(&server.url()).args(["--retry", times]).run().status(5);
        assert_eq!(server.so_far().len(), sent);
    }
    let cli = Cli::new()
        .arg(server.url())
        .args(["-q", "mutation { ok }", "--retry", "3"]);
    cli.run().status(5);
    assert_eq!(server.so_far().len(), 1);
}

#[test]
fn a_timeout_has_two_names() {
    for option in ["--timeout", "--execute-timeout"] {
        let server = Canned::silent();
        ask(&server.url())
            .args([option, "0.1"])
            .run()
            .status(6)
            .stderr_contains("--execute-timeout SECONDS");
    }
}

#[test]
fn a_connection_takes_no_longer_than_is_said_on_any_transport() {
    // Nobody accepts, and the queue is full: the handshake of TLS waits for ever.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for (url, words) in [
        (format!("https://127.0.0.1:{port}/"), &["-q", "{ a }"][..]),
        (
            format!("https://127.0.0.1:{port}/"),
            &["-q", "subscription { a }", "--no-reconnect"],
        ),
        (
            format!("wss://127.0.0.1:{port}/"),
            &["-q", "subscription { a }", "--no-reconnect"],
        ),
        (format!("wss://127.0.0.1:{port}/"), &["-q", "{ a }"]),
        (
            format!("wss://127.0.0.1:{port}/"),
            &["--transport", "phoenix", "-q", "{ a }"],
        ),
        (
            format!("https://127.0.0.1:{port}/"),
            &[
                "--transport",
                "appsync",
                "--api-key",
                "k",
                "--no-reconnect",
                "-q",
                "subscription { a }",
            ],
        ),
    ] {
        let began = Instant::now();
        let cli = Cli::new().arg(&url).args(words.iter().copied());
        let run = cli.args(["--connect-timeout", "200ms", "--retry", "0"]).run();
        assert!(run.stderr.contains("error: "), "{run:#?}");
        assert!(
            began.elapsed() < Duration::from_secs(8),
            "{url} {words:?}: {:?}",
            began.elapsed()
        );
    }
}

#[test]
fn an_answer_is_compressed_if_that_is_asked_for() {
    let server = Handler::start(|_| handler::json("200 OK", OK));
    ask(&server.url()).run().status(0);
    assert_eq!(server.request().header("accept-encoding"), None);
    ask(&server.url()).args(["--compressed"]).run().status(0);
    let request = server.request();
    let accepted = request.header("accept-encoding").unwrap();
    for encoding in ["gzip", "br", "zstd"] {
        assert!(accepted.contains(encoding), "{accepted}");
    }
}

#[test]
fn http_2_is_spoken_at_once_if_that_is_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut preface = [0; 24];
        std::io::Read::read_exact(&mut stream, &mut preface).unwrap();
        preface
    });
    ask(&url)
        .args(["--http2-prior-knowledge", "--retry", "0"])
        .run()
        .status(5);
    assert_eq!(&serving.join().unwrap(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    ask(&url).args(["--http2-prior-knowledge", "--http1.1"]).run().status(2);
}

#[test]
fn a_given_address_is_for_its_port_alone() {
    let server = Handler::start(|_| handler::json("200 OK", OK));
    let url = format!("http://server.invalid:{}/graphql", server.port());
    ask(&url)
        .args(["--resolve", "server.invalid:1:127.0.0.1", "--retry", "0"])
        .run()
        .status(5)
        .stderr_contains("warning: --resolve server.invalid:1 does not count");
    let pinned = format!("Server.Invalid:{}:127.0.0.1", server.port());
    let both = ["--resolve", "server.invalid:1:127.0.0.2", "--resolve", &pinned];
    ask(&url).args(both).run().status(0);
}

#[test]
fn no_time_at_all_for_a_connection_is_refused() {
    ask("http://127.0.0.1:1/")
        .args(["--connect-timeout", "0"])
        .run()
        .status(2);
}
