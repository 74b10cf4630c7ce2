use std::time::{Duration, Instant, SystemTime};

/// Sees that a machine slept, or that its clock was set: the wall clock went on and the monotonic one did not.
///
/// After a sleep every socket may be dead without a word, and no timer of the monotonic clock has noticed.
#[derive(Debug, Default)]
pub struct ClockWatch {
    last: Option<(Instant, SystemTime)>,
}

impl ClockWatch {
    /// What a clock that is being disciplined does not reach between two looks.
    const TOLERANCE: Duration = Duration::from_secs(20);

    /// Looks at both clocks. Returns whether they have moved apart since the last look.
    pub fn jumped(&mut self, now: Instant, wall: SystemTime) -> bool {
        let Some((last, last_wall)) = self.last.replace((now, wall)) else {
            return false;
        };
        let passed = now.saturating_duration_since(last);
        match wall.duration_since(last_wall) {
            Ok(wall_passed) => wall_passed.abs_diff(passed) > Self::TOLERANCE,
            Err(backwards) => backwards.duration() + passed > Self::TOLERANCE,
        }
    }
}

/// By how many seconds the local clock is behind the server's, if it is off by more than a signature forgives.
///
/// The server's `Date` has whole seconds and has travelled; AWS forgives five minutes. Below one minute, the clock was
/// not the reason.
pub fn clock_correction(server: SystemTime, local: SystemTime) -> Option<i64> {
    const LEAST: i64 = 60;
    let seconds = match server.duration_since(local) {
        Ok(ahead) => i64::try_from(ahead.as_secs()).ok()?,
        Err(behind) => -i64::try_from(behind.duration().as_secs()).ok()?,
    };
    (seconds.abs() >= LEAST).then_some(seconds)
}
