//! Lane `card`: brings every Slack message of a request to what the view says, and posts wanted ones
//! once.
//!
//! # Guarantees
//! A post is committed as *posting* before the call. When its outcome is unknown (time-out, crash) it
//! is looked for by its metadata before it is sent again. What Slack refuses for good is given up
//! and, for the approvers' card, each approver is written to instead.

mod direct;
mod failed;
mod rank;

use anyhow::Result;

use super::LEASE;
use super::watch::Watch;
use crate::app::{Changed, Page, Parts};
use crate::id::RequestId;
use crate::request::{Address, Back, Outcome, Post, PostKey, PostStatus, Posts, Request};
use crate::slack::{Posted, SlackError};
use crate::store::Claim;
use crate::traces::Doing;
use crate::units::{Seconds, Time};
use crate::view;
use failed::{failed, is_posted, not_found_out};
use rank::rank;

/// Brings the posts of one request up to date.
pub async fn step(parts: &Parts, claim: &Claim) -> Result<()> {
    let Some(page) = super::look(parts, claim).await? else {
        return Ok(());
    };
    if waits(&page.request) && !parts.book.store().renew_lasting(claim, LEASE).await? {
        return Ok(());
    }
    let before = page.request.clone();
    let Some(page) = announce(parts, page).await? else {
        return Ok(());
    };
    let pass = bring_current(parts, &before, &page.request).await;
    finish(parts, claim, page, &pass).await
}

/// Whether a copy is waited for first. What a failover could still take back is shown to nobody; but an update of a closing
/// is the cluster's doing, which no store takes back ([`State::lets_go`](crate::request::State::lets_go)). What an
/// earlier step announced may have no copy either: forgotten, it would be sent twice. Where nothing is to be shown nothing
/// is waited for: each such wait holds up what people decide.
fn waits(before: &Request) -> bool {
    let mut posts = before.posts.list.iter();
    let announced = posts.any(|post| matches!(post.status, PostStatus::Posting { .. }));
    announced || (!before.state.lets_go() && !is_current(before))
}

/// Whether Slack shows everything of the request as it is now.
fn is_current(request: &Request) -> bool {
    request.posts.list.iter().all(|post| match &post.status {
        PostStatus::Posted { shows, .. } => *shows == view::digest(&view::render(request, post)),
        PostStatus::GivenUp { .. } => true,
        PostStatus::Due | PostStatus::Posting { .. } => false,
    })
}

/// Commits every wanted post as *posting*, on a copy where there is one; returns the document with that done, or `None`
/// when it vanished.
async fn announce(parts: &Parts, page: Page) -> Result<Option<Page>> {
    let mut posts = page.request.posts.list.iter();
    if !posts.any(|post| post.status == PostStatus::Due) {
        return Ok(Some(page));
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
    match parts.book.change_page(page, None, mark).await? {
        Changed::Done(page) => Ok(Some(page)),
        Changed::Fenced | Changed::Missing => Ok(None),
    }
}

/// What one pass over the posts achieved.
#[derive(Debug, Default)]
struct Pass {
    statuses: Vec<(PostKey, PostStatus)>,
    /// When to go on, if anything is left to do: as soon as the first of it may be done. What waits for its turn, perhaps
    /// for long, keeps its place meanwhile.
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
        self.wait = Some(self.wait.map_or(wait, |other| other.min(wait)));
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
    let named = (key.as_str(), rank(request, post));
    let posted = parts.slack.post_in_turn((&channel, thread), message, named);
    let posted = posted.await;
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
                    // Its parent says when.
                    pass.wait.get_or_insert(Seconds(1));
                    None
                }
            }
        }
    }
}

/// Commits what was achieved on the document as it is now.
async fn finish(parts: &Parts, claim: &Claim, page: Page, pass: &Pass) -> Result<()> {
    let now = parts.clock.now();
    let face = page.request.posts.face;
    let record = |request: &Request| -> Result<Outcome, std::convert::Infallible> {
        let mut request = request.clone();
        note(&mut request.posts, face, pass, now);
        direct::reach_approvers(&mut request);
        direct::reach_requester(&mut request, pass);
        Ok(Outcome {
            request,
            events: Vec::new(),
        })
    };
    let recorded = parts.book.change_page(page, Some(claim), record);
    recorded.await?;
    Ok(())
}

/// Notes what was achieved for the picture `face`.
fn note(posts: &mut Posts, face: u32, pass: &Pass, now: Time) {
    for (key, status) in &pass.statuses {
        posts.set(*key, status.clone());
    }
    match pass.wait {
        None => {
            posts.shown = posts.shown.max(face);
            posts.retry_at = None;
            posts.failures = 0;
        }
        // What changed meanwhile does not wait for what still waits for its turn.
        Some(_) if posts.face > face => posts.retry_at = None,
        Some(wait) => {
            posts.retry_at = Some(wait.after(now));
            posts.failures = posts.failures.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests;
