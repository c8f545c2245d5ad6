//! Approving while Slack is away: one vote of a service that the rule names for that, within the limits of
//! an emergency.

use super::super::facts::{Facts, Outcome};
use super::super::posts::Notice;
use super::super::refusal::Refusal;
use super::super::without_slack::{AWAY_MIN, Claimed, OfflineVote, TOKEN_MAX};
use super::{Step, quorum, votes};
use crate::audit::{Actor, Fact};
use crate::rules::{Route, Verdict};

/// Counts it as one vote of the waiting stage.
///
/// INVARIANT (approved): only while Slack is away, on the word of the rules as they are now, by an account
/// that they name, which is not the one that asked, with a token that was made for this; and once.
pub(super) fn approve(
    mut step: Step,
    facts: &Facts<'_>,
    claimed: &Claimed,
    stage: usize,
) -> Result<Outcome, Refusal> {
    match claimed.slack_away {
        None => return Err(Refusal::SlackAnswers),
        Some(length) if length < AWAY_MIN => return Err(Refusal::SlackJustLeft),
        Some(_) => {}
    }
    if claimed.by.to_string() == step.next.asked.owner() {
        return Err(Refusal::OwnRequest);
    }
    let route = route_now(&step, facts, claimed)?;
    if step.next.offline.is_some() {
        return Err(Refusal::SlotTaken);
    }
    let token_id = short_lived(claimed)?;
    let length = step.next.length().min(route.offline_max());
    step.next.shortened = Some(length);
    let by = claimed.by.within(&step.next.asked.cluster);
    let plan = step.next.stages().get(stage);
    step.note(
        Actor::from(&by),
        Fact::ApprovedOffline {
            stage: plan.map(|plan| plan.name.clone()).unwrap_or_default(),
            account: by.to_string(),
            token_id: token_id.clone(),
            seconds: length,
        },
    );
    // What the rule names now is what the vote is weighed by from now on.
    if let Some(own) = &mut step.next.route {
        own.offline.clone_from(&route.offline);
    }
    step.next.offline = Some(OfflineVote {
        by,
        token_id,
        stage,
        at: step.now,
    });
    step.next.posts.touch();
    step.next.tell(&Notice::ApprovedOffline);
    step.next.tell_alarmed(&Notice::ApprovedOffline);
    if quorum::still_needed(&step.next, facts.roll, stage) > 0 {
        return step.done();
    }
    votes::next_stage_or_grant(step, facts.roll, stage)
}

/// The way that the rules demand now, where they name this account for the time when Slack is away.
fn route_now<'a>(step: &Step, facts: &Facts<'a>, claimed: &Claimed) -> Result<&'a Route, Refusal> {
    let impossible = Refusal::Impossible {
        command: "approve offline",
        state: step.next.state.word(),
    };
    let route = match facts.verdict.ok_or(impossible)? {
        Verdict::Allowed(route) => route,
        Verdict::Refused { reasons, .. } => {
            let reason = votes::sentence(reasons);
            return Err(Refusal::NotOffline { reason });
        }
    };
    if !claimed.by.is_in(&route.offline, &step.next.asked.cluster) {
        let reason = "the rule does not name this account for the time when Slack is away";
        let reason = reason.to_owned();
        return Err(Refusal::NotOffline { reason });
    }
    Ok(route)
}

/// The id of a token that was made for this and soon ends.
fn short_lived(claimed: &Claimed) -> Result<String, Refusal> {
    let short = claimed.lifetime.is_some_and(|length| length <= TOKEN_MAX);
    match &claimed.token_id {
        Some(id) if short => Ok(id.clone()),
        _ => Err(Refusal::LongToken),
    }
}
