//! Gathers what the core needs to judge: the plan on the live cluster, people, groups, counts.

use std::collections::BTreeSet;

use anyhow::Result;
use futures::try_join;

use super::fresh::{FRESH, FRESH_AT_APPLY};
use super::past::Past;
use super::{Parts, away, planned, rulebook};
use crate::id::RequestId;
use crate::netpol::{self, Effect};
use crate::notes::Absence;
use crate::request::{Asked, Command, Request};
use crate::rules::{
    self, AskFacts, End, Extending, Needs, Principal, Right, Roll, UserId, Verdict,
};
use crate::slack::SlackError;
use crate::units::Seconds;

/// An ask as the rules see it; `except` is the request itself, once it is stored.
pub(super) fn of_ask(
    parts: &Parts,
    asked: &Asked,
    effect: &Effect,
    (past, except): (&Past, Option<&RequestId>),
) -> Result<AskFacts> {
    let snapshot = parts.snapshot(&asked.cluster)?;
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
        stated: planned::stated_facts(effect),
        inputs: rules::inputs(&parts.rules.load(), &asked.template, &asked.inputs),
        open_requests: past.open(except),
        recent_asks: past.recent(asked.at, except),
        automatic: past.automatic(asked.at, except),
        uncounted: past.uncounted(),
        extends: asked.extends.as_ref().map(|extends| Extending {
            so_far: extends.so_far,
            automatic: extends.automatic,
            emergency: extends.emergency,
            within: extends.within,
        }),
        incident: asked
            .incident
            .as_ref()
            .filter(|of| of.declared)
            .map(|of| of.id.to_string()),
        emergency: None,
        slack_away: false,
    })
}

/// An incident that somebody opened in any channel changes what the rule demands only where the rule
/// names them for it.
pub(super) async fn weigh_incident(parts: &Parts, asked: &Asked, ask: &mut AskFacts) -> Result<()> {
    let Some(of) = asked.incident.as_ref().filter(|of| !of.declared) else {
        return Ok(());
    };
    let rules = parts.rules.load_full();
    let declared = AskFacts {
        incident: Some(of.id.to_string()),
        ..ask.clone()
    };
    let mut needs = rules::needs(&rules, &asked.by, ask);
    let more = rules::needs(&rules, &asked.by, &declared);
    needs.groups.extend(more.groups);
    needs.users.extend(more.users);
    needs.users.insert(of.opened_by.clone());
    let roll = roll(parts, &needs, FRESH_AT_APPLY).await?;
    if rules::may_declare(&rules, &asked.by, ask, (&of.opened_by, &roll)) {
        *ask = declared;
    }
    Ok(())
}

/// Who is who, and who stands in for whom.
async fn roll(parts: &Parts, needs: &Needs, fresh: Seconds) -> Result<Roll> {
    let read = async {
        let read = parts.directory.roll(&needs.users, &needs.groups, fresh);
        Ok(read.await?)
    };
    let (mut roll, absences) = try_join!(read, away::absences(parts))?;
    away::stand_in(parts, &mut roll, absences, fresh).await?;
    Ok(roll)
}

/// The people behind a stored request: those whom the rules name now, and those whom it names.
async fn for_stored(
    parts: &Parts,
    (ask, absences): (&AskFacts, Vec<Absence>),
    request: &Request,
    actor: Option<&UserId>,
    fresh: Seconds,
) -> Result<Roll> {
    let needs = needs_of(parts, ask, request, actor);
    let read = parts.directory.roll(&needs.users, &needs.groups, fresh);
    let mut roll = read.await?;
    away::stand_in(parts, &mut roll, absences, fresh).await?;
    Ok(roll)
}

fn needs_of(parts: &Parts, ask: &AskFacts, request: &Request, actor: Option<&UserId>) -> Needs {
    let mut needs = rules::needs(&parts.rules.load(), &request.asked.by, ask);
    let Needs { groups, users } = named_by(request, actor);
    needs.groups.extend(groups);
    needs.users.extend(users);
    needs
}

/// Everybody whom the document itself names: who asked, who voted, whose groups may decide or revoke,
/// and who acts now.
fn named_by(request: &Request, actor: Option<&UserId>) -> Needs {
    let voters = request.votes.iter().flat_map(|vote| match &vote.right {
        Right::StandIn(absent) => vec![vote.by.clone(), absent.clone()],
        Right::Own | Right::Escalated => vec![vote.by.clone()],
    });
    let mut users: BTreeSet<UserId> = voters.collect();
    users.extend(request.emergency.as_ref().map(|e| e.by.clone()));
    users.extend(request.requester().cloned());
    users.extend(actor.cloned());
    let route = request.route.as_ref();
    let circles = route.into_iter().flat_map(|route| {
        let stages = route.stages.iter().map(|stage| &stage.from);
        let next = route.escalate.iter().map(|next| &next.to);
        let rescuers = route.emergency.iter().map(|plan| &plan.by);
        stages.chain([&route.revokers]).chain(next).chain(rescuers)
    });
    let named = circles.clone().flat_map(|group| group.users.iter());
    users.extend(named.cloned().map(UserId));
    let quiet = request.stages().iter().flat_map(|stage| stage.quiet.iter());
    users.extend(quiet.cloned());
    let groups = circles.flat_map(rules::Group::keys).collect();
    Needs { groups, users }
}

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
            let (ask, absences) = stored(parts, request).await?;
            let known = (&ask, absences);
            let roll = for_stored(parts, known, request, Some(by), FRESH).await?;
            let verdict = judged(parts, request, &ask, &roll).await?;
            Ok((roll, Some(verdict)))
        }
        Command::Emergency { .. } if request.waiting_stage().is_some() => {
            let (mut ask, absences) = stored(parts, request).await?;
            ask.emergency = Some(by.clone());
            ask.duration = emergency_length(request);
            let known = (&ask, absences);
            let roll = for_stored(parts, known, request, Some(by), FRESH).await?;
            let verdict = judged(parts, request, &ask, &roll).await?;
            Ok((roll, Some(verdict)))
        }
        Command::Deny { .. }
        | Command::Revoke { .. }
        | Command::Review { .. }
        | Command::Forget { .. } => Ok((people_only(parts, request, by).await?, None)),
        // The requester's own: the verified id says it all.
        _ => Ok((Roll::default(), None)),
    }
}

