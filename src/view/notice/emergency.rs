//! Notices of emergencies: loud at the opening, asking for a review afterwards.

use super::super::blocks::{Draft, Message};
use super::super::button::{Action, Button};
use super::super::card::terms;
use super::super::markup::Markup;
use super::super::stages;
use super::super::summary::summary;
use super::{Scene, quoted};
use crate::request::Audience;

impl Scene<'_> {
    /// Said loudly, before anything is open: who was skipped must not learn of it last.
    pub(super) fn emergency(&self) -> Message {
        let request = self.request;
        let by = request.emergency.as_ref().map(|e| Markup::person(&e.by));
        let opened = Markup::from("Opened at once by ") + by.unwrap_or_default();
        let skipped = Markup::from("Not asked: ") + stages::everybody(request, self.voice());
        let review = request.emergency.as_ref().map(|emergency| {
            Markup::from("Review due by ") + Markup::moment(emergency.review_by, emergency.at)
        });
        Draft::new()
            .line(Markup::from(":rotating_light: ") + self.headed(&"Emergency".into()))
            .line(opened + "\n" + terms(request))
            .maybe_typed("Why: ", request.asked.reason.as_deref())
            .line(skipped)
            .small(review.unwrap_or_default(), None)
            .send(summary("Emergency".into(), request))
    }

    /// Said when Slack is back: who approved in the meantime, and with what.
    pub(super) fn approved_offline(&self) -> Message {
        let request = self.request;
        let title = "Approved while Slack was away";
        let by = request.offline.as_ref().map(|vote| {
            let at = Markup::moment(vote.at, vote.at);
            Markup::from("By ") + Markup::principal(&vote.by) + " at " + at
        });
        let length = Markup::from("For ") + request.length() + ", and the ledger names the token";
        Draft::new()
            .line(self.headed(&title.into()) + "\n" + terms(request))
            .line(by.unwrap_or_default())
            .small(length, None)
            .send(summary(title.into(), request))
    }

    pub(super) fn review_wanted(&self) -> Message {
        let request = self.request;
        let title = "Review of an emergency wanted";
        let due = request.emergency.as_ref().map(|emergency| {
            let by = Markup::person(&emergency.by);
            let due = Markup::moment(emergency.review_by, emergency.at);
            Markup::from("Opened at once by ") + by + " · review due by " + due
        });
        let who = Markup::from("Was it right? ") + stages::everybody(request, self.voice());
        let review =
            (self.audience != Audience::Requester).then(|| Button::new(Action::Review, request));
        Draft::new()
            .line(self.headed(&title.into()) + "\n" + terms(request))
            .line(due.unwrap_or_default())
            .line(who)
            .button_if(review)
            .send(summary(title.into(), request))
    }

    pub(super) fn reviewed(&self) -> Message {
        let title = "Emergency reviewed";
        let review = self.request.emergency.as_ref();
        let review = review.and_then(|emergency| emergency.review.as_ref());
        let by = review.map(|review| Markup::from("by ") + Markup::person(&review.by));
        let words = review.and_then(|review| review.words.as_deref());
        Draft::new()
            .line(self.headed(&title.into()) + "\n" + by.unwrap_or_default())
            .maybe_typed("", words.map(quoted).as_deref())
            .send(summary(title.into(), self.request))
    }
}
