use std::fmt;

use super::header::CONTROL;

/// The answer to a ping: what that one carried (§5.5.3).
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Pong {
    len: u8,
    payload: [u8; CONTROL],
}

impl Pong {
    /// A control frame's payload is never longer than what is held here.
    pub(super) fn to(ping: &[u8]) -> Self {
        let len = ping.len().min(CONTROL);
        let mut payload = [0; CONTROL];
        payload[..len].copy_from_slice(&ping[..len]);
        Self {
            len: len as u8,
            payload,
        }
    }

    /// At most 125 bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload[..usize::from(self.len)]
    }
}

impl fmt::Debug for Pong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pong").field("len", &self.len).finish_non_exhaustive()
    }
}
