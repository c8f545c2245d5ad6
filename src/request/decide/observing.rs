//! What was found out about an open path since it was approved. Never a change of state: what does harm
//! comes as [`super::Command::Withdraw`].

use super::super::facts::Outcome;
use super::super::posts::{Audience, Notice, Subject};
use super::super::refusal::Refusal;
use super::Step;
use crate::audit::{Actor, Fact};
use crate::netpol::Finding;

/// How often one request tells of changes: labels that flicker must not fill a thread. The ledger goes
/// on.
pub(super) const MOST_TOLD: usize = 20;

/// Notes what is found now. Told is only what was not told before; what is gone is forgotten, so that it
/// is told again should it return.
pub(super) fn observe(mut step: Step, findings: Vec<Finding>) -> Result<Outcome, Refusal> {
    if step.next.told_of == findings {
        return step.done();
    }
    step.note(
        Actor::Drawbridge,
        Fact::Observed {
            findings: findings.iter().flat_map(Finding::lines).collect(),
        },
    );
    let before = std::mem::replace(&mut step.next.told_of, findings.clone());
    for news in findings.iter().filter_map(|found| found.beyond(&before)) {
        if told(&step) < MOST_TOLD {
            step.next.tell(&Notice::Changed(news));
        }
    }
    // Also for what is gone: the notice of it shrinks.
    step.next.posts.touch();
    step.done()
}

/// Notices given so far: those in the thread or those to the requester, whichever are more.
fn told(step: &Step) -> usize {
    let count = |wanted: Audience| {
        let posts = step.next.posts.list.iter();
        posts
            .filter(|post| match &post.subject {
                Subject::Notice(Notice::Changed(_), audience) => *audience == wanted,
                _ => false,
            })
            .count()
    };
    count(Audience::Requester).max(count(Audience::Approvers))
}
