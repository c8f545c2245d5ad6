//! Who is who: asked of Slack and the on-call sources where a token is set, else as the flags tell.

use std::collections::{BTreeMap, BTreeSet};

use super::misused;
use crate::cli::picture::Nothing;
use crate::cli::workspace::{self, ONCE, patient};
use crate::cli::{Status, complain};
use crate::config;
use crate::rules::{Needs, Principal, Roll};
use crate::slack::{Directory, SlackApi, SlackError};

/// What is known of people.
#[derive(Debug)]
pub(super) enum People {
    /// Slack was asked.
    Asked(Roll),
    /// It was not; the requester is in these groups, by their keys.
    Told(BTreeSet<String>),
}

/// Asks Slack where that is possible.
pub(super) fn find(
    env: &BTreeMap<String, String>,
    needs: &Needs,
    told: &[String],
) -> Result<People, Nothing> {
    if env.get("SLACK_BOT_TOKEN").is_none_or(String::is_empty) {
        return Ok(People::Told(told.iter().cloned().collect()));
    }
    if !told.is_empty() {
        return Err(misused(
            "`--member-of` is for where Slack is not asked: leave it out, or unset SLACK_BOT_TOKEN",
        ));
    }
    let online = config::online::read(env).map_err(|problems| misused(&problems.to_string()))?;
    let asked = workspace::ask(&online, async |directory, api| {
        roll(directory, api, needs).await
    });
    let unavailable = |problem: String| {
        complain(&problem);
        Nothing(Status::Unavailable)
    };
    let asked = asked.map_err(|error| unavailable(format!("cannot start: {error}")))?;
    let roll = asked.map_err(|error| unavailable(format!("slack cannot be asked: {error}")))?;
    Ok(People::Asked(roll))
}

/// Everybody who matters.
///
/// # Errors
/// Slack cannot be asked.
async fn roll(directory: &Directory, api: &SlackApi, needs: &Needs) -> Result<Roll, SlackError> {
    // A token that is not accepted is told as that, not as a workspace without anybody.
    api.whoami().await?;
    patient(async || directory.roll(&needs.users, &needs.groups, ONCE).await).await
}

impl People {
    /// What the explanation leaves out, for whoever reads it.
    pub(super) fn unseen(&self, who: &Principal) -> Vec<String> {
        let mut sentences = match self {
            Self::Asked(_) => {
                vec!["who is away, and who stands in for them: the store is not read".to_owned()]
            }
            Self::Told(groups) => told(groups, who),
        };
        sentences.push("what was asked before: limits count as if nothing was".to_owned());
        sentences
    }

    /// Whence it is known.
    pub(super) const fn source(&self) -> &'static str {
        match self {
            Self::Asked(_) => "slack",
            Self::Told(_) => "flags",
        }
    }
}

fn told(groups: &BTreeSet<String>, who: &Principal) -> Vec<String> {
    let mut sentences = vec![
        "who is in which group: SLACK_BOT_TOKEN is not set, so Slack was not asked".to_owned(),
    ];
    if who.person().is_some() {
        let names: Vec<String> = groups.iter().map(|key| named(key)).collect();
        let of = match names.as_slice() {
            [] => "no group".to_owned(),
            names => names.join(", "),
        };
        sentences.push(format!(
            "`{who}` counts as a full member in {of}, by `--member-of`; of others nothing is known"
        ));
    }
    sentences
}

/// A key as people write it.
fn named(key: &str) -> String {
    if key.starts_with('#') || key.starts_with("oncall:") {
        format!("`{key}`")
    } else {
        format!("`@{key}`")
    }
}
