//! Every Slack message about a request, kept in its document: posted once, then kept current.
//!
//! A post is a subject and an address. What it shows is always `view::render(request, post)`, so
//! nothing here holds text: when the request moves, every post is rendered again and those that
//! changed are updated. This module only keeps the books; it never changes a request's state.

use serde::{Deserialize, Serialize};

use super::state::End;
use crate::netpol::Finding;
use crate::rules::UserId;
use crate::units::{Seconds, Time};

/// All posts of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Posts {
    /// The posts, in the order in which they were wanted.
    pub list: Vec<Post>,
    /// Counts the visible changes of the request. Buttons carry it, so that a click tells which
    /// picture the person saw.
    pub face: u32,
    /// The face that all posts have been brought to.
    pub shown: u32,
    /// Face at which the current decision was first offered: a click on an older picture is stale.
    pub offered: u32,
    /// When the card lane looks again after a failure.
    pub retry_at: Option<Time>,
    /// Failures in a row, for the back-off.
    pub failures: u32,
}

/// Names a post within its request. Also the key in Slack's message metadata (`<id>/<key>`), by
/// which a post whose outcome is unknown is found again.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct PostKey(pub u32);

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// Its name within the request.
    pub key: PostKey,
    /// What it is about.
    pub subject: Subject,
    /// Where it goes.
    pub to: Address,
    /// How far it got.
    pub status: PostStatus,
}

/// What a post is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// The request itself, as it stands.
    Card(Audience),
    /// Something that happened; who is told decides what buttons it has.
    Notice(Notice, Audience),
}

/// For whose eyes a post is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Audience {
    /// Those who decide.
    Approvers,
    /// The one who asked.
    Requester,
    /// Owners and others who are only told.
    Others,
}

/// Things that people are told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Notice {
    /// The path is open.
    Granted,
    /// It ends soon.
    Warning {
        /// How much time was left when the warning was given.
        left: Seconds,
    },
    /// It is over.
    Ended(End),
    /// An approver, or the rules, said no.
    Denied,
    /// Nobody answered.
    Lapsed,
    /// The requester took it back.
    Cancelled,
    /// Still waiting: the n-th reminder.
    Reminder(u32),
    /// The next stage is asked.
    NextStage(usize),
    /// The waiting stage was escalated.
    Escalated(usize),
    /// Somebody opened it at once; its stages were skipped.
    Emergency,
    /// The review of an emergency is asked for, the n-th time.
    ReviewWanted(u32),
    /// An emergency was reviewed.
    Reviewed,
    /// Closing does not succeed yet; operators are needed.
    CannotClose,
    /// A service approved it while Slack was away.
    ApprovedOffline,
    /// The open path is not as it was approved any more.
    Changed(Finding),
    /// The store lost later changes of the request.
    WentBack,
    /// In place of a message of which the store lost the record.
    Undone,
}

/// Where a post goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Address {
    /// A channel by id or `#name`.
    Channel(String),
    /// A person, directly.
    Person(UserId),
    /// The thread under another post; waits until that is posted.
    Under(PostKey),
    /// A thread that a person started.
    Thread {
        /// The channel.
        channel: String,
        /// The thread's parent.
        ts: String,
    },
}

/// How far a post got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PostStatus {
    /// Wanted.
    Due,
    /// Committed before the call: after a crash or an unknown outcome it is looked for before it is
    /// sent again.
    Posting {
        /// When the call was about to be made.
        since: Time,
    },
    /// There.
    Posted {
        /// Slack's channel id (for a person the `D…` id).
        channel: String,
        /// Slack's message id.
        ts: String,
        /// Digest of what it shows.
        shows: String,
    },
    /// Slack refuses it for good, or it is another post's message.
    GivenUp {
        /// Slack's error code, or `found_again`.
        code: String,
    },
}

/// Why a message that was adopted is no post of its own: it was found to be another one's.
const FOUND_AGAIN: &str = "found_again";

/// More than the pictures of any request that can be lost in a store's last seconds.
pub const MOST_LOST: u32 = 1_000;

