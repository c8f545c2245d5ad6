//! Answers about what lies beside requests: absences, incidents, what was opened where.

use super::Markup;
use super::blocks::{Draft, Message};
use super::effect;
use super::outcome;
use super::stages;
use super::text::tidy;
use crate::audit::{Actor, Event, Fact};
use crate::id::RequestId;
use crate::notes::Incident;
use crate::request::Request;
use crate::rules::UserId;
use crate::units::{Seconds, Time};

/// What was not written down, and why.
pub fn unsaved(reason: &str) -> Message {
    let title = Markup::from("Nothing changed");
    Draft::new()
        .line(title.clone().bold())
        .typed("", reason)
        .send(title + ": " + Markup::typed(reason))
}

/// To whoever is away: who stands in, and until when.
pub fn away(to: &UserId, until: Time, now: Time, reached: bool) -> Message {
    let line = Markup::person(to) + " stands in for you until " + Markup::moment(until, now);
    let note = if reached {
        "They were told. `back` ends it"
    } else {
        "They could not be written to: tell them. `back` ends it"
    };
    Draft::new().line(line.clone()).small(note, None).send(line)
}

/// To whoever stands in.
pub fn stands_in(who: &UserId, until: Time, now: Time) -> Message {
    let line = Markup::from("You stand in for ")
        + Markup::person(who)
        + " until "
        + Markup::moment(until, now);
    Draft::new()
        .line(line.clone())
        .small(
            "What they would be asked to approve is asked of you, apart from what you or they ask for",
            None,
        )
        .send(line)
}

/// To whoever is back.
pub fn back(ended: bool) -> Message {
    let text = if ended {
        "Welcome back · nobody stands in for you any more"
    } else {
        "Nobody was standing in for you"
    };
    Draft::new().line(text).send(text)
}

/// This channel's incident.
pub fn incident_is_open(id: &RequestId) -> Message {
    let line = Markup::from("Incident ") + Markup::code(id.as_str()) + " is open in this channel";
    Draft::new()
        .line(line.clone())
        .small(
            "What is asked for here belongs to it and ends with `incident close`",
            None,
        )
        .send(line)
}

/// Said in the channel.
pub fn incident_opened(by: &UserId, id: &RequestId, title: Option<&str>) -> Message {
    let line =
        Markup::from("Incident ") + Markup::code(id.as_str()) + " opened by " + Markup::person(by);
    Draft::new()
        .line(line.clone())
        .maybe_typed("", title)
        .small("Paths opened for it end with `incident close`", None)
        .send(line)
}

/// There is none here.
pub fn no_incident() -> Message {
    let text = "No incident is open in this channel";
    Draft::new()
        .line(text)
        .small("`incident open` begins one, where it is handled", None)
        .send(text)
}

/// Its end: in the channel with who closed it, to the closer without.
pub fn incident_closed(by: Option<&UserId>, incident: &Incident) -> Message {
    let by = by.map(|by| Markup::from(" by ") + Markup::person(by));
    let line = Markup::from("Incident ")
        + Markup::code(incident.id.as_str())
        + " closed"
        + by.unwrap_or_default();
    let requests = incident.requests.len();
    let what = match requests {
        0 => "Nothing was asked for it".into(),
        _ => Markup::from("What is open of its ") + requests + " requests is being closed",
    };
    Draft::new()
        .line(line.clone())
        .small(what + " · `incident timeline` tells its story", None)
        .send(line)
}

/// What was opened towards a target.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// The target as it was asked about.
    pub target: &'a str,
    /// How far back.
    pub since: Seconds,
    /// Newest first.
    pub requests: &'a [Request],
    /// Older ones that are left out.
    pub more: usize,
    /// Those that are none of the reader's business.
    pub others: usize,
}

/// The answer to `history`.
pub fn history(history: &History<'_>) -> Message {
    let head = Markup::from("Opened towards ")
        + Markup::code(history.target)
        + " in the last "
        + history.since;
    let lines = history.requests.iter().map(|request| {
        let opened = request.grant.as_ref();
        let at = opened.map(|grant| Markup::moment(grant.opened_at, request.asked.at));
        let line = outcome::of(request);
        let parts = [
            at.unwrap_or_default(),
            Markup::code(request.id.as_str()),
            Markup::principal(&request.asked.by),
            effect::path(request),
            line.markup(),
            stages::approved_by(request),
        ];
        Markup::join(parts, " · ")
    });
    let nothing = history
        .requests
        .is_empty()
        .then_some("Nothing that concerns you");
    let more = match history.more {
        0 => Markup::default(),
        more => Markup::from("and ") + more + " older",
    };
    let others = match history.others {
        0 => Markup::default(),
        others => Markup::from(others) + " more are others' business",
    };
    lines
        .fold(Draft::new().line(head.clone().bold()), Draft::line)
        .line(nothing.unwrap_or_default())
        .small(Markup::join([more, others], " · "), None)
        .send(head + ": " + history.requests.len())
}

/// Everybody whom the line of a timeline names.
pub fn named(event: &Event) -> Vec<&UserId> {
    let by = match &event.by {
        Actor::Person(user) => Some(user),
        _ => None,
    };
    let asked = match &event.fact {
        Fact::StageReached { asked, .. } | Fact::Escalated { asked } => asked.as_slice(),
        _ => &[],
    };
    by.into_iter().chain(asked.iter().take(NAMED)).collect()
}

