//! What becomes of a post that Slack did not take: when it is tried again, and whether it is looked for first.

use super::Pass;
use crate::request::{Post, PostStatus, Request};
use crate::slack::SlackError;
use crate::units::Seconds;

pub(super) fn failed(pass: &mut Pass, post: &Post, error: &SlackError, request: &Request) {
    let (id, post_key) = (&request.id, post.key.0);
    if matches!(error, SlackError::RateLimited { .. }) {
        tracing::debug!(%id, post = post_key, %error, "a message waits for its turn");
    } else {
        tracing::warn!(%id, post = post_key, %error, "slack did not take a message");
    }
    match error {
        // Known not to be there: wanted still, without a search.
        SlackError::RateLimited { after, .. } => {
            pass.again(post, Seconds(after.as_secs().max(1)));
        }
        SlackError::Away { .. } => pass.again(post, backoff(request.posts.failures)),
        // The token is wrong: operators must act, and then everything is still wanted.
        SlackError::Auth { .. } => pass.again(post, Seconds(60)),
        // May be there: stays *posting*, so that the next pass looks for it.
        SlackError::Ambiguous { .. } => pass.retry_in(backoff(request.posts.failures)),
        // A proxy's word, not Slack's: it passes.
        SlackError::Refused { .. } if !error.is_final() => {
            pass.again(post, backoff(request.posts.failures));
        }
        // What is there stays known, so that later changes are tried; only what is gone is given up.
        SlackError::Refused { code, .. } if is_posted(post) && code != "message_not_found" => {}
        SlackError::Refused { code, .. } => {
            pass.set(post.key, PostStatus::GivenUp { code: code.clone() });
        }
    }
}

/// INVARIANT (looked for): a search that failed has not found that the message is absent. It stays *posting* since
/// its first try, so that the next pass looks again before it sends anything.
pub(super) fn not_found_out(pass: &mut Pass, error: &SlackError, request: &Request) {
    tracing::warn!(id = %request.id, %error, "slack was not asked whether a message is there");
    pass.retry_in(match error {
        SlackError::RateLimited { after, .. } => Seconds(after.as_secs().max(1)),
        SlackError::Auth { .. } => Seconds(60),
        _ => backoff(request.posts.failures),
    });
}

pub(super) const fn is_posted(post: &Post) -> bool {
    matches!(post.status, PostStatus::Posted { .. })
}

/// 1, 2, 4 … 64 s.
fn backoff(failures: u32) -> Seconds {
    Seconds(1 << failures.min(6))
}
