//! The ledger as it grows: every event of every request, in sentences. Kept here too, so that a
//! visitor who empties the store still sees what was recorded.

mod sentences;

use std::collections::BTreeMap;

use serde::Serialize;

use self::sentences::sentence;
use super::clock::text;
use crate::audit::{Actor, Event, Fact};
use crate::demo::play::Play;
use crate::id::RequestId;
use crate::rules::UserId;
use crate::units::Time;

/// The ledger section.
#[derive(Debug, Default, Serialize)]
pub(in crate::demo) struct Ledger {
    events: Vec<Entry>,
    #[serde(skip)]
    read: BTreeMap<RequestId, u64>,
}

#[derive(Debug, Serialize)]
struct Entry {
    number: usize,
    at: String,
    request: String,
    event: String,
    who: String,
    text: String,
}

impl Ledger {
    /// Adds what was recorded since it was read last.
    pub(in crate::demo) async fn read(&mut self, play: &Play) {
        let store = play.town.shelf.behind_the_door();
        let mut new: Vec<(Time, RequestId, String, Event)> = Vec::new();
        for id in play.town.shelf.documents() {
            let after = self.read.get(&id).copied().unwrap_or_default();
            let Ok(events) = store.events(&id, after).await else {
                continue;
            };
            for (number, body) in events {
                self.read.insert(id.clone(), number);
                let kind = serde_json::from_str::<Kind>(&body);
                let event = serde_json::from_str::<Event>(&body);
                if let (Ok(Kind { event: kind }), Ok(event)) = (kind, event) {
                    new.push((event.at, id.clone(), kind, event));
                }
            }
        }
        new.sort_by_key(|(at, ..)| *at);
        for (at, request, kind, event) in new {
            self.events.push(Entry {
                number: self.events.len() + 1,
                at: text(at),
                request: concerns(&event.fact, &request),
                event: kind,
                who: who(play, &event.by),
                text: sentence(play, &event.fact),
            });
        }
    }
}

/// The request that a fact is about; empty where it is about none.
fn concerns(fact: &Fact, document: &RequestId) -> String {
    match fact {
        Fact::Reaped { request, .. } => request.as_ref().map(ToString::to_string),
        Fact::Forbidden { request, .. } => Some(request.to_string()),
        Fact::RuleKept { .. }
        | Fact::RulesChanged { .. }
        | Fact::Configured { .. }
        | Fact::TurnedAway { .. }
        | Fact::Away { .. }
        | Fact::Back => None,
        _ => Some(document.to_string()),
    }
    .unwrap_or_default()
}

/// The name of a fact, as it is recorded.
#[derive(serde::Deserialize)]
struct Kind {
    event: String,
}

fn who(play: &Play, actor: &Actor) -> String {
    match actor {
        Actor::Person(user) => name(play, user),
        Actor::Service(account) => account.clone(),
        Actor::Drawbridge => "drawbridge".to_owned(),
        Actor::ClusterUser => "somebody with access to the cluster".to_owned(),
    }
}

fn name(play: &Play, user: &UserId) -> String {
    let person = play.town.slack.person(&user.0);
    person.map_or_else(|| user.to_string(), |person| person.name)
}
