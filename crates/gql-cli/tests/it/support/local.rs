use appsync_local::{Builder, Server, Stats};
use tokio::runtime::Runtime;

/// A local AppSync inside of the test's process.
#[derive(Debug)]
pub(crate) struct Local {
    server: Server,
    _runtime: Runtime,
}

/// The key that [`Local::start`] accepts.
pub(crate) const KEY: &str = "da2-localkey";

impl Local {
    /// The messages API for anybody with [`KEY`].
    pub(crate) fn start() -> Self {
        Self::with(Server::builder().api_key(KEY))
    }

    pub(crate) fn with(builder: Builder) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let server = runtime.block_on(builder.bind("127.0.0.1:0")).unwrap();
        Self {
            server,
            _runtime: runtime,
        }
    }

    pub(crate) fn key(&self) -> &'static str {
        KEY
    }

    pub(crate) fn url(&self) -> String {
        self.server.http_url()
    }

    pub(crate) fn realtime_url(&self) -> String {
        self.server.realtime_url()
    }

    pub(crate) fn stats(&self) -> Stats {
        self.server.stats()
    }
}
