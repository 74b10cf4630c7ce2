use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a process may take before it is killed, so that a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run of `gql-cli` in an environment without surprises: no AWS files, no variables but those given.
#[derive(Debug)]
#[must_use = "nothing runs until `run` or `spawn`"]
pub(crate) struct Cli {
    command: Command,
    stdin: String,
}

impl Cli {
    pub(crate) fn new() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gql-cli"));
        command
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self {
            command,
            stdin: String::new(),
        }
    }

    pub(crate) fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.command.arg(arg.into());
        self
    }

    pub(crate) fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = text.to_owned();
        self
    }

    /// Runs to the end.
    pub(crate) fn run(self) -> Run {
        let mut running = self.spawn();
        let mut stdout = String::new();
        running.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        running.finish(stdout)
    }

    /// Starts, and leaves it running.
    pub(crate) fn spawn(mut self) -> Running {
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A process that does not read its input closes the pipe.
        let _ = stdin.write_all(self.stdin.as_bytes());
        drop(stdin);
        let pid = child.id();
        let (alive, done) = channel();
        thread::spawn(move || {
            if done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                signal("KILL", pid);
            }
        });
        Running {
            stdout: child.stdout.take().map(BufReader::new),
            stderr: Stderr::Unread(child.stderr.take().unwrap()),
            child,
            _alive: alive,
        }
    }
}

/// A process that has not ended yet.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Stderr,
    _alive: Sender<()>,
}

#[derive(Debug)]
enum Stderr {
    Unread(ChildStderr),
    /// What was read, and what reads the rest.
    Draining(String, JoinHandle<String>),
}

impl Running {
    /// The next line of stdout.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Waits until stderr says this.
    pub(crate) fn until_stderr_says(mut self, text: &str) -> Self {
        let Stderr::Unread(stderr) = self.stderr else {
            panic!("stderr was waited for already");
        };
        let mut stderr = BufReader::new(stderr);
        let mut said = String::new();
        while !said.contains(text) {
            let read = stderr.read_line(&mut said).unwrap();
            assert_ne!(read, 0, "it ended before it said {text:?}; it said:\n{said}");
        }
        let rest = thread::spawn(move || {
            let mut rest = String::new();
            let _ = stderr.read_to_string(&mut rest);
            rest
        });
        self.stderr = Stderr::Draining(said, rest);
        self
    }

    pub(crate) fn close_stdout(&mut self) {
        self.stdout = None;
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(name, self.child.id());
    }

    /// Waits for the end; stdout holds what was not read before.
    pub(crate) fn end(mut self) -> Run {
        let mut stdout = String::new();
        if let Some(mut rest) = self.stdout.take() {
            rest.read_to_string(&mut stdout).unwrap();
        }
        self.finish(stdout)
    }

    /// Waits for the end before it reads what is left on stdout, as a reader that has stopped does.
    pub(crate) fn end_unread(mut self) -> Run {
        self.child.wait().unwrap();
        self.end()
    }

    fn finish(mut self, stdout: String) -> Run {
        let stderr = match self.stderr {
            Stderr::Unread(mut stderr) => {
                let mut said = String::new();
                stderr.read_to_string(&mut said).unwrap();
                said
            }
            Stderr::Draining(said, rest) => said + &rest.join().unwrap(),
        };
        let status = self.child.wait().unwrap().code();
        Run { status, stdout, stderr }
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    #[track_caller]
    pub(crate) fn status(self, expected: i32) -> Self {
        assert_eq!(self.status, Some(expected), "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn stdout(self, expected: &str) -> Self {
        assert_eq!(self.stdout, expected, "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn stdout_contains(self, expected: &str) -> Self {
        assert!(
            self.stdout.contains(expected),
            "{expected:?} is not on stdout of {self:#?}"
        );
        self
    }

    #[track_caller]
    pub(crate) fn stderr(self, expected: &str) -> Self {
        assert_eq!(self.stderr, expected, "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn stderr_contains(self, expected: &str) -> Self {
        assert!(
            self.stderr.contains(expected),
            "{expected:?} is not on stderr of {self:#?}"
        );
        self
    }

    #[track_caller]
    pub(crate) fn never_says(self, secret: &str) -> Self {
        let said = self.stdout.contains(secret) || self.stderr.contains(secret);
        assert!(!said, "{secret:?} is in {self:#?}");
        self
    }
}

fn signal(name: &str, pid: u32) {
    let killed = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status();
    killed.expect("there is a `kill` command");
}

/// Whether a process started from here ignores SIGHUP or may do so, as under `nohup`.
pub(crate) fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask & 1 == 1)
}
