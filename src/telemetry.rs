//! Logs: one JSON object a line on standard error, filtered by `RUST_LOG`.

use tracing_subscriber::EnvFilter;

/// Starts logging with a filter such as `info` or `drawbridge=debug`; a wrong filter counts as `info`.
pub fn start(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // A second start (tests in one process) keeps the first.
    let _ = tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
