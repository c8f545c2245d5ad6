//! Who is asked, and how far each stage of approval is.

use super::markup::Markup;
use crate::request::{Crowd, Request, State};
use crate::rules::{StagePlan, UserId};

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
    let given = request
        .votes_for(at)
        .count()
        .min(plan.need.saturating_sub(1));
    let line = Markup::from(given) + " of " + plan.need;
    let voters = voters(request, at);
    if voters.is_empty() {
        line
    } else {
        line + " (" + voters + ")"
    }
}

fn voters(request: &Request, stage: usize) -> Markup {
    let people = request
        .votes_for(stage)
        .map(|vote| Markup::person(&vote.by));
    Markup::list(people, MOST_PEOPLE)
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
    let most = match voice {
        Voice::Ping => MOST_PINGED,
        Voice::You | Voice::Name => MOST_PEOPLE,
    };
    let names = Markup::list(groups.chain(people.map(Markup::person)), most);
    if names.is_empty() {
        "Nobody".into()
    } else {
        names
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
    let lacks = |(at, plan): (usize, &StagePlan)| request.votes_for(at).count() < plan.need;
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
    let voters = request.votes.iter().map(|vote| Markup::person(&vote.by));
    let voters = Markup::list(voters, MOST_PEOPLE);
    match &request.route {
        _ if !voters.is_empty() => Markup::from("approved by ") + voters,
        Some(route) => Markup::from("approved by rule ") + Markup::code(&route.rule),
        None => Markup::default(),
    }
}
