use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::sync::{Notify, mpsc};

use crate::limits::Limits;

/// Where everything that a connection has to say waits for its socket.
///
/// Bounded in frames and bytes. Putting something in never waits: when the bound is reached the connection is told to
/// close, so a reader that is too slow costs itself and nobody else.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    frames: mpsc::Sender<String>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queued_bytes: AtomicUsize,
    max_bytes: usize,
    overflow: Notify,
}

/// The end of an [`Outbox`] that its socket takes from.
#[derive(Debug)]
pub(crate) struct Outgoing {
    frames: mpsc::Receiver<String>,
    shared: Arc<Shared>,
}

impl Outbox {
    pub(crate) fn new(limits: &Limits) -> (Self, Outgoing) {
        let (sender, receiver) = mpsc::channel(limits.queued_frames.max(1));
        let shared = Arc::new(Shared {
            queued_bytes: AtomicUsize::new(0),
            max_bytes: limits.queued_bytes,
            overflow: Notify::new(),
        });
        let outbox = Self {
            frames: sender,
            shared: Arc::clone(&shared),
        };
        let outgoing = Outgoing {
            frames: receiver,
            shared,
        };
        (outbox, outgoing)
    }

    /// Queues a frame, or asks for the connection's end if there is no room. After that end it does nothing.
    pub(crate) fn push(&self, frame: String) {
        let bytes = frame.len();
        let queued = self.shared.queued_bytes.fetch_add(bytes, Relaxed);
        // A frame larger than the whole bound passes when nothing waits before it.
        let fits = queued == 0 || queued + bytes <= self.shared.max_bytes;
        if fits && self.frames.try_send(frame).is_ok() {
            return;
        }
        self.shared.queued_bytes.fetch_sub(bytes, Relaxed);
        if !self.frames.is_closed() {
            self.shared.overflow.notify_one();
        }
    }

    /// Ends once there was no room. Cancel safe.
    pub(crate) async fn overflow(&self) {
        self.shared.overflow.notified().await;
    }
}

impl Outgoing {
    /// The next frame, as soon as there is one. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let frame = self.frames.recv().await?;
        Some(self.taken(frame))
    }

    /// The next frame, if there is one now.
    pub(crate) fn ready(&mut self) -> Option<String> {
        let frame = self.frames.try_recv().ok()?;
        Some(self.taken(frame))
    }

    fn taken(&self, frame: String) -> String {
        self.shared.queued_bytes.fetch_sub(frame.len(), Relaxed);
        frame
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn limits(frames: usize, bytes: usize) -> Limits {
        Limits {
            queued_frames: frames,
            queued_bytes: bytes,
            ..Limits::default()
        }
    }

    #[test]
    fn frames_come_out_in_order_and_make_room() {
        let (outbox, mut outgoing) = Outbox::new(&limits(2, 1000));
        for round in 0..10 {
            outbox.push(format!("{round}"));
            outbox.push(format!("{round}b"));
            assert_eq!(outgoing.ready().unwrap(), format!("{round}"));
            assert_eq!(outgoing.ready().unwrap(), format!("{round}b"));
        }
        assert!(outbox.overflow().now_or_never().is_none());
    }

    #[test]
    fn one_frame_or_byte_too_many_asks_for_the_end() {
        let (outbox, _outgoing) = Outbox::new(&limits(2, 1000));
        for _ in 0..3 {
            outbox.push("x".into());
        }
        assert!(outbox.overflow().now_or_never().is_some());

        let (outbox, _outgoing) = Outbox::new(&limits(20, 10));
        outbox.push("x".repeat(8));
        outbox.push("x".repeat(3));
        assert!(outbox.overflow().now_or_never().is_some());
    }
}
