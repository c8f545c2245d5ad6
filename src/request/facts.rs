//! What goes into a decision, and what comes out.

use std::sync::LazyLock;

use super::document::{ExtendedBy, GateObject, Request};
use super::state::End;
use super::without_slack::Claimed;
use crate::audit::Event;
use crate::netpol::{Effect, Finding};
use crate::rules::{Principal, Roll, UserId, Verdict};
use crate::units::{Seconds, Time};

/// An object that the cluster took as it was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Its name.
    pub name: String,
    /// The API server's identity of it.
    pub uid: String,
    /// Of what the API server stores, where its template states it; see [`GateObject::stored`].
    pub stored: Option<String>,
}

/// What somebody, time or the cluster wants of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// An approver agrees to what the card showed at `face`.
    Approve {
        /// The verified clicker.
        by: UserId,
        /// The picture they saw.
        face: u32,
        /// With what.
        terms: Terms,
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
    /// The service that asked needs the path no more: what waits is taken back, what is open is closed.
    Finish {
        /// The verified service.
        by: Principal,
    },
    /// An approver or revoker closes the path.
    Revoke {
        /// The verified person.
        by: UserId,
        /// Why, as typed.
        reason: Option<String>,
    },
    /// Somebody whom the rule names opens a waiting path at once.
    Emergency {
        /// The verified person.
        by: UserId,
    },
    /// A service approves while Slack is away.
    ApproveOffline {
        /// Who, and with what.
        claimed: Claimed,
    },
    /// Somebody has looked at what an emergency opened.
    Review {
        /// The verified person.
        by: UserId,
        /// What they found, as typed.
        words: Option<String>,
    },
    /// An approver takes back that their approval also counts for later asks.
    Forget {
        /// The verified person.
        by: UserId,
    },
    /// The store forgot later changes of it.
    WentBack {
        /// What is known of them.
        lost: Lost,
    },
    /// Its incident is over.
    IncidentClosed,
    /// The request that it extends, or that extends it, was ended by somebody.
    EndWith {
        /// Why.
        why: End,
    },
    /// Another request goes on after this one's end.
    Extended {
        /// Which, and until when.
        by: ExtendedBy,
    },
    /// The waiting time is over.
    Lapse,
    /// Nobody answered: the next circle is asked too.
    Escalate,
    /// The review of an emergency is still missing.
    Chase,
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
        /// Each of them.
        objects: Vec<Verified>,
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

/// What is known of changes that the store lost. It tells only that they were, never that they were right:
/// nothing is opened on its word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The last revision that is known to have been.
    pub upto: u64,
    /// The picture that people saw then.
    pub face: u32,
    /// The state's word.
    pub was: String,
    /// Whether it was being closed, or was closed.
    pub lets_go: bool,
    /// Whether it was over.
    pub over: bool,
    /// Where it had messages, by channel and `ts`.
    pub places: Vec<(String, String)>,
}

/// With what an approver agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terms {
    /// For less time than was asked.
    pub shorter: Option<Seconds>,
    /// Also for the next asks of the same requester and path, as long as the stage lets them.
    pub repeat: bool,
}

/// Everything a decision may depend on besides the document and the command.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Now.
    pub now: Time,
    /// Who is who now. Must hold the acting person, everybody who has voted, and the groups of all
    /// stages: a vote of somebody who is not in it counts no longer.
    pub roll: &'a Roll,
    /// The rules' word on this request as they are now; of an emergency, on it as one. `Approve`,
    /// `ApproveOffline`, `Emergency` and `Attempt` are impossible without it.
    pub verdict: Option<&'a Verdict>,
}

/// Nobody is asked: time, the cluster and a service's own end of it need nobody's word.
static NOBODY: LazyLock<Roll> = LazyLock::new(Roll::default);

impl Facts<'static> {
    /// What a decision depends on that rests on nobody's word: the time, and no person and no verdict.
    pub fn of_time(now: Time) -> Self {
        Self {
            now,
            roll: &NOBODY,
            verdict: None,
        }
    }
}

/// The next document and what happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The document to commit.
    pub request: Request,
    /// The events to commit with it.
    pub events: Vec<Event>,
}
