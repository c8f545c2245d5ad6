//! The home tab: what waits for a person, what is theirs, and what they may ask for.

use std::collections::BTreeSet;

use anyhow::Result;

use super::Parts;
use super::fresh::FRESH;
use crate::id::Shard;
use crate::request::Request;
use crate::rules::{self, UserId};
use crate::slack::SlackError;
use crate::view::Screen;
use crate::view::form::home::{self, Home};

/// Open requests that are looked at for those that wait for somebody.
const LOOKED_AT: usize = 500;

/// Ids read from the store in one call.
const AT_ONCE: usize = 100;

/// Own requests looked at.
const OWN: usize = 30;

/// Shows a member's home tab as it is now.
///
/// # Errors
/// The store or Slack could not be asked.
pub async fn publish(parts: &Parts, user: &UserId) -> Result<()> {
    show(parts, user, &home::home(&model(parts, user).await?)).await
}

/// Shows the home tab of somebody who may not use the bot.
///
/// # Errors
/// Slack could not be asked.
pub async fn publish_closed(parts: &Parts, user: &UserId) -> Result<()> {
    show(parts, user, &home::closed()).await
}

/// The whole tab is written anew each time, so the last writer's is the newest and needs no hash; a
/// conflict that Slack reports all the same is tried once more.
async fn show(parts: &Parts, user: &UserId, screen: &Screen) -> Result<()> {
    match parts.slack.publish_home(user, screen, None).await {
        Err(error) if error.code() == Some("hash_conflict") => {
            parts.slack.publish_home(user, screen, None).await?;
        }
        // Whether it is shown is not known: the next look shows it in any case.
        Err(SlackError::Ambiguous { .. }) => {}
        // An installation without a home tab has none to show.
        Err(SlackError::Refused { code, .. }) if code == "not_enabled" => {}
        shown => drop(shown?),
    }
    Ok(())
}

async fn model(parts: &Parts, user: &UserId) -> Result<Home> {
    let mut own = Vec::new();
    for id in parts.book.store().of_owner(&user.0, OWN).await? {
        own.extend(parts.book.load_if_known(&id).await?.request());
    }
    let (waiting, waiting_cut) = waiting(parts, user).await?;
    let rules = parts.rules.load_full();
    let (groups, users) = (rules.groups_named(), BTreeSet::from([user.clone()]));
    let roll = parts.directory.roll(&users, &groups, FRESH).await?;
    let may_ask = rules::open_to(&rules, user, &roll);
    let may_ask = may_ask.into_iter().map(|(template, rules)| {
        let rules = rules.iter().map(|rule| rule.name.clone()).collect();
        (template.name.clone(), template.summary.clone(), rules)
    });
    Ok(Home {
        waiting,
        waiting_cut,
        own,
        may_ask: may_ask.collect(),
    })
}

/// Requests whose waiting stage asks this person and lacks their answer, the longest wait first; and
/// whether there are more open ones than were looked at.
async fn waiting(parts: &Parts, user: &UserId) -> Result<(Vec<Request>, bool)> {
    let mut found = Vec::new();
    let mut looked = 0;
    for shard in Shard::all() {
        let mut after = None;
        loop {
            if looked >= LOOKED_AT {
                return Ok((oldest_first(found), true));
            }
            let room = AT_ONCE.min(LOOKED_AT - looked);
            let ids = parts.book.store().open(shard, after.as_ref(), room).await?;
            looked += ids.len();
            for id in &ids {
                let request = parts.book.load_if_known(id).await?.request();
                found.extend(request.filter(|request| waits_for(request, user)));
            }
            if ids.len() < room {
                break;
            }
            after = ids.last().cloned();
        }
    }
    Ok((oldest_first(found), false))
}

fn oldest_first(mut requests: Vec<Request>) -> Vec<Request> {
    requests.sort_by(|a, b| (a.asked.at, &a.id).cmp(&(b.asked.at, &b.id)));
    requests
}

fn waits_for(request: &Request, user: &UserId) -> bool {
    let asked = request
        .waiting_stage()
        .is_some_and(|(stage, _)| request.is_asked(stage, user));
    asked && !request.votes.iter().any(|vote| vote.by == *user)
}
