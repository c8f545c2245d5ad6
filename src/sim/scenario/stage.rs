//! The town while a story plays in it, and what was seen there so far.

use std::collections::{BTreeSet, HashMap};

use anyhow::{Context, Result};
use serde_json::Value;

use super::play::Scene;
use super::screens::Screens;
use super::service::Answers;
use super::story::{Act, Excuse, Line};
use super::{expect, words};
use crate::sim::cluster::State;
use crate::sim::slack::{Change, Changed, Message, MessageRef, Seen};
use crate::sim::town::gates::ours;
use crate::sim::town::{Plan, Town};
use crate::units::Time;

/// Stands for the line in scenes that no line of the story caused.
const TIME_PASSES: &str = "time passes";

/// Somebody who is in every channel of the town, and in UTC.
pub(super) const EVERYWHERE: &str = "kim";

/// The stage.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) town: Town,
    /// The cluster at the start.
    pub(super) before: State,
    /// What the story is excused from.
    pub(super) excused: BTreeSet<Excuse>,
    /// When somebody last said or pressed something.
    pub(super) acted_at: Time,
    /// The number of Slack's last change before the last line that did something or let time pass:
    /// expectations look at what is newer.
    episode: u64,
    /// The number of Slack's last change that a scene has shown.
    shown: u64,
    /// Each message as it was last shown: an update that changes nothing visible is not told.
    shown_as: HashMap<MessageRef, Vec<String>>,
    /// Forms and home tabs as they were last shown.
    screens: Screens,
    /// What services were answered.
    pub(super) answers: Answers,
    cluster: State,
    last_line_at: Time,
}

impl Stage {
    pub(super) async fn open(plan: &Plan) -> Result<Self> {
        let town = Town::found(plan).await?;
        let (before, now) = (town.api.state(), town.now());
        let last_change = town
            .slack
            .changes_since(0)
            .last()
            .map_or(0, |change| change.number);
        Ok(Self {
            cluster: before.clone(),
            before,
            excused: BTreeSet::new(),
            acted_at: now,
            episode: last_change,
            shown: last_change,
            shown_as: HashMap::new(),
            screens: Screens::default(),
            answers: Answers::default(),
            last_line_at: now,
            town,
        })
    }

    /// Acts one line out and waits until nothing happens any more. Whatever happened while time
    /// passed before it comes first, a scene for each time that the town fell quiet again. `next` is what
    /// the following line does.
    pub(super) async fn act(&mut self, line: &Line, next: Option<&Act>) -> Result<Vec<Scene>> {
        let expects = matches!(line.act, Act::Expect(_));
        // Under a hardship a town falls quiet later: what is expected after a while may have come
        // while the line before was waited for.
        let waits = line.after.is_some() && !(expects && self.town.hardship().is_some());
        if !expects || waits {
            self.episode = self.shown;
        }
        let mut scenes = Vec::new();
        if let Some(after) = line.after {
            self.last_line_at = after.after(self.last_line_at);
            while let Some(news_at) = self.town.news_until(self.last_line_at).await {
                self.town.settle().await?;
                scenes.push(self.scene(TIME_PASSES.to_owned(), news_at, Vec::new())?);
            }
        } else {
            self.last_line_at = self.town.now();
        }
        let began = self.town.now();
        self.perform(&line.act).await?;
        self.town.settle().await?;
        if let Act::Click { presses, .. } = &line.act {
            self.send_untouched(presses, next).await?;
        }
        let failures = match &line.act {
            Act::Expect(expectations) => expect::check_all(self, expectations).await?,
            _ => Vec::new(),
        };
        scenes.push(self.scene(line.text.clone(), began, failures)?);
        // Nothing that people see: not worth a place in the transcript.
        scenes.retain(|scene| scene.line != TIME_PASSES || !scene.is_empty());
        Ok(scenes)
    }

    fn scene(&mut self, line: String, now: Time, failures: Vec<String>) -> Result<Scene> {
        let (mut messages, cluster) = (self.new_messages()?, self.cluster_changes());
        messages.extend(self.screens.changes(&self.town.slack));
        messages.extend(self.answers.news());
        Ok(Scene {
            line,
            now,
            messages,
            cluster,
            gates: self.gates(),
            failures,
        })
    }

    /// Puts in what `{id}` and the like stand for.
    pub(super) fn expand(&self, text: &str) -> Result<String> {
        words::expand(text, &self.town.shelf.created())
    }

