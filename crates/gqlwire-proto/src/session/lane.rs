use std::collections::BTreeSet;
use std::time::Instant;

use super::credentials::Remedies;
use super::{Backoff, Cause, Issued};
use crate::connection::{Connection, Refusal, SubscriptionId};

/// A connection as the pool sees it: its subscriptions stay with it from socket to socket.
///
/// ```text
///           a subscription                connection_ack
///   Idle ──────────────────▶ Opening ──────────────────────▶ Ready ──┐ next: another socket beside it (rotation, probe)
///    ▲ idle, or given up      ▲  │ failed, refused             │     │   which becomes the lane's when it has taken over,
///    └────────────────────────┤  ▼                             │ lost│   or when the first one dies
///                             ├─ Waiting ◀─────────────────────┤     └──────────────▶ Ready
///                             └─ Refreshing ◀── refused ───────┘
/// ```
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) phase: LanePhase,
    pub(super) next: Option<Next>,
    pub(super) sockets: Vec<Socket>,
    pub(super) epochs: u32,
    /// Indices of subscriptions.
    pub(super) members: BTreeSet<u32>,
    pub(super) backoff: Backoff,
    pub(super) next_backoff: Backoff,
    pub(super) remedies: Remedies,
    pub(super) clock_corrected: bool,
    /// What happened to the last socket, or the last attempt.
    pub(super) cause: Option<Cause>,
    pub(super) idle_at: Option<Instant>,
    /// Whether the next rotation is another attempt at a probe.
    pub(super) probe_again: bool,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum LanePhase {
    #[default]
    Idle,
    Opening {
        epoch: u32,
    },
    Ready {
        epoch: u32,
    },
    Refreshing {
        generation: u64,
    },
    Waiting {
        until: Instant,
    },
}

/// The socket that is to take over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    pub(super) epoch: u32,
    pub(super) ready: bool,
    pub(super) begun: Instant,
    /// Whether the first one may be dead, so that events may be missing.
    pub(super) probe: bool,
}

#[derive(Debug)]
pub(super) struct Socket {
    pub(super) epoch: u32,
    /// None while it is being opened.
    pub(super) machine: Option<Connection>,
    pub(super) slots: Vec<Slot>,
    free: Vec<u16>,
    pub(super) issued: Issued,
    pub(super) acknowledged: Option<Instant>,
    /// When it is to be replaced.
    pub(super) rotate_at: Option<Instant>,
    /// How often the clock had been corrected when it was signed.
    pub(super) corrections: u32,
    /// Whether the server has been heard to carry out an operation, so that it has accepted the credentials.
    pub(super) works: bool,
    /// What the server said about no subscription in particular.
    pub(super) hint: Option<Refusal>,
}

/// A subscription's place on a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) wire: Option<SubscriptionId>,
    /// None once it has been stopped.
    pub(super) subscription: Option<u32>,
    pub(super) acknowledged: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) epoch: u32,
    pub(super) slot: u16,
}

impl Lane {
    pub(super) fn ready_epoch(&self) -> Option<u32> {
        match self.phase {
            LanePhase::Ready { epoch } => Some(epoch),
            _ => None,
        }
    }

    pub(super) fn main_epoch(&self) -> Option<u32> {
        match self.phase {
            LanePhase::Ready { epoch } | LanePhase::Opening { epoch } => Some(epoch),
            _ => None,
        }
    }

    pub(super) fn next_epoch(&self) -> Option<u32> {
        self.next.map(|next| next.epoch)
    }

    pub(super) fn socket(&self, epoch: u32) -> Option<&Socket> {
        self.sockets.iter().find(|socket| socket.epoch == epoch)
    }

    pub(super) fn socket_mut(&mut self, epoch: u32) -> Option<&mut Socket> {
        self.sockets.iter_mut().find(|socket| socket.epoch == epoch)
    }

    pub(super) fn take_socket(&mut self, epoch: u32) -> Option<Socket> {
        let index = self.sockets.iter().position(|socket| socket.epoch == epoch)?;
        Some(self.sockets.remove(index))
    }

    /// A new socket's epoch.
    pub(super) fn add_socket(&mut self, corrections: u32) -> u32 {
        self.epochs = self.epochs.wrapping_add(1);
        self.sockets.push(Socket {
            epoch: self.epochs,
            machine: None,
            slots: Vec::new(),
            free: Vec::new(),
            issued: Issued::default(),
            acknowledged: None,
            rotate_at: None,
            corrections,
            works: false,
            hint: None,
        });
        self.epochs
    }
}

impl Socket {
    /// A free slot for this subscription; none if 65,535 are in use.
    pub(super) fn take_slot(&mut self, subscription: u32) -> Option<u16> {
        let taken = Slot {
            wire: None,
            subscription: Some(subscription),
            acknowledged: false,
        };
        if let Some(slot) = self.free.pop() {
            self.slots[usize::from(slot)] = taken;
            return Some(slot);
        }
        let slot = u16::try_from(self.slots.len()).ok().filter(|slot| *slot < u16::MAX)?;
        self.slots.push(taken);
        Some(slot)
    }

    pub(super) fn slot_of(&self, wire: SubscriptionId) -> Option<&Slot> {
        let slot = self.slots.get(usize::from(wire.slot()))?;
        (slot.wire == Some(wire)).then_some(slot)
    }

    pub(super) fn slot_mut(&mut self, wire: SubscriptionId) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(usize::from(wire.slot()))?;
        (slot.wire == Some(wire)).then_some(slot)
    }

    /// The slot's subscription is over on this socket.
    pub(super) fn free_slot(&mut self, wire: SubscriptionId) -> Option<Slot> {
        let slot = self.slot_mut(wire)?;
        let freed = *slot;
        *slot = Slot {
            wire: None,
            subscription: None,
            acknowledged: false,
        };
        self.free.push(wire.slot());
        Some(freed)
    }

    /// How many subscriptions the server holds on this socket, or has not answered.
    ///
    /// A refusal may overtake acknowledgements, so that these alone would teach too small a limit.
    pub(super) fn started_slots(&self) -> usize {
        self.slots.iter().filter(|slot| slot.wire.is_some()).count()
    }

    pub(super) fn is_used(&self) -> bool {
        self.slots.iter().any(|slot| slot.subscription.is_some())
    }
}
