//! Gathers what the core needs to judge: the plan on the live cluster, people, groups, counts.

use std::collections::BTreeSet;

use anyhow::Result;

use super::Parts;
use super::reread;
use crate::netpol::{self, Built, Effect, Flow, NoGate, Snapshot};
use crate::request::{Asked, Command, Crowd, Request, Told};
use crate::rules::{
    self, AskFacts, End, Filled, GateSpec, Needs, Principal, Roll, Route, UserId, Verdict,
};
use crate::units::Seconds;
use crate::view::{Message, replies, say};

/// How old knowledge about people may be when they ask or click: an ex-member must not slip through,
/// and Slack allows 20 reads of groups a minute.
pub(super) const FRESH: Seconds = Seconds(15);

/// How old it may be when an approved request is applied a moment later, so that a Slack that went
/// away between click and apply does not undo the approval.
const FRESH_AT_APPLY: Seconds = Seconds::minutes(10);

/// Newest requests of one owner that are looked at to count the unfinished ones.
const COUNTED: usize = 100;

/// Loading refuses such templates; should one slip through, it opens nothing.
const NO_OBJECTS: &str = "templates with objects of their own are not supported in this version";

/// A flow and the gate for it.
pub(super) struct Planned {
    pub(super) flow: Flow,
    pub(super) built: Result<Built, NoGate>,
}

/// Resolves and plans on the live cluster; the message says what could not be resolved.
pub(super) fn plan(parts: &Parts, cluster: &str, filled: &Filled) -> Result<Planned, Message> {
    let snapshot = reread::snapshot(parts, cluster).map_err(|error| {
        tracing::warn!(cluster, error = %super::chain(&error), "no picture of the cluster");
        replies::cluster_away(cluster)
    })?;
    let flow = match &filled.gate {
        GateSpec::Connect { from, to, ports } => {
            netpol::resolve(&snapshot, from, to, ports.as_ref())
                .map_err(|problem| say::refused(&problem.to_string(), problem.hint().as_deref()))?
        }
        GateSpec::Objects(_) => return Err(say::refused(NO_OBJECTS, None)),
    };
    let built = netpol::build(&snapshot, &flow);
    Ok(Planned { flow, built })
}

/// The gate spec of a stored request, from the rules in force.
///
/// # Errors
/// A sentence for the person: the template has changed or is gone.
pub(super) fn refill(parts: &Parts, request: &Request) -> Result<Filled, String> {
    let asked = &request.asked;
    rules::fill(&parts.rules.load(), &asked.template, &asked.inputs)
        .map_err(|problem| problem.message)
}

/// Resolves a filled template on a snapshot.
///
/// # Errors
/// A sentence for the person.
pub(super) fn resolve(snapshot: &Snapshot, filled: &Filled) -> Result<Flow, String> {
    match &filled.gate {
        GateSpec::Connect { from, to, ports } => {
            netpol::resolve(snapshot, from, to, ports.as_ref()).map_err(|why| why.to_string())
        }
        GateSpec::Objects(_) => Err(NO_OBJECTS.to_owned()),
    }
}

/// An ask as the rules see it.
pub(super) async fn of_ask(parts: &Parts, asked: &Asked, effect: &Effect) -> Result<AskFacts> {
    let snapshot = reread::snapshot(parts, &asked.cluster)?;
    let end = |side: &netpol::Side| {
        let labels = side.namespace().map(|name| snapshot.namespace_labels(name));
        End::of(side, labels.unwrap_or_default())
    };
    Ok(AskFacts {
        template: asked.template.clone(),
        cluster: asked.cluster.clone(),
        from: end(&asked.flow.from),
        to: end(&asked.flow.to),
        ports: asked.flow.ports.clone(),
        duration: asked.duration,
        reason: asked.reason.clone(),
        at: asked.at,
        opens_pods: effect.to_pods,
        opens_from_pods: effect.from_pods,
        opens_pairs: effect.opens.len(),
        opens_warnings: effect.warnings.len(),
        open_requests: open_requests(parts, &asked.by).await?,
        ..AskFacts::default()
    })
}

/// Unfinished requests of one requester.
async fn open_requests(parts: &Parts, by: &Principal) -> Result<usize> {
    let mut open = 0;
    for id in parts
        .book
        .store()
        .of_owner(&by.to_string(), COUNTED)
        .await?
    {
        let page = parts.book.load(&id).await?;
        open += usize::from(page.is_some_and(|page| !page.request.state.is_final()));
    }
    Ok(open)
}

/// The people behind a new ask.
pub(super) async fn for_ask(parts: &Parts, by: &Principal, ask: &AskFacts) -> Result<Roll> {
    let Needs { groups, users } = rules::needs(&parts.rules.load(), by, ask);
    Ok(parts.directory.roll(&users, &groups, FRESH).await?)
}

