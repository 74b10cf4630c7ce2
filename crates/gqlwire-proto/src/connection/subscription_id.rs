use std::fmt;

/// A subscription on its connection. On the wire it is this number, in a string; it is never used twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SubscriptionId(u64);

impl SubscriptionId {
    /// The id with this number.
    pub(crate) fn numbered(number: u64) -> Self {
        Self(number)
    }

    /// The id of the nth subscription of a connection, which stands in a slot.
    pub(crate) fn in_slot(nth: u64, slot: u16) -> Self {
        Self((nth << 16) | u64::from(slot))
    }

    /// Reads an id as this client writes it, and in no other way: `01` and `+1` are not `1`.
    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [b'1'..=b'9', ..] => text.parse().ok().map(Self),
            _ => None,
        }
    }

    /// The number that goes over the wire.
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    /// The slot that it was started in; see [`Connection::start_in`](super::Connection::start_in).
    pub fn slot(self) -> u16 {
        (self.0 & u64::from(u16::MAX)) as u16
    }
}

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
