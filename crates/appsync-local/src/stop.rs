use tokio::sync::watch;

/// Tells a task that the server is to end.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    pub(crate) fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Ends once the server is to end, or is gone. Cancel safe.
    pub(crate) async fn asked(&mut self) {
        // An error means that the server was dropped, which asks for the same.
        _ = self.0.wait_for(|asked| *asked).await;
    }
}
