//! Small documents that live beside requests: who is away, incidents, what was opened where, and what is
//! on record.
//!
//! Pure. They share the requests' store, ids and ledger; a field `note` tells them from requests. Each
//! is found by its key, see [`Note::key`].

pub mod digest;
pub mod kept;

use serde::{Deserialize, Serialize};

use crate::id::RequestId;
use crate::lane::Alarms;
use crate::rules::UserId;
use crate::units::{Seconds, Time};

pub use digest::Digest;
pub use kept::{RULEBOOK, Reaped, Refused, RuleText, Rulebook, SETTINGS, Settings};
pub use kept::{reaped_key, refused_key, rule_key};

/// Longest absence: a delegation that nobody ends must not last for ever.
pub const LONGEST_ABSENCE: Seconds = Seconds::hours(24 * 92);

/// Requests that a trail or an incident keeps, newest last.
pub const MOST_KEPT: usize = 500;

/// After an incident was closed it is looked at again so often and so far apart: a request that was being
/// made at that moment must not outlive it.
const CLOSING_LOOKS: u32 = 4;
const BETWEEN_LOOKS: Seconds = Seconds(15);

/// One such document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "camelCase")]
pub enum Note {
    /// Who is away, and who stands in.
    Absences(Absences),
    /// An incident in a channel.
    Incident(Incident),
    /// What was opened towards one target.
    Trail(Trail),
    /// The text of a rule that governs.
    Rule(RuleText),
    /// The rules in force.
    Rulebook(Rulebook),
    /// An object that the reaper deleted.
    Reaped(Reaped),
    /// The settings in force.
    Settings(Settings),
    /// A refusal without a request of its own.
    Refused(Refused),
    /// The weekly digest.
    Digest(Digest),
}

/// Everybody who is away, in one document: it is asked for at every decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absences {
    /// Its id.
    pub id: RequestId,
    /// One each.
    pub list: Vec<Absence>,
}

/// Somebody is away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// Who.
    pub who: UserId,
    /// Who stands in.
    pub to: UserId,
    /// Since when.
    pub since: Time,
    /// Until when.
    pub until: Time,
}

/// An incident in a channel. Requests made there carry it and end with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// Its id.
    pub id: RequestId,
    /// The channel.
    pub channel: String,
    /// Who opened it.
    pub opened_by: UserId,
    /// When.
    pub opened_at: Time,
    /// What it is about, as typed.
    pub title: Option<String>,
    /// Whether its channel is one of those that the configuration calls incidents'.
    pub declared: bool,
    /// Its requests, in order.
    pub requests: Vec<RequestId>,
    /// Its end.
    pub closed: Option<Closed>,
}

/// The end of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Closed {
    /// Who closed it; `None`: its channel was archived.
    pub by: Option<UserId>,
    /// When.
    pub at: Time,
    /// How often its requests were looked at since.
    pub looks: u32,
}

/// What was opened towards one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// Its id.
    pub id: RequestId,
    /// `<cluster> <namespace>/<name>`.
    pub target: String,
    /// The requests, in order of their opening.
    pub requests: Vec<RequestId>,
}

impl Note {
    /// Its id.
    pub const fn id(&self) -> &RequestId {
        match self {
            Self::Absences(absences) => &absences.id,
            Self::Incident(incident) => &incident.id,
            Self::Trail(trail) => &trail.id,
            Self::Rule(rule) => &rule.id,
            Self::Rulebook(book) => &book.id,
            Self::Reaped(reaped) => &reaped.id,
            Self::Settings(settings) => &settings.id,
            Self::Refused(refused) => &refused.id,
            Self::Digest(digest) => &digest.id,
        }
    }

    /// The key by which it is found, as an owner is: no person's id and no service has a `:`.
    pub fn key(&self) -> String {
        match self {
            Self::Absences(_) => ABSENCES.to_owned(),
            Self::Incident(incident) => incident_key(&incident.channel),
            Self::Trail(trail) => trail_key(&trail.target),
            Self::Rule(rule) => rule_key(&rule.digest),
            Self::Rulebook(_) => RULEBOOK.to_owned(),
            Self::Reaped(reaped) => reaped_key(&reaped.cluster, &reaped.uid),
            Self::Settings(_) => SETTINGS.to_owned(),
            Self::Refused(refused) => refused_key(&refused.cause),
            Self::Digest(digest) => digest::digest_key(&digest.week),
        }
    }

    /// When it is to be looked at again.
    pub fn alarms(&self) -> Alarms {
        let gate = match self {
            Self::Incident(incident) => incident.look_at(),
            Self::Digest(digest) => digest.look_at(),
            _ => None,
        };
        Alarms { gate, card: None }
    }
}

/// How the key of every note begins.
pub const PREFIX: &str = "note:";

/// Key of the absences.
pub const ABSENCES: &str = "note:absences";

/// Key of the incidents of a channel.
pub fn incident_key(channel: &str) -> String {
    format!("note:incident:{channel}")
}

/// Key of a target's trail.
pub fn trail_key(target: &str) -> String {
    format!("note:trail:{target}")
}

/// Most people away at once: the document stays small.
pub const MOST_AWAY: usize = 1_000;