    /// Messages of the bot that are new or changed since the last line that did something.
    pub(super) fn fresh(&self) -> Vec<MessageRef> {
        let changes = self.town.slack.changes_since(self.episode);
        changes
            .into_iter()
            .filter(|c| self.by_bot(c))
            .map(|c| c.message.at)
            .collect()
    }

    fn by_bot(&self, change: &Change) -> bool {
        let bot = self.town.slack.bot();
        bot.is_some_and(|bot| change.message.author == bot.id)
    }

    /// What people saw since the last scene: each message once, as it is now. Slackbot's complaints
    /// are among them.
    fn new_messages(&mut self) -> Result<Vec<Vec<String>>> {
        let slack = &self.town.slack;
        let changes = slack.changes_since(self.shown);
        self.shown = changes.last().map_or(self.shown, |change| change.number);
        let slackbot = slack.person("slackbot").context("Slackbot is not there")?;
        let mut shown: Vec<(MessageRef, bool)> = Vec::new();
        for change in &changes {
            let wanted = self.by_bot(change) || change.message.author == slackbot.id;
            if !wanted || change.what == Changed::Deleted {
                continue;
            }
            let new = change.what == Changed::Posted;
            match shown.iter_mut().find(|(at, _)| *at == change.message.at) {
                Some((_, was_new)) => *was_new |= new,
                None => shown.push((change.message.at.clone(), new)),
            }
        }
        let mut messages = Vec::new();
        for (at, new) in shown {
            let Some(message) = slack.message(&at) else {
                continue;
            };
            let (seen, readers) = self.seen(&message)?;
            let before = self.shown_as.insert(at, seen.lines.clone());
            if before.as_ref() != Some(&seen.lines) {
                messages.push(describe(&seen, &readers, new));
            }
        }
        Ok(messages)
    }

    /// A message as its reader sees it, and who reads it.
    fn seen(&self, message: &Message) -> Result<(Seen, Vec<String>)> {
        let slack = &self.town.slack;
        let only_for = message.only_for.as_deref().and_then(|id| slack.person(id));
        let readers = match only_for {
            Some(person) => vec![person.name],
            None => slack.audience(message),
        };
        let reader = match readers.as_slice() {
            [one] => one,
            _ => EVERYWHERE,
        };
        Ok((slack.render(message, reader)?, readers))
    }

    /// Every message of the bot and of Slackbot as it is now, in the order of posting.
    pub(super) fn all_messages(&self) -> Result<Vec<Vec<String>>> {
        let slack = &self.town.slack;
        let slackbot = slack.person("slackbot").context("Slackbot is not there")?;
        let posted = slack.changes_since(0).into_iter().filter(|change| {
            let wanted = self.by_bot(change) || change.message.author == slackbot.id;
            wanted && change.what == Changed::Posted
        });
        let mut messages = Vec::new();
        for change in posted {
            if let Some(message) = slack.message(&change.message.at) {
                let (seen, readers) = self.seen(&message)?;
                messages.push(describe(&seen, &readers, true));
            }
        }
        Ok(messages)
    }

    fn cluster_changes(&mut self) -> Vec<String> {
        let now = self.town.api.state();
        let changes = self.cluster.changes_to(&now);
        self.cluster = now;
        changes
    }

    fn gates(&self) -> Vec<String> {
        let text = |object: &Value, pointer: &str| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or("?")
                .to_owned()
        };
        let line = |object: &Value| {
            let end = text(object, "/metadata/annotations/drawbridge.dev~1expires-at");
            let clock = end.split(['T', 'Z']).nth(1).unwrap_or_default();
            let direction = text(object, "/spec/policyTypes/0").to_lowercase();
            format!(
                "{}: {direction} until {clock}",
                text(object, "/metadata/namespace")
            )
        };
        ours(&self.town.api.objects()).iter().map(line).collect()
    }
}

/// A message as a transcript shows it.
fn describe(seen: &Seen, readers: &[String], new: bool) -> Vec<String> {
    let place = match (seen.private, seen.place.as_str()) {
        (true, place) => format!("{place} (only {})", readers.join(", ")),
        (false, "DM") => format!("to {}", readers.join(", ")),
        (false, place) => place.to_owned(),
    };
    let thread = if seen.thread.is_some() {
        " (thread)"
    } else {
        ""
    };
    let author = if seen.author == "slackbot" {
        " by Slackbot"
    } else {
        ""
    };
    let sign = if new { "+" } else { "~" };
    let mut lines = vec![format!("{sign} {place}{thread}{author}")];
    lines.extend(seen.lines.iter().map(|line| format!("    {line}")));
    lines
}
