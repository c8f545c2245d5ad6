//! *Extend*: for how much longer, and why.

use super::super::blocks::Draft;
use super::super::markup::Markup;
use super::super::outcome;
use super::super::screen::{Choice, Screen};
use super::decide::{head, long};
use super::field::Field;
use super::lengths::{self, between, length_value};
use super::sheet::{Sheet, Words};
use super::{id, notes};
use crate::request::{Request, State};
use crate::units::Seconds;

/// Shorter rests are not worth asking approvers for.
const SHORTEST: Seconds = Seconds::minutes(1);

/// For how much longer an open path is needed, and why. Where its rule leaves no time, or it is not open
/// any more, it says so and asks for nothing.
pub fn extend(request: &Request) -> Screen {
    let words = Words {
        title: "Extend",
        submit: "Ask",
        close: "Back",
    };
    let notes = notes(request, request.posts.offered);
    let sheet = Sheet::new().text(head(request));
    let left = request.grant.as_ref().map(|_| request.left_to_extend());
    let sheet = match left {
        _ if !matches!(request.state, State::Active { .. }) => {
            sheet.text(Draft::new().line("It is not open any more: ask again instead"))
        }
        Some(left) if left >= SHORTEST => asking(sheet, request, left),
        _ => sheet.text(Draft::new().line(used_up(request))),
    };
    sheet.form(id::EXTEND, &notes, &words)
}

fn asking(sheet: Sheet, request: &Request, left: Seconds) -> Sheet {
    let before = request.asked.duration;
    let lengths = between(SHORTEST, left);
    // What was asked before, or what is left where no usual length fits.
    let odd = if before <= left {
        before
    } else {
        whole_minutes(left)
    };
    let own = (before <= left || lengths.is_empty()).then_some(odd);
    let lengths = lengths::with(lengths, own);
    let initial = lengths.iter().rev().find(|length| **length <= before);
    let initial = initial.or(lengths.first()).map(|l| length_value(*l));
    let choices: Vec<Choice> = lengths
        .iter()
        .map(|l| lengths::choice(*l, " more"))
        .collect();
    let until = Markup::from("Ends at ") + outcome::ends_at(request).unwrap_or_default();
    let most = Markup::from("at most ") + whole_minutes(left) + " more";
    let reason = request.asked.reason.as_deref();
    let why = Field::text(id::WHY, "Why", long(reason)).hint("Approvers read it");
    let why = if reason.is_some() {
        why
    } else {
        why.optional()
    };
    sheet
        .text(Draft::new().small(until + " · " + most, None))
        .field(Field::menu(id::LENGTH, "For", &choices, initial.as_deref()))
        .field(why)
}

const fn whole_minutes(length: Seconds) -> Seconds {
    Seconds::minutes(length.0 / 60)
}

fn used_up(request: &Request) -> Markup {
    match &request.route {
        Some(route) => {
            Markup::from("Rule ")
                + Markup::code(&route.rule)
                + " lets it be open for "
                + route.max
                + " at most: ask again when it is closed"
        }
        None => "It cannot be extended: ask again when it is closed".into(),
    }
}
