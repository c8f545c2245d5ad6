//! `drawbridge simulate`: scenario files on a manual clock.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Status, complain, say};
use crate::sim::scenario::{self, Failure, Played};
use crate::sim::slack::Setup;
use crate::sim::town::{Hardship, Plan};

/// The seed of every story: ids and names are the same in every run.
pub(super) const SEED: u64 = 7;

/// Runs the command; `hardship`: what every story is played under.
pub fn run(files: &[PathBuf], hardship: Option<Hardship>) -> Status {
    let mut status = Status::Done;
    for file in files {
        match play(file, hardship) {
            Ok(played) => {
                say(&format!("== {}\n{}", file.display(), played.transcript));
                for failure in played.failures {
                    let Failure { line, message } = failure;
                    complain(&format!("{}:{line}: {message}", file.display()));
                    status = Status::No;
                }
            }
            Err(error) => {
                complain(&format!("{}: {error:#}", file.display()));
                return Status::Misused;
            }
        }
    }
    status
}

/// Plays one file, if wanted under a hardship.
///
/// # Errors
/// The file cannot be read, understood or acted out.
pub fn play(file: &Path, hardship: Option<Hardship>) -> Result<Played> {
    let plan = Plan { hardship, ..plan() };
    play_as(file, &plan)
}

/// Plays one file in a town whose Slack is set up like that.
///
/// # Errors
/// As [`play`].
pub fn play_in(file: &Path, slack: Setup) -> Result<Played> {
    let plan = Plan { slack, ..plan() };
    play_as(file, &plan)
}

fn plan() -> Plan {
    Plan::in_memory(SEED)
}

/// On a runtime of its own.
fn play_as(file: &Path, plan: &Plan) -> Result<Played> {
    let text = std::fs::read_to_string(file).context("cannot be read")?;
    let story = scenario::parse(&text)?;
    paused_runtime()?.block_on(scenario::play(&story, plan, &mut |_| {}))
}

/// A runtime whose time stands still while anything can run.
///
/// # Errors
/// The system gives no resources for it.
pub fn paused_runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .context("starting the runtime")
}
