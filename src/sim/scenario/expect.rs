//! Whether the town is as a story expects it.

use anyhow::{Context, Result};
use serde_json::Value;

use super::stage::{EVERYWHERE, Stage};
use super::story::Expectation;
use crate::grammar::{self, Phrase};
use crate::netpol::snapshot::Object;
use crate::netpol::{self, Snapshot};
use crate::sim::slack::{Changed, Seen};
use crate::sim::town::gates::ours;
use crate::units::{Seconds, Time};

/// What is wrong, one sentence each; empty: all is as expected.
///
/// # Errors
/// An expectation itself cannot be understood.
pub(super) async fn check_all(stage: &Stage, all: &[Expectation]) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for expectation in all {
        wrong.extend(check(stage, expectation).await?);
    }
    Ok(wrong)
}

async fn check(stage: &Stage, expectation: &Expectation) -> Result<Option<String>> {
    use Expectation as E;
    Ok(match expectation {
        E::Flow { ask, open } => flow(stage, ask, *open)?,
        E::Notice { who, text } => {
            let notice = |seen: &Seen| seen.place == "DM" || seen.thread.is_some();
            lacks(stage, &fresh(stage, who, notice), text)?
        }
        E::Private { who, within, text } => {
            let seen = fresh(stage, who, |seen| seen.private || seen.place == "DM");
            lacks(stage, &in_time(stage, seen, *within), text)?
        }
        E::Channel { channel, text } => {
            let place = format!("#{channel}");
            let seen = fresh(stage, EVERYWHERE, |seen| {
                seen.place == place && !seen.private
            });
            lacks(stage, &seen, text)?
        }
        E::Answer { who, text } => {
            let answer = stage.answers.newest(who);
            let answer = answer.with_context(|| format!("{who} was answered nothing"))?;
            let text = stage.expand(text)?;
            (!answer.contains(&text)).then(|| format!("the answer says: {answer}"))
        }
        E::Form { who, text } => form(stage, who, text.as_deref())?,
        E::Home { who, text } => {
            let home = stage.town.slack.home(who);
            let home = home.with_context(|| format!("{who} has no home tab"))?;
            let (text, home) = (stage.expand(text)?, one_line(&home));
            (!home.contains(&text)).then(|| format!("the home tab says: {home}"))
        }
        E::Card { text, shown } => card(stage, text, *shown)?,
        E::ClusterAsBefore => {
            let changes = stage.before.changes_to(&stage.town.api.state());
            (!changes.is_empty()).then(|| format!("the cluster differs: {}", changes.join("; ")))
        }
        E::NothingOpened => {
            let lives = stage.town.gates.lives();
            lives
                .first()
                .map(|life| format!("`{}` was opened", life.name))
        }
        E::Gates(wanted) => {
            let there = ours(&stage.town.api.objects()).len();
            (there != *wanted).then(|| format!("{there} objects of ours are in the cluster"))
        }
        E::OneCard => {
            let cards = cards(stage)?.len();
            (cards != 1).then(|| format!("{cards} cards were posted"))
        }
        E::NoNewMessages => {
            let fresh = stage.fresh().len();
            (fresh > 0).then(|| format!("messages appeared or changed {fresh} times"))
        }
        E::State(word) => state(stage, word).await?,
        E::Nowhere(text) => nowhere(stage, text).await?,
    })
}

fn flow(stage: &Stage, ask: &str, open: bool) -> Result<Option<String>> {
    let Phrase::Ask(ask) = grammar::parse(ask)? else {
        anyhow::bail!("write `A to B:port`");
    };
    let snapshot = snapshot(&stage.town.api.objects())?;
    let flow = netpol::resolve(&snapshot, &ask.from, &ask.to, ask.ports.as_ref())
        .map_err(|problem| anyhow::anyhow!("{problem}"))?;
    let reach = netpol::reach::reach_with_gates(&snapshot, &flow);
    let word = if reach.is_open() { "open" } else { "closed" };
    Ok((reach.is_open() != open).then(|| format!("it is {word}: {}", reach.why.join("; "))))
}

/// The cluster as it is, not as the bot's watches show it.
fn snapshot(objects: &[Value]) -> Result<Snapshot> {
    let mut read = Vec::new();
    for object in objects {
        let kind = object
            .pointer("/kind")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let value = object.clone();
        read.push(match kind {
            "Namespace" => Object::Namespace(serde_json::from_value(value)?),
            "Pod" => Object::Pod(serde_json::from_value(value)?),
            "Service" => Object::Service(serde_json::from_value(value)?),
            "NetworkPolicy" => Object::Policy(serde_json::from_value(value)?),
            "ReplicaSet" => Object::ReplicaSet(serde_json::from_value(value)?),
            "Deployment" => Object::Deployment(serde_json::from_value(value)?),
            "StatefulSet" => Object::StatefulSet(serde_json::from_value(value)?),
            _ => continue,
        });
    }
    Ok(Snapshot::from_objects(read))
}

