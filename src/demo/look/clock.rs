//! What time it is in the town, and what the requests' own alarms say comes next.

use serde::Serialize;

use crate::demo::play::{Play, Stage};
use crate::request::alarms::lapse_at;
use crate::request::{Request, State, alarms};
use crate::units::Time;

/// The clock section.
#[derive(Debug, Serialize)]
pub(in crate::demo) struct Clock {
    now: String,
    running: bool,
    next: Option<Next>,
}

/// What comes next.
#[derive(Debug, Serialize)]
pub(in crate::demo) struct Next {
    #[serde(serialize_with = "as_text")]
    pub(in crate::demo) at: Time,
    what: String,
}

fn as_text<S: serde::Serializer>(at: &Time, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*at))
}

/// RFC 3339 with milliseconds.
pub(super) fn text(at: Time) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

pub(in crate::demo) async fn look(stage: &Stage, play: &Play) -> Clock {
    Clock {
        now: text(play.town.now()),
        running: true,
        next: match stage.is_embedded() {
            true => next(play).await,
            false => None,
        },
    }
}

/// The earliest alarm of an open request that is not over yet.
pub(in crate::demo) async fn next(play: &Play) -> Option<Next> {
    let (store, now) = (play.town.shelf.behind_the_door(), play.town.now());
    let mut earliest: Option<Next> = None;
    for id in play.town.shelf.created() {
        let Ok(Some(record)) = store.load(&id).await else {
            continue;
        };
        let Ok(request) = serde_json::from_str::<Request>(&record.body) else {
            continue;
        };
        let Some(at) = alarms(&request).gate.filter(|at| *at > now) else {
            continue;
        };
        if earliest.as_ref().is_none_or(|known| at < known.at) {
            let what = format!("{id}: {}", what(&request, at));
            earliest = Some(Next { at, what });
        }
    }
    earliest
}

fn what(request: &Request, at: Time) -> &'static str {
    let end = request.grant.as_ref().map(|grant| grant.expires_at);
    match &request.state {
        State::Pending { .. } if lapse_at(request) == Some(at) => "nobody has answered, it lapses",
        State::Pending { .. } => "its approvers are reminded",
        State::Granting { .. } => "opening is tried again",
        State::Active { .. } if end == Some(at) => "its time is over, the path closes",
        State::Active { .. } => "a warning before the end",
        State::Ending { .. } => "closing is tried again",
        _ => "it is looked at again",
    }
}
