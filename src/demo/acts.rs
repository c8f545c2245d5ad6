//! What a visitor does as somebody of the town: the acts of the page, carried out by its Slack.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::play::Stage;
use crate::sim::slack::{MessageRef, Slack, Spot};

/// An act, and by whom.
#[derive(Debug, Deserialize)]
pub(super) struct Given {
    r#as: String,
    act: Act,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    /// A message, a reply or a slash command, as it was typed.
    Say {
        channel: String,
        thread: Option<String>,
        text: String,
    },
    /// A button, or a value for another element.
    Use {
        #[serde(flatten)]
        spot: Spot,
        #[serde(default)]
        value: Value,
    },
    /// The open form, filled in: values by block and action.
    Submit { view: String, values: Value },
    /// The open form, dismissed.
    Close { view: String },
    /// All forms on top of each other, dismissed.
    Dismiss {},
    /// The app's home tab.
    Home {},
    /// What an element with outside options offers for a text.
    Suggest {
        #[serde(flatten)]
        spot: Spot,
        query: String,
    },
    /// A shortcut of a message.
    Shortcut {
        callback_id: String,
        #[serde(flatten)]
        message: MessageRef,
    },
}

/// Carries an act out; what it found, for those that ask.
///
/// # Errors
/// A sentence for the visitor.
pub(super) async fn perform(stage: &Stage, given: Given) -> Result<Option<Map<String, Value>>> {
    stage.awake().await;
    let slack = stage.play().await.town.slack.clone();
    let who = slack
        .person(&given.r#as)
        .with_context(|| format!("there is nobody called `{}`", given.r#as))?
        .id;
    match given.act {
        Act::Say {
            channel,
            thread,
            text,
        } => say(&slack, &who, (&channel, thread), &text)?,
        Act::Use { spot, value } => slack.use_element(&who, &spot, &value)?,
        Act::Submit { view, values } => slack.submit_view(&who, &view, &values)?,
        Act::Close { view } => slack.close_view(&who, &view)?,
        Act::Dismiss {} => slack.dismiss(&who)?,
        Act::Home {} => slack.open_home(&who)?,
        Act::Suggest { spot, query } => {
            let offered = slack.suggest(&who, &spot, &query).await?;
            return Ok(offered.as_object().cloned());
        }
        Act::Shortcut {
            callback_id,
            message,
        } => slack.shortcut(&who, &callback_id, Some(&message))?,
    }
    Ok(None)
}

/// A text that begins with a declared command is that command, as in Slack's own composer. In a thread
/// it is refused, as Slack does.
fn say(
    slack: &Slack,
    who: &str,
    (channel, thread): (&str, Option<String>),
    text: &str,
) -> Result<()> {
    let bot = format!("@{}", slack.setup().name);
    let channel = if channel == "@app" { &bot } else { channel };
    let text = text.trim();
    anyhow::ensure!(!text.is_empty(), "write something first");
    let word = text.split_whitespace().next().unwrap_or_default();
    if word.starts_with('/') {
        anyhow::ensure!(
            thread.is_none(),
            "{word} does not work in threads, as in Slack: write it in the channel"
        );
        slack.command(who, channel, text)?;
        return Ok(());
    }
    match thread {
        Some(ts) => {
            let channel = channel.to_owned();
            slack.reply(who, &MessageRef { channel, ts }, text)?;
        }
        None => drop(slack.say(who, channel, text)?),
    }
    Ok(())
}