/// One line of a timeline; `None` for what a review does not need. `name` tells what people are called.
pub fn told(request: &Request, event: &Event, name: &dyn Fn(&UserId) -> String) -> Option<String> {
    let (from, to) = request.path();
    let path = format!("`{}` → `{}`", plain(&from), plain(&to));
    let id = &request.id;
    let by = who(&event.by, name);
    let because = |reason: &Option<String>| match reason {
        Some(reason) => format!(": {}", plain(reason)),
        None => String::new(),
    };
    Some(match &event.fact {
        Fact::Asked {
            seconds,
            typed_reason,
            ..
        } => format!(
            "{by} asked for {path} for {seconds} ({id}){}",
            because(typed_reason)
        ),
        Fact::Approved { stage, .. } => format!("{by} approved {id} for {}", plain(stage)),
        Fact::Automatic { .. } => format!("{id} was approved automatically"),
        Fact::Emergency { skipped, .. } => {
            let skipped: Vec<String> = skipped.iter().map(|stage| plain(stage)).collect();
            format!("{by} opened {id} at once, without {}", skipped.join(", "))
        }
        Fact::Denied {
            because: rule,
            typed_reason,
            ..
        } => {
            let why = rule.as_ref().or(typed_reason.as_ref());
            format!("{by} denied {id}{}", because(&why.cloned()))
        }
        Fact::Cancelled => format!("{by} took {id} back"),
        Fact::Lapsed => format!("nobody answered {id} in time"),
        Fact::StageReached { stage, asked } => {
            format!("{} asked for {id}, for {}", were(asked, name), plain(stage))
        }
        Fact::ApprovedOffline { stage, account, .. } => {
            let (account, stage) = (plain(account), plain(stage));
            format!("{account} approved {id} for {stage}, while Slack was away")
        }
        Fact::Escalated { asked } if asked.is_empty() => format!("{id} was escalated"),
        Fact::Escalated { asked } => {
            format!("{id} was escalated: {} asked too", were(asked, name))
        }
        Fact::Opened { .. } => format!("{path} was open ({id})"),
        Fact::Closing { why, typed_reason } => {
            let why = plain(&why.replace('_', " "));
            format!("{by} began to close {id} ({why}){}", because(typed_reason))
        }
        Fact::Closed { .. } => format!("{path} was closed ({id})"),
        Fact::Reviewed { typed_words } => {
            format!("{by} reviewed the emergency {id}{}", because(typed_words))
        }
        _ => return None,
    })
}

/// Who did it, as a sentence begins.
fn who(by: &Actor, name: &dyn Fn(&UserId) -> String) -> String {
    match by {
        Actor::Person(user) => plain(&name(user)),
        Actor::Service(name) => plain(name),
        Actor::Drawbridge => "Drawbridge".to_owned(),
        Actor::ClusterUser => "somebody in the cluster".to_owned(),
    }
}

/// People named one by one in a line of a timeline; the others are counted.
const NAMED: usize = 5;

/// `lee and max were`, `lee, max and 9 more were`, `nobody was`.
fn were(people: &[UserId], name: &dyn Fn(&UserId) -> String) -> String {
    let names = people.iter().take(NAMED).map(|user| plain(&name(user)));
    let mut names: Vec<String> = names.collect();
    match people.len().saturating_sub(NAMED) {
        0 => {}
        more => names.push(format!("{more} more")),
    }
    match names.split_last() {
        None => "nobody was".to_owned(),
        Some((only, [])) => format!("{only} was"),
        Some((last, others)) => format!("{} and {last} were", others.join(", ")),
    }
}

/// Typed text for a Markdown document: on one line, with nothing in it that Markdown reads.
fn plain(text: &str) -> String {
    let mut safe = String::new();
    for c in tidy(text).chars() {
        if matches!(
            c,
            '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '\\' | '!'
        ) {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

/// The story of an incident as Markdown, to be copied into its review. Times are UTC.
pub fn timeline(
    incident: &Incident,
    lines: &[(Time, String)],
    name: &dyn Fn(&UserId) -> String,
) -> Message {
    let title = incident.title.as_deref().map(plain).unwrap_or_default();
    let head = format!("## Incident {} {title}", incident.id);
    let opened = format!(
        "- {} opened by {}",
        incident.opened_at.format("%Y-%m-%d %H:%M"),
        plain(&name(&incident.opened_by))
    );
    let closed = incident
        .closed
        .as_ref()
        .map(|closed| format!("- {} closed", closed.at.format("%Y-%m-%d %H:%M")));
    let told = lines
        .iter()
        .map(|(at, line)| format!("- {} {line}", at.format("%Y-%m-%d %H:%M")));
    let all: Vec<String> = [head.trim().to_owned(), String::new(), opened]
        .into_iter()
        .chain(told)
        .chain(closed)
        .collect();
    let text = Markup::from("Timeline of incident ") + Markup::code(incident.id.as_str());
    pages(&all)
        .iter()
        .fold(Draft::new().line(text.clone() + " (UTC)"), |draft, page| {
            draft.mono(page)
        })
        .send(text)
}

/// Lines in pieces that fit into a block each.
fn pages(lines: &[String]) -> Vec<String> {
    const MOST: usize = 40;
    let mut pages = vec![String::new()];
    for line in lines {
        let full = pages.last().is_some_and(|page| {
            super::text::units(page) + super::text::units(line) > super::blocks::limit::MONO
        });
        if full {
            pages.push(String::new());
        }
        if let Some(page) = pages.last_mut() {
            page.push_str(line);
            page.push('\n');
        }
    }
    pages.truncate(MOST);
    pages
}
