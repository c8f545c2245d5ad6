//! Acts a story out in a town, line by line, and writes down what people saw.

use std::fmt::Write as _;

use anyhow::{Context, Result};

use super::stage::Stage;
use super::story::Story;
use super::{end, ledger};
use crate::id::RequestId;
use crate::sim::town::Plan;
use crate::units::Time;

/// The outcome of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// What was written and what people saw, as text.
    pub transcript: String,
    /// What was not as expected.
    pub failures: Vec<Failure>,
    /// Every message as it stands in the end, in the order of posting, with its place first.
    pub messages: Vec<Vec<String>>,
    /// Every change of the cluster, in order.
    pub cluster: Vec<String>,
    /// The requests that were made, oldest first.
    pub requests: Vec<RequestId>,
}

/// Something that was not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Line number in the file; of the last line, for what is checked when a story ends.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Told of every line as soon as it was acted out: the demo shows it then.
pub type Audience<'a> = &'a mut dyn FnMut(&Scene);

/// One line of a story, or a moment while time passes, and what followed from it.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The line as written; `time passes` for what no line caused.
    pub line: String,
    /// The town's time when it began.
    pub now: Time,
    /// What people saw, one entry a message, a form or a home tab, each with its lines.
    pub messages: Vec<Vec<String>>,
    /// What changed in the cluster.
    pub cluster: Vec<String>,
    /// Policies of ours that are in the cluster now, one line each.
    pub gates: Vec<String>,
    /// What was not as expected.
    pub failures: Vec<String>,
}

impl Scene {
    /// Whether nothing was to be seen.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.cluster.is_empty() && self.failures.is_empty()
    }
}

/// Acts a story out.
///
/// # Errors
/// The story asks for something impossible (a person who is not there), or the town broke down.
pub async fn play(story: &Story, plan: &Plan, audience: Audience<'_>) -> Result<Played> {
    let mut stage = Stage::open(plan).await?;
    let mut played = Played {
        transcript: String::new(),
        failures: Vec::new(),
        messages: Vec::new(),
        cluster: Vec::new(),
        requests: Vec::new(),
    };
    for (at, line) in story.lines.iter().enumerate() {
        let next = story.lines.get(at + 1).map(|line| &line.act);
        let scenes = stage.act(line, next).await;
        let scenes = scenes.with_context(|| format!("line {}: {}", line.number, line.text))?;
        for scene in scenes {
            write_scene(&mut played.transcript, &scene);
            note(&mut played, line.number, &scene.failures);
            audience(&scene);
            played.cluster.extend(scene.cluster);
        }
    }
    let last = story.lines.last().map_or(1, |line| line.number);
    let unfinished = end::check(&stage).await?;
    note(&mut played, last, &unfinished);
    played.messages = stage.all_messages()?;
    played.requests = stage.town.shelf.created();
    // Last: it may take some of the town's time.
    note(&mut played, last, &ledger::check(&stage).await?);
    stage.town.close().await;
    Ok(played)
}

fn note(played: &mut Played, line: usize, messages: &[String]) {
    let failures = messages
        .iter()
        .cloned()
        .map(|message| Failure { line, message });
    played.failures.extend(failures);
}

fn write_scene(transcript: &mut String, scene: &Scene) {
    let _ = writeln!(
        transcript,
        "{}  {}",
        scene.now.format("%H:%M:%S"),
        scene.line
    );
    for line in scene.messages.iter().flatten() {
        let _ = writeln!(transcript, "            {line}");
    }
    for line in &scene.cluster {
        let _ = writeln!(transcript, "            cluster {line}");
    }
    for failure in &scene.failures {
        let _ = writeln!(transcript, "            NOT AS EXPECTED: {failure}");
    }
}
