//! *More*: everything about a request, and approving it for less time or also for later asks.

use super::super::blocks::{Draft, limit};
use super::super::card::{lapses, substance, terms};
use super::super::markup::Markup;
use super::super::screen::{Choice, Screen};
use super::super::stages::{self, Voice};
use super::super::text::units;
use super::super::{effect, outcome, stated};
use super::field::Field;
use super::lengths::{self, between, length_value};
use super::sheet::{Sheet, Words};
use super::{id, notes};
use crate::request::{Crowd, Request, State};
use crate::rules::{StagePlan, UserId};
use crate::units::Seconds;

/// Shorter lengths that are offered: a few in sight decide faster than many.
const MOST_SHORTER: usize = 5;

/// Paragraphs of pairs before the rest is counted: the form has room for its inputs below.
const MOST_PARAGRAPHS: usize = 40;

/// All about a request for one reader. Who is asked and has not answered can approve here, for less
/// time and, where the rule lets them, for later asks too; to everybody else it is only shown. `face` is
/// the picture that it shows: [`crate::request::Posts::face`] of this very document.
pub fn more(request: &Request, face: u32, for_whom: &UserId) -> Screen {
    let words = Words {
        title: "More",
        submit: "Approve",
        close: "Back",
    };
    let sheet = details(request).text(standing(request, for_whom));
    let sheet = match request.waiting_stage() {
        Some((at, plan)) if may_approve(request, at, plan, for_whom) => sheet
            .field(length(request))
            .maybe_field(plan.repeat.map(|time| repeat(request, time))),
        _ => sheet,
    };
    sheet.form(id::MORE, &notes(request, face), &words)
}

fn details(request: &Request) -> Sheet {
    let line = outcome::of(request);
    let head = line.markup() + " · " + effect::path(request) + "\n" + terms(request);
    let draft = Draft::new()
        .line(head)
        .maybe_typed("", line.words.as_deref());
    let draft = match request.state {
        // Nothing was planned: there is no effect to show.
        State::Refused { .. } => draft,
        _ => substance(draft, request),
    };
    let draft = stated::whole(pairs(draft, request), request)
        .line(opens_when(request))
        .line(rule(request));
    let draft = match request.state {
        State::Pending { .. } => draft
            .line(stages::progress(request, Voice::Name))
            .line(stages::unreached(request))
            .small(lapses(request), None),
        _ => draft.line(stages::approved_by(request)),
    };
    Sheet::new().text(draft.small("Asked as", Some(&request.asked.text)))
}

/// Every pair of workloads, also those that a card only counts.
fn pairs(draft: Draft, request: &Request) -> Draft {
    let mut paragraphs = vec![Markup::from("All that opens").bold()];
    let all = &request.effect.opens;
    let mut shown = 0;
    for pair in all {
        let line = Markup::from("\n• ") + effect::pair(pair);
        let last = paragraphs.last().map_or(0, |last| units(last.as_str()));
        let full = last + units(line.as_str()) > limit::SECTION;
        if full && paragraphs.len() == MOST_PARAGRAPHS {
            break;
        }
        match paragraphs.last_mut() {
            Some(last) if !full => *last = last.clone() + line,
            _ => paragraphs.push(Markup::from("• ") + effect::pair(pair)),
        }
        shown += 1;
    }
    // One pair is what the line above says.
    if shown < 2 {
        return draft;
    }
    let draft = paragraphs.into_iter().fold(draft, Draft::line);
    match all.len() - shown {
        0 => draft,
        rest => draft.small(Markup::from("and ") + rest + " more", None),
    }
}

/// Its time counts from the opening, so before that there is no end to name.
fn opens_when(request: &Request) -> Markup {
    if let Some(until) = outcome::ends_at(request) {
        return Markup::from("Until ") + until;
    }
    match (&request.state, &request.asked.extends) {
        (State::Pending { .. } | State::Granting { .. }, Some(extends)) => {
            let until = request.length().after(extends.until);
            let since = request.asked.at;
            Markup::from("Would be open until ") + Markup::moment(until, since)
        }
        _ => Markup::default(),
    }
}

fn rule(request: &Request) -> Markup {
    let Some(route) = &request.route else {
        return Markup::default();
    };
    let name = Markup::from("Rule ") + Markup::code(&route.rule);
    name + " · at most " + route.max
}

/// Why the reader is asked, or that they are not.
fn standing(request: &Request, reader: &UserId) -> Draft {
    let Some((at, plan)) = request.waiting_stage() else {
        return Draft::new();
    };
    let stage = Markup::typed(&plan.name);
    let line = if request.votes.iter().any(|vote| vote.by == *reader) {
        "You have approved it".into()
    } else if plan.from.users.contains(&reader.0) {
        Markup::from("You are asked: the rule names you for ") + stage
    } else if is_of(request.crowds.get(at), reader) {
        Markup::from("You are asked: one of ") + circle(request.crowds.get(at)) + ", for " + stage
    } else if request.is_asked(at, reader) {
        Markup::from("You are asked: nobody has answered for ") + stage
    } else if plan.quiet.contains(reader) {
        Markup::from("You may approve for ") + stage
    } else {
        "You are not asked now".into()
    };
    Draft::new().line(line)
}

fn is_of(crowd: Option<&Crowd>, reader: &UserId) -> bool {
    crowd.is_some_and(|crowd| crowd.people.contains(reader))
}

fn circle(crowd: Option<&Crowd>) -> Markup {
    let groups = crowd.into_iter().flat_map(|crowd| &crowd.groups);
    match Markup::list(
        groups.map(|(handle, _)| Markup::handle(handle)),
        MOST_SHORTER,
    ) {
        none if none.is_empty() => "those whom the rule names".into(),
        names => names,
    }
}

/// Whether the core might count their vote now; it decides again when they send it.
fn may_approve(request: &Request, at: usize, plan: &StagePlan, reader: &UserId) -> bool {
    let named = request.is_asked(at, reader) || plan.quiet.contains(reader);
    let voted = request.votes.iter().any(|vote| vote.by == *reader);
    named && !voted && request.requester() != Some(reader)
}

fn length(request: &Request) -> Field {
    let now = request.length();
    let mut shorter = between(Seconds(1), Seconds(now.0.saturating_sub(1)));
    let longest = shorter.len().saturating_sub(MOST_SHORTER);
    let shorter = shorter.split_off(longest);
    let remark = match request.shortened {
        Some(_) => " (now)",
        None => " (as asked)",
    };
    let choices: Vec<Choice> = shorter
        .into_iter()
        .map(|length| lengths::choice(length, ""))
        .chain([lengths::choice(now, remark)])
        .collect();
    let initial = length_value(now);
    Field::few(id::LENGTH, "Approve for", &choices, Some(&initial))
}

fn repeat(request: &Request, time: Seconds) -> Field {
    let who = match &request.asked.by {
        // Plain text draws no mention; the card names them.
        crate::rules::Principal::Person(_) => "they ask".to_owned(),
        service => format!("{service} asks"),
    };
    let label = format!("Also when {who} for the same path again within {time}");
    let choice = Choice::new(&label, id::REPEAT_YES);
    Field::tick(id::REPEAT, "Later asks", &choice).hint("Recorded, and you can take it back")
}
