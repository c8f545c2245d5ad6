//! How a request stands, in one line: what decided cards and past notices shrink to.

use super::effect;
use super::markup::Markup;
use super::stages;
use crate::request::{End, ExtendedBy, Request, State};

/// One line: a title, what belongs to it, and words that somebody typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Line {
    /// A few words; also the start of the notification.
    pub(super) title: Markup,
    /// What follows it.
    pub(super) rest: Markup,
    /// The reason somebody gave, or a sentence that may hold typed words. Never markup.
    pub(super) words: Option<String>,
}

impl Line {
    fn new(title: impl Into<Markup>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    fn rest(mut self, rest: impl Into<Markup>) -> Self {
        self.rest = rest.into();
        self
    }

    fn words(mut self, words: Option<&String>) -> Self {
        self.words = words.cloned();
        self
    }

    /// Title in bold, and the rest.
    pub(super) fn markup(&self) -> Markup {
        self.title.clone().bold() + self.rest.clone()
    }
}

/// How the request stands.
pub(super) fn of(request: &Request) -> Line {
    match &request.state {
        State::Pending { .. } => Line::new("Waiting for approval"),
        State::Granting { .. } => Line::new("Opening"),
        State::Active { .. } => Line::new("Open").rest(until(request)),
        State::Ending { .. } => Line::new("Closing"),
        State::Ended { why, .. } => end(request, why),
        State::Denied { by, reason } => {
            let by = match by {
                Some(by) => Markup::from(" by ") + Markup::person(by),
                None => " by the rules".into(),
            };
            Line::new("Refused")
                .rest(by + " · nothing opened")
                .words(reason.as_ref())
        }
        State::Cancelled => Line::new("Cancelled").rest(by_requester(request) + NOTHING),
        State::Lapsed => lapsed(request),
        State::Refused { reason, .. } => Line::new("Refused").rest(NOTHING).words(Some(reason)),
        State::Failed { reason } => Line::new("Not opened").words(Some(reason)),
    }
}

const NOTHING: &str = " · nothing opened";

/// How an open path ended. Only [`End::Expired`] says so; every early end says "closed".
pub(super) fn end(request: &Request, why: &End) -> Line {
    let by = match why {
        // The service itself, or who answers for it.
        End::Done if request.asked.by.person().is_none() => " · not needed any more".into(),
        End::Done => by_requester(request),
        End::Revoked { by, .. } => Markup::from(" by ") + Markup::person(by),
        _ => Markup::default(),
    };
    match why {
        End::Failed { reason } => Line::new("Not opened").words(Some(reason)),
        End::Expired => match &request.extended {
            Some(on) => Line::new("Expired").rest(goes_on(on)),
            None => Line::new("Expired and closed"),
        },
        End::Done if request.grant.is_none() => Line::new("Closed before it opened").rest(by),
        End::Revoked { reason, .. } if request.grant.is_none() => {
            Line::new("Closed before it opened")
                .rest(by)
                .words(reason.as_ref())
        }
        End::Done => Line::new("Closed").rest(by),
        End::Revoked { reason, .. } => Line::new("Closed").rest(by).words(reason.as_ref()),
        End::IncidentClosed => Line::new("Closed").rest(" with its incident"),
        End::Withdrawn { reason } => Line::new("Closed early")
            .rest(" by Drawbridge")
            .words(Some(reason)),
        End::Removed => {
            let what = match effect::is_stated(request) {
                true => "objects",
                false => "policies",
            };
            let rest = Markup::from(" · somebody deleted its ") + what + " in the cluster";
            Line::new("Closed early").rest(rest)
        }
    }
}

/// ` · goes on as k7m3xb until 04:12`
fn goes_on(on: &ExtendedBy) -> Markup {
    let id = Markup::code(on.id.as_str());
    Markup::from(" · goes on until ") + Markup::moment(on.until, on.until) + " as " + id
}

fn lapsed(request: &Request) -> Line {
    let title = match &request.route {
        Some(route) => Markup::from("No answer in ") + route.lapse,
        None => "No answer".into(),
    };
    Line::new(title).rest(Markup::from(NOTHING) + " · asked: " + stages::all_asked(request))
}

fn by_requester(request: &Request) -> Markup {
    Markup::from(" by ") + Markup::principal(&request.asked.by)
}

/// ` until 03:42`, in the reader's zone.
fn until(request: &Request) -> Markup {
    match ends_at(request) {
        Some(at) => Markup::from(" until ") + at,
        None => Markup::default(),
    }
}

/// When the grant ends, in the reader's zone.
pub(super) fn ends_at(request: &Request) -> Option<Markup> {
    let grant = request.grant.as_ref()?;
    Some(Markup::moment(grant.expires_at, grant.opened_at))
}
