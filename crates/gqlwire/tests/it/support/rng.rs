/// Numbers that a seed determines (SplitMix64), so that a failure can be run again.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// By the seed in this environment variable, or by one of its own.
    pub(crate) fn from_env(variable: &str) -> Self {
        let seed = std::env::var(variable).map(|seed| seed.parse().expect("the seed is a number"));
        let seed = seed.unwrap_or_else(|_| {
            use std::hash::{BuildHasher, Hasher, RandomState};
            RandomState::new().build_hasher().finish()
        });
        println!("{variable}={seed}");
        Self(seed)
    }

    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Less than this.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
