//! Lane `card`: brings every Slack message of a request to what the view says, and posts wanted ones
//! once.
//!
//! # Guarantees
//! A post is committed as *posting* before the call. When its outcome is unknown (time-out, crash) it
//! is looked for by its metadata before it is sent again. What Slack refuses for good is given up
//! and, for the approvers' card, each approver is written to instead.

mod direct;

use anyhow::Result;

use super::LEASE;
use super::watch::Watch;
use crate::app::{Changed, Parts};
use crate::id::RequestId;
use crate::request::{Address, Back, Outcome, Post, PostKey, PostStatus, Request};
use crate::slack::{Posted, SlackError};
use crate::store::Claim;
use crate::traces::Doing;
use crate::units::{Seconds, Time};
use crate::view;

/// Brings the posts of one request up to date.
pub async fn step(parts: &Parts, claim: &Claim) -> Result<()> {
    let Some(before) = super::look(parts, claim).await? else {
        return Ok(());
    };
    // What a failover could still take back is shown to nobody. A closing is the cluster's doing, which no store takes
    // back, and waits for no copy ([`State::lets_go`](crate::request::State::lets_go)). Where nothing is to be shown no
    // copy is waited for either: each such wait holds up what people decide.
    let closes = before.state.lets_go();
    let waits = !closes && !is_current(&before);
    if waits && !parts.book.store().renew_lasting(claim, LEASE).await? {
        return Ok(());
    }
    let Some(announced) = announce(parts, &before).await? else {
        return Ok(());
    };
    let pass = bring_current(parts, &before, &announced).await;
    finish(parts, claim, announced.posts.face, &pass).await
}

/// Whether Slack shows everything of the request as it is now.
fn is_current(request: &Request) -> bool {
    request.posts.list.iter().all(|post| match &post.status {
        PostStatus::Posted { shows, .. } => *shows == view::digest(&view::render(request, post)),
        PostStatus::GivenUp { .. } => true,
        PostStatus::Due | PostStatus::Posting { .. } => false,
    })
}

/// Commits every wanted post as *posting*; returns the document with that done, or `None` when it
/// vanished.
async fn announce(parts: &Parts, request: &Request) -> Result<Option<Request>> {
    if !request
        .posts
        .list
        .iter()
        .any(|post| post.status == PostStatus::Due)
    {
        return Ok(Some(request.clone()));
    }
    let since = parts.clock.now();
    let mark = |request: &Request| -> Result<Outcome, std::convert::Infallible> {
        let mut request = request.clone();
        for post in &mut request.posts.list {
            if post.status == PostStatus::Due {
                post.status = PostStatus::Posting { since };
            }
        }
        Ok(Outcome {
            request,
            events: Vec::new(),
        })
    };
    match parts.book.change(&request.id, None, mark).await? {
        Changed::Done(request) => Ok(Some(*request)),
        Changed::Fenced | Changed::Missing => Ok(None),
    }
}

/// What one pass over the posts achieved.
#[derive(Debug, Default)]
struct Pass {
    statuses: Vec<(PostKey, PostStatus)>,
    /// When to go on, if anything is left to do.
    wait: Option<Seconds>,
}

impl Pass {
    fn set(&mut self, key: PostKey, status: PostStatus) {
        self.statuses.push((key, status));
    }

    fn status_of<'a>(&'a self, post: &'a Post) -> &'a PostStatus {
        let set = self.statuses.iter().rev().find(|(key, _)| *key == post.key);
        set.map_or(&post.status, |(_, status)| status)
    }

    /// Nothing came of it: as before, and again after a while.
    fn again(&mut self, post: &Post, wait: Seconds) {
        if !is_posted(post) {
            self.set(post.key, PostStatus::Due);
        }
        self.retry_in(wait);
    }

    fn retry_in(&mut self, wait: Seconds) {
        self.wait = Some(self.wait.map_or(wait, |other| other.max(wait)));
    }
}

/// Sends and updates, in order, so that a thread's parent is there before its replies.
async fn bring_current(parts: &Parts, before: &Request, request: &Request) -> Pass {
    let mut pass = Pass::default();
    for post in &request.posts.list {
        let message = view::render(request, post);
        match pass.status_of(post).clone() {
            PostStatus::GivenUp { .. } => {}
            PostStatus::Posted { channel, ts, shows } => {
                let digest = view::digest(&message);
                if digest == shows {
                    continue;
                }
                let watch = Watch::over(parts, request);
                let updated = parts.slack.update(&channel, &ts, &message).await;
                watch.wrote(Doing::Update, post, updated.is_err());
                match updated {
                    Ok(()) => pass.set(
                        post.key,
                        PostStatus::Posted {
                            channel,
                            ts,
                            shows: digest,
                        },
                    ),
                    Err(error) => failed(&mut pass, post, &error, request),
                }
            }
            PostStatus::Due | PostStatus::Posting { .. } => {
                let orphan = before.posts.get(post.key).map(|post| &post.status);
                let since = match orphan {
                    Some(PostStatus::Posting { since }) => Some(*since),
                    _ => None,
                };
                send(parts, request, (post, &message, since), &mut pass).await;
            }
        }
    }
    pass
}

