use std::fmt::Display;

use gqlwire::{Error, ErrorKind};

use crate::exit::Exit;

/// Why the command stops: what failed and on what, what to do about it, and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// Whether no connection came about.
    pub(crate) is_about_connecting: bool,
}

/// When a client's error came up: a subscription that was running ends differently from one that never started.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    Request,
    SubscriptionStart,
    SubscriptionRun,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
            is_about_connecting: false,
        }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A file or stream that cannot be used.
    pub(crate) fn file(action: &str, path: impl Display, error: &std::io::Error) -> Self {
        Self::usage(format!("cannot {action} {path}: {error}"))
    }

    /// What the client could not do.
    pub(crate) fn client(error: &Error, phase: Phase) -> Self {
        let message = error.to_string();
        if message.contains("danger_allow_plaintext_credentials") {
            // What would go unencrypted and where to; what the library advises comes after that.
            let what = message.split("; use ").next().unwrap_or_default();
            let what = what.split("; leave out the proxy").next().unwrap_or_default();
            let failure = Self::new(exit_of(error, phase), what);
            return failure.hint("use https (or wss), or insist with --allow-plaintext");
        }
        let mut failure = Self::new(exit_of(error, phase), in_our_words(&message));
        failure.is_about_connecting = matches!(
            error.kind(),
            ErrorKind::Connect | ErrorKind::Protocol | ErrorKind::Status | ErrorKind::Timeout
        );
        match advice(error, phase) {
            Some(advice) => failure.hint(advice),
            None => failure,
        }
    }
}

/// The library names its own settings; here they are options.
pub(crate) fn in_our_words(message: &str) -> String {
    let settings: [(&str, &str); 11] = [
        ("`client_certificate`", "--cert and --key"),
        ("`http_version` asks", "--http1.1 or --http2-prior-knowledge asks"),
        ("`max_response_size`", "--max-response-size"),
        ("`max_message_size`", "--max-message-size"),
        ("let `protocols` offer that alone", "say --transport ws-legacy"),
        ("`queue_messages`, `queue_bytes`", "--queue"),
        ("unless `overflow` says", "unless --overflow says"),
        ("say `.appsync()` on the builder", "use --transport appsync"),
        (": use `Iam::aws_default_chain()` (feature `aws`)", ""),
        (
            "aws appsync get-introspection-schema --api-id ID --format SDL schema.graphql",
            "gql-cli schema fetch --from-api-id ID",
        ),
        ("add that with `add_root_certificate`", "add that to this machine's"),
    ];
    settings.iter().fold(message.to_owned(), |message, (theirs, ours)| {
        message.replace(theirs, ours)
    })
}

fn exit_of(error: &Error, phase: Phase) -> Exit {
    if phase == Phase::SubscriptionRun {
        return Exit::Ended;
    }
    let blames_request = error.status().is_some_and(|status| status.is_client_error());
    match error.kind() {
        ErrorKind::Auth => Exit::Refused,
        ErrorKind::Config => Exit::Usage,
        ErrorKind::Request => Exit::Invalid,
        ErrorKind::Timeout => Exit::Timeout,
        ErrorKind::Status | ErrorKind::Connect if blames_request => Exit::Refused,
        // What the server says of it is not about the network.
        ErrorKind::Connect if !error.errors().is_empty() && !error.is_retryable() => Exit::Refused,
        ErrorKind::GraphQL if phase == Phase::SubscriptionStart => Exit::Refused,
        ErrorKind::GraphQL => Exit::Errors,
        _ => Exit::Unreachable,
    }
}

fn advice(error: &Error, phase: Phase) -> Option<&'static str> {
    let status = error.status().map(|status| status.as_u16());
    let message = error.to_string();
    if message.contains("`max_response_size`") {
        return None;
    }
    if message.contains("one response to a batch") {
        return Some("does the server take arrays? Without --batch-size each line has a request of its own");
    }
    Some(match (error.kind(), status) {
        (ErrorKind::Timeout, _) => "--execute-timeout SECONDS (or `none`) waits longer",
        (ErrorKind::Lagged, _) => {
            "whatever reads the output is too slow for the events; write them to a file, or select fewer fields"
        }
        (_, _) if phase == Phase::SubscriptionRun => {
            "events sent while nobody is subscribed are lost; run the command again to go on"
        }
        (ErrorKind::Status, Some(406)) => {
            "the server does not answer in this form: another --transport may do (http, sse, sse-single, multipart, ws)"
        }
        (ErrorKind::Status, Some(429)) => "the server limits the rate of requests: wait, and try again",
        (ErrorKind::Status, Some(300..=399)) => return None,
        (ErrorKind::Status | ErrorKind::Protocol, Some(404 | 405 | 200..=299)) => {
            "is the URL that of the GraphQL endpoint? AppSync's ends in /graphql"
        }
        (ErrorKind::Status | ErrorKind::Connect, Some(500..)) => {
            "the fault is on the server's side: try again, and look at its logs"
        }
        (ErrorKind::Connect, Some(400..=499)) => {
            "is this AppSync's realtime endpoint? With a custom domain its path ends in /graphql/realtime"
        }
        (ErrorKind::Protocol, None) => "does the endpoint speak AppSync's protocol?",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_running_subscription_is_always_code_8() {
        for kind in [
            ErrorKind::Auth,
            ErrorKind::Disconnected,
            ErrorKind::Timeout,
            ErrorKind::Lagged,
        ] {
            assert_eq!(exit_of(&Error::new(kind, ""), Phase::SubscriptionRun), Exit::Ended);
        }
    }

    #[test]
    fn settings_of_the_library_are_told_as_options() {
        let words = in_our_words(
            "let `protocols` offer that alone; full (`queue_messages`, `queue_bytes`), unless `overflow` says otherwise",
        );
        assert_eq!(
            words,
            "say --transport ws-legacy; full (--queue), unless --overflow says otherwise"
        );
    }

    #[test]
    fn advice_is_about_what_went_wrong() {
        let of = |message: &str| advice(&Error::new(ErrorKind::Protocol, message), Phase::Request);
        assert_eq!(of("longer than 3 bytes: raise `max_response_size`"), None);
        assert!(of("one response to a batch of 2").unwrap().contains("--batch-size"));
    }

    #[test]
    fn a_refused_start_is_code_4_and_errors_of_a_request_are_code_1() {
        let error = Error::new(ErrorKind::GraphQL, "");
        assert_eq!(exit_of(&error, Phase::SubscriptionStart), Exit::Refused);
        assert_eq!(exit_of(&error, Phase::Request), Exit::Errors);
    }
}
