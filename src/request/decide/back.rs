//! The store went back: it has an earlier version of the request than people were shown. Promise 2 before
//! promise 4: what was lost is not believed, only told; and what was over stays over.

use super::super::document::Back;
use super::super::facts::{Lost, Outcome};
use super::super::posts::{Audience, Notice, PostStatus, Subject};
use super::super::refusal::Refusal;
use super::super::state::{End, State};
use super::{Step, votes};
use crate::audit::{Actor, Fact};

/// Why a path is closed whose end was lost.
const WAS_ENDING: &str = "it was ended before, and a failure of the store lost that";

/// Why a waiting request is over whose end was lost.
const WAS_OVER: &str = "it was over before, and a failure of the store lost how";

pub(super) fn went_back(mut step: Step, lost: Lost) -> Result<Outcome, Refusal> {
    step.note(
        Actor::Drawbridge,
        Fact::WentBack {
            was: lost.was.clone(),
            revision: lost.upto,
        },
    );
    step.next.back = Some(Back {
        at: step.now,
        // Of this loss alone: who knew more than it says must not take it for told.
        upto: lost.upto,
    });
    let seen_more = lost.face > step.next.posts.face;
    show(&mut step, &lost);
    match &step.next.state {
        State::Pending { .. } if lost.over => votes::denied_by_rules(step, WAS_OVER.to_owned()),
        State::Pending { .. } => {
            // Whoever saw a later picture decided on what is lost.
            step.next.posts.offered = step.next.posts.face;
            step.next.tell(&Notice::WentBack);
            step.done()
        }
        State::Granting { .. } | State::Active { .. } if lost.lets_go || lost.over => {
            let reason = WAS_ENDING.to_owned();
            step.end(End::Withdrawn { reason }, Actor::Drawbridge)
        }
        State::Granting { .. } | State::Active { .. } if seen_more => {
            step.next.tell(&Notice::WentBack);
            step.done()
        }
        // Perhaps it was taken back that approvals of it count for later asks: they do not.
        _ => votes::forget_all(step).done(),
    }
}

/// Every message is brought to what the record says, also those that it does not know any more; pictures
/// that were shown are older than the next one.
fn show(step: &mut Step, lost: &Lost) {
    let posts = &mut step.next.posts;
    let there = |place: &(String, String)| {
        posts.list.iter().any(|post| {
            matches!(&post.status, PostStatus::Posted { channel, ts, .. }
                if *channel == place.0 && *ts == place.1)
        })
    };
    let orphans: Vec<_> = lost.places.iter().filter(|place| !there(place)).collect();
    for place in orphans {
        let subject = Subject::Notice(Notice::Undone, Audience::Others);
        posts.adopt(subject, place.clone());
    }
    posts.face = posts.face.max(lost.face);
    posts.show_again();
}
