#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that prints figures: what fails here must be seen"
)]
//! The store on a real Redis: commits a second from 16 tasks, and what a waiting request costs there. Each
//! beside the bare thing on the same server in the same run.
//!
//! `cargo bench --bench store`.

#[path = "common/aims.rs"]
mod aims;
#[path = "common/commits.rs"]
mod commits;
#[expect(dead_code, reason = "each bench uses a part of what they share")]
#[path = "common/figure.rs"]
mod figure;
#[expect(dead_code, reason = "each bench uses a part of what the tests have")]
#[path = "common/servers.rs"]
mod servers;
#[path = "common/steps.rs"]
mod steps;

use servers::redis::{Product, RedisServer};

/// Pairs of runs, ours and raw in turn; the median of each counts.
const RUNS: usize = 5;

#[tokio::main]
async fn main() {
    let commits = if figure::is_a_trial() { 500 } else { 60_000 };
    let server = RedisServer::start_with(Product::Redis, &["--appendfsync", "everysec"]).await;
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        servers::empty(&server).await;
        ours.push(commits::ours(&server, commits).await);
        servers::empty(&server).await;
        raw.push(commits::raw(&server, commits).await);
    }
    let (ours, raw) = (
        figure::quantile(&mut ours, 0.5),
        figure::quantile(&mut raw, 0.5),
    );
    figure::print("commits", ours, Some(raw));

    let (ours, raw) = commits::own_time(&server, commits / 3).await;
    figure::print("Redis's own time of a commit", ours, Some(raw));

    let ours = commits::memory_of_ours(&server, commits / 3).await;
    let raw = commits::memory_of_raw(&server, commits / 3).await;
    figure::print("memory of a waiting request", ours, Some(raw));
}
