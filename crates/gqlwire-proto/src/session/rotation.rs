use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hasher};
use std::time::{Duration, Instant};

/// The numbers of the take-over rule.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TakeoverRule {
    /// How far apart the two copies of one event may arrive on the two sockets; 1 s.
    pub skew: Duration,
    /// How long after its `start_ack` a subscription may still miss events; 2 s. AppSync acknowledges before all of
    /// its parts know the subscription.
    pub settle: Duration,
    /// How many payloads are remembered at most; 32,768, which is two sockets with 8,192 events a second each.
    pub remembered: usize,
    /// How many bytes of withheld payloads are kept at most; 4 MiB.
    pub withheld_bytes: usize,
}

impl Default for TakeoverRule {
    fn default() -> Self {
        Self {
            skew: Duration::from_secs(1),
            settle: Duration::from_secs(2),
            remembered: 32_768,
            withheld_bytes: 4 * 1024 * 1024,
        }
    }
}

impl TakeoverRule {
    /// From the `start_ack` on the new socket to the cut.
    ///
    /// An event that only the old socket gets arrives there before settle + skew. One that is still to come on it at
    /// the cut arrives on the new one after cut − skew, and can only be confused with one that arrived on the old
    /// after cut − 2 · skew, or, with an equal one between them, after cut − 4 · skew: so that never the two meet.
    pub fn overlap(&self) -> Duration {
        self.settle + 4 * self.skew
    }
}

/// How one subscription moves from an old socket to a new one while events keep coming.
///
/// ```text
///            start on new      start_ack                                        cut            cut + skew
///  ──────────────┬────────────────┬───────────────────────────┬──────────────────┬──────────────────┬────────────
///  old delivers  │     old delivers, new is withheld          │ near the cut     │ new delivers what│ new delivers
///                │     a copy without its pair after skew:    │ (skew before it):│ the old has not; │
///                │     lost on the old, so it is delivered    │ pairs only where │ old is ignored   │
///                │                                            │ they are certain │                  │
///                                 ├── settle ──┤├──────── 4 · skew ─────────────┤├────── skew ─────┤
/// ```
///
/// A copy is known again by hash, length and time. Far from the cut, each copy on the new socket takes the first copy
/// on the old one within `skew` that is not taken: whatever comes there on the new socket is still to come, or has
/// come, on the old, so a wrong pair loses nothing. Near the cut a wrong pair would: there a copy is dropped only if
/// each side has seen its payload once within 2 · `skew`. Otherwise it is delivered, and counted as a possible
/// duplicate.
///
/// If each settled socket gets each event once, with its two copies less than `skew` apart, nothing is lost; and what
/// is doubled is counted, and is none if equal payloads lie further apart than 2 · `skew` near the cut. Where copies
/// are further apart than `skew`, they are delivered twice rather than never; and in any case, no payload is dropped
/// unless an equal one is delivered within `skew`.
///
/// Memory is bounded. What does not fit is delivered at once, and counted as a possible duplicate.
pub struct Takeover {
    rule: TakeoverRule,
    seed: u64,
    phase: Phase,
    acknowledged: Option<Instant>,
    // Ordered rather than hashed once more: the key is a hash already.
    seen: BTreeMap<Key, Seen>,
    arrivals: VecDeque<(Instant, Key)>,
    withheld: Withheld,
    due: VecDeque<String>,
    /// Until when an arrival may be missing from memory, and nothing near the cut is certain.
    blind_until: Option<Instant>,
    possible_duplicates: u64,
}

/// Shows no payload.
impl fmt::Debug for Takeover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Takeover")
            .field("phase", &self.phase)
            .field("remembered", &self.arrivals.len())
            .field("withheld", &self.withheld.payloads.len())
            .field("possible_duplicates", &self.possible_duplicates)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Both sockets are read. The cut is known once the new one is acknowledged.
    Overlap { cut: Option<Instant> },
    /// The new socket delivers.
    Cut { at: Instant },
    /// The new socket is gone before the cut; the old one goes on.
    Abandoned,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Key {
    hash: u64,
    len: usize,
}

/// What is remembered of one payload.
#[derive(Debug, Default)]
struct Seen {
    old: Side,
    new: Side,
    /// Copies on the old socket that have no pair yet.
    unpaired: VecDeque<Instant>,
    /// Copies on the new socket that have no pair yet, by their number in [`Withheld`].
    waiting: VecDeque<(Instant, u64)>,
    /// Copies on the new socket that were delivered because no pair came.
    given_up: u32,
}

/// One socket's copies of one payload.
#[derive(Debug, Default)]
struct Side {
    last: Option<Instant>,
    /// Whether the last copy came less than 2 · skew after the one before it.
    crowded: bool,
}

impl Side {
    fn arrive(&mut self, now: Instant, apart: Duration) {
        self.crowded = self.last.is_some_and(|last| now - last < apart);
        self.last = Some(now);
    }
}

