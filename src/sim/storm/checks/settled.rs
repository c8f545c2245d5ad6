//! Nobody waits for ever: lets time run until nothing is under way any more; then every request is final, or is
//! open with the alarms that it needs.

use anyhow::{Context, Result};
use chrono::TimeDelta;

use crate::id::{RequestId, Shard};
use crate::request::{Request, State, alarms};
use crate::sim::storm::stage::Stage;
use crate::sim::town::gates::ours;
use crate::store::Store;
use crate::units::Time;

/// What is under way is over within this: a grant of five minutes with its extensions, ten minutes until an
/// opening is given up.
const PATIENCE: TimeDelta = TimeDelta::minutes(40);

/// What the store lost is set right within this: two rounds in which a process looks for what it knows of
/// (`app/recall.rs`), and longer than Slack's longest pause.
const ROUNDS: TimeDelta = TimeDelta::seconds(2 * 60 + 30);

/// How often it is looked.
pub(in crate::sim::storm) const PACE: TimeDelta = TimeDelta::seconds(2);

/// Lets time run until nothing is under way.
pub(in crate::sim::storm) async fn settle(stage: &mut Stage) -> Result<()> {
    let give_up = stage.town.now() + PATIENCE;
    // Even where nothing is open: what was broken is noticed and made good.
    let mut until = stage.town.now() + PACE * 2;
    let mut rounds = stage.troubles.is_lossy().then_some(ROUNDS);
    loop {
        stage.wait_until(until).await;
        let now = stage.town.now();
        let Some(next) = under_way(stage, now).await? else {
            let Some(rounds) = rounds.take() else {
                return Ok(());
            };
            until = now + rounds;
            continue;
        };
        if now >= give_up {
            let what = waiting(stage).await?;
            stage
                .wrong
                .push(format!("it does not settle: {}", what.join(", ")));
            return Ok(());
        }
        until = next.max(now + PACE);
    }
}

/// When to look again; `None`: nothing is under way.
async fn under_way(stage: &Stage, now: Time) -> Result<Option<Time>> {
    let mut next = ours(&stage.town.api.objects()).first().map(|_| now + PACE);
    for request in open(stage).await? {
        let at = match &request.state {
            State::Active { .. } => request.grant.as_ref().map(|grant| grant.expires_at),
            State::Granting { .. } | State::Ending { .. } => Some(now),
            _ => request.posts.lag().then_some(now),
        };
        next = next.max(at);
    }
    Ok(next)
}

/// What is still under way.
async fn waiting(stage: &Stage) -> Result<Vec<String>> {
    let open = open(stage).await?;
    let told = open.iter().map(|request| {
        let lag = if request.posts.lag() { " untold" } else { "" };
        format!("`{}` is {}{lag}", request.id, request.state.word())
    });
    let gates = ours(&stage.town.api.objects()).len();
    Ok(told.chain([format!("{gates} objects are there")]).collect())
}

/// The open requests.
async fn open(stage: &Stage) -> Result<Vec<Request>> {
    let mut open = Vec::new();
    for shard in Shard::all() {
        for id in stage.store.open(shard, None, 1000).await? {
            open.extend(stage.request(&id).await?);
        }
    }
    Ok(open)
}

/// What is wrong with requests.
pub(super) async fn check(stage: &Stage) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for id in stage.town.shelf.created() {
        let Some(request) = stage.request(&id).await? else {
            if !stage.losses.touched(&id) {
                wrong.push(format!("`{id}` is gone from a store that did not lose it"));
            }
            continue;
        };
        wrong.extend(loose(stage, &id, &request).await?);
    }
    for life in stage.town.gates.lives() {
        if life.gone_at.is_none() {
            wrong.push(format!("`{}` is still there", life.name));
        }
    }
    Ok(wrong)
}

async fn loose(stage: &Stage, id: &RequestId, request: &Request) -> Result<Option<String>> {
    if request.state.is_final() && alarms(request) == crate::store::Alarms::default() {
        return Ok(None);
    }
    let missing = stage.store.restore_alarms(id, alarms(request)).await;
    let missing = missing.context("looking at alarms")?;
    Ok(
        (missing > 0 || alarms(request) == crate::store::Alarms::default()).then(|| {
            format!(
                "`{id}` is {} and nobody looks at it again",
                request.state.word()
            )
        }),
    )
}
