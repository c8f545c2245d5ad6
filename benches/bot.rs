#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a program that prints figures: what fails here must be seen"
)]
//! The whole bot: the program as a child process, a real Redis, a real API server, and the simulated Slack on a
//! TCP port. Each figure beside the bare thing on the same servers in the same run. One line of JSON each.
//!
//! `cargo bench --bench bot`, with the servers that `tests/servers/kube.sh` builds. `-- WORD…` measures only the
//! parts `standing`, `asks`, `opening`, `hundred`, `ending`, `pods`; `--short` takes less time over each. A part
//! that fails takes no other with it. What stands around a figure (medians, worst, counts) goes to standard error.

#[path = "common/aims.rs"]
mod aims;
#[path = "bot/asks.rs"]
mod asks;
#[path = "bot/bare.rs"]
mod bare;
#[path = "bot/door.rs"]
mod door;
#[expect(dead_code, reason = "a bench uses a part of what the tests have")]
#[path = "bot/e2e.rs"]
mod e2e;
#[path = "bot/ending.rs"]
mod ending;
#[expect(dead_code, reason = "each bench uses a part of what they share")]
#[path = "common/figure.rs"]
mod figure;
#[path = "bot/hundred.rs"]
mod hundred;
#[path = "bot/opening.rs"]
mod opening;
#[path = "bot/pods.rs"]
mod pods;
#[path = "bot/scene.rs"]
mod scene;
#[expect(dead_code, reason = "a bench uses a part of what the tests have")]
#[path = "bot/servers.rs"]
mod servers;
#[path = "bot/spent.rs"]
mod spent;
#[path = "bot/standing.rs"]
mod standing;

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use scene::Size;

/// In this order.
const PARTS: [&str; 6] = ["standing", "asks", "opening", "hundred", "ending", "pods"];

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let size = match figure::is_a_trial() {
        true => Size::Trial,
        false if words.iter().any(|word| word == "--short") => Size::Short,
        false => Size::Full,
    };
    let named: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let wants = |part: &str| named.is_empty() || named.iter().any(|name| *name == part);
    let mut failed = Vec::new();
    // Those that fill the API server come last.
    for part in PARTS.into_iter().filter(|part| wants(part)) {
        let measuring = AssertUnwindSafe(measure(part, size)).catch_unwind();
        if measuring.await.is_err() {
            failed.push(part);
        }
    }
    if !failed.is_empty() {
        eprintln!("not measured: {failed:?}");
        std::process::exit(1);
    }
}

async fn measure(part: &str, size: Size) {
    match part {
        "standing" => standing::measure(size).await,
        "asks" => asks::measure(size).await,
        "opening" => opening::measure(size).await,
        "hundred" => hundred::measure(size).await,
        "ending" => ending::measure(size).await,
        _ => pods::measure(size).await,
    }
}
