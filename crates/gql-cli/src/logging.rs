use tracing::Level;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::LoggingArgs;
use crate::status;

/// What is written by this project alone: other crates log headers, and in them secrets.
const OURS: [&str; 4] = ["gql_cli", "gqlwire", "gqlwire_proto", "appsync_local"];

/// Starts logging to stderr, if that is asked for.
pub(crate) fn start(options: &LoggingArgs) {
    let level = match (options.debug, options.verbose) {
        (true, _) => Level::DEBUG,
        (_, true) => Level::INFO,
        _ => return,
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| {
            status::make_way();
            std::io::stderr()
        })
        .with_ansi(false)
        .without_time()
        .with_target(options.debug)
        .with_filter(Targets::new().with_targets(OURS.map(|target| (target, level))));
    // Fails only where a subscriber was set before, which nothing does.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}
