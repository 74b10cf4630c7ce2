use proptest::strategy::Strategy;

use super::*;

const URL: &str = "https://example.com/graphql";

fn parse(words: &[&str]) -> Result<Arguments, clap::Error> {
    let words = std::iter::once("gql-cli").chain(words.iter().copied());
    Arguments::parse(words.map(OsString::from))
}

fn operation(words: &[&str]) -> OperationArgs {
    parse(words)
        .unwrap_or_else(|error| panic!("{words:?}: {error}"))
        .operation
}

#[test]
fn the_definition_holds() {
    Arguments::definition().debug_assert();
}

#[test]
fn variables_accumulate_and_reach_to_the_next_option() {
    let args = operation(&[
        URL,
        "-V",
        "a:1",
        "b:2",
        "-v",
        "-Vc:3",
        "--variables",
        "d:-4",
        "--variables=e:5",
    ]);
    assert_eq!(args.variables, ["a:1", "b:2", "c:3", "d:-4", "e:5"]);
    assert_eq!(args.connection.url, [URL]);
    assert!(operation(&[URL, "-V"]).variables.is_empty());
}

#[test]
fn an_endpoint_that_an_option_swallowed_is_the_endpoint() {
    for words in [
        ["-V", "a:1", URL],
        ["-H", "a:1", URL],
        ["--schema-download", "descriptions:true", URL],
    ] {
        let args = operation(&words);
        assert_eq!(args.connection.url, [URL], "{words:?}");
        assert_eq!(
            args.variables.len() + args.connection.headers.len() + args.schema_download.len(),
            1
        );
    }
    assert_eq!(operation(&["-V", "WSS://x/y"]).connection.url, ["WSS://x/y"]);
    assert_eq!(operation(&["-V", "a:1", "--", URL]).connection.url, [URL]);
}

#[test]
fn only_the_last_value_can_be_the_endpoint() {
    let args = operation(&["-V", "http://x", "b:2"]);
    assert_eq!(args.variables, ["http://x", "b:2"]);
    assert!(args.connection.url.is_empty());
}

#[test]
fn two_endpoints_are_an_error() {
    for words in [&[URL, URL][..], &[URL, "-V", "a:1", URL], &["-V", URL, "-H", URL]] {
        let error = parse(words).unwrap_err().to_string();
        assert!(error.contains("two endpoints"), "{words:?}: {error}");
    }
}

#[test]
fn long_options_may_be_cut_short_while_they_are_unambiguous() {
    let args = operation(&[URL, "--var", "a:1", "--print", "--exec=2.5", "--trans=appsync"]);
    assert_eq!(args.variables, ["a:1"]);
    assert!(args.print_schema);
    assert_eq!(args.connection.transport, Transport::Appsync);
    assert_eq!(
        args.connection.execute_timeout,
        Limit(Some(Duration::from_millis(2500)))
    );
    assert!(parse(&[URL, "--ver"]).is_err());
}

#[test]
fn transports_have_the_names_of_python_too() {
    for (name, transport) in [
        ("auto", Transport::Auto),
        ("http", Transport::Http),
        ("aiohttp", Transport::Http),
        ("httpx", Transport::Http),
        ("requests", Transport::Http),
        ("appsync", Transport::Appsync),
        ("appsync_http", Transport::AppsyncHttp),
        ("appsync_websockets", Transport::AppsyncWebsockets),
        ("ws", Transport::Ws),
        ("websockets", Transport::Ws),
        ("aiohttp_websockets", Transport::Ws),
        ("ws-legacy", Transport::WsLegacy),
        ("sse-single", Transport::SseSingle),
        ("phoenix", Transport::Phoenix),
    ] {
        assert_eq!(operation(&[URL, "--transport", name]).connection.transport, transport);
    }
}

