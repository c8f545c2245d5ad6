//! `drawbridge demo --headless FILE`: a story in the terminal, everything embedded: the conversation on
//! the left, the cluster on the right.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use super::super::simulate::{SEED, paused_runtime};
use super::super::{Status, complain, say};
use super::terminal;
use crate::sim::scenario::play::Scene;
use crate::sim::scenario::{self, Failure};
use crate::sim::town::Plan;
use crate::store::sqlite::SqliteStore;

/// Reading time for one line of text.
const PER_LINE: Duration = Duration::from_millis(350);

/// Reading time for a scene at the least and at the most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(900), Duration::from_millis(4_500));

/// Plays a file.
pub(super) fn run(file: &Path, fast: bool) -> Status {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            complain(&format!("{}: {error}", file.display()));
            return Status::Misused;
        }
    };
    let story = match scenario::parse(&text) {
        Ok(story) => story,
        Err(error) => {
            complain(&format!("{}: {error}", file.display()));
            return Status::Misused;
        }
    };
    match play(&story, fast) {
        Ok(failures) if failures.is_empty() => {
            terminal::farewell(file).iter().for_each(|line| say(line));
            Status::Done
        }
        Ok(failures) => {
            for Failure { line, message } in failures {
                complain(&format!("{}:{line}: {message}", file.display()));
            }
            Status::No
        }
        Err(error) => {
            complain(&format!("{}: {error:#}", file.display()));
            Status::Unavailable
        }
    }
}

/// Plays the story; what was not as expected.
fn play(story: &scenario::Story, fast: bool) -> Result<Vec<Failure>> {
    let width = terminal::width();
    for line in terminal::title(width) {
        say(&line);
    }
    let mut show = |scene: &Scene| {
        let lines = terminal::scene(scene, width);
        let pause = reading_time(lines.len());
        for line in &lines {
            say(line);
        }
        if !fast && !lines.is_empty() {
            wait(pause);
        }
    };
    // The embedded default, in a folder that goes with this program.
    let folder = tempfile::tempdir().context("making a folder for the embedded store")?;
    let file = folder.path().join("demo.sqlite");
    let plan = Plan::of_stories(
        SEED,
        Box::new(move |clock| Ok(Arc::new(SqliteStore::open(&file, clock)?))),
    );
    let played = paused_runtime()?.block_on(scenario::play(story, &plan, &mut show))?;
    Ok(played.failures)
}

fn reading_time(lines: usize) -> Duration {
    let lines = u32::try_from(lines).unwrap_or(u32::MAX);
    PER_LINE.saturating_mul(lines).clamp(PAUSE.0, PAUSE.1)
}

/// The story's own time stands still meanwhile: only the person at the terminal waits.
#[expect(
    clippy::disallowed_methods,
    reason = "a person reads; nothing waits for this to happen"
)]
fn wait(pause: Duration) {
    std::thread::sleep(pause);
}
