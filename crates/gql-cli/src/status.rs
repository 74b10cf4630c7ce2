//! The line at the bottom of a terminal that says how the subscriptions are.
//!
//! Nothing else may write to the terminal without [`make_way`] before: it takes the line away, and the subscription's
//! loop puts it back when it has nothing better to do.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use gqlwire::ConnectionState;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often the line is brought up to date.
const REFRESH: Duration = Duration::from_millis(250);

/// Whether the line stands on the terminal now.
static IS_DRAWN: AtomicBool = AtomicBool::new(false);

/// Takes the line away, if it stands there, before something else is written.
pub(crate) fn make_way() {
    if IS_DRAWN.swap(false, Ordering::Relaxed) {
        let _ = io::stderr().lock().write_all(CLEAR.as_bytes());
    }
}

/// To the left edge, and away with what stands there.
const CLEAR: &str = "\r\x1b[K";

/// Whether there is a place for the line: stderr is a terminal, and stdout is the same one or a file. What reads a pipe
/// may well write to the same terminal, and would not make way.
pub(crate) fn has_a_place() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    io::stderr().is_terminal() && (cfg!(windows) || !is_dumb) && (io::stdout().is_terminal() || stdout_is_file())
}

#[cfg(unix)]
fn stdout_is_file() -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::FileTypeExt;

    let stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    let kind = stdout
        .and_then(|file| file.metadata())
        .map(|metadata| metadata.file_type());
    // `/dev/null` is a device.
    kind.is_ok_and(|kind| kind.is_file() || kind.is_char_device())
}

#[cfg(not(unix))]
fn stdout_is_file() -> bool {
    false
}

/// The line, and what it counts.
#[derive(Debug)]
pub(crate) struct StatusLine {
    clock: Option<Interval>,
    is_coloured: bool,
    events: u64,
    rate: Rate,
    text: String,
}

impl StatusLine {
    /// A line that is never drawn, unless it is wanted.
    pub(crate) fn new(is_wanted: bool) -> Self {
        let clock = is_wanted.then(|| {
            let mut clock = interval(REFRESH);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            clock
        });
        Self {
            clock,
            is_coloured: anstream::AutoStream::choice(&io::stderr()) != ColorChoice::Never,
            events: 0,
            rate: Rate::default(),
            text: String::new(),
        }
    }

    pub(crate) fn count_event(&mut self) {
        self.events += 1;
    }

    /// Ready when the line should be brought up to date; never where there is none. Cancel safe.
    pub(crate) async fn tick(&mut self) {
        match &mut self.clock {
            Some(clock) => {
                clock.tick().await;
            }
            None => std::future::pending().await,
        }
    }

    /// Whether the line made way for something and can be put back.
    pub(crate) fn is_missing(&self) -> bool {
        !self.text.is_empty() && !IS_DRAWN.load(Ordering::Relaxed)
    }

    /// Puts the line back as it was.
    pub(crate) fn put_back(&self) {
        self.draw();
    }

    /// Brings the line up to date.
    pub(crate) fn refresh(&mut self, state: &ConnectionState, subscriptions: usize) {
        if self.clock.is_none() {
            return;
        }
        let now = Instant::now();
        self.rate.sample(now, self.events);
        let text = render(state, subscriptions, self.events, self.rate.per_second(), now);
        self.replace(text);
    }

    /// Brings the line up to date for operations that are run one after the other: how many of them failed, and how much
    /// of the file with their variables was read.
    pub(crate) fn refresh_batch(&mut self, failed: u64, share: Option<f64>) {
        if self.clock.is_none() {
            return;
        }
        self.rate.sample(Instant::now(), self.events);
        self.replace(render_batch(self.events, failed, share, self.rate.per_second()));
    }

    fn replace(&mut self, text: String) {
        if text == self.text && !self.is_missing() {
            return;
        }
        self.text = text;
        self.draw();
    }

