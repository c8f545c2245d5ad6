//! The request: one durable document, and the pure functions that move it.
//!
//! [`decide()`] is the only way a request changes state; [`due`] says what time or the cluster demands
//! next; [`alarms()`] says when to look again. Nothing here reads a clock or touches the world.

pub mod alarms;
pub mod asked;
pub mod create;
pub mod decide;
pub mod document;
pub mod facts;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod posts;
mod record;
pub mod refusal;
pub mod standing;
pub mod state;
mod tell;
pub mod without_slack;

pub use alarms::{Duty, alarms, due};
pub use asked::{Asked, Extends, IncidentRef, Origin};
pub use create::{Ask, create};
pub use decide::decide;
pub use document::{
    Back, Crowd, Emergency, ExtendedBy, GateObject, Grant, Request, Review, Told, Vote,
};
pub use facts::{Command, Facts, Lost, Outcome, Terms, Verified};
pub use posts::{Address, Audience, MOST_LOST, Notice, Post, PostKey, PostStatus, Posts, Subject};
pub use refusal::Refusal;
pub use state::{End, State};
pub use without_slack::{Claimed, OfflineVote};
