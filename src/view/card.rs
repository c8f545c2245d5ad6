//! The card: a request as it stands. Whole while it waits for approval, one line once decided.

use super::blocks::{Draft, Message};
use super::button::{Action, Button};
use super::effect;
use super::markup::Markup;
use super::outcome;
use super::stages::{self, Voice};
use super::summary::summary;
use crate::request::alarms::lapse_at;
use crate::request::{Address, Audience, Request, State};

/// The card for one audience at one address.
pub(super) fn render(request: &Request, audience: Audience, to: &Address) -> Message {
    match (&request.state, audience) {
        (State::Pending { .. }, Audience::Requester) => waiting(request),
        (State::Pending { .. }, Audience::Approvers) => question(request, to),
        (State::Pending { .. }, Audience::Others) => one_line(request).send(short(request)),
        (State::Granting { .. }, Audience::Requester) => one_line(request)
            .button(Button::new(Action::Cancel, request))
            .send(short(request)),
        // Its end is the requester's own doing, so no notice offers to ask again.
        (State::Cancelled, Audience::Requester) => one_line(request)
            .button(Button::new(Action::Again, request))
            .send(short(request)),
        _ => one_line(request).send(short(request)),
    }
}

/// `@dana · prod-eu · 30 min · k7m3xa`, and what it belongs to.
pub(super) fn terms(request: &Request) -> Markup {
    let asked = &request.asked;
    let incident = asked
        .incident
        .as_ref()
        .map(|incident| Markup::from("incident ") + Markup::channel(&incident.channel));
    let extends = asked
        .extends
        .as_ref()
        .map(|extends| Markup::from("extends ") + Markup::code(extends.id.as_str()));
    let parts = [
        asker(request),
        Markup::typed(&asked.cluster),
        length(request),
        Markup::code(request.id.as_str()),
    ];
    Markup::join(parts.into_iter().chain(extends).chain(incident), " · ")
}

/// Who asked; of a service also who answers for it.
fn asker(request: &Request) -> Markup {
    let by = Markup::principal(&request.asked.by);
    match (request.asked.by.person(), request.requester()) {
        (None, Some(owner)) => by + " (owner " + Markup::person(owner) + ")",
        _ => by,
    }
}

/// `30 min`, `30 min more`, `20 min (asked: 30 min)`.
fn length(request: &Request) -> Markup {
    let more = match &request.asked.extends {
        Some(extends) => {
            let until = request.length().after(extends.until);
            Markup::from(" more, until ") + Markup::moment(until, request.asked.at)
        }
        None => Markup::default(),
    };
    let now = Markup::from(request.length()) + more;
    match request.shortened {
        Some(shorter) if shorter < request.asked.duration => {
            now + " (asked: " + request.asked.duration + ")"
        }
        _ => now,
    }
}

/// What approvers decide on.
fn question(request: &Request, to: &Address) -> Message {
    let reader = reader(request, to);
    // A mention in a channel notifies those who are asked; written to directly, they know.
    let voice = match reader {
        Reader::Channel => Voice::Ping,
        Reader::Asked => Voice::You,
        Reader::Voted | Reader::NotAsked => Voice::Name,
    };
    let mut approve = Button::new(Action::Approve, request);
    if let Some(question) = effect::second_look(request) {
        approve = approve.confirm(question);
    }
    let title = match request.asked.extends {
        Some(_) => Markup::from("Keep ") + effect::path(request) + " open for longer?",
        None => Markup::from("Open ") + effect::path(request) + "?",
    };
    let draft = Draft::new().line(title.bold() + "\n" + terms(request));
    let draft = substance(draft, request).line(stages::progress(request, voice));
    let button = |action| Button::new(action, request);
    let (deny, more) = (button(Action::Deny), button(Action::More));
    let draft = match reader {
        Reader::Channel | Reader::Asked => draft.button(approve).button(deny).button(more),
        // They may still change their mind.
        Reader::Voted => draft.button(deny).button(more),
        Reader::NotAsked => draft,
    };
    let draft = match to {
        Address::Person(person) if !request.rescuers.contains(person) => draft,
        _ => draft.button_if(emergency(request)),
    };
    draft.send(summary("Approve?".into(), request))
}

/// The way out for those whom the rule names; asked back, because it skips everybody.
fn emergency(request: &Request) -> Option<Button> {
    let plan = request.route.as_ref()?.emergency.as_ref()?;
    let question = format!(
        "Opens at once for {}, without approval. {} is told, and it must be reviewed.",
        request.length().min(plan.max),
        plan.tell
    );
    Some(Button::new(Action::Emergency, request).confirm(&question))
}

/// Who reads a card of a waiting request, so that no button is offered that would do nothing.
enum Reader {
    /// Whoever is in the channel.
    Channel,
    /// One who is asked now.
    Asked,
    /// One who is asked now and has approved.
    Voted,
    /// One who was asked for an earlier stage.
    NotAsked,
}

fn reader(request: &Request, to: &Address) -> Reader {
    let Address::Person(person) = to else {
        return Reader::Channel;
    };
    let waiting = request.waiting_stage().map(|(stage, _)| stage);
    if !waiting.is_some_and(|stage| request.is_asked(stage, person)) {
        Reader::NotAsked
    } else if request.votes.iter().any(|vote| vote.by == *person) {
        Reader::Voted
    } else {
        Reader::Asked
    }
}

/// What the requester reads meanwhile: who is asked, and until when.
fn waiting(request: &Request) -> Message {
    let title = Markup::from("Waiting for approval").bold() + " · " + effect::path(request);
    let draft = Draft::new().line(title + "\n" + terms(request));
    substance(draft, request)
        .line(stages::progress(request, Voice::Name))
        .line(stages::unreached(request))
        .small(lapses(request), None)
        .button(Button::new(Action::Cancel, request))
        .button_if(emergency(request).filter(|_| rescues_self(request)))
        .send(summary("Waiting".into(), request))
}

fn rescues_self(request: &Request) -> bool {
    let requester = request.requester();
    requester.is_some_and(|person| request.rescuers.contains(person))
}

/// Why, and what it changes.
pub(super) fn substance(draft: Draft, request: &Request) -> Draft {
    let draft = draft.maybe_typed("Why: ", request.asked.reason.as_deref());
    effect::shown(draft, request)
}

/// `Lapses at 15:00 without an answer`
pub(super) fn lapses(request: &Request) -> Markup {
    let Some(at) = lapse_at(request) else {
        return Markup::default();
    };
    let since = match &request.state {
        State::Pending { since, .. } => *since,
        _ => request.asked.at,
    };
    Markup::from("Lapses without an answer at ") + Markup::moment(at, since)
}

fn one_line(request: &Request) -> Draft {
    let line = outcome::of(request);
    let by = stages::approved_by(request);
    let parts = [line.markup(), effect::path(request), terms(request), by];
    Draft::new().small(Markup::join(parts, " · "), line.words.as_deref())
}

fn short(request: &Request) -> Markup {
    summary(outcome::of(request).title, request)
}
