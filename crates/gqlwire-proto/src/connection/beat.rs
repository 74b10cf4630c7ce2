use std::time::Instant;

use super::{Pings, after};

/// Asks at an interval whether the server is there, and sees when no answer came.
///
/// ```text
///  start ──interval──▶ ask ──interval──▶ ask ──interval──▶ …
///                       └──timeout, and no frame since──▶ dead
/// ```
#[derive(Debug)]
pub(super) struct Beat {
    pings: Option<Pings>,
    next: Option<Instant>,
    asked: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Beaten {
    Ask,
    Dead,
    Nothing,
}

impl Beat {
    pub(super) fn new(pings: Option<Pings>) -> Self {
        Self {
            pings,
            next: None,
            asked: None,
        }
    }

    pub(super) fn start(&mut self, now: Instant) {
        self.next = self.pings.map(|pings| after(now, pings.interval));
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let answer = self.pings.zip(self.asked);
        let answer = answer.map(|(pings, asked)| after(asked, pings.timeout));
        self.next.into_iter().chain(answer).min()
    }

    /// Time has passed, and the last frame came then.
    pub(super) fn tick(&mut self, last_frame: Instant, now: Instant) -> Beaten {
        let Some(pings) = self.pings else {
            return Beaten::Nothing;
        };
        if let Some(asked) = self.asked
            && after(asked, pings.timeout) <= now
        {
            if last_frame < asked {
                return Beaten::Dead;
            }
            self.asked = None;
        }
        if self.next.is_none_or(|next| next > now) {
            return Beaten::Nothing;
        }
        // A person who writes zero does not mean a question without end.
        let least = std::time::Duration::from_millis(1);
        self.next = Some(after(now, pings.interval.max(least)));
        // One that waits for an answer keeps its deadline, unless it has had one.
        match self.asked {
            Some(asked) if last_frame < asked => {}
            _ => self.asked = Some(now),
        }
        Beaten::Ask
    }
}
