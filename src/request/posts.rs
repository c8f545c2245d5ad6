//! Every Slack message about a request, kept in its document: posted once, then kept current.
//!
//! A post is a subject and an address. What it shows is always `view::render(request, post)`, so
//! nothing here holds text: when the request moves, every post is rendered again and those that
//! changed are updated. This module only keeps the books; it never changes a request's state.

use serde::{Deserialize, Serialize};

use super::document::{Origin, Request, Told};
use super::state::End;
use crate::netpol::Finding;
use crate::rules::{Principal, UserId};
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
    /// Closing does not succeed yet; operators are needed.
    CannotClose,
    /// The open path is not as it was approved any more.
    Changed(Finding),
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
    /// Slack refuses it for good.
    GivenUp {
        /// Slack's error code.
        code: String,
    },
}

impl Posts {
    /// Something visible changed.
    pub fn touch(&mut self) {
        self.face += 1;
        self.retry_at = None;
        self.failures = 0;
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

    /// The approvers' card: the first one for them that Slack did not refuse for good.
    pub fn approvers_card(&self) -> Option<&Post> {
        self.approvers_cards().next()
    }

    fn approvers_cards(&self) -> impl Iterator<Item = &Post> {
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
    pub fn set(&mut self, key: PostKey, status: PostStatus) {
        if let Some(post) = self.list.iter_mut().find(|post| post.key == key) {
            post.status = status;
        }
    }
}

impl Request {
    /// Where the requester reads about this request; `None` for services.
    pub fn requester_address(&self) -> Option<Address> {
        match (&self.asked.by, &self.asked.origin) {
            (_, Origin::Thread { channel, ts }) => Some(Address::Thread {
                channel: channel.clone(),
                ts: ts.clone(),
            }),
            (Principal::Person(user), _) => Some(Address::Person(user.clone())),
            (Principal::Service { .. }, _) => None,
        }
    }

    /// Tells the requester, and everybody in the card's thread.
    pub(super) fn tell(&mut self, notice: &Notice) {
        if let Some(address) = self.requester_address() {
            self.posts.want(
                Subject::Notice(notice.clone(), Audience::Requester),
                address,
            );
        }
        self.tell_thread(notice);
    }

    /// Tells the thread under the approvers' card in a channel. Cards that were sent to people directly
    /// show how things stand, and nobody reads along below them.
    pub(super) fn tell_thread(&mut self, notice: &Notice) {
        let card = self
            .posts
            .approvers_card()
            .filter(|card| matches!(card.to, Address::Channel(_)));
        if let Some(card) = card.map(|post| post.key) {
            let subject = Subject::Notice(notice.clone(), Audience::Approvers);
            self.posts.want(subject, Address::Under(card));
        }
    }

    /// Reminds those of the waiting stage who have not answered: once in the thread of a channel's
    /// card, else each one under their own card.
    pub(super) fn remind_stage(&mut self, stage: usize, notice: &Notice) {
        if self.card_in_channel() {
            self.tell_thread(notice);
            return;
        }
        let crowd = self.crowds.get(stage);
        let waits_for = |person: &UserId| {
            crowd.is_some_and(|crowd| crowd.people.contains(person))
                && !self.votes.iter().any(|vote| vote.by == *person)
        };
        let cards: Vec<PostKey> = self
            .posts
            .approvers_cards()
            .filter(|card| matches!(&card.to, Address::Person(person) if waits_for(person)))
            .map(|card| card.key)
            .collect();
        for card in cards {
            let subject = Subject::Notice(notice.clone(), Audience::Approvers);
            self.posts.want(subject, Address::Under(card));
        }
    }

    /// Tells the channels and groups that the rule names, each place once. Groups are left out where
    /// the notice in the card's thread mentions them anyway.
    pub(super) fn tell_others(&mut self, notice: &Notice) {
        let in_thread = self.card_in_channel();
        let mut places: Vec<Address> = Vec::new();
        for told in &self.told {
            match told {
                Told::Channel(name) => places.push(Address::Channel(name.clone())),
                Told::Group { people, .. } if !in_thread => {
                    places.extend(people.iter().cloned().map(Address::Person));
                }
                Told::Group { .. } => {}
            }
        }
        let mut reached: Vec<Address> = self.requester_address().into_iter().collect();
        for place in places {
            if reached.contains(&place) {
                continue;
            }
            let subject = Subject::Notice(notice.clone(), Audience::Others);
            self.posts.want(subject, place.clone());
            reached.push(place);
        }
    }

    fn card_in_channel(&self) -> bool {
        self.posts
            .approvers_card()
            .is_some_and(|card| matches!(card.to, Address::Channel(_)))
    }
}

#[cfg(test)]
mod tests;
