//! What goes into a decision, and what comes out.

use super::document::{GateObject, Request};
use crate::audit::Event;
use crate::netpol::{Effect, Finding};
use crate::rules::{Roll, UserId, Verdict};
use crate::units::Time;

/// What somebody, time or the cluster wants of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// An approver agrees to what the card showed at `face`.
    Approve {
        /// The verified clicker.
        by: UserId,
        /// The picture they saw.
        face: u32,
    },
    /// An approver says no.
    Deny {
        /// The verified clicker.
        by: UserId,
        /// The picture they saw.
        face: u32,
        /// Why, as typed.
        reason: Option<String>,
    },
    /// The requester takes a waiting request back.
    Cancel {
        /// The verified person.
        by: UserId,
    },
    /// The requester needs the path no more.
    Done {
        /// The verified person.
        by: UserId,
    },
    /// An approver or revoker closes the path.
    Revoke {
        /// The verified person.
        by: UserId,
        /// Why, as typed.
        reason: Option<String>,
    },
    /// The waiting time is over.
    Lapse,
    /// Time to remind.
    Remind,
    /// Time to warn.
    Warn,
    /// The grant's time is over.
    Expire,
    /// Opening took too long.
    GiveUp,
    /// The plan on the cluster as it is now; commits the end before anything is applied.
    Attempt {
        /// What to apply.
        objects: Vec<GateObject>,
        /// What it would change now.
        effect: Effect,
    },
    /// There is nothing to open, or opening would do harm, as the cluster is now.
    CannotOpen {
        /// The sentence for the person.
        reason: String,
    },
    /// All objects were applied and read back as meant.
    Applied {
        /// Name and uid of each.
        uids: Vec<(String, String)>,
    },
    /// An attempt failed.
    NotApplied {
        /// For the person and the operators.
        problem: String,
        /// Whether another try makes sense.
        again: bool,
    },
    /// Everything of the request was verified to be gone.
    Withdrawn,
    /// Closing failed; it will be tried again.
    NotWithdrawn {
        /// For the operators.
        problem: String,
    },
    /// Somebody else deleted an object of the live gate (confirmed by a quorum read).
    Removed,
    /// Staying open would do harm.
    Withdraw {
        /// The sentence for people.
        reason: String,
    },
    /// The live gate was judged again: all that is not as approved, as the cluster is now.
    Observe {
        /// Sorted; empty: all is as approved.
        findings: Vec<Finding>,
    },
}

/// Everything a decision may depend on besides the document and the command.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Now.
    pub now: Time,
    /// Who is who now. Must hold the acting person, everybody who has voted, and the groups of all
    /// stages: a vote of somebody who is not in it counts no longer.
    pub roll: &'a Roll,
    /// The rules' word on this request as they are now. `Approve` and `Attempt` are impossible
    /// without it.
    pub verdict: Option<&'a Verdict>,
}

/// The next document and what happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The document to commit.
    pub request: Request,
    /// The events to commit with it.
    pub events: Vec<Event>,
}
