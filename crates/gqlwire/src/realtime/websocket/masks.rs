use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// Masking keys, and the nonce of a handshake (RFC 6455, §5.3 and §4.1).
///
/// They must not be foreseen by whoever chooses what is sent, even if he has seen earlier ones. Here they are the numbers
/// from one on, put through a hash (SipHash) whose key the standard library has from the system's randomness: made to
/// withstand those who choose its input and see its output, so keys tell nothing about the next. There is no secret in
/// them that would have to last.
#[derive(Debug)]
pub(super) struct Masks {
    hash: RandomState,
    count: u64,
}

impl Masks {
    /// Those of one connection.
    pub(super) fn new() -> Self {
        Self {
            hash: RandomState::new(),
            count: 0,
        }
    }

    pub(super) fn mask(&mut self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.roll();
        [a, b, c, d]
    }

    pub(super) fn nonce(&mut self) -> [u8; 16] {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.roll());
        nonce[8..].copy_from_slice(&self.roll());
        nonce
    }

    fn roll(&mut self) -> [u8; 8] {
        self.count += 1;
        self.hash.hash_one(self.count).to_ne_bytes()
    }
}
