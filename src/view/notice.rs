//! Notices: messages about something that happened. One that no longer holds shrinks to a line that
//! says how it went on, without buttons that would do nothing.

mod back;
mod emergency;

use super::blocks::{Draft, Message};
use super::button::{Action, Button};
use super::card::{lapses, terms};
use super::effect;
use super::markup::Markup;
use super::outcome::{self, Line};
use super::stages::{self, Voice};
use super::summary::summary;
use crate::netpol::{Finding, Opened};
use crate::request::{
    Address, Audience, End, Notice, Post, PostKey, Request, State, Subject, Told,
};
use crate::units::Seconds;

/// Deleting a policy need not cut what is connected: that is the network plugin's choice, so no
/// closing claims it (kubernetes/website#43438).
const HONEST: &str = "Its policies are removed. Existing connections may survive";

/// The same of objects that a template states: whoever was let in may have begun what goes on.
const HONEST_OF_OBJECTS: &str = "Its objects are removed. What is running may go on";

/// Reasons named in one notice before the rest is counted.
const MOST_REASONS: usize = 5;

/// A notice's request and reader.
pub(super) struct Scene<'a> {
    pub(super) request: &'a Request,
    pub(super) audience: Audience,
    pub(super) to: &'a Address,
    pub(super) key: PostKey,
}

