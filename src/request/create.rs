//! The first document of a request.

use super::document::{Asked, Crowd, FORMAT, Request, Told};
use super::facts::Outcome;
use super::posts::{Address, Audience, Notice, Posts, Subject};
use super::state::State;
use crate::audit::{Actor, Event, Fact};
use crate::id::RequestId;
use crate::netpol::Effect;
use crate::rules::Route;

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
    /// Who is only told.
    pub told: Vec<Told>,
    /// What would open.
    pub effect: Effect,
}

/// A refusal in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Why: lower case, no final period.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// Makes the document: waiting for its first stage, opening at once where the rule has no stage, or
/// refused.
pub fn create(ask: Ask) -> Outcome {
    match ask.judged {
        Ok(way) => allowed(ask.id, ask.asked, way),
        Err(sentence) => refused(ask.id, ask.asked, sentence),
    }
}

fn allowed(id: RequestId, asked: Asked, way: Way) -> Outcome {
    let now = asked.at;
    let waits = !way.route.stages.is_empty();
    let state = if waits {
        State::Pending {
            stage: 0,
            since: now,
            reminders: 0,
        }
    } else {
        State::Granting {
            since: now,
            retry_at: now,
            failures: 0,
            attempt: None,
        }
    };
    let fact = Fact::Asked {
        flow: String::new(),
        cluster: asked.cluster.clone(),
        seconds: asked.duration,
        rule: way.route.rule.clone(),
        rule_digest: way.route.digest.clone(),
        typed_reason: asked.reason.clone(),
    };
    let mut request = blank(id, asked, state);
    request.route = Some(way.route);
    request.crowds = way.crowds;
    request.told = way.told;
    request.effect = way.effect;
    request.posts.touch();
    request.posts.offered = request.posts.face;
    request.ask_stage(0);
    if let Some(address) = request.requester_address() {
        request
            .posts
            .want(Subject::Card(Audience::Requester), address);
    }
    let mut events = vec![event(&request, fact)];
    if !waits {
        events.push(Event {
            at: now,
            by: Actor::Drawbridge,
            fact: Fact::Granted,
        });
    }
    Outcome { request, events }
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
    let events = vec![event(&request, fact)];
    Outcome { request, events }
}

fn blank(id: RequestId, asked: Asked, state: State) -> Request {
    Request {
        format: FORMAT,
        id,
        asked,
        route: None,
        crowds: Vec::new(),
        told: Vec::new(),
        effect: Effect::default(),
        state,
        votes: Vec::new(),
        gate: Vec::new(),
        grant: None,
        told_of: Vec::new(),
        posts: Posts::default(),
    }
}

fn event(request: &Request, mut fact: Fact) -> Event {
    let (from, to) = request.path();
    if let Fact::Asked { flow, .. } | Fact::Refused { flow, .. } = &mut fact {
        *flow = format!("{from} -> {to}");
    }
    Event {
        at: request.asked.at,
        by: Actor::from(&request.asked.by),
        fact,
    }
}

impl Request {
    /// Wants the messages that ask one stage: one card in the rule's channel, or one for each person
    /// where there is no channel; later stages are announced in the card's thread.
    pub(super) fn ask_stage(&mut self, stage: usize) {
        let channel = self.route.as_ref().and_then(|route| route.channel.clone());
        let asked_in_channel = self
            .posts
            .approvers_card()
            .is_some_and(|card| matches!(card.to, Address::Channel(_)));
        match channel {
            Some(_) if asked_in_channel => self.tell_thread(&Notice::NextStage(stage)),
            Some(channel) if stage == 0 => {
                self.posts.want(
                    Subject::Card(Audience::Approvers),
                    Address::Channel(channel),
                );
            }
            _ => {
                self.ask_directly(stage);
            }
        }
    }

    /// Writes to each person of a stage who has no card yet; whether there was anybody.
    pub fn ask_directly(&mut self, stage: usize) -> bool {
        let wanted = self.posts.list.len();
        let people = self
            .crowds
            .get(stage)
            .map(|crowd| crowd.people.clone())
            .unwrap_or_default();
        for person in people {
            let address = Address::Person(person);
            let subject = Subject::Card(Audience::Approvers);
            let has = self
                .posts
                .list
                .iter()
                .any(|p| p.to == address && p.subject == subject);
            if !has {
                self.posts.want(subject, address);
            }
        }
        self.posts.list.len() > wanted
    }
}
