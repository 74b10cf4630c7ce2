use std::time::Duration;

/// When a query or a mutation is tried again, and when no more.
///
/// Another attempt is made where the cause may pass by itself, and where it is safe:
///
/// | what happened | query | mutation |
/// |---|---|---|
/// | no connection, and so nothing was sent | yes | yes |
/// | a certificate that is not trusted, a URL without a server for it | no | no |
/// | the connection was lost before the whole answer had come | yes | no |
/// | 429 Too Many Requests, 503 Service Unavailable | yes | no |
/// | 502 Bad Gateway, 504 Gateway Timeout, without GraphQL errors: the word of a gateway and not of the API | yes | no |
/// | anything else, refused credentials and GraphQL errors among it | no | no |
///
/// A mutation that may have been executed is never sent again, unless [`repeat_mutations`](Self::repeat_mutations) says so.
///
/// Refused credentials (401, 403) are another matter, which no policy changes: the server has executed nothing, and so
/// the request, a mutation too, is repeated at once if the [`AuthProvider`](crate::AuthProvider) has better ones, and if
/// the answer's `Date` shows that this machine's clock is off by a minute or more, by which no signature is good. Each
/// happens once for a call, and counts as no attempt.
///
/// Between attempts lies a wait of random length, the longest possible one doubling each time. `Retry-After` comes on
/// top of it, whether it gives seconds or a date. Everything happens within the timeout of the call: an attempt that
/// took longer than is left is not begun again, for its error says more than a timeout would. Each attempt is
/// authorised anew. [`Error::attempts`](crate::Error::attempts) says how many there were.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How many attempts are made in all; 3, as in the AWS SDKs: enough for a blip, and not so many that clients
    /// together keep a struggling server down.
    pub attempts: u32,
    /// The longest wait after the first failure, doubled with each further one; 200 ms.
    pub first_delay: Duration,
    /// The longest wait of all, without what a server asks for; 5 s.
    pub greatest_delay: Duration,
    /// How long a wait a server may ask for with `Retry-After`; 10 s. Where it asks for more, the call fails at once.
    pub greatest_retry_after: Duration,
    /// Whether mutations are repeated as queries are, and may so be executed more than once; `false`.
    pub repeat_mutations: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 3,
            first_delay: Duration::from_millis(200),
            greatest_delay: Duration::from_secs(5),
            greatest_retry_after: Duration::from_secs(10),
            repeat_mutations: false,
        }
    }
}

impl RetryPolicy {
    /// One attempt, and no other.
    pub fn never() -> Self {
        Self::default().attempts(1)
    }

    /// At most this many attempts in all. The first is always made.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The longest waits: after the first failure, and of all.
    #[must_use]
    pub fn delays(mut self, first: Duration, greatest: Duration) -> Self {
        self.first_delay = first;
        self.greatest_delay = greatest;
        self
    }

    /// How long a wait a server may ask for.
    #[must_use]
    pub fn greatest_retry_after(mut self, wait: Duration) -> Self {
        self.greatest_retry_after = wait;
        self
    }

    /// Repeats mutations where a query would be. One whose answer was lost is then executed twice, or more often: this
    /// is for mutations that change nothing when they run again.
    #[must_use]
    pub fn repeat_mutations(mut self) -> Self {
        self.repeat_mutations = true;
        self
    }
}

/// How many attempts after the first the calls of one client may make between them.
///
/// A [`RetryPolicy`] sees one call. When a server is down, all of them fail, and three attempts each are three times the
/// load on what is struggling already. With a budget, the extra load is a share of the calls and no more; which is why
/// there is one unless [`unlimited`](Self::unlimited) is set. The few attempts a second that come on top see to it that a
/// program with little traffic never notices: by default 10 a second, and a fifth of the calls.
///
/// What calls have earned is saved up for at most 500 calls. Where nothing is left, the first error is that of the call,
/// and says so. An attempt with better credentials, or by the server's clock, is not an attempt in this sense.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryBudget {
    pub(crate) share_of_calls: f64,
    pub(crate) attempts_per_second: f64,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(0.2, 10.0)
    }
}

impl RetryBudget {
    /// This share of the calls (0.2 is a fifth), and this many attempts a second besides. Less than nothing is nothing.
    pub fn new(share_of_calls: f64, attempts_per_second: f64) -> Self {
        // A NaN is nothing, too.
        Self {
            share_of_calls: share_of_calls.max(0.0),
            attempts_per_second: attempts_per_second.max(0.0),
        }
    }

    /// As many as the policy of each call allows.
    pub fn unlimited() -> Self {
        Self::new(f64::INFINITY, f64::INFINITY)
    }
}