/// The people behind a stored request: those whom the rules name now, and those whom it names.
async fn for_stored(
    parts: &Parts,
    ask: &AskFacts,
    request: &Request,
    actor: Option<&UserId>,
    fresh: Seconds,
) -> Result<Roll> {
    let mut needs = rules::needs(&parts.rules.load(), &request.asked.by, ask);
    let Needs { groups, users } = named_by(request, actor);
    needs.groups.extend(groups);
    needs.users.extend(users);
    Ok(parts
        .directory
        .roll(&needs.users, &needs.groups, fresh)
        .await?)
}

/// Everybody whom the document itself names: who asked, who voted, whose groups may decide or revoke,
/// and who acts now.
fn named_by(request: &Request, actor: Option<&UserId>) -> Needs {
    let mut users: BTreeSet<UserId> = request.votes.iter().map(|vote| vote.by.clone()).collect();
    users.extend(request.asked.by.person().cloned());
    users.extend(actor.cloned());
    let route = request.route.as_ref();
    let circles = route.into_iter().flat_map(|route| {
        let stages = route.stages.iter().map(|stage| &stage.from);
        stages.chain([&route.revokers])
    });
    let groups = circles.flat_map(rules::Group::keys).collect();
    Needs { groups, users }
}

/// Most people of one stage or group who are written to one by one; beyond that a channel is needed.
/// Bounds the document, which holds a post for each.
const WRITTEN_TO: usize = 50;

/// What a person's command needs to be judged by, and no more: closing a path must not wait for
/// Slack's groups, and saying no must not wait for the cluster.
pub(super) async fn for_command(
    parts: &Parts,
    request: &Request,
    by: &UserId,
    command: &Command,
) -> Result<(Roll, Option<Verdict>)> {
    match command {
        Command::Approve { .. } if request.waiting_stage().is_some() => {
            let ask = stored_facts(parts, request).await?;
            let roll = for_stored(parts, &ask, request, Some(by), FRESH).await?;
            let verdict = rules::judge(&parts.rules.load(), &request.asked.by, &ask, &roll);
            Ok((roll, Some(verdict)))
        }
        Command::Deny { .. } | Command::Revoke { .. } => {
            Ok((people_only(parts, request, by).await?, None))
        }
        // The requester's own: the verified id says it all.
        _ => Ok((Roll::default(), None)),
    }
}

/// Whether a request is this person's business: theirs to ask, to decide or to revoke. To everybody
/// else it does not exist.
pub(super) async fn concerns(parts: &Parts, request: &Request, person: &UserId) -> Result<bool> {
    let named = request.asked.by.person() == Some(person)
        || request
            .crowds
            .iter()
            .any(|crowd| crowd.people.contains(person))
        || request.votes.iter().any(|vote| vote.by == *person);
    if named {
        return Ok(true);
    }
    let roll = people_only(parts, request, person).await?;
    let decides = request
        .stages()
        .iter()
        .any(|stage| stage.admits(person, None, &roll));
    let route = request.route.as_ref();
    let revokes = route.is_some_and(|r| roll.counts(person) && r.revokers.holds(person, &roll));
    Ok(decides || revokes)
}

/// Who is who, for commands that the rules have no say in.
async fn people_only(parts: &Parts, request: &Request, actor: &UserId) -> Result<Roll> {
    let Needs { groups, users } = named_by(request, Some(actor));
    Ok(parts.directory.roll(&users, &groups, FRESH).await?)
}

/// Who is who, and what the rules say now, right before an approved request is applied.
pub(super) async fn at_apply(parts: &Parts, request: &Request) -> Result<(Roll, Verdict)> {
    let ask = stored_facts(parts, request).await?;
    let roll = for_stored(parts, &ask, request, None, FRESH_AT_APPLY).await?;
    let verdict = rules::judge(&parts.rules.load(), &request.asked.by, &ask, &roll);
    Ok((roll, verdict))
}

/// The stored request as an ask; it does not count among its requester's open ones.
async fn stored_facts(parts: &Parts, request: &Request) -> Result<AskFacts> {
    let mut ask = of_ask(parts, &request.asked, &request.effect).await?;
    ask.open_requests = ask.open_requests.saturating_sub(1);
    Ok(ask)
}

/// Who may fill each stage now: for mentions, and for writing to people directly.
pub(super) async fn crowds(
    parts: &Parts,
    route: &Route,
    roll: &Roll,
    requester: &Principal,
) -> Vec<Crowd> {
    let mut crowds = Vec::new();
    for stage in &route.stages {
        let pinged = stage.pinged(requester.person(), roll);
        let people = pinged.into_iter().take(WRITTEN_TO).collect();
        let groups = group_ids(parts, &stage.from.usergroups).await;
        crowds.push(Crowd { people, groups });
    }
    crowds
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
    let members = roll.groups.get(&key).into_iter().flatten();
    let counted = members.filter(|user| roll.counts(user)).cloned();
    let people = counted.take(WRITTEN_TO).collect();
    Some(Told::Group { id, people })
}