impl Post {
    fn is_adopted(&self) -> bool {
        matches!(self.subject, Subject::Notice(Notice::Undone, _))
    }

    fn is_at(&self, place: (&str, &str)) -> bool {
        matches!(&self.status, PostStatus::Posted { channel, ts, .. } if (channel.as_str(), ts.as_str()) == place)
    }
}

impl Posts {
    /// Something visible changed.
    pub fn touch(&mut self) {
        self.face += 1;
        self.retry_at = None;
        self.failures = 0;
    }

    /// What the messages show is not known any more: all are brought to what the request is now.
    pub fn show_again(&mut self) {
        for post in &mut self.list {
            if let PostStatus::Posted { shows, .. } = &mut post.status {
                shows.clear();
            }
        }
        self.touch();
    }

    /// The same, in a picture newer than one that was seen though the record has none so new; a decision on any
    /// before it is stale. A number that no request reaches counts for nothing.
    pub fn show_after(&mut self, seen: u32) {
        self.face = self.face.max(seen.min(self.face.saturating_add(MOST_LOST)));
        self.show_again();
        self.offered = self.face;
    }

    /// A message that is there, of which the record was lost.
    pub(super) fn adopt(&mut self, subject: Subject, (channel, ts): (String, String)) {
        let to = Address::Channel(channel.clone());
        let key = self.want(subject, to);
        let shows = String::new();
        self.set(key, PostStatus::Posted { channel, ts, shows });
    }

    /// Wants one more message.
    pub fn want(&mut self, subject: Subject, to: Address) -> PostKey {
        let key = PostKey(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(Post {
            key,
            subject,
            to,
            status: PostStatus::Due,
        });
        key
    }

    /// The post of that name.
    pub fn get(&self, key: PostKey) -> Option<&Post> {
        self.list.iter().find(|post| post.key == key)
    }

    /// Whether any post lags behind the request.
    pub const fn lag(&self) -> bool {
        self.shown < self.face
    }

    /// Whether every message is in Slack, or will never be: what is left to do is to update them.
    pub fn are_out(&self) -> bool {
        let is_out = |post: &Post| {
            matches!(
                post.status,
                PostStatus::Posted { .. } | PostStatus::GivenUp { .. }
            )
        };
        self.list.iter().all(is_out)
    }

    /// The approvers' card: the first one for them that Slack did not refuse for good.
    pub fn approvers_card(&self) -> Option<&Post> {
        self.approvers_cards().next()
    }

    pub(super) fn approvers_cards(&self) -> impl Iterator<Item = &Post> {
        self.list.iter().filter(|post| {
            post.subject == Subject::Card(Audience::Approvers)
                && !matches!(post.status, PostStatus::GivenUp { .. })
        })
    }

    /// Where the approvers' card is, as `<channel>/<ts>` for the object's mark.
    pub fn card_mark(&self) -> Option<String> {
        let cards = self
            .list
            .iter()
            .filter(|post| matches!(post.subject, Subject::Card(_)));
        cards.into_iter().find_map(|post| match &post.status {
            PostStatus::Posted { channel, ts, .. } => Some(format!("{channel}/{ts}")),
            _ => None,
        })
    }

    /// Sets the status of one post.
    ///
    /// A message that was adopted and turns out to be another post's is that post's alone, whichever of the two is set
    /// last: one pass over the messages finds it for the one and updates it for the other.
    pub fn set(&mut self, key: PostKey, status: PostStatus) {
        let found_again = || PostStatus::GivenUp {
            code: FOUND_AGAIN.to_owned(),
        };
        let mut status = status;
        if let PostStatus::Posted { channel, ts, .. } = &status {
            let adopted = self.get(key).is_some_and(Post::is_adopted);
            let mut others = self.list.iter_mut();
            let same = others.find(|post| post.key != key && post.is_at((channel, ts)));
            match same {
                Some(other) if other.is_adopted() => other.status = found_again(),
                Some(_) if adopted => status = found_again(),
                _ => {}
            }
        }
        if let Some(post) = self.list.iter_mut().find(|post| post.key == key) {
            post.status = status;
        }
    }
}

#[cfg(test)]
mod tests;