impl Seen {
    /// Whether each side's last copy is its only one for long enough that the two are one event.
    fn certain(&self) -> bool {
        !self.old.crowded && !self.new.crowded
    }
}

impl Takeover {
    /// The new socket is about to be asked for the subscription. The seed keeps hashes from being guessed.
    pub fn new(rule: TakeoverRule, seed: u64) -> Self {
        Self {
            rule,
            seed,
            phase: Phase::Overlap { cut: None },
            acknowledged: None,
            seen: BTreeMap::new(),
            arrivals: VecDeque::new(),
            withheld: Withheld::default(),
            due: VecDeque::new(),
            blind_until: None,
            possible_duplicates: 0,
        }
    }

    /// The new socket has acknowledged the subscription: from here the cut is counted.
    pub fn acknowledged(&mut self, now: Instant) {
        if let Phase::Overlap { cut: cut @ None } = &mut self.phase {
            *cut = Some(now + self.rule.overlap());
            self.acknowledged = Some(now);
        }
    }

    /// When the cut is to come; none before the new socket has acknowledged, or after the cut.
    pub fn cut_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::Overlap { cut } => cut,
            Phase::Cut { .. } | Phase::Abandoned => None,
        }
    }

    /// Puts the cut off, say because the old socket has not shown that it is alive. It never comes earlier for it.
    pub fn put_off(&mut self, until: Instant) {
        if let Phase::Overlap { cut: Some(cut) } = &mut self.phase {
            *cut = until.max(*cut);
        }
    }

    /// When the new socket acknowledged.
    pub fn acknowledged_at(&self) -> Option<Instant> {
        self.acknowledged
    }

    /// Whether the new socket has been acknowledged for long enough that it misses nothing.
    pub fn is_settled(&self, now: Instant) -> bool {
        self.acknowledged.is_some_and(|at| at + self.rule.settle <= now)
    }

    /// Whether the new socket delivers.
    pub fn is_cut(&self) -> bool {
        matches!(self.phase, Phase::Cut { .. })
    }

    /// Whether there is nothing left to compare: what comes now is delivered as it comes.
    pub fn is_over(&self, now: Instant) -> bool {
        match self.phase {
            Phase::Overlap { .. } => false,
            Phase::Cut { at } => at + self.rule.skew <= now && self.due.is_empty(),
            Phase::Abandoned => self.withheld.is_empty() && self.due.is_empty(),
        }
    }

    /// How many payloads were delivered though an equal one had been.
    pub fn possible_duplicates(&self) -> u64 {
        self.possible_duplicates
    }

    /// A payload came on the old socket; whether it is to be delivered, after what [`due`](Self::due) has.
    pub fn on_old(&mut self, payload: &str, now: Instant) -> bool {
        self.tick(now);
        if self.is_cut() {
            return false;
        }
        let key = self.key(payload);
        if !self.remember(key, now) {
            // Its copy on the new socket will not be known again.
            self.possible_duplicates += 1;
            return true;
        }
        let (apart, blind) = (2 * self.rule.skew, self.is_blind(now));
        let seen = self.seen.entry(key).or_default();
        seen.old.arrive(now, apart);
        match seen.waiting.front() {
            Some((at, number)) if !near(&self.phase, &self.rule, *at) || (seen.certain() && !blind) => {
                self.withheld.drop(*number);
                seen.waiting.pop_front();
            }
            // Not certain: the waiting one is delivered at the cut.
            Some(_) => seen.unpaired.push_back(now),
            None if seen.given_up > 0 => {
                seen.given_up -= 1;
                self.possible_duplicates += 1;
            }
            None => seen.unpaired.push_back(now),
        }
        true
    }

    /// A payload came on the new socket; whether it is to be delivered at once, after what [`due`](Self::due) has.
    pub fn on_new(&mut self, payload: &str, now: Instant) -> bool {
        self.tick(now);
        let key = self.key(payload);
        let cut = self.is_cut();
        if !self.remember(key, now) {
            self.possible_duplicates += 1;
            return true;
        }
        let (skew, blind) = (self.rule.skew, self.is_blind(now));
        let near = near(&self.phase, &self.rule, now);
        let seen = self.seen.entry(key).or_default();
        seen.new.arrive(now, 2 * skew);
        while seen.unpaired.front().is_some_and(|at| now - *at >= skew) {
            seen.unpaired.pop_front();
        }
        if !seen.unpaired.is_empty() && (!near || (seen.certain() && !blind)) {
            seen.unpaired.pop_front();
            return false;
        }
        if cut {
            self.possible_duplicates += u64::from(seen.old.last.is_some());
            return true;
        }
        let full = self.withheld.bytes + payload.len() > self.rule.withheld_bytes;
        if full {
            self.possible_duplicates += 1;
            return true;
        }
        let number = self.withheld.push(key, now, payload);
        seen.waiting.push_back((now, number));
        false
    }

    /// The next withheld payload that is to be delivered now. To be asked until there is none, after every call.
    pub fn due(&mut self) -> Option<String> {
        self.due.pop_front()
    }

    /// When [`tick`](Self::tick) has to be called.
    pub fn deadline(&self) -> Option<Instant> {
        let waited = self.withheld.oldest().map(|at| at + self.rule.skew);
        match self.phase {
            Phase::Overlap { cut } => waited.into_iter().chain(cut).min(),
            Phase::Cut { at } => Some(at + self.rule.skew),
            Phase::Abandoned => waited,
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant) {
        if let Phase::Overlap { cut: Some(cut) } = self.phase
            && cut <= now
        {
            self.cut(cut);
        }
        while self.withheld.oldest().is_some_and(|at| at + self.rule.skew <= now) {
            self.release();
        }
        let apart = 2 * self.rule.skew;
        while let Some((at, key)) = self.arrivals.front().copied().filter(|(at, _)| now - *at > apart) {
            self.arrivals.pop_front();
            // The last arrival of a key takes its memory along.
            let latest = |seen: &Seen| seen.old.last.max(seen.new.last) == Some(at);
            if self.seen.get(&key).is_some_and(latest) {
                self.seen.remove(&key);
            }
        }
    }

    /// The old socket is gone: the cut is now.
    pub fn old_is_gone(&mut self, now: Instant) {
        self.tick(now);
        if let Phase::Overlap { .. } = self.phase {
            self.cut(now);
        }
    }

    /// The new socket is gone. Returns whether the old one still delivers: it does until the cut.
    pub fn new_is_gone(&mut self, now: Instant) -> bool {
        self.tick(now);
        if let Phase::Overlap { .. } = self.phase {
            self.phase = Phase::Abandoned;
        }
        !self.is_cut()
    }

    /// Another new socket is about to be asked, in place of one that is gone. What that one had shown is remembered.
    pub fn again(&mut self) {
        if let Phase::Abandoned = self.phase {
            self.phase = Phase::Overlap { cut: None };
            self.acknowledged = None;
        }
    }

    fn cut(&mut self, at: Instant) {
        self.phase = Phase::Cut { at };
        while self.withheld.oldest().is_some() {
            self.release();
        }
    }

    /// Delivers the oldest withheld payload: no pair of it has come.
    fn release(&mut self) {
        let Some((key, text)) = self.withheld.pop() else { return };
        if let Some(seen) = self.seen.get_mut(&key) {
            seen.waiting.pop_front();
            seen.given_up += 1;
            self.possible_duplicates += u64::from(seen.old.last.is_some());
        }
        self.due.push_back(text);
    }

    /// Whether there is room to remember one more arrival.
    fn remember(&mut self, key: Key, now: Instant) -> bool {
        let room = self.arrivals.len() < self.rule.remembered;
        match room {
            true => self.arrivals.push_back((now, key)),
            // A pair is certain by what came up to 2 · skew before its first copy.
            false => self.blind_until = Some(now + 3 * self.rule.skew),
        }
        room
    }

    fn is_blind(&self, now: Instant) -> bool {
        self.blind_until.is_some_and(|until| now < until)
    }

    fn key(&self, payload: &str) -> Key {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.seed);
        hasher.write(payload.as_bytes());
        Key {
            hash: hasher.finish(),
            len: payload.len(),
        }
    }
}