/// A waiting request that is opened at once is open for what the rule lets an emergency be.
fn emergency_length(request: &Request) -> Seconds {
    let plan = request.route.as_ref().and_then(|r| r.emergency.as_ref());
    let length = request.length();
    plan.map_or(length, |plan| length.min(plan.max))
}

/// Whether a request is this person's business: theirs to ask, to decide or to revoke. To everybody
/// else it does not exist.
pub(super) async fn concerns(parts: &Parts, request: &Request, person: &UserId) -> Result<bool> {
    let named = request.requester() == Some(person)
        || request
            .crowds
            .iter()
            .any(|crowd| crowd.people.contains(person))
        || request.escalation.people.contains(person)
        || request.rescuers.contains(person)
        || request.votes.iter().any(|vote| vote.by == *person);
    if named {
        return Ok(true);
    }
    let roll = people_only(parts, request, person).await?;
    let decides = request
        .stages()
        .iter()
        .any(|stage| stage.concerns(person, &roll));
    let route = request.route.as_ref();
    let revokes = route.is_some_and(|r| roll.counts(person) && r.revokers.holds(person, &roll));
    Ok(decides || revokes)
}

/// Who is who, for commands that the rules have no say in.
async fn people_only(parts: &Parts, request: &Request, actor: &UserId) -> Result<Roll> {
    roll(parts, &named_by(request, Some(actor)), FRESH).await
}

/// Who is who, and what the rules say now, right before an approved request is applied.
pub(super) async fn at_apply(parts: &Parts, request: &Request) -> Result<(Roll, Verdict)> {
    let (ask, absences) = stored(parts, request).await?;
    let known = (&ask, absences);
    let roll = match for_stored(parts, known, request, None, FRESH_AT_APPLY).await {
        // It was approved without Slack, and is opened without it.
        Err(error) if request.offline.is_some() && is_away(&error) => {
            return without_slack(parts, request).await;
        }
        roll => roll?,
    };
    let verdict = judged(parts, request, &ask, &roll).await?;
    Ok((roll, verdict))
}

/// Whether Slack could not be asked.
pub(super) fn is_away(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<SlackError>();
    matches!(
        error,
        Some(SlackError::Away { .. } | SlackError::Ambiguous { .. })
    )
}

/// Who was who before Slack went away, and what the rules say now without asking it.
pub(super) async fn without_slack(parts: &Parts, request: &Request) -> Result<(Roll, Verdict)> {
    let mut ask = stored_facts(parts, request).await?;
    ask.slack_away = true;
    let roll = before(parts, &needs_of(parts, &ask, request, None)).await;
    let verdict = judged(parts, request, &ask, &roll).await?;
    Ok((roll, verdict))
}

/// Who was who before Slack went away; nobody stands in for anybody.
async fn before(parts: &Parts, needs: &Needs) -> Roll {
    let directory = &parts.directory;
    directory.roll_before(&needs.users, &needs.groups).await
}

/// The people behind a new ask. Where Slack is away, a service whose rule names somebody for that may ask
/// all the same: then it is what was known before.
pub(super) async fn for_ask(parts: &Parts, by: &Principal, ask: &mut AskFacts) -> Result<Roll> {
    let rules = parts.rules.load_full();
    let needs = rules::needs(&rules, by, ask);
    match roll(parts, &needs, FRESH).await {
        Err(error) if is_away(&error) && rules::decides_offline(&rules, by, ask) => {
            ask.slack_away = true;
            Ok(before(parts, &needs).await)
        }
        roll => roll,
    }
}

/// Who answers now for what a service asked: the owner in the rule that would govern it.
pub(super) async fn owner_now(parts: &Parts, request: &Request) -> Result<Option<UserId>> {
    let ask = stored_facts(parts, request).await?;
    let rules = parts.rules.load_full();
    Ok(rules::owner(&rules, &request.asked.by, &ask).cloned())
}

/// What the rules say now. The text of the rule that says yes is on record before anything follows.
async fn judged(parts: &Parts, request: &Request, ask: &AskFacts, roll: &Roll) -> Result<Verdict> {
    let verdict = rules::judge(&parts.rules.load_full(), &request.asked.by, ask, roll);
    rulebook::keep_judge(parts, &verdict).await?;
    Ok(verdict)
}

/// The stored request as an ask, and who is away: neither is needed to read the other.
async fn stored(parts: &Parts, request: &Request) -> Result<(AskFacts, Vec<Absence>)> {
    try_join!(stored_facts(parts, request), away::absences(parts))
}

/// The stored request as an ask, for what it is by now; it does not count against itself.
async fn stored_facts(parts: &Parts, request: &Request) -> Result<AskFacts> {
    let past = Past::of(parts, &request.asked.owner()).await?;
    let known = (&past, Some(&request.id));
    let mut ask = of_ask(parts, &request.asked, &request.effect, known)?;
    weigh_incident(parts, &request.asked, &mut ask).await?;
    ask.duration = request.length();
    ask.emergency = request.emergency.as_ref().map(|e| e.by.clone());
    Ok(ask)
}
