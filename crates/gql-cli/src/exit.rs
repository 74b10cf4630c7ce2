use std::process::ExitCode;

/// What the process says by its exit code. The numbers are documented, and stay.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    Success = 0,
    /// The server answered with errors, and without data.
    Errors = 1,
    /// The command line, or a file that it names, is not usable.
    Usage = 2,
    /// There are data, and errors too; of a subscription, at least one event had errors.
    Partial = 3,
    /// Credentials were refused, or the server says that the request is at fault; a subscription was refused.
    Refused = 4,
    /// No connection, a broken one, a failing server, or an answer that is not GraphQL.
    Unreachable = 5,
    Timeout = 6,
    /// The operation was found wrong before anything was sent; a checked document or a schema is.
    Invalid = 7,
    /// A running subscription was ended by an error; of several, at least one was.
    Ended = 8,
    /// A schema changed in a way that makes a failure.
    Changed = 9,
    /// By Ctrl-C, SIGTERM or SIGHUP, which all mean the same to a running operation.
    Interrupted = 130,
}

impl Exit {
    /// The one of two that is further from success.
    pub(crate) fn worse(self, other: Self) -> Self {
        match other as u8 > self as u8 {
            true => other,
            false => self,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The same list for `--help` and the man page.
pub(crate) const HELP: &str = "\
Exit codes:
  0  success; a subscription completed, or reached --count or --for
  1  the server answered with errors and no data
  2  wrong usage
  3  data with errors; some event of a subscription had errors
  4  credentials or request refused (401, 403, other 4xx), or the subscription
  5  no connection, TLS, a 5xx, or an answer that is not GraphQL
  6  timeout
  7  the operation is not valid, by itself or for the schema given; `check` and
     `schema lint` found an error, `schema describe` nothing of that name
  8  a running subscription was ended by an error; of several, any of them
  9  `schema diff` found a breaking change, or what --fail-on says
  130  interrupted: Ctrl-C, SIGTERM or SIGHUP";
