//! The first document of a request.

use super::asked::Asked;
use super::document::{Crowd, FORMAT, Request, Told, Vote};
use super::facts::Outcome;
use super::posts::{Audience, Posts, Subject};
use super::state::State;
use crate::audit::{Actor, Event, Fact};
use crate::id::RequestId;
use crate::netpol::Effect;
use crate::rules::{Pass, Route, UserId};
use crate::units::Time;

/// An ask that was read, resolved, planned and judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The drawn id.
    pub id: RequestId,
    /// Who asked for what.
    pub asked: Asked,
    /// The way it must go, or why it goes nowhere.
    pub judged: Result<Way, Sentence>,
}

/// The way of a request that is allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// What the governing rule demands.
    pub route: Route,
    /// Who may fill its stages now; one entry per stage.
    pub crowds: Vec<Crowd>,
    /// Who may open it at once.
    pub rescuers: Vec<UserId>,
    /// Whom its stages are escalated to.
    pub escalation: Crowd,
    /// Who is only told.
    pub told: Vec<Told>,
    /// What would open.
    pub effect: Effect,
    /// Approvals given on earlier requests that count for this one too; see
    /// [`standing`](super::standing).
    pub standing: Vec<Vote>,
    /// Who opens it at once, in an emergency.
    pub emergency: Option<UserId>,
}

/// A refusal in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Why: lower case, no final period.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// Makes the document: waiting for its first stage that is not filled, opening at once where the rule
/// approves by itself or in an emergency, or refused.
pub fn create(ask: Ask) -> Outcome {
    match ask.judged {
        Ok(way) => allowed(ask.id, ask.asked, way),
        Err(sentence) => refused(ask.id, ask.asked, sentence),
    }
}

fn allowed(id: RequestId, asked: Asked, way: Way) -> Outcome {
    let fact = Fact::Asked {
        flow: String::new(),
        cluster: asked.cluster.clone(),
        seconds: asked.duration,
        rule: way.route.rule.clone(),
        rule_digest: way.route.digest.clone(),
        typed_reason: asked.reason.clone(),
        template: asked.template.clone(),
        stages: way.route.stages.iter().map(|s| s.name.clone()).collect(),
        extends: asked.extends.as_ref().map(|extends| extends.id.clone()),
    };
    let waits = pending(0, asked.at);
    let mut request = blank(id, asked, waits);
    request.route = Some(way.route);
    request.crowds = way.crowds;
    request.rescuers = way.rescuers;
    request.escalation = way.escalation;
    request.told = way.told;
    request.effect = way.effect;
    request.votes = way.standing;
    request.posts.touch();
    request.posts.offered = request.posts.face;
    let mut facts = vec![(Actor::from(&request.asked.by), fact)];
    let recalled = request.votes.iter().map(|vote| recalled(&request, vote));
    facts.extend(recalled.map(|fact| (Actor::Drawbridge, fact)));
    match (passage(&request, way.emergency), first_open_stage(&request)) {
        (Passage::Waits, Some(stage)) => {
            request.state = pending(stage, request.asked.at);
            request.ask_stage(stage);
            let reached = request.stage_reached(stage);
            facts.extend(reached.map(|fact| (Actor::Drawbridge, fact)));
        }
        (passage, _) => facts.extend(opens_at_once(&mut request, passage)),
    }
    if let Some(address) = request.requester_address() {
        let card = Subject::Card(Audience::Requester);
        request.posts.want(card, address);
    }
    request.show_in_incident();
    if request.emergency.is_some() {
        request.tell_emergency();
    }
    let events = facts
        .into_iter()
        .map(|(by, fact)| event(&request, by, fact));
    let events = events.collect();
    Outcome { request, events }
}

const fn pending(stage: usize, since: Time) -> State {
    State::Pending {
        stage,
        since,
        reminders: 0,
        escalated: false,
    }
}

/// Begins to open, and what is to be noted of it.
fn opens_at_once(request: &mut Request, passage: Passage) -> Vec<(Actor, Fact)> {
    let now = request.asked.at;
    request.state = State::Granting {
        since: now,
        retry_at: now,
        failures: 0,
        attempt: None,
    };
    // The approvers' card is there for the record also where nobody had to be asked.
    request.show_in_channel();
    let granted = (Actor::Drawbridge, Fact::Granted);
    match passage {
        Passage::Emergency(by) => {
            request.break_glass(by.clone(), now);
            vec![(Actor::Person(by), request.emergency_fact()), granted]
        }
        Passage::Automatic(because) => {
            vec![(Actor::Drawbridge, Fact::Automatic { because }), granted]
        }
        Passage::Waits => vec![granted],
    }
}

/// How a new request goes on.
enum Passage {
    Waits,
    Automatic(String),
    Emergency(UserId),
}

/// INVARIANT (approved): what does not wait has the rule's word for it. An emergency without somebody
/// who answers for it waits.
fn passage(request: &Request, emergency: Option<UserId>) -> Passage {
    let pass = request.route.as_ref().map(|route| &route.pass);
    match (pass, emergency) {
        (Some(Pass::Automatic { why }), _) => Passage::Automatic(why.clone()),
        (Some(Pass::Emergency), Some(by)) => Passage::Emergency(by),
        _ => Passage::Waits,
    }
}

/// The first stage that approvals given before do not fill. A route without stages has one that nobody
/// can fill: it is for [`Passage::Automatic`] alone.
fn first_open_stage(request: &Request) -> Option<usize> {
    let stages = request.stages();
    if stages.is_empty() {
        return Some(0);
    }
    let mut all = stages.iter().enumerate();
    let open = all.find(|(at, plan)| request.votes_for(*at).count() < plan.need);
    open.map(|(at, _)| at)
}

fn recalled(request: &Request, vote: &Vote) -> Fact {
    let stage = request.stages().get(vote.stage);
    Fact::Recalled {
        stage: stage.map(|stage| stage.name.clone()).unwrap_or_default(),
        by: vote.by.clone(),
        on: vote.given_on.clone().unwrap_or_else(|| request.id.clone()),
    }
}

fn refused(id: RequestId, asked: Asked, sentence: Sentence) -> Outcome {
    let fact = Fact::Refused {
        flow: String::new(),
        cluster: asked.cluster.clone(),
        because: sentence.message.clone(),
        typed_reason: asked.reason.clone(),
    };
    let state = State::Refused {
        reason: sentence.message,
        hint: sentence.hint,
    };
    // No post: the refusal is the answer to the ask itself.
    let request = blank(id, asked, state);
    let events = vec![event(&request, Actor::from(&request.asked.by), fact)];
    Outcome { request, events }
}

fn blank(id: RequestId, asked: Asked, state: State) -> Request {
    Request {
        format: FORMAT,
        id,
        asked,
        route: None,
        crowds: Vec::new(),
        rescuers: Vec::new(),
        escalation: Crowd::default(),
        told: Vec::new(),
        effect: Effect::default(),
        state,
        votes: Vec::new(),
        gate: Vec::new(),
        grant: None,
        shortened: None,
        emergency: None,
        offline: None,
        extended: None,
        told_of: Vec::new(),
        back: None,
        posts: Posts::default(),
    }
}

fn event(request: &Request, by: Actor, mut fact: Fact) -> Event {
    let (from, to) = request.path();
    if let Fact::Asked { flow, .. } | Fact::Refused { flow, .. } = &mut fact {
        *flow = format!("{from} -> {to}");
    }
    let at = request.asked.at;
    Event { at, by, fact }
}