#[test]
fn ways_of_authorisation_exclude_each_other() {
    let flags = [
        &["--api-key", "k"][..],
        &["--jwt", "j"],
        &["--lambda-token", "l"],
        &["--iam"],
    ];
    for (index, one) in flags.iter().enumerate() {
        for other in &flags[index + 1..] {
            let words = [&[URL], *one, *other].concat();
            assert!(parse(&words).is_err(), "{words:?}");
        }
    }
    assert!(parse(&[URL, "--iam", "--aws-profile", "work", "--region", "eu-west-1"]).is_ok());
    assert!(parse(&[URL, "--api-key", "k", "--aws-profile", "work"]).is_err());
}

#[test]
fn verbose_and_debug_exclude_each_other() {
    assert!(parse(&[URL, "-v", "-d"]).is_err());
    assert!(parse(&["demo", "-v"]).unwrap().logging.verbose);
    assert!(parse(&["-v", "demo"]).unwrap().logging.verbose);
}

#[test]
fn the_first_word_is_a_command_or_the_endpoint() {
    assert!(matches!(parse(&["demo"]).unwrap().verb, Some(Verb::Demo)));
    assert_eq!(operation(&["nonsense"]).connection.url, ["nonsense"]);
    let error = parse(&[URL, "demo"]).map(|parsed| parsed.operation.connection.url);
    assert!(error.is_err(), "{error:?}");
}

#[test]
fn the_endpoint_may_stand_anywhere_among_the_words_of_a_command() {
    let verb = |words: &[&str]| parse(words).unwrap().verb.unwrap();
    for words in [
        ["schema", "search", "a", URL, "b", "-H", "x:1"],
        ["schema", "search", "-H", "x:1", URL, "a", "b"],
        ["schema", "-v", "search", "a", "b", URL, "-Hx:1"],
    ] {
        let Verb::Schema(SchemaVerb::Search(args)) = verb(&words) else {
            panic!("{words:?}")
        };
        assert_eq!(
            (args.words, args.source.care.connection.url),
            (vec!["a".to_owned(), "b".to_owned()], vec![URL.to_owned()])
        );
        assert_eq!(args.source.care.connection.headers, ["x:1"]);
    }
    let Verb::Check(args) = verb(&["check", "-H", "x:1", "a.graphql", URL, "b"]) else {
        panic!()
    };
    assert_eq!((args.files.len(), args.source.care.connection.url.len()), (2, 1));
    let Verb::Schema(SchemaVerb::Lint(args)) = verb(&["schema", "lint", "cached", URL]) else {
        panic!()
    };
    assert_eq!(args.source.schema.as_deref(), Some("cached"));
    for words in [
        &["schema", "fetch", URL, URL][..],
        &["schema", "search", URL, URL],
        &["schema", "lint", "a", "b"],
        &["schema", "lint", "a", "--schema", "b"],
    ] {
        assert!(
            parse(words).unwrap_err().to_string().contains("there are two"),
            "{words:?}"
        );
    }
}

#[test]
fn a_misspelt_command_is_recognised() {
    let error = parse(&["shcema", "fetch"]).unwrap_err().to_string();
    assert!(error.contains("did you mean schema?"), "{error}");
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", parse(&[URL, "--api-key", "da2-secret"]).unwrap());
    assert!(!shown.contains("da2-secret"), "{shown}");
    let served = format!("{:?}", parse(&["serve", "--access-key", "ID:hush-hush"]).unwrap());
    assert!(!served.contains("hush-hush"), "{served}");
}

proptest::proptest! {
    #[test]
    fn any_words_are_read_or_refused_without_a_panic(
        words in proptest::collection::vec(
            proptest::prop_oneof![
                proptest::sample::select(vec![
                    URL, "demo", "serve", "man", "-V", "-H", "-v", "-d", "-q", "-f", "-o", "--", "--api-key", "--jwt", "--iam",
                    "--transport", "appsync", "--count", "1", "--for", "--schema-download", "--version", "a:1", "wss://x", "",
                    "schema", "fetch", "search", "describe", "diff", "lint", "check", "--schema", "cached", "--format",
                ])
                .prop_map(str::to_owned),
                proptest::prelude::any::<String>(),
            ],
            0..8,
        )
    ) {
        let _ = parse(&words.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
