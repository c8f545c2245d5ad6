//! Who is asked, and how far each stage of approval is.

use super::markup::Markup;
use crate::request::{Crowd, OfflineVote, Request, State, Vote};
use crate::rules::{Right, StagePlan, UserId};

/// People named one by one before the rest is counted.
const MOST_PEOPLE: usize = 10;

/// People mentioned so that they are notified: who is counted only is not asked. Their mentions fit
/// into a section.
const MOST_PINGED: usize = 100;

/// How those who may fill a stage are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// The reader is one of them.
    You,
    /// Groups are mentioned, so that their members are notified.
    Ping,
    /// Groups are named; nobody in them is notified.
    Name,
}

/// One line for each stage: done, waiting, and what comes after.
pub(super) fn progress(request: &Request, voice: Voice) -> Markup {
    let waiting = request.waiting_stage().map_or(0, |(stage, _)| stage);
    let lines = request.stages().iter().enumerate().map(|(at, plan)| {
        let name = Markup::typed(&plan.name);
        if at < waiting {
            Markup::from("✓ ") + name + " · " + voters(request, at)
        } else if at == waiting {
            asked(request, at, voice) + ": " + name + " · " + so_far(request, at, plan)
        } else {
            Markup::from("then ") + name + " · " + plan.need
        }
    });
    Markup::join(lines, "\n")
}

/// `1 of 2 (@lee)`. A stage that waits needs at least one more, also where an approver has left and
/// their vote counts no longer.
fn so_far(request: &Request, at: usize, plan: &StagePlan) -> Markup {
    let given = given(request, at).min(plan.need.saturating_sub(1));
    let line = Markup::from(given) + " of " + plan.need;
    let voters = voters(request, at);
    if voters.is_empty() {
        line
    } else {
        line + " (" + voters + ")"
    }
}

fn voters(request: &Request, stage: usize) -> Markup {
    let offline = request.offline.iter().filter(|vote| vote.stage == stage);
    let votes = request.votes_for(stage).map(voter);
    Markup::list(votes.chain(offline.map(offline_voter)), MOST_PEOPLE)
}

/// How many approvals a stage has.
fn given(request: &Request, stage: usize) -> usize {
    let offline = request.offline.iter();
    request.votes_for(stage).count() + offline.filter(|vote| vote.stage == stage).count()
}

fn offline_voter(vote: &OfflineVote) -> Markup {
    Markup::principal(&vote.by) + " without Slack"
}

/// Those who are asked for a stage and have not answered yet.
pub(super) fn asked(request: &Request, stage: usize, voice: Voice) -> Markup {
    if voice == Voice::You {
        return "You".into();
    }
    let nobody = Crowd::default();
    let crowd = request.crowds.get(stage).unwrap_or(&nobody);
    let voted = |person: &&UserId| !request.votes.iter().any(|vote| vote.by == **person);
    // People of a group are reached through it; those whom the rule names one by one are not.
    let named = request.stages().get(stage).map(|plan| &plan.from.users);
    let by_name = |person: &&UserId| {
        crowd.groups.is_empty() || named.is_some_and(|names| names.contains(&person.0))
    };
    let groups = crowd.groups.iter().map(|(handle, id)| match voice {
        Voice::Ping => Markup::group(handle, id),
        Voice::You | Voice::Name => Markup::handle(handle),
    });
    let people = crowd.people.iter().filter(voted).filter(by_name);
    let (next_groups, next_people) = next_circle(request, stage, voice);
    let most = match voice {
        Voice::Ping => MOST_PINGED,
        Voice::You | Voice::Name => MOST_PEOPLE,
    };
    let instead = crowd
        .stand_ins
        .iter()
        .map(|(stand_in, absent)| in_place(stand_in, absent));
    let instead = instead.filter(|_| !crowd.groups.is_empty());
    let people = people.map(Markup::person).chain(instead).chain(next_people);
    let names = Markup::list(groups.chain(next_groups).chain(people), most);
    if names.is_empty() {
        "Nobody".into()
    } else {
        names
    }
}

