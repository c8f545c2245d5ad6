//! Nobody is left guessing: each message about a request is what the view makes of its document, once.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;

use crate::id::RequestId;
use crate::netpol::marks;
use crate::request::{Post, PostStatus, Request};
use crate::sim::slack::{Changed, Message, MessageRef};
use crate::sim::storm::stage::Stage;
use crate::view;

/// What is wrong with messages. Of requests of which the store lost something, what a process knew that lives still
/// is set right; where one died nobody may know what was said.
pub(super) async fn check(stage: &Stage) -> Result<Vec<String>> {
    let said = said(stage);
    let mut wrong = Vec::new();
    for id in stage.town.shelf.created() {
        let touched = stage.losses.touched(&id);
        if touched && stage.troubles.has_death() {
            continue;
        }
        let Some(request) = stage.request(&id).await? else {
            wrong.extend(unburied(stage, &id, said.get(&id)));
            continue;
        };
        if touched {
            wrong.extend(astray(stage, &request));
            continue;
        }
        for post in &request.posts.list {
            wrong.extend(unlike(stage, &request, post));
        }
        wrong.extend(stray(&request, said.get(&id)));
    }
    Ok(wrong)
}

/// What is wrong with messages about a request of which the store lost something and still has an earlier version:
/// each one that the lost version had is what the view makes of it now.
fn astray(stage: &Stage, request: &Request) -> Vec<String> {
    let id = &request.id;
    // What was over is nobody's business until somebody acts on it: what people read is true.
    if stage.losses.was_over(id) && request.back.is_none() {
        return Vec::new();
    }
    let posts = request.posts.list.iter();
    let mut wrong: Vec<String> = posts.filter_map(|p| unlike(stage, request, p)).collect();
    let places = stage.losses.places(id);
    for at in places.iter().filter(|at| !is_post_of(request, at)) {
        wrong.push(format!(
            "nobody keeps {at} about `{id}` current since it went back"
        ));
    }
    wrong
}

/// What is wrong with messages about a request that the store lost whole: each says so, and whoever asked was told,
/// unless it was over.
fn unburied(
    stage: &Stage,
    id: &RequestId,
    said: Option<&Vec<(String, MessageRef)>>,
) -> Vec<String> {
    let held = stage.losses.held(id);
    let Some(held) = held.filter(|_| !stage.losses.was_over(id)) else {
        return Vec::new();
    };
    let meant = view::lost::card(id);
    let blocks = serde_json::to_value(&meant.blocks).unwrap_or_default();
    let blocks = blocks.as_array().cloned().unwrap_or_default();
    let mut wrong = Vec::new();
    for at in stage.losses.places(id) {
        if !stage.town.slack.shows(&at, &meant.text, blocks.clone()) {
            wrong.push(format!("message {at} does not say that `{id}` is lost"));
        }
    }
    let told = said.into_iter().flatten().any(|(n, _)| n == "lost");
    if held.requester().is_some() && !told {
        wrong.push(format!("nobody was told that `{id}` is lost"));
    }
    wrong
}

/// Gates that were reaped when the store had forgotten their requests, of which people were not told. A process
/// that died took with it what it still had to tell.
pub(super) fn untold(stage: &Stage) -> Vec<String> {
    if !stage.troubles.is_remembered() {
        return Vec::new();
    }
    let said = said(stage);
    let lives = stage.town.gates.lives();
    let untold = lives.iter().filter(|life| {
        let Ok(id) = life.request.parse::<RequestId>() else {
            return false;
        };
        let forgotten = stage.losses.gone_since(&id);
        let reaped = life
            .gone_at
            .filter(|at| forgotten.is_some_and(|then| then < *at));
        let at_end = reaped
            .zip(life.expires_at())
            .is_some_and(|(gone, end)| gone >= end);
        let told = |(n, _): &(String, MessageRef)| n == "reaped";
        at_end
            && life.marks.contains_key(marks::CARD)
            && !said.get(&id).is_some_and(|said| said.iter().any(told))
    });
    untold
        .map(|life| format!("nobody was told that `{}` was closed", life.name))
        .collect()
}

/// Why a post is not what it should be.
fn unlike(stage: &Stage, request: &Request, post: &Post) -> Option<String> {
    let name = format!("message {} about `{}`", post.key.0, request.id);
    match &post.status {
        PostStatus::GivenUp { .. } => None,
        PostStatus::Due | PostStatus::Posting { .. } => Some(format!("{name} is not posted")),
        PostStatus::Posted { channel, ts, .. } => {
            let at = MessageRef {
                channel: channel.clone(),
                ts: ts.clone(),
            };
            let meant = view::render(request, post);
            let blocks = serde_json::to_value(&meant.blocks).unwrap_or_default();
            let blocks = blocks.as_array().cloned().unwrap_or_default();
            let shows = stage.town.slack.shows(&at, &meant.text, blocks);
            (!shows).then(|| format!("{name} is not as the request is: {}", request.state.word()))
        }
    }
}

/// Messages of ours about each request: the key in their metadata, and where they are.
fn said(stage: &Stage) -> BTreeMap<RequestId, Vec<(String, MessageRef)>> {
    let mut said: BTreeMap<RequestId, Vec<(String, MessageRef)>> = BTreeMap::new();
    for change in stage.town.slack.changes_since(0) {
        let key = key(&change.message).and_then(|key| {
            let (id, n) = key.split_once('/')?;
            Some((id.parse().ok()?, n.to_owned()))
        });
        if let (Changed::Posted, Some((id, n))) = (change.what, key) {
            said.entry(id).or_default().push((n, change.message.at));
        }
    }
    said
}

fn key(message: &Message) -> Option<String> {
    let metadata = message.metadata.as_ref()?;
    let key = metadata.pointer("/event_payload/key");
    key.and_then(Value::as_str).map(str::to_owned)
}

/// Whether the document knows of a message.
fn is_post_of(request: &Request, at: &MessageRef) -> bool {
    request.posts.list.iter().any(|post| match &post.status {
        PostStatus::Posted { channel, ts, .. } => *channel == at.channel && *ts == at.ts,
        _ => false,
    })
}

/// A message that the document does not know of, as a second one of the same kind is.
fn stray(request: &Request, said: Option<&Vec<(String, MessageRef)>>) -> Vec<String> {
    let strays = said.into_iter().flatten().filter(|(n, at)| {
        // Notices that are no post of a document have words for keys.
        n.bytes().all(|b| b.is_ascii_digit()) && !is_post_of(request, at)
    });
    strays
        .map(|(n, at)| {
            format!(
                "message {n} about `{}` was posted twice: nobody keeps {at} current",
                request.id
            )
        })
        .collect()
}
