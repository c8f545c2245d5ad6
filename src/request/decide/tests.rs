//! The state machine, as sentences, as a table, and as random lives.

mod attacks;
mod back;
mod closing;
mod deciding;
mod matrix;
mod observing;
mod offline;
mod opening;
mod random;
mod recorded;
mod ways;

use crate::request::{Notice, Request, Subject};
use crate::rules::Verdict;
use crate::rules::judge::Reason;

/// Rules that refuse.
fn no(message: &str) -> Verdict {
    Verdict::Refused {
        rule: Some("orders".into()),
        reasons: vec![Reason {
            message: message.into(),
            hint: None,
        }],
    }
}

/// What people were told of, in order.
fn notices(request: &Request) -> Vec<&Notice> {
    let posts = request.posts.list.iter();
    let told = posts.filter_map(|post| match &post.subject {
        Subject::Notice(notice, _) => Some(notice),
        Subject::Card(_) => None,
    });
    told.collect()
}