/// What somebody sees of the bot's that is new or changed since the last line that did something.
fn fresh(stage: &Stage, who: &str, fits: impl Fn(&Seen) -> bool) -> Vec<Seen> {
    let fresh = stage.fresh();
    let seen = stage.town.slack.seen_by(who);
    seen.into_iter()
        .filter(|seen| fresh.contains(&seen.at) && fits(seen))
        .collect()
}

fn in_time(stage: &Stage, seen: Vec<Seen>, within: Option<Seconds>) -> Vec<Seen> {
    let Some(within) = within else { return seen };
    let latest = within.after(stage.acted_at);
    seen.into_iter()
        .filter(|seen| posted_at(seen).is_some_and(|at| at <= latest))
        .collect()
}

/// Slack's message ids begin with their second and fraction.
fn posted_at(seen: &Seen) -> Option<Time> {
    let (seconds, micros) = seen.at.ts.split_once('.')?;
    let nanos = micros.parse::<u32>().ok()?.checked_mul(1000)?;
    Time::from_timestamp(seconds.parse().ok()?, nanos)
}

fn lacks(stage: &Stage, seen: &[Seen], text: &str) -> Result<Option<String>> {
    let text = stage.expand(text)?;
    if seen.iter().any(|seen| plain(seen).contains(&text)) {
        return Ok(None);
    }
    let there: Vec<String> = seen.iter().map(plain).collect();
    Ok(Some(format!(
        "nothing there says `{text}`, only: {}",
        there.join(" | ")
    )))
}

/// The form that somebody has open, or that they have none (`None`).
fn form(stage: &Stage, who: &str, text: Option<&str>) -> Result<Option<String>> {
    let form = stage.town.slack.form(who);
    let form = form.map(|form| one_line(&[vec![form.title], form.lines, form.errors].concat()));
    Ok(match (form, text) {
        (None, None) => None,
        (None, Some(_)) => Some(format!("{who} has no form open")),
        (Some(form), None) => Some(format!("{who} has a form open: {form}")),
        (Some(form), Some(text)) => {
            let text = stage.expand(text)?;
            (!form.contains(&text)).then(|| format!("the form says: {form}"))
        }
    })
}

/// A message on one line.
fn plain(seen: &Seen) -> String {
    one_line(&seen.lines)
}

fn one_line(lines: &[String]) -> String {
    lines
        .join(" ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The approvers' cards in channels, as they are now, oldest first.
fn cards(stage: &Stage) -> Result<Vec<Seen>> {
    let slack = &stage.town.slack;
    let mut cards = Vec::new();
    for change in slack.changes_since(0) {
        let message = &change.message;
        let asked = message
            .blocks
            .iter()
            .any(|block| block.to_string().contains("\"approve\""));
        let card = change.what == Changed::Posted
            && asked
            && message.only_for.is_none()
            && message.at.channel.starts_with('C');
        if card {
            let now = slack.message(&message.at).context("a card was deleted")?;
            cards.push(slack.render(&now, EVERYWHERE)?);
        }
    }
    Ok(cards)
}

fn card(stage: &Stage, text: &str, shown: bool) -> Result<Option<String>> {
    let text = stage.expand(text)?;
    let newest = cards(stage)?.last().map(plain);
    let newest = newest.context("no card was posted in a channel")?;
    Ok((newest.contains(&text) != shown).then(|| format!("the card says: {newest}")))
}

async fn state(stage: &Stage, word: &str) -> Result<Option<String>> {
    let parts = stage.town.parts().context("the bot is not running")?;
    let id = stage
        .town
        .shelf
        .created()
        .pop()
        .context("nobody asked for anything")?;
    let page = parts.book.load(&id).await?;
    let is = page
        .as_ref()
        .map_or("missing", |page| page.request.state.word());
    Ok((is != word).then(|| format!("the newest request is {is}")))
}

async fn nowhere(stage: &Stage, text: &str) -> Result<Option<String>> {
    let town = &stage.town;
    let bot = town.slack.bot().context("the bot is not in Slack")?;
    let changes = town.slack.changes_since(0);
    let by_bot = changes
        .iter()
        .filter(|change| change.message.author == bot.id);
    let said = by_bot.map(|c| {
        format!(
            "{} {}",
            c.message.text,
            Value::from(c.message.blocks.clone())
        )
    });
    let mut places: Vec<String> = said.collect();
    places.extend(town.api.objects().iter().map(Value::to_string));
    let store = town.shelf.store();
    for id in town.shelf.created() {
        places.extend(store.load(&id).await?.map(|record| record.body));
        places.extend(
            store
                .events(&id, 0)
                .await?
                .into_iter()
                .map(|(_, event)| event),
        );
    }
    let found = places.into_iter().find(|place| place.contains(text));
    Ok(found.map(|place| format!("it is here: {place}")))
}