/// Posts one message; one that may have been posted before (`orphan_since`) is looked for first.
async fn send(
    parts: &Parts,
    request: &Request,
    (post, message, orphan_since): (&Post, &view::Message, Option<Time>),
    pass: &mut Pass,
) {
    let Some((channel, thread)) = place(request, post, pass) else {
        return;
    };
    let thread = thread.as_deref();
    if let Some(since) = orphan_since {
        let sent = (request, post.key, since);
        match look_for(parts, (&channel, thread), sent).await {
            Ok(Some(found)) => {
                let status = PostStatus::Posted {
                    channel: found.channel,
                    ts: found.ts,
                    shows: String::new(),
                };
                pass.set(post.key, status);
                pass.retry_in(Seconds(0));
                return;
            }
            Ok(None) => {}
            // Without the right to read history a doubled message is better than a missing one.
            Err(error) if error.is_final() => {}
            Err(error) => return not_found_out(pass, &error, request),
        }
    }
    let watch = Watch::over(parts, request);
    let key = metadata_key(request.back, (&request.id, post.key));
    let posted = parts.slack.post(&channel, message, thread, &key).await;
    watch.wrote(Doing::Post, post, posted.is_err());
    match posted {
        Ok(posted) => {
            let shows = view::digest(message);
            pass.set(
                post.key,
                PostStatus::Posted {
                    channel: posted.channel,
                    ts: posted.ts,
                    shows,
                },
            );
        }
        Err(error) => failed(pass, post, &error, request),
    }
}

/// Looks for a message that may have been sent since then.
async fn look_for(
    parts: &Parts,
    (channel, thread): (&str, Option<&str>),
    (request, post, since): (&Request, PostKey, Time),
) -> Result<Option<Posted>, SlackError> {
    for key in keys_since(request, post, since) {
        let found = parts.slack.find_posted(channel, thread, &key, since);
        if let Some(found) = found.await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The keys under which a post may have been sent since then, the likeliest first: what was under way when the store
/// went back has the key of before.
fn keys_since(request: &Request, post: PostKey, since: Time) -> Vec<String> {
    let name = (&request.id, post);
    let before = request.back.filter(|back| since < back.at);
    let before = before.map(|_| metadata_key(None, name));
    let now = metadata_key(request.back, name);
    before.into_iter().chain([now]).collect()
}

/// The key in Slack's message metadata. A store that went back gives the names of posts again: their messages
/// are other ones.
fn metadata_key(back: Option<Back>, (id, post): (&RequestId, PostKey)) -> String {
    match back {
        None => format!("{id}/{}", post.0),
        Some(back) => format!("{id}/{}/{}", post.0, back.at.timestamp()),
    }
}

/// Channel and thread of a post; `None` when its parent is not there (yet).
fn place(request: &Request, post: &Post, pass: &mut Pass) -> Option<(String, Option<String>)> {
    match &post.to {
        Address::Channel(channel) => Some((channel.clone(), None)),
        Address::Person(user) => Some((user.0.clone(), None)),
        Address::Thread { channel, ts } => Some((channel.clone(), Some(ts.clone()))),
        Address::Under(parent) => {
            let status = request
                .posts
                .get(*parent)
                .map(|parent| pass.status_of(parent).clone());
            match status {
                Some(PostStatus::Posted { channel, ts, .. }) => Some((channel, Some(ts))),
                Some(PostStatus::GivenUp { .. }) | None => {
                    pass.set(
                        post.key,
                        PostStatus::GivenUp {
                            code: "no_thread".to_owned(),
                        },
                    );
                    None
                }
                Some(PostStatus::Due | PostStatus::Posting { .. }) => {
                    pass.set(post.key, PostStatus::Due);
                    pass.retry_in(Seconds(1));
                    None
                }
            }
        }
    }
}

fn failed(pass: &mut Pass, post: &Post, error: &SlackError, request: &Request) {
    tracing::warn!(id = %request.id, post = post.key.0, %error, "slack did not take a message");
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
fn not_found_out(pass: &mut Pass, error: &SlackError, request: &Request) {
    tracing::warn!(id = %request.id, %error, "slack was not asked whether a message is there");
    pass.retry_in(match error {
        SlackError::RateLimited { after, .. } => Seconds(after.as_secs().max(1)),
        SlackError::Auth { .. } => Seconds(60),
        _ => backoff(request.posts.failures),
    });
}

const fn is_posted(post: &Post) -> bool {
    matches!(post.status, PostStatus::Posted { .. })
}

/// 1, 2, 4 … 64 s.
fn backoff(failures: u32) -> Seconds {
    Seconds(1 << failures.min(6))
}

/// Commits what was achieved on the document as it is now.
async fn finish(parts: &Parts, claim: &Claim, face: u32, pass: &Pass) -> Result<()> {
    let now = parts.clock.now();
    let record = |request: &Request| -> Result<Outcome, std::convert::Infallible> {
        let mut request = request.clone();
        for (key, status) in &pass.statuses {
            request.posts.set(*key, status.clone());
        }
        match pass.wait {
            None => {
                request.posts.shown = request.posts.shown.max(face);
                request.posts.retry_at = None;
                request.posts.failures = 0;
            }
            Some(wait) => {
                request.posts.retry_at = Some(wait.after(now));
                request.posts.failures = request.posts.failures.saturating_add(1);
            }
        }
        direct::reach_approvers(&mut request);
        direct::reach_requester(&mut request, pass);
        Ok(Outcome {
            request,
            events: Vec::new(),
        })
    };
    parts.book.change(&claim.id, Some(claim), record).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