    fn draw(&self) {
        let style = match self.is_coloured {
            true => style_of(&self.text),
            false => Style::new(),
        };
        let (mark, rest) = self.text.split_at(self.text.chars().next().map_or(0, char::len_utf8));
        // Without wrapping, a line that is too long for the terminal is cut, and still one line.
        let line = format!("{CLEAR}\x1b[?7l{style}{mark}{style:#}{rest}\x1b[?7h");
        let mut stderr = io::stderr().lock();
        if stderr.write_all(line.as_bytes()).and_then(|()| stderr.flush()).is_ok() {
            IS_DRAWN.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for StatusLine {
    fn drop(&mut self) {
        make_way();
    }
}

const GOOD: char = '●';
const UNDER_WAY: char = '◐';
const BAD: char = '○';

fn style_of(text: &str) -> Style {
    let colour = match text.chars().next() {
        Some(GOOD) => AnsiColor::Green,
        Some(BAD) => AnsiColor::Red,
        _ => AnsiColor::Yellow,
    };
    colour.on_default()
}

/// `◐ 42 % · 1,204 operations · 3 failed · 37/s`
fn render_batch(operations: u64, failed: u64, share: Option<f64>, per_second: f64) -> String {
    let share = share.map_or(String::new(), |share| format!(" {:.0} % ·", share * 100.0));
    let failures = match failed {
        0 => String::new(),
        _ => format!(" · {} failed", grouped(failed)),
    };
    format!(
        "{UNDER_WAY}{share} {} operations{failures} · {}/s",
        grouped(operations),
        grouped(per_second.round() as u64)
    )
}

/// `● connected · 3 subscriptions · 1,204 events · 37/s`
fn render(state: &ConnectionState, subscriptions: usize, events: u64, per_second: f64, now: Instant) -> String {
    let is_open = !matches!(state, ConnectionState::Reconnecting { .. } | ConnectionState::Closed);
    let text = match state {
        ConnectionState::Connected => format!("{GOOD} connected"),
        ConnectionState::Rotating => format!("{GOOD} connected, replacing the connection"),
        ConnectionState::Degraded => format!("{UNDER_WAY} silent for too long, connecting anew"),
        ConnectionState::Reconnecting { attempt, next, cause } => {
            let wait = next.map(|next| next.saturating_duration_since(now).as_secs_f64().ceil());
            let wait = wait.filter(|seconds| *seconds > 0.0);
            let wait = wait.map_or(String::new(), |seconds| format!(" in {seconds} s"));
            let attempt = match attempt {
                0 | 1 => String::new(),
                more => format!(" (attempt {more})"),
            };
            format!(
                "{BAD} reconnecting{wait}{attempt}: {}",
                one_line(without_url(&cause.to_string()))
            )
        }
        ConnectionState::Closed => format!("{BAD} closed"),
        _ => format!("{UNDER_WAY} connecting"),
    };
    let plural = |count: u64, noun: &str| match count {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", grouped(count)),
    };
    let rate = match per_second {
        // While there is no connection it tells nothing, and the cause wants its place.
        _ if !is_open => String::new(),
        // One in ten seconds is not none.
        rate if rate > 0.0 && rate < 9.95 => format!(" · {rate:.1}/s"),
        rate => format!(" · {}/s", grouped(rate.round() as u64)),
    };
    format!(
        "{text} · {} · {}{rate}",
        plural(subscriptions as u64, "subscription"),
        plural(events, "event"),
    )
}

/// A cause without the endpoint that it begins with, which may be as long as there is room for all of it, and is known.
fn without_url(text: &str) -> &str {
    match text.split_once(' ') {
        Some((first, rest)) if first.contains("://") => rest,
        _ => text,
    }
}

/// As much of a cause as fits beside the rest, without anything that moves the cursor.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut line: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

/// `1,204`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// How many events come in a second, over the last few.
#[derive(Debug, Default)]
struct Rate {
    samples: VecDeque<(Instant, u64)>,
}

impl Rate {
    const WINDOW: Duration = Duration::from_secs(5);

    fn sample(&mut self, now: Instant, total: u64) {
        self.samples.push_back((now, total));
        // The oldest one stays until the one after it is as old as the window.
        while self
            .samples
            .get(1)
            .is_some_and(|(at, _)| now.duration_since(*at) >= Self::WINDOW)
        {
            self.samples.pop_front();
        }
    }

    fn per_second(&self) -> f64 {
        let (Some((first, before)), Some((last, after))) = (self.samples.front(), self.samples.back()) else {
            return 0.0;
        };
        // Half a second at the start tells nothing about a second.
        let seconds = last.duration_since(*first).as_secs_f64().max(1.0);
        (after - before) as f64 / seconds
    }
}

#[cfg(test)]
mod tests {
    use gqlwire::{Error, ErrorKind};

    use super::*;

    fn reconnecting(attempt: u32, next: Option<Instant>, cause: &str) -> ConnectionState {
        let cause = Error::new(ErrorKind::Disconnected, cause);
        ConnectionState::Reconnecting { attempt, next, cause }
    }

    #[test]
    fn the_line_says_state_subscriptions_events_and_rate() {
        let now = Instant::now();
        for (state, subscriptions, events, rate, expected) in [
            (
                ConnectionState::Connecting,
                1,
                0,
                0.0,
                "◐ connecting · 1 subscription · 0 events · 0/s",
            ),
            (
                ConnectionState::Connected,
                3,
                1204,
                37.4,
                "● connected · 3 subscriptions · 1,204 events · 37/s",
            ),
            (
                ConnectionState::Connected,
                1,
                1,
                0.2,
                "● connected · 1 subscription · 1 event · 0.2/s",
            ),
            (
                ConnectionState::Connected,
                1,
                1_000_000,
                12_345.0,
                "● connected · 1 subscription · 1,000,000 events · 12,345/s",
            ),
            (
                reconnecting(1, Some(now + Duration::from_millis(2500)), "it broke off"),
                2,
                5,
                0.0,
                "○ reconnecting in 3 s: it broke off · 2 subscriptions · 5 events",
            ),
            (
                reconnecting(4, None, "no\n\u{1b}[31mroute"),
                2,
                5,
                0.0,
                "○ reconnecting (attempt 4): no  [31mroute · 2 subscriptions · 5 events",
            ),
        ] {
            assert_eq!(render(&state, subscriptions, events, rate, now), expected);
        }
    }

    #[test]
    fn a_long_cause_is_cut() {
        let line = render(&reconnecting(1, None, &"x".repeat(500)), 1, 0, 0.0, Instant::now());
        assert!(line.contains("xx… · 1 subscription"), "{line}");
    }

    #[test]
    fn a_cause_is_told_without_the_endpoint() {
        let cause =
            "wss://abcdefghijklmnopqrstuvwxyz.appsync-realtime-api.eu-central-1.amazonaws.com/graphql: it broke";
        let line = render(&reconnecting(1, None, cause), 1, 0, 0.0, Instant::now());
        assert!(line.starts_with("○ reconnecting: it broke ·"), "{line}");
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let mut rate = Rate::default();
        assert_eq!(rate.per_second(), 0.0);
        for second in 0..=10 {
            rate.sample(start + Duration::from_secs(second), second * 20);
        }
        assert_eq!(rate.per_second(), 20.0);
        for second in 11..=15 {
            rate.sample(start + Duration::from_secs(second), 200);
        }
        assert_eq!(rate.per_second(), 0.0);
        assert!(rate.samples.len() <= 6, "{}", rate.samples.len());
    }

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }
}
