//! A thread that writes to stdout.
//!
//! ```text
//!  the runtime's thread ──line──▶ pending (bounded) ──all of it──▶ written and flushed by the thread
//! ```
//!
//! A reader that has stopped reading, such as a pager, lets the pipe fill up, and then a write takes until it goes on.
//! The runtime's thread must not sit in that: it has signals and keep-alives to see to.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// From how many bytes on more is not taken, besides those that are being written. A reader that pauses for a while loses
/// nothing.
const ROOM: usize = 4 * 1024 * 1024;

/// How long [`Background::settle`] waits for a reader that is not reading.
const PATIENCE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Background {
    shared: Arc<Shared>,
    /// Changes with each write.
    writes: watch::Receiver<()>,
    /// The reader was waited for, and did not read.
    is_stuck: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    pending: Vec<u8>,
    /// Whether the thread has taken something that it has not written yet.
    is_writing: bool,
    failure: Option<io::Error>,
    /// Nothing more is coming.
    is_closed: bool,
}

impl Background {
    pub(super) fn start(into: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let (wrote, writes) = watch::channel(());
        let thread = Arc::clone(&shared);
        thread::Builder::new()
            .name("stdout".to_owned())
            .spawn(move || write_on(&thread, into, &wrote))?;
        Ok(Self {
            shared,
            writes,
            is_stuck: false,
        })
    }

    /// Hands over what is to be written next.
    pub(super) fn write(&self, bytes: &[u8]) {
        let mut state = self.shared.lock();
        if state.failure.is_none() {
            state.pending.extend_from_slice(bytes);
            self.shared.changed.notify_all();
        }
    }

    /// Ready when there is room, which there also is for what nobody will read. Cancel safe.
    pub(super) async fn has_room(&self) {
        self.until(|state| state.pending.len() < ROOM || state.failure.is_some())
            .await;
    }

    /// Ready when all is written.
    ///
    /// # Errors
    ///
    /// A write failed. Cancel safe.
    pub(super) async fn written(&self) -> io::Result<()> {
        self.until(|state| state.is_idle() || state.failure.is_some()).await;
        self.shared.lock().failure.take().map_or(Ok(()), Err)
    }

    /// Ready when a write failed: never, as long as none does. Cancel safe.
    pub(super) async fn failed(&self) {
        self.until(|state| state.failure.is_some()).await;
    }

    /// Waits until all is written, but not for a reader that is not reading: what is said next on stderr is then read
    /// after it.
    pub(super) fn settle(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.shared.lock();
        while !state.is_idle() && state.failure.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.is_stuck || left.is_zero() {
                self.is_stuck = true;
                return;
            }
            state = self
                .shared
                .changed
                .wait_timeout(state, left)
                .map_or_else(|error| error.into_inner().0, |(state, _)| state);
        }
        self.is_stuck = false;
    }

    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        let mut writes = self.writes.clone();
        loop {
            writes.borrow_and_update();
            if is_so(&self.shared.lock()) {
                return;
            }
            if writes.changed().await.is_err() {
                // The thread is gone, and has said why before it went.
                return;
            }
        }
    }
}

/// The thread ends by itself, at the latest with the process.
impl Drop for Background {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.pending.is_empty() && !self.is_writing
    }
}

/// Writes what is pending, all of it at once, until a write fails or nothing more comes.
fn write_on(shared: &Shared, mut into: impl Write, wrote: &watch::Sender<()>) {
    let mut taken = Vec::new();
    loop {
        let mut state = shared.lock();
        while state.pending.is_empty() {
            if state.is_closed {
                return;
            }
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut state.pending, &mut taken);
        state.is_writing = true;
        drop(state);
        let outcome = into.write_all(&taken).and_then(|()| into.flush());
        taken.clear();
        // Not for ever as large as the largest burst.
        taken.shrink_to(64 * 1024);
        let mut state = shared.lock();
        state.is_writing = false;
        let failed = outcome.is_err();
        state.failure = outcome.err();
        if failed {
            state.pending = Vec::new();
        }
        drop(state);
        shared.changed.notify_all();
        let _ = wrote.send(());
        if failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use futures_util::FutureExt;

    use super::*;

    /// Takes a write when the test lets it, and says what it was.
    struct Slow {
        begun: Sender<()>,
        allowed: Receiver<io::Result<()>>,
        written: Sender<Vec<u8>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.begun.send(());
            self.allowed.recv().unwrap_or(Ok(()))?;
            let _ = self.written.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    type Allow = Sender<io::Result<()>>;

    fn slow() -> (Background, Allow, Receiver<Vec<u8>>) {
        let (background, allow, writes, _) = slow_and_begun();
        (background, allow, writes)
    }

    fn slow_and_begun() -> (Background, Allow, Receiver<Vec<u8>>, Receiver<()>) {
        let (begun, begins) = channel();
        let (allow, allowed) = channel();
        let (written, writes) = channel();
        let slow = Slow {
            begun,
            allowed,
            written,
        };
        (Background::start(slow).unwrap(), allow, writes, begins)
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn lines_come_in_order_and_the_last_is_waited_for() {
        let (background, allow, writes) = slow();
        for line in ["one\n", "two\n", "three\n"] {
            background.write(line.as_bytes());
        }
        assert!(background.written().now_or_never().is_none());
        drop(allow);
        block_on(background.written()).unwrap();
        drop(background);
        assert_eq!(writes.iter().flatten().collect::<Vec<_>>(), b"one\ntwo\nthree\n");
    }

    #[test]
    fn there_is_no_room_while_the_reader_does_not_read() {
        let (background, allow, writes, begins) = slow_and_begun();
        background.write(b"taken");
        begins.recv().unwrap();
        background.write(&vec![b'x'; ROOM]);
        background.write(b"y");
        assert!(background.has_room().now_or_never().is_none());
        drop(allow);
        block_on(background.has_room());
        block_on(background.written()).unwrap();
        drop(background);
        assert_eq!(writes.iter().flatten().count(), 5 + ROOM + 1);
    }

    #[test]
    fn a_failure_is_told_and_makes_room() {
        let (background, allow, _writes) = slow();
        assert!(background.failed().now_or_never().is_none());
        background.write(b"a");
        allow.send(Err(io::ErrorKind::BrokenPipe.into())).unwrap();
        block_on(background.failed());
        background.write(&vec![b'x'; 2 * ROOM]);
        block_on(background.has_room());
        let error = block_on(background.written()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_reader_that_does_not_read_is_waited_for_once() {
        let (mut background, allow, _writes) = slow();
        background.write(b"a");
        background.settle();
        assert!(background.is_stuck);
        let before = Instant::now();
        background.settle();
        assert!(before.elapsed() < PATIENCE);
        drop(allow);
        block_on(background.written()).unwrap();
        background.settle();
        assert!(!background.is_stuck);
    }
}
