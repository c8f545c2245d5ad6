//! The ledger as it grows: every event of every request, in sentences. Kept here too, so that a
//! visitor who empties the store still sees what was recorded.

use std::collections::BTreeMap;

use serde::Serialize;

use super::clock::text;
use crate::audit::{Actor, Event, Fact};
use crate::demo::play::Play;
use crate::id::RequestId;
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
        for id in play.town.shelf.created() {
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
                request: request.to_string(),
                event: kind,
                who: who(play, &event.by),
                text: sentence(&event.fact),
            });
        }
    }
}

/// The name of a fact, as it is recorded.
#[derive(serde::Deserialize)]
struct Kind {
    event: String,
}

fn who(play: &Play, actor: &Actor) -> String {
    match actor {
        Actor::Person(user) => {
            let person = play.town.slack.person(&user.0);
            person.map_or_else(|| user.to_string(), |person| person.name)
        }
        Actor::Service(account) => account.clone(),
        Actor::Drawbridge => "drawbridge".to_owned(),
        Actor::ClusterUser => "somebody with access to the cluster".to_owned(),
    }
}

fn sentence(fact: &Fact) -> String {
    let because = |typed: &Option<String>| match typed {
        Some(reason) => format!(", because {reason}"),
        None => String::new(),
    };
    match fact {
        Fact::Asked {
            flow,
            seconds,
            rule,
            typed_reason,
            ..
        } => format!(
            "asked for {flow} for {seconds} under rule {rule}{}",
            because(typed_reason)
        ),
        Fact::Refused { flow, because, .. } => format!("was refused {flow}: {because}"),
        Fact::Approved {
            stage,
            right,
            shortened,
            lasts_until,
            ..
        } => {
            let right = right.as_ref().map(|right| format!(" ({right})"));
            let shorter = shortened.map(|length| format!(", for {length} only"));
            let again =
                lasts_until.map(|at| format!(", also for the same again until {}", text(at)));
            let parts = [right, shorter, again].into_iter().flatten();
            format!("approved for {stage}{}", parts.collect::<String>())
        }
        Fact::Granted => "the last approval is there, opening begins".to_owned(),
        Fact::Denied {
            because: rule,
            typed_reason,
            ..
        } => match rule {
            Some(rule) => format!("denied: {rule}"),
            None => format!("denied{}", because(typed_reason)),
        },
        Fact::Cancelled => "took the request back".to_owned(),
        Fact::Lapsed => "nobody answered in time".to_owned(),
        Fact::Reminded => "reminded those who had not answered".to_owned(),
        Fact::Attempted { objects, .. } => format!("applies {}", objects.join(", ")),
        Fact::Opened { expires_at } => format!("the path is open until {}", text(*expires_at)),
        Fact::NotOpened { problem } => format!("could not open: {problem}"),
        Fact::Warned => "warned of the coming end".to_owned(),
        Fact::Closing { why, typed_reason } => {
            format!("closes, {why}{}", because(typed_reason))
        }
        Fact::NotClosed { problem } => format!("could not close yet: {problem}"),
        Fact::Closed { why } => format!("everything is gone from the cluster ({why})"),
        Fact::Observed { findings } if findings.is_empty() => "is as approved again".to_owned(),
        Fact::Observed { findings } => findings.join("; "),
        other => of_other_ways(other),
    }
}

/// What there is besides asking, approving, opening and closing.
fn of_other_ways(fact: &Fact) -> String {
    match fact {
        Fact::Automatic { because } => format!("approved automatically: {because}"),
        Fact::Recalled { stage, by, on } => {
            format!("counts what {by} approved for {stage} on {on}")
        }
        Fact::Forgotten => "took back that an approval counts for later asks".to_owned(),
        Fact::Escalated { .. } => "nobody answered: the next circle is asked too".to_owned(),
        Fact::Emergency {
            skipped, seconds, ..
        } => format!(
            "opens at once for {seconds}, without {}",
            skipped.join(", ")
        ),
        Fact::Chased => "asks for the review of the emergency".to_owned(),
        Fact::Reviewed { typed_words } => match typed_words {
            Some(words) => format!("reviewed the emergency: {words}"),
            None => "reviewed the emergency".to_owned(),
        },
        Fact::Unreviewed => "the review of the emergency never came".to_owned(),
        Fact::Extended { by, until } => format!("goes on as {by} until {}", text(*until)),
        Fact::Away { to, until } => format!("is away until {}; {to} stands in", text(*until)),
        Fact::Back => "is back".to_owned(),
        Fact::IncidentOpened { channel, .. } => format!("opened an incident in {channel}"),
        Fact::IncidentClosed { channel } => format!("the incident in {channel} is closed"),
        // The others are told above.
        _ => String::new(),
    }
}