impl Scene<'_> {
    /// What the notice shows now.
    pub(super) fn render(&self, notice: &Notice) -> Message {
        if !self.holds(notice) {
            return self.past(notice);
        }
        match notice {
            Notice::Granted => self.granted(),
            Notice::Warning { left } => self.warning(*left),
            Notice::Ended(why) => self.ended(why),
            Notice::Denied | Notice::Lapsed => self.again(&outcome::of(self.request)),
            Notice::Cancelled => self.brief(&outcome::of(self.request)),
            Notice::Reminder(_) => self.ask("Still waiting"),
            Notice::NextStage(_) => self.ask("Next approval"),
            Notice::Escalated(_) => self.ask("Nobody has answered yet"),
            Notice::Emergency => self.emergency(),
            Notice::ReviewWanted(_) => self.review_wanted(),
            Notice::Reviewed => self.reviewed(),
            Notice::ApprovedOffline => self.approved_offline(),
            Notice::CannotClose => self.cannot_close(),
            Notice::Changed(Finding::OpensMore { pairs }) => self.opens_more(pairs),
            Notice::Changed(Finding::NotOpen { why }) => self.not_open(why),
            Notice::WentBack => self.went_back(),
            Notice::Undone => self.past(notice),
        }
    }

    fn granted(&self) -> Message {
        let request = self.request;
        let until = Markup::from("Open until ") + outcome::ends_at(request).unwrap_or_default();
        let when = terms(request) + "\n" + until + " · " + stages::approved_by(request);
        Draft::new()
            .line(self.headed(&"Applied".into()) + "\n" + when)
            .small(self.cc("Usually works in seconds".into()), None)
            .button_if(self.done())
            .button_if(self.extend())
            .send(summary("Applied".into(), request))
    }

    fn warning(&self, left: Seconds) -> Message {
        let title = Markup::from(rounded(left)) + " left";
        let until = Markup::from("Ends at ") + outcome::ends_at(self.request).unwrap_or_default();
        let more = match self.audience {
            Audience::Requester => self.whom_extending_asks(),
            Audience::Approvers | Audience::Others => Markup::default(),
        };
        let when = Markup::join([until, more], " · ");
        Draft::new()
            .line(self.headed(&title) + "\n" + when)
            .button_if(self.extend())
            .button_if(self.done())
            .send(summary(title, self.request))
    }

    /// `extending asks orders on-call`: whoever was asked before. The rules as they are then decide.
    fn whom_extending_asks(&self) -> Markup {
        if self.extend().is_none() {
            let most = self.request.route.as_ref().map(|route| route.max);
            return most.map_or_else(Markup::default, |most| Markup::from(most) + " is the most");
        }
        let stages = self.request.stages().iter();
        let names = stages.map(|stage| Markup::typed(&stage.name));
        match Markup::list(names, MOST_REASONS) {
            names if names.is_empty() => names,
            names => Markup::from("extending asks ") + names,
        }
    }

    fn ended(&self, why: &End) -> Message {
        let line = outcome::end(self.request, why);
        if *why == End::Expired && self.request.extended.is_some() {
            // The path is open still: nothing to ask again for, and no policies to speak of.
            return self.brief(&line);
        }
        let note = match self.request.grant {
            Some(_) if effect::is_stated(self.request) => self.cc(HONEST_OF_OBJECTS.into()),
            Some(_) => self.cc(HONEST.into()),
            // Who is only told was not told of an opening either.
            None if self.request.gate.is_empty() => Markup::default(),
            None => "Nothing of it is left in the cluster".into(),
        };
        self.told(&line)
            .small(note, None)
            .button_if(self.ask_again())
            .send(summary(line.title.clone(), self.request))
    }

    fn again(&self, line: &Line) -> Message {
        self.told(line)
            .button_if(self.ask_again())
            .send(summary(line.title.clone(), self.request))
    }

    fn brief(&self, line: &Line) -> Message {
        self.told(line)
            .send(summary(line.title.clone(), self.request))
    }

    /// Asks those who have not answered; the buttons are on the card.
    fn ask(&self, title: &'static str) -> Message {
        let voice = self.voice();
        let head = self.headed(&title.into()) + "\n" + terms(self.request);
        Draft::new()
            .line(head)
            .line(stages::progress(self.request, voice))
            .line(stages::unreached(self.request))
            .small(lapses(self.request), None)
            .send(summary(title.into(), self.request))
    }

    /// How those who are asked are named: where they read along they are notified.
    fn voice(&self) -> Voice {
        match self.audience {
            Audience::Approvers if self.in_channel() => Voice::Ping,
            Audience::Approvers => Voice::You,
            Audience::Requester | Audience::Others => Voice::Name,
        }
    }

    fn cannot_close(&self) -> Message {
        let title = "Could not be closed yet";
        let so = match self.request.grant {
            Some(_) if effect::is_stated(self.request) => {
                "The objects could not be deleted, so what they give may still be given"
            }
            Some(_) => "The policies could not be deleted, so the path may still be open",
            None => "What was begun could not be taken back, so the path may be open in part",
        };
        let then = ". Drawbridge keeps trying; operators are needed";
        // Who reads along in the channel is paged: they are the ones who can act.
        let paged = match self.voice() {
            Voice::Ping => stages::everybody(self.request, Voice::Ping),
            Voice::You | Voice::Name => Markup::default(),
        };
        Draft::new()
            .line(self.headed(&title.into()))
            .line(paged)
            .small(Markup::from(so) + then, None)
            .send(summary(title.into(), self.request))
    }

    fn opens_more(&self, pairs: &[Opened]) -> Message {
        let title = "Opens more than was approved";
        let done = self.done();
        let close = match &done {
            Some(_) => "I'm done".into(),
            None => Markup::code(&format!("revoke {}", self.request.id)),
        };
        let close = Markup::from("Close it with ") + close + " if that is not meant";
        Draft::new()
            .line(self.headed(&title.into()) + "\n" + terms(self.request))
            .line(Markup::from("Also opens ") + effect::pairs(pairs))
            .small(close, None)
            .button_if(done)
            .send(summary(title.into(), self.request))
    }

    fn not_open(&self, why: &[String]) -> Message {
        let title = "May not work any more";
        let why = why.iter().map(|one| Markup::typed(&one.replace('`', "")));
        Draft::new()
            .line(self.headed(&title.into()) + "\n" + terms(self.request))
            .line(Markup::from("Now ") + Markup::list(why, MOST_REASONS))
            .small("Its own policies are unchanged", None)
            .button_if(self.done())
            .send(summary(title.into(), self.request))
    }

    /// A notice that time has passed by: what it said, and how the request stands.
    fn past(&self, notice: &Notice) -> Message {
        let said = match notice {
            Notice::Granted => "Applied",
            Notice::Warning { .. } => "Warned of the end",
            Notice::Reminder(_) => "Reminded",
            Notice::NextStage(_) => "Asked for the next approval",
            Notice::Escalated(_) => "Asked the next circle",
            Notice::ReviewWanted(_) => "Asked for a review",
            Notice::CannotClose => "Could not be closed at first",
            Notice::Changed(Finding::OpensMore { .. }) => "Opened more than was approved",
            Notice::Changed(Finding::NotOpen { .. }) => "May not have worked for a while",
            Notice::WentBack => "A failure of the store lost its last changes",
            Notice::Undone => "A failure of the store lost the record of this message",
            Notice::Ended(_)
            | Notice::Denied
            | Notice::Lapsed
            | Notice::Cancelled
            | Notice::Emergency
            | Notice::ApprovedOffline
            | Notice::Reviewed => "",
        };
        let line = outcome::of(self.request);
        // Why it stands as it does is said by the notice of that, not again by each one before it.
        let parts = [
            said.into(),
            effect::path(self.request),
            line.title.clone().bold(),
        ];
        Draft::new()
            .small(Markup::join(parts, " · "), None)
            .send(summary(line.title, self.request))
    }

    /// Whether a notice still tells how things are.
    fn holds(&self, notice: &Notice) -> bool {
        let state = &self.request.state;
        match notice {
            Notice::Granted | Notice::Warning { .. } => matches!(state, State::Active { .. }),
            Notice::Reminder(_) => matches!(state, State::Pending { .. }),
            Notice::NextStage(stage) => {
                matches!(state, State::Pending { stage: now, .. } if now == stage)
            }
            Notice::Escalated(stage) => {
                matches!(state, State::Pending { stage: now, .. } if now == stage)
            }
            Notice::ReviewWanted(times) => {
                let asked = self.request.emergency.as_ref().map(|e| e.chased);
                self.request.awaits_review() && asked == Some(*times)
            }
            Notice::CannotClose => matches!(state, State::Ending { .. }),
            Notice::Changed(found) => matches!(state, State::Active { .. }) && self.is_so(found),
            Notice::WentBack => !state.is_final(),
            Notice::Undone => false,
            // Final states: these never pass.
            Notice::Ended(_)
            | Notice::Denied
            | Notice::Lapsed
            | Notice::Cancelled
            | Notice::Emergency
            | Notice::ApprovedOffline
            | Notice::Reviewed => true,
        }
    }

    /// Whether it is so still, and was not told anew since: of what went and returned the newest
    /// notice tells.
    fn is_so(&self, found: &Finding) -> bool {
        let tells_it = |post: &Post| match &post.subject {
            Subject::Notice(Notice::Changed(later), _) if post.to == *self.to => {
                found.beyond(std::slice::from_ref(later)).is_none()
            }
            _ => false,
        };
        let mut later = self.request.posts.list.iter().filter(|p| p.key > self.key);
        found.beyond(&self.request.told_of).is_none() && !later.any(tells_it)
    }

    /// Title and path, and the words that came with it.
    fn told(&self, line: &Line) -> Draft {
        let path = effect::path(self.request);
        Draft::new()
            .line(line.markup() + " · " + path + "\n" + terms(self.request))
            .maybe_typed("", line.words.as_deref().map(quoted).as_deref())
    }

    fn headed(&self, title: &Markup) -> Markup {
        title.clone().bold() + " · " + effect::path(self.request)
    }

    fn done(&self) -> Option<Button> {
        self.offer(Action::Done)
    }

    /// Where the rule leaves time for it.
    fn extend(&self) -> Option<Button> {
        let left = self.request.left_to_extend();
        self.offer(Action::Extend).filter(|_| left >= Seconds(60))
    }

    fn ask_again(&self) -> Option<Button> {
        self.offer(Action::Again)
    }

    /// Only the requester can use these buttons: for a service, the person who answers for it.
    fn offer(&self, action: Action) -> Option<Button> {
        let person = self.request.requester().is_some();
        (self.audience == Audience::Requester && person).then(|| Button::new(action, self.request))
    }

    /// Whether it stands in the thread under a channel's card, where whoever is asked reads along.
    fn in_channel(&self) -> bool {
        let card = self.request.posts.approvers_card();
        let public = card.is_some_and(|card| matches!(card.to, Address::Channel(_)));
        public && matches!(self.to, Address::Under(_))
    }

    /// In the thread under a channel's card, the groups that the rule tells are mentioned with it:
    /// one message for everybody there.
    fn cc(&self, text: Markup) -> Markup {
        if self.audience != Audience::Approvers || !self.in_channel() {
            return text;
        }
        let groups = self.request.told.iter().filter_map(|told| match told {
            Told::Group { id, .. } => Some(Markup::group("", id)),
            Told::Channel(_) => None,
        });
        Markup::join(groups.chain([text]), " · ")
    }
}

/// To five seconds: a warning due at 5 min is decided a moment later, and nobody reads `4 min 59 s`.
fn rounded(left: Seconds) -> Seconds {
    Seconds(left.0.saturating_add(2) / 5 * 5)
}

fn quoted(words: &str) -> String {
    format!("“{words}”")
}
