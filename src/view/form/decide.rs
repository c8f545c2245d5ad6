//! Words that go with a decision: why not, and what a review found.

use super::super::blocks::{Draft, limit};
use super::super::card::terms;
use super::super::effect;
use super::super::markup::Markup;
use super::super::screen::Screen;
use super::super::{outcome, stages};
use super::field::{Field, Lines};
use super::sheet::{Sheet, Words};
use super::{id, notes};
use crate::request::Request;

/// Why not. `face` is the picture that the person saw: a denial of an older one is stale. Where nothing
/// waits any more it only shows how it went on.
pub fn deny(request: &Request, face: u32) -> Screen {
    let words = Words {
        title: "Deny",
        submit: "Deny",
        close: "Back",
    };
    let why = Field::text(id::WHY, "Why", long(None))
        .hint("Shown to the requester")
        .optional();
    Sheet::new()
        .text(head(request))
        .maybe_field(request.waiting_stage().map(|_| why))
        .form(id::DENY, &notes(request, face), &words)
}

/// What somebody found who looked at what an emergency opened. Where no review is awaited (any more) it
/// says so and asks for nothing.
pub fn review(request: &Request) -> Screen {
    let words = Words {
        title: "Review",
        submit: "Reviewed",
        close: "Back",
    };
    let found = Field::text(id::WORDS, "What you found", long(None))
        .hint("Kept in the record, and shown to those who were skipped")
        .optional();
    let opened = match &request.emergency {
        Some(emergency) => Markup::from("Opened at once by ") + Markup::person(&emergency.by),
        None => "No emergency: there is nothing to review".into(),
    };
    let done = request.emergency.as_ref().and_then(|e| e.review.as_ref());
    let done = done.map(|review| Markup::from("Reviewed by ") + Markup::person(&review.by));
    let draft = head(request)
        .line(opened)
        .line(Markup::from("Not asked: ") + stages::everybody(request, stages::Voice::Name))
        .line(done.unwrap_or_default());
    Sheet::new()
        .text(draft)
        .maybe_field(request.awaits_review().then_some(found))
        .form(id::REVIEW, &notes(request, request.posts.offered), &words)
}

/// Which request it is about, in a few lines.
pub(super) fn head(request: &Request) -> Draft {
    let line = outcome::of(request);
    let title = line.markup() + " · " + effect::path(request);
    Draft::new()
        .line(title + "\n" + terms(request))
        .maybe_typed("", line.words.as_deref())
        .maybe_typed("Why: ", request.asked.reason.as_deref())
}

/// A few sentences.
pub(super) const fn long(initial: Option<&str>) -> Lines<'_> {
    Lines {
        most: limit::TYPED,
        many: true,
        initial,
        placeholder: None,
    }
}
