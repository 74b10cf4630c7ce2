use std::time::Duration;

/// The session's dice: a sequence that its seed decides, so that a test can replay what a user met.
///
/// It spreads reconnections over time and keeps hashes from being guessed; it makes no secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Dice that fall as this seed says. Take it from the system's randomness.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number; each of all is as likely as another (SplitMix64).
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// A share of a duration: nothing of it for 0, nearly all of it for [`u64::MAX`].
pub(super) fn share(of: Duration, roll: u64) -> Duration {
    let nanos = (of.as_nanos().min(u128::from(u64::MAX)) * u128::from(roll)) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