impl Absences {
    /// From now on this person is as `absence` says, or there again; whoever is back already is dropped.
    /// `false`: there is no room.
    pub fn set(&mut self, who: &UserId, absence: Option<Absence>, now: Time) -> bool {
        self.list.retain(|old| old.who != *who && now < old.until);
        if absence.is_some() && self.list.len() >= MOST_AWAY {
            return false;
        }
        self.list.extend(absence);
        true
    }
}

impl Absence {
    /// Whether somebody stands in at this moment.
    pub fn holds(&self, now: Time) -> bool {
        self.since <= now && now < self.until
    }
}

impl Incident {
    /// Whether requests can still join it.
    pub const fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// When its requests are to be ended, while it closes.
    fn look_at(&self) -> Option<Time> {
        let closed = self.closed.as_ref().filter(|c| c.looks < CLOSING_LOOKS)?;
        let wait = BETWEEN_LOOKS.0.saturating_mul(u64::from(closed.looks));
        Some(Seconds(wait).after(closed.at))
    }
}

impl Trail {
    /// The name of a target: `default orders/db`.
    pub fn target(cluster: &str, label: &str) -> String {
        let mut parts = label.split('/');
        // `orders/deploy/db` and `orders/db` are one target.
        match (parts.next(), parts.next(), parts.next()) {
            (Some(namespace), Some(_), Some(name)) if !label.contains('=') => {
                format!("{cluster} {namespace}/{name}")
            }
            _ => format!("{cluster} {label}"),
        }
    }
}

/// Adds a request to a list, once; the oldest give way.
pub fn add(requests: &mut Vec<RequestId>, id: &RequestId) -> bool {
    if requests.contains(id) {
        return false;
    }
    requests.push(id.clone());
    let surplus = requests.len().saturating_sub(MOST_KEPT);
    requests.drain(..surplus);
    true
}

/// Adds several; whether one of them is new.
pub fn add_all(requests: &mut Vec<RequestId>, ids: &[RequestId]) -> bool {
    ids.iter().filter(|id| add(requests, id)).count() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Seconds(seconds).after("2026-11-24T03:00:00Z".parse().unwrap())
    }

    fn id(text: &str) -> RequestId {
        text.parse().unwrap()
    }

    fn absence(who: &str, until: u64) -> Absence {
        Absence {
            who: UserId(who.into()),
            to: UserId("U0KIM".into()),
            since: at(10),
            until: at(until),
        }
    }

    #[test]
    fn an_absence_holds_from_its_beginning_to_its_end() {
        let holds = [9, 10, 19, 20].map(|s| absence("U0LEE", 20).holds(at(s)));
        assert_eq!(holds, [false, true, true, false]);
    }

    #[test]
    fn everybody_is_away_once_and_those_who_are_back_make_room() {
        let mut all = Absences {
            id: id("k7m3xa"),
            list: vec![absence("U0LEE", 20), absence("U0MAX", 50)],
        };
        let lee = UserId("U0LEE".into());
        assert!(all.set(&lee, Some(absence("U0LEE", 90)), at(30)));
        let until: Vec<Time> = all.list.iter().map(|one| one.until).collect();
        assert_eq!(until, [at(50), at(90)]);
        assert!(all.set(&lee, None, at(30)));
        assert_eq!(all.list.len(), 1);
        let many = (0..MOST_AWAY).map(|n| absence(&format!("U{n}"), 90));
        all.list = many.collect();
        assert!(!all.set(&lee, Some(absence("U0LEE", 90)), at(30)));
        assert!(all.set(&lee, Some(absence("U0LEE", 90)), at(90)));
    }

    #[test]
    fn a_closing_incident_is_looked_at_for_a_while_and_then_left() {
        let mut incident = Incident {
            id: id("k7m3xa"),
            channel: "C1".into(),
            opened_by: UserId("U0LEE".into()),
            opened_at: at(0),
            title: None,
            declared: false,
            requests: Vec::new(),
            closed: None,
        };
        let alarm = |incident: &Incident| Note::Incident(incident.clone()).alarms().gate;
        assert_eq!(alarm(&incident), None);
        let looks = (0..5).map(|looks| {
            incident.closed = Some(Closed {
                by: None,
                at: at(100),
                looks,
            });
            alarm(&incident)
        });
        let looks: Vec<_> = looks.collect();
        let expected = [100, 115, 130, 145].map(|s| Some(at(s)));
        assert_eq!(looks.split_last(), Some((&None, &expected[..])));
    }

    #[test]
    fn lists_hold_each_request_once_and_the_newest_of_many() {
        let mut list = Vec::new();
        assert!(add(&mut list, &id("k7m3xa")));
        assert!(!add(&mut list, &id("k7m3xa")));
        list = vec![id("k7m3xa"); MOST_KEPT];
        assert!(add(&mut list, &id("k7m3xb")));
        assert_eq!((list.len(), list.last()), (MOST_KEPT, Some(&id("k7m3xb"))));
    }

    #[test]
    fn notes_are_told_from_requests_by_a_field() {
        let note = Note::Trail(Trail {
            id: id("k7m3xa"),
            target: Trail::target("default", "orders/db"),
            requests: Vec::new(),
        });
        let json = serde_json::to_value(&note).unwrap();
        assert_eq!(json["note"], "trail");
        assert_eq!(note.key(), "note:trail:default orders/db");
        assert_eq!(serde_json::from_value::<Note>(json).unwrap(), note);
    }
}
