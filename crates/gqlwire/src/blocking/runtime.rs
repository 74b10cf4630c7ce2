//! The runtime that calls borrow sockets and timers from, and the waiting itself.

use std::future::IntoFuture;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread, ThreadId};

use tokio::runtime::Handle;

use crate::{Error, ErrorKind};

/// Blocks this thread until a future of this crate is ready: for calls of [`crate::Client`] that
/// [`blocking::Client`](super::Client) does not mirror.
///
/// The future is polled on this thread; the tasks and sockets that it opens live on the runtime of the blocking clients. If
/// it panics, this panics, and nothing else is harmed.
///
/// ```no_run
/// # fn example(client: gqlwire::Client) -> Result<(), gqlwire::Error> {
/// let response = gqlwire::blocking::wait(client.execute("{ viewer { name } }"))?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The future's own; one of the kind [`Config`](ErrorKind::Config) if no thread can be started, or if this is called on the
/// thread of that runtime itself, for example by an [`AuthProvider`](crate::AuthProvider): to wait there would be to wait
/// for ever.
pub fn wait<T>(call: impl IntoFuture<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = background()?;
    let _entered = runtime.enter();
    // Inside of a task this thread has a budget of operations, which only the task's own yielding would refill.
    let mut call = pin!(tokio::task::unconstrained(call.into_future()));
    let parked = Arc::new(Parked {
        thread: thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&parked));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(outcome) = call.as_mut().poll(&mut cx) {
            return outcome;
        }
        // Somebody else's wake-ups of this thread end a `park` too.
        while !parked.woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

struct Parked {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// The one runtime of this process, which lives as long as it does.
static BACKGROUND: Mutex<Option<Background>> = Mutex::new(None);

struct Background {
    runtime: Handle,
    thread: ThreadId,
}

fn background() -> Result<Handle, Error> {
    let mut background = BACKGROUND.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(background) = &*background {
        if background.thread == thread::current().id() {
            return Err(Error::new(
                ErrorKind::Config,
                "a blocking call was made on the thread that all blocking calls rely on, as by an `AuthProvider` or a \
                 `Transport`: await `gqlwire::Client` there",
            ));
        }
        return Ok(background.runtime.clone());
    }
    let failed =
        |error| Error::new(ErrorKind::Config, "the runtime of blocking calls cannot be started").with_source(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(failed)?;
    let handle = runtime.handle().clone();
    let thread = thread::Builder::new()
        .name("gqlwire-blocking".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))
        .map_err(failed)?;
    *background = Some(Background {
        runtime: handle.clone(),
        thread: thread.thread().id(),
    });
    Ok(handle)
}
