//! `drawbridge demo`: the main story in the terminal, everything embedded: the conversation on the
//! left, the cluster on the right.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use super::simulate::paused_runtime;
use super::{Status, complain, say};
use crate::sim::scenario;
use crate::sim::scenario::play::Scene;
use crate::sim::town::Plan;
use crate::store::sqlite::SqliteStore;

mod page;

/// The story that is played: the same file that the tests replay.
const STORY: &str = include_str!("../../tests/scenarios/main_story.txt");

/// The seed of the demo: the ids on the screen are those of the documentation.
const SEED: u64 = 7;

/// Reading time for one line of text.
const PER_LINE: Duration = Duration::from_millis(350);

/// Reading time for a scene at the least and at the most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(900), Duration::from_millis(4_500));

/// Runs the command.
pub fn run(fast: bool) -> Status {
    match play(fast) {
        Ok(0) => {
            for line in page::farewell() {
                say(line);
            }
            Status::Done
        }
        Ok(failures) => {
            complain(&format!("{failures} expectation(s) of the story failed"));
            Status::No
        }
        Err(error) => {
            complain(&format!("drawbridge demo: {error:#}"));
            Status::Unavailable
        }
    }
}

/// Plays the story; how many expectations failed.
fn play(fast: bool) -> Result<usize> {
    let story = scenario::parse(STORY)?;
    let width = page::width();
    for line in page::title(width) {
        say(&line);
    }
    let mut show = |scene: &Scene| {
        let lines = page::scene(scene, width);
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
    let plan = Plan {
        seed: SEED,
        store: Box::new(move |clock| Ok(Arc::new(SqliteStore::open(&file, clock)?))),
    };
    let played = paused_runtime()?.block_on(scenario::play(&story, &plan, &mut show))?;
    Ok(played.failures.len())
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
