//! What stands on stdout, byte for byte.

use crate::support::{Canned, Cli};

#[test]
fn numbers_order_and_escapes_stay_as_the_server_wrote_them() {
    let body = "{\n  \"data\": {\n    \"z\": 12345678901234567890123,\n    \"a\": [1e3, 1.0, -0.10],\n    \"t\": \"\\u00e9 \\\" ü  x\"\n  }\n}\n";
    let server = Canned::json("200 OK", body);
    let run = Cli::new().arg(server.url()).stdin("{ z a t }").run();
    run.status(0)
        .stdout("{\"z\":12345678901234567890123,\"a\":[1e3,1.0,-0.10],\"t\":\"\\u00e9 \\\" ü  x\"}\n")
        .stderr("");
}

#[test]
fn data_are_printed_even_when_there_are_errors() {
    let body = r#"{"data":{"a":1,"b":null},"errors":[{"message":"no b for you","errorType":"Unauthorized","path":["b",0],"locations":[{"line":2,"column":5}]},{"message":"and more"}]}"#;
    let server = Canned::json("200 OK", body);
    let run = Cli::new().arg(server.url()).stdin("{ a\n    b }").run();
    run.status(3).stdout("{\"a\":1,\"b\":null}\n").stderr(
        "error: no b for you\n  errorType: Unauthorized\n  path: b.0\n    |\n  2 |     b }\n    |     ^\nerror: and more\n",
    );
}

#[test]
fn nothing_is_coloured_on_a_pipe() {
    let server = Canned::json("200 OK", r#"{"errors":[{"message":"\u001b[31mred"}]}"#);
    let run = Cli::new().arg(server.url()).stdin("{ a }").run();
    run.status(1).never_says("\u{1b}");
}