/// The next circle, once the stage was escalated to it; a request that lapsed was.
fn next_circle(request: &Request, stage: usize, voice: Voice) -> (Vec<Markup>, Vec<Markup>) {
    let waits = request.waiting_stage().is_some_and(|(now, _)| now == stage);
    let lapsed = matches!(request.state, State::Lapsed) && stages_asked(request) == stage + 1;
    if !(lapsed || (waits && request.is_escalated())) {
        return (Vec::new(), Vec::new());
    }
    let next = &request.escalation;
    let groups = next.groups.iter().map(|(handle, id)| match voice {
        Voice::Ping => Markup::group(handle, id),
        Voice::You | Voice::Name => Markup::handle(handle),
    });
    let people = next.people.iter().filter(|_| next.groups.is_empty());
    (groups.collect(), people.map(Markup::person).collect())
}

/// Everybody of every stage, whether asked or not: for what concerns them all.
pub(super) fn everybody(request: &Request, voice: Voice) -> Markup {
    let voice = if voice == Voice::You {
        Voice::Name
    } else {
        voice
    };
    let stages = request.stages().iter().enumerate();
    let names =
        stages.map(|(at, plan)| Markup::typed(&plan.name) + " (" + asked(request, at, voice) + ")");
    Markup::list(names, MOST_PEOPLE)
}

/// `Could not be written to: @max`: they count as silent.
pub(super) fn unreached(request: &Request) -> Markup {
    let people = request.unreached().into_iter().map(Markup::person);
    match Markup::list(people, MOST_PEOPLE) {
        names if names.is_empty() => names,
        names => Markup::from("Could not be written to: ") + names,
    }
}

/// `@kim for @sam`
fn in_place(stand_in: &UserId, absent: &UserId) -> Markup {
    Markup::person(stand_in) + " for " + Markup::person(absent)
}

/// Who gave a vote, in whose place, and on which request if it was given before.
fn voter(vote: &Vote) -> Markup {
    let who = match &vote.right {
        Right::StandIn(absent) => in_place(&vote.by, absent),
        Right::Own | Right::Escalated => Markup::person(&vote.by),
    };
    match &vote.given_on {
        Some(on) => who + " on " + Markup::code(on.as_str()),
        None => who,
    }
}

/// Everybody who was asked, stage by stage: `` owners (`@orders-oncall`), security (@sam) ``.
pub(super) fn all_asked(request: &Request) -> Markup {
    let stages = request.stages().iter().enumerate();
    let stages = stages.take(stages_asked(request));
    let names = stages
        .map(|(at, plan)| Markup::typed(&plan.name) + " (" + asked(request, at, Voice::Name) + ")");
    Markup::list(names, MOST_PEOPLE)
}

/// How many stages were asked: up to the first that lacks votes. A lapsed request does not keep it.
fn stages_asked(request: &Request) -> usize {
    let lacks = |(at, plan): (usize, &StagePlan)| given(request, at) < plan.need;
    let first = request.stages().iter().enumerate().position(lacks);
    first.map_or(request.stages().len(), |at| at + 1)
}

/// `approved by @lee`, or by which rule where nobody had to be asked; nothing where it was not.
pub(super) fn approved_by(request: &Request) -> Markup {
    let approved = matches!(
        request.state,
        State::Granting { .. }
            | State::Active { .. }
            | State::Ending { .. }
            | State::Ended { .. }
            | State::Failed { .. }
    );
    if !approved {
        return Markup::default();
    }
    let offline = request.offline.iter().map(offline_voter);
    let voters = request.votes.iter().map(voter).chain(offline);
    let voters = Markup::list(voters, MOST_PEOPLE);
    if let Some(emergency) = &request.emergency {
        return Markup::from("emergency, opened by ") + Markup::person(&emergency.by);
    }
    match &request.route {
        _ if !voters.is_empty() => Markup::from("approved by ") + voters,
        Some(route) if request.is_automatic() => {
            Markup::from("approved automatically by rule ") + Markup::code(&route.rule)
        }
        Some(route) => Markup::from("approved by rule ") + Markup::code(&route.rule),
        None => Markup::default(),
    }
}
