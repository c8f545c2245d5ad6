//! How a sabotage is done: by the bot's own hands where it has some, else behind its back.

use std::convert::Infallible;

use anyhow::{Context, Result};
use serde_json::json;

use crate::audit::chain::link_own;
use crate::audit::{Actor, Event, Fact, Head};
use crate::id::RequestId;
use crate::netpol::marks;
use crate::request::{Outcome, Post, PostStatus, Request};
use crate::sim::slack::MessageRef;
use crate::sim::storm::checks::PACE;
use crate::sim::storm::stage::Stage;
use crate::sim::town::populate;
use crate::store::{Alarms, Append, Commit, CommitId, Ledger, Progress, Store};
use crate::view;

/// The first object that ever was is there again.
pub(super) async fn reopen(stage: &mut Stage) -> Result<()> {
    let life = stage.town.gates.lives().into_iter().next();
    let life = life.context("nothing was open")?;
    let (namespace, name) = life.name.split_once('/').context("it has no namespace")?;
    let (ours, by_us) = marks::MANAGED_BY;
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "namespace": namespace,
            "name": name,
            "labels": {ours: by_us, marks::REQUEST: life.request},
            "annotations": life.marks,
        },
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]},
    });
    populate::put(&stage.town.api, policy)?;
    // Whoever looks on has to see it.
    let seen = stage.town.now() + PACE;
    stage.wait_until(seen).await;
    Ok(())
}

/// Something of others is changed.
pub(super) fn change_others(stage: &Stage) -> Result<()> {
    let spec = json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]});
    let put = stage.town.api.policy("orders", "closed", &spec);
    put.map_err(|refusal| anyhow::anyhow!("refused: {refusal:?}"))?;
    Ok(())
}

/// The newest request loses its alarms, and its first message is due.
pub(super) async fn forsake(stage: &Stage) -> Result<()> {
    let id = newest(stage)?;
    let record = stage.store.load(&id).await?.context("it is gone")?;
    let mut request: Request = serde_json::from_str(&record.body)?;
    let post = request.posts.list.first_mut();
    post.context("it has no message")?.status = PostStatus::Due;
    let step = Commit {
        id,
        expected: Some(record.version),
        commit: CommitId("forsaken".to_owned()),
        body: serde_json::to_string(&request)?,
        standing: record.standing,
        owner: request.asked.owner(),
        alarms: Alarms::default(),
        events: Vec::new(),
        claim: None,
        seen: None,
        closing: false,
        lasting: false,
    };
    stage.store.commit(step).await?;
    Ok(())
}

/// Something happens to the newest request.
pub(super) async fn happen(stage: &Stage) -> Result<()> {
    let event = event(stage, "more");
    let happen = |request: &Request| {
        Ok::<_, Infallible>(Outcome {
            request: request.clone(),
            events: vec![event.clone()],
        })
    };
    let parts = stage.town.parts_of(0).context("nobody lives")?;
    parts.book.change(&newest(stage)?, None, happen).await?;
    Ok(())
}

/// Something happens to it that the ledger takes for recorded.
pub(super) async fn lose_event(stage: &Stage) -> Result<()> {
    let id = newest(stage)?;
    let after = head(stage).await?;
    let from = stage.store.recorded(std::slice::from_ref(&id)).await?;
    let from = from.first().copied().unwrap_or_default();
    let other = link_own(&after, &event(stage, "another"))?;
    let progress = Progress {
        id,
        from,
        to: from + 1,
        kept: None,
    };
    let step = Append {
        after,
        records: vec![other.line],
        head: other.head,
        recorded: vec![progress],
    };
    stage.store.append(step).await?;
    happen(stage).await
}

/// The newest record hangs on one that there never was.
pub(super) async fn break_chain(stage: &Stage) -> Result<()> {
    let after = head(stage).await?;
    let elsewhere = Head {
        hash: Head::origin().hash,
        ..after.clone()
    };
    let linked = link_own(&elsewhere, &event(stage, "another"))?;
    let step = Append {
        after,
        records: vec![linked.line],
        head: linked.head,
        recorded: Vec::new(),
    };
    stage.store.append(step).await?;
    Ok(())
}

/// The first message about the newest request that has one is gone.
pub(super) async fn stale(stage: &Stage) -> Result<()> {
    let (_, _, at) = posted(stage).await?;
    stage.town.slack.purge(&at);
    Ok(())
}

/// It is posted again.
pub(super) async fn post_again(stage: &Stage) -> Result<()> {
    let (request, post, at) = posted(stage).await?;
    let parts = stage.town.parts_of(0).context("nobody lives")?;
    let key = format!("{}/{}", request.id, post.key.0);
    let message = view::render(&request, &post);
    let posting = parts.slack.post(&at.channel, &message, None, &key);
    posting.await.context("posting")?;
    Ok(())
}

async fn posted(stage: &Stage) -> Result<(Request, Post, MessageRef)> {
    let request = stage.request(&newest(stage)?).await?;
    let request = request.context("it is gone")?;
    let posted = request.posts.list.iter().find_map(|post| {
        let PostStatus::Posted { channel, ts, .. } = &post.status else {
            return None;
        };
        let (channel, ts) = (channel.clone(), ts.clone());
        Some((post.clone(), MessageRef { channel, ts }))
    });
    let (post, at) = posted.context("nothing was posted")?;
    Ok((request, post, at))
}

fn newest(stage: &Stage) -> Result<RequestId> {
    let id = stage.town.shelf.created().pop();
    id.context("nothing was asked")
}

async fn head(stage: &Stage) -> Result<Head> {
    let head = stage.store.head().await?.head;
    Ok(head.unwrap_or_else(Head::origin))
}

fn event(stage: &Stage, chain: &str) -> Event {
    Event {
        at: stage.town.now(),
        by: Actor::Drawbridge,
        fact: Fact::LedgerBegun {
            chain: chain.to_owned(),
        },
    }
}
