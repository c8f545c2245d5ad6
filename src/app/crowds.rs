//! Who is behind the circles of a route now: for mentions, for writing to people, and for who is only told.

use std::collections::BTreeSet;

use super::Parts;
use super::fresh::FRESH_AT_APPLY;
use crate::request::{Crowd, Told};
use crate::rules::{self, Group, Right, Roll, Route, StagePlan, UserId};

/// Most people of one stage or group who are written to one by one; beyond that a channel is needed.
/// Bounds the document, which holds a post for each.
const WRITTEN_TO: usize = 50;

/// Who may fill each stage now: for mentions, and for writing to people directly.
pub(super) async fn crowds(
    parts: &Parts,
    route: &Route,
    roll: &Roll,
    requester: Option<&UserId>,
) -> Vec<Crowd> {
    let mut crowds = Vec::new();
    for stage in &route.stages {
        let pinged = stage.pinged(requester, roll);
        let people = pinged.into_iter().take(WRITTEN_TO).collect();
        let groups = group_ids(parts, &stage.from.usergroups).await;
        crowds.push(Crowd {
            people,
            groups,
            stand_ins: stand_ins(stage, requester, roll),
        });
    }
    crowds
}

/// Who stands in for members of the stage now, each with who is away.
fn stand_ins(stage: &StagePlan, requester: Option<&UserId>, roll: &Roll) -> Vec<(UserId, UserId)> {
    let pairs = roll.stand_ins.iter().filter(|(absent, stand_in)| {
        let right = stage.right(stand_in, requester, roll);
        right == Some(Right::StandIn((*absent).clone()))
    });
    let pairs = pairs.map(|(absent, stand_in)| (stand_in.clone(), absent.clone()));
    pairs.take(WRITTEN_TO).collect()
}

/// Whom the stages are escalated to.
pub(super) async fn next_circle(
    parts: &Parts,
    route: &Route,
    roll: &Roll,
    requester: Option<&UserId>,
) -> Crowd {
    let Some(next) = &route.escalate else {
        return Crowd::default();
    };
    Crowd {
        people: counted(&next.to, roll, |user| {
            let given = route.stages.iter().any(|stage| stage.gives(user, roll));
            Some(user) != requester && !given
        }),
        groups: group_ids(parts, &next.to.usergroups).await,
        stand_ins: Vec::new(),
    }
}

/// Who may open at once, the requester too.
pub(super) fn rescuers(route: &Route, roll: &Roll) -> Vec<UserId> {
    let plan = route.emergency.as_ref();
    plan.map_or_else(Vec::new, |plan| counted(&plan.by, roll, |_| true))
}

/// Members of a group who count, and whom it is for.
fn counted(group: &Group, roll: &Roll, is_for: impl Fn(&UserId) -> bool) -> Vec<UserId> {
    let members: BTreeSet<UserId> = group.members(roll).into_iter().collect();
    let counted = members
        .into_iter()
        .filter(|user| is_for(user) && roll.counts(user));
    counted.take(WRITTEN_TO).collect()
}

/// Handles with Slack's ids; a group whose id cannot be read is named without being mentioned.
async fn group_ids(parts: &Parts, handles: &[String]) -> Vec<(String, String)> {
    let mut ids = Vec::new();
    for handle in handles {
        let bare = handle.trim_start_matches('@').to_owned();
        match parts.directory.group_id(&bare, FRESH_AT_APPLY).await {
            Ok(Some(id)) => ids.push((bare, id)),
            Ok(None) => {}
            Err(error) => tracing::warn!(group = bare, %error, "group id not read"),
        }
    }
    ids
}

/// Who is only told, as the rule names them. A group that cannot be read is left out: nobody's path
/// waits for people who are only told.
pub(super) async fn told(parts: &Parts, route: &Route) -> Vec<Told> {
    let mut told = Vec::new();
    for place in &route.tell {
        match place.strip_prefix('@') {
            None => told.push(Told::Channel(place.clone())),
            Some(handle) => told.extend(told_group(parts, handle).await),
        }
    }
    told
}

async fn told_group(parts: &Parts, handle: &str) -> Option<Told> {
    let key = rules::group::roll_key(handle);
    let groups = BTreeSet::from([key.clone()]);
    let roll = parts
        .directory
        .roll(&BTreeSet::new(), &groups, FRESH_AT_APPLY)
        .await;
    let roll = roll
        .inspect_err(|error| tracing::warn!(handle, %error, "group not read"))
        .ok()?;
    let (_, id) = group_ids(parts, &[handle.to_owned()])
        .await
        .into_iter()
        .next()?;
    let members = roll.groups.get(&key).into_iter();
    let members = members.flat_map(|all| all.iter());
    let counted = members.filter(|user| roll.counts(user)).cloned();
    let people = counted.take(WRITTEN_TO).collect();
    Some(Told::Group { id, people })
}
