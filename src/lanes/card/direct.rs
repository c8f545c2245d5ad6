//! Whom a message did not reach where it belongs, and who is written to directly instead. Changes a document and
//! nothing else: never calls Slack.

use super::Pass;
use crate::request::{Address, Audience, PostKey, PostStatus, Request, State, Subject};

/// When the approvers' card cannot be shown in its channel, each approver is written to.
pub(super) fn reach_approvers(request: &mut Request) {
    let State::Pending { stage, .. } = &request.state else {
        return;
    };
    let stage = *stage;
    let lost = request.posts.list.iter().any(|post| {
        matches!(post.subject, Subject::Card(Audience::Approvers))
            && matches!(post.to, Address::Channel(_))
            && matches!(post.status, PostStatus::GivenUp { .. })
    });
    if lost && request.ask_directly(stage) {
        request.posts.touch();
    }
}

/// What cannot be said in the requester's thread (archived, the bot removed) is said to them directly.
pub(super) fn reach_requester(request: &mut Request, pass: &Pass) {
    let Some(person) = request.requester().cloned() else {
        return;
    };
    let lost: Vec<Subject> = request
        .posts
        .list
        .iter()
        .filter(|post| {
            let given_up = |(key, status): &(PostKey, PostStatus)| {
                *key == post.key && matches!(status, PostStatus::GivenUp { .. })
            };
            matches!(post.to, Address::Thread { .. }) && pass.statuses.iter().any(given_up)
        })
        .map(|post| post.subject.clone())
        .collect();
    if lost.is_empty() {
        return;
    }
    for subject in lost {
        request.posts.want(subject, Address::Person(person.clone()));
    }
    request.posts.touch();
}
