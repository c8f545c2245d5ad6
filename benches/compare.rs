#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that prints figures: what fails here must be seen"
)]
//! The peers' timers on the same Redis, in the same session: BullMQ (Node.js) and asynq (Go), the work of
//! `alarms` with an empty handler and 50 workers.
//!
//! `cargo bench --bench compare`. Their programs are ours (`peers/`); the libraries come from npm and the Go module
//! proxy into `target/peers`. What cannot be installed is said, not measured.

#[path = "common/aims.rs"]
mod aims;
#[expect(dead_code, reason = "each bench uses a part of what they share")]
#[path = "common/figure.rs"]
mod figure;
#[expect(dead_code, reason = "each bench uses a part of what the tests have")]
#[path = "common/servers.rs"]
mod servers;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use servers::redis::{Product, RedisServer};

/// From a run's start until its first job is due. A peer that has not loaded its jobs by then says so.
const LEAD_MS: &str = "30000";

/// A peer and how it is installed and run in its folder.
struct Peer {
    name: &'static str,
    jobs: &'static str,
    files: &'static [(&'static str, &'static str)],
    install: &'static [&'static [&'static str]],
    run: &'static [&'static str],
}

const PEERS: [Peer; 2] = [
    Peer {
        name: "BullMQ",
        jobs: "jobs",
        files: &[
            ("bench.mjs", include_str!("peers/bullmq.mjs")),
            (
                "package.json",
                r#"{"private": true, "dependencies": {"bullmq": "6.7.0", "ioredis": "^6.0.0"}}"#,
            ),
        ],
        install: &[&["npm", "install", "--silent", "--no-audit", "--no-fund"]],
        run: &["node", "bench.mjs"],
    },
    Peer {
        name: "asynq",
        jobs: "tasks",
        files: &[
            ("main.go", include_str!("peers/asynq.go")),
            (
                "go.mod",
                "module bench\n\ngo 1.24.0\n\nrequire github.com/hibiken/asynq v0.26.0\n",
            ),
        ],
        install: &[&["go", "mod", "tidy"], &["go", "build", "-o", "bench", "."]],
        run: &["./bench"],
    },
];

#[tokio::main]
async fn main() {
    let trial = figure::is_a_trial();
    for peer in &PEERS {
        if trial {
            // Nothing is installed for a look at the shape.
            for what in ["in 30 s: lateness p99", "at once"] {
                figure::print(&figure_of(peer, what), 1.0, None);
            }
            continue;
        }
        let folder = install(peer);
        for (what, window_ms, key) in [
            ("in 30 s: lateness p99", 30_000, "p99"),
            ("at once", 0, "rate"),
        ] {
            let name = figure_of(peer, what);
            let told = match &folder {
                Ok(folder) => run(peer, folder, window_ms).await,
                Err(why) => Err(why.clone()),
            };
            match told.map(|figures| figures[key].as_f64()) {
                Ok(Some(value)) => figure::print(&name, value, None),
                Ok(None) => figure::print_missing(&name, "its program told another figure"),
                Err(why) => figure::print_missing(&name, &why),
            }
        }
    }
}

fn figure_of(peer: &Peer, what: &str) -> String {
    format!("{}, 100,000 {} {what}", peer.name, peer.jobs)
}

fn install(peer: &Peer) -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
    let folder = target.join(peer.name.to_lowercase());
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    for (name, text) in peer.files {
        std::fs::write(folder.join(name), text).map_err(|error| error.to_string())?;
    }
    for words in peer.install {
        let done = Command::new(words[0])
            .args(&words[1..])
            .current_dir(&folder)
            .output();
        match done {
            Ok(done) if done.status.success() => {}
            Ok(done) => {
                return Err(format!(
                    "{words:?}: {}",
                    String::from_utf8_lossy(&done.stderr)
                ));
            }
            Err(error) => return Err(format!("{words:?}: {error}")),
        }
    }
    Ok(folder)
}

/// On a Redis of its own, with the settings of `alarms`.
async fn run(peer: &Peer, folder: &Path, window_ms: u32) -> Result<Value, String> {
    let server = RedisServer::start_with(Product::Redis, &["--appendfsync", "everysec"]).await;
    let done = Command::new(peer.run[0])
        .args(&peer.run[1..])
        .args([
            &server.port().to_string(),
            "100000",
            &window_ms.to_string(),
            LEAD_MS,
        ])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let why = String::from_utf8_lossy(&done.stderr).into_owned();
    let line = said
        .lines()
        .find_map(|line| serde_json::from_str(line).ok());
    line.ok_or_else(|| format!("it told no figures: {said} {why}"))
}