/// Whether the old socket's copy of what came on the new one at this time may come after the cut.
fn near(phase: &Phase, rule: &TakeoverRule, at: Instant) -> bool {
    match phase {
        Phase::Overlap { cut: Some(cut) } => at + rule.skew > *cut,
        Phase::Overlap { cut: None } | Phase::Abandoned => false,
        Phase::Cut { .. } => true,
    }
}

/// Payloads of the new socket in the order of their arrival, with holes where a pair was found.
#[derive(Default)]
struct Withheld {
    payloads: VecDeque<Option<(Key, Instant, String)>>,
    first: u64,
    bytes: usize,
}

impl Withheld {
    fn push(&mut self, key: Key, now: Instant, payload: &str) -> u64 {
        self.bytes += payload.len();
        self.payloads.push_back(Some((key, now, payload.to_owned())));
        self.first + self.payloads.len() as u64 - 1
    }

    fn drop(&mut self, number: u64) {
        let index = usize::try_from(number - self.first).unwrap_or(usize::MAX);
        if let Some((_, _, text)) = self.payloads.get_mut(index).and_then(Option::take) {
            self.bytes -= text.len();
        }
        self.skip_holes();
    }

    fn pop(&mut self) -> Option<(Key, String)> {
        let (key, _, text) = self.payloads.pop_front()??;
        self.first += 1;
        self.bytes -= text.len();
        self.skip_holes();
        Some((key, text))
    }

    fn oldest(&self) -> Option<Instant> {
        let (_, at, _) = self.payloads.front()?.as_ref()?;
        Some(*at)
    }

    fn is_empty(&self) -> bool {
        self.payloads.is_empty()
    }

    fn skip_holes(&mut self) {
        while let Some(None) = self.payloads.front() {
            self.payloads.pop_front();
            self.first += 1;
        }
    }
}
