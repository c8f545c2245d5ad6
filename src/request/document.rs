//! The document that the store keeps for each request.

use serde::{Deserialize, Serialize};

use super::asked::Asked;
use super::posts::Posts;
use super::state::State;
use super::without_slack::OfflineVote;
use crate::id::RequestId;
use crate::netpol::{Effect, Finding};
use crate::objects::Manifest;
use crate::rules::{Pass, Principal, Right, Roll, Route, StagePlan, UserId};
use crate::units::{Seconds, Time};

pub use crate::written::FORMAT;

/// A request for a network path, from the ask to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// [`FORMAT`] of the writer.
    pub format: u16,
    /// Its id.
    pub id: RequestId,
    /// Who asked for what.
    pub asked: Asked,
    /// What the governing rule demands; `None` only for requests refused at once.
    pub route: Option<Route>,
    /// Who was asked to approve, by stage, as resolved when asked.
    pub crowds: Vec<Crowd>,
    /// Who may open it at once, as resolved when asked: to be offered the button.
    #[serde(default)]
    pub rescuers: Vec<UserId>,
    /// Whom its stages are escalated to, as resolved when asked.
    #[serde(default)]
    pub escalation: Crowd,
    /// Who is told of opening and end, as resolved when asked.
    pub told: Vec<Told>,
    /// What the gate changes, as shown to approvers: approval binds to it.
    pub effect: Effect,
    /// Where it stands.
    pub state: State,
    /// Approvals given, in order.
    pub votes: Vec<Vote>,
    /// What it was shortened to by an approver or an emergency; `None`: it lasts as asked.
    #[serde(default)]
    pub shortened: Option<Seconds>,
    /// Who opened it at once, skipping its stages, and what became of the review.
    #[serde(default)]
    pub emergency: Option<Emergency>,
    /// The vote that was given while Slack was away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline: Option<OfflineVote>,
    /// The objects of its gate, from the first attempt on.
    pub gate: Vec<GateObject>,
    /// The time it is (or was) open.
    pub grant: Option<Grant>,
    /// The request by which it goes on after its own end.
    #[serde(default)]
    pub extended: Option<ExtendedBy>,
    /// What is not as it was approved while it is open, as last judged; people were told of it.
    #[serde(default)]
    pub told_of: Vec<Finding>,
    /// The last time that the store lost later changes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
    /// Every message about it, and what each shows.
    pub posts: Posts,
}

/// The store went back, and the request was set right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Back {
    /// When that was noticed.
    pub at: Time,
    /// The last revision that is known to be lost: whoever remembers no later one has nothing to add.
    pub upto: u64,
}

/// The request that goes on after another one's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedBy {
    /// Which.
    pub id: RequestId,
    /// Until when.
    pub until: Time,
}

/// Who opened a path at once, and the review that is demanded for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Emergency {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Time,
    /// Until when a review is demanded.
    pub review_by: Time,
    /// How often it was asked for.
    pub chased: u32,
    /// The review.
    pub review: Option<Review>,
}

/// Somebody looked at what an emergency did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Time,
    /// What they found, as typed.
    pub words: Option<String>,
}

/// The people and groups behind one stage when it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Crowd {
    /// Active members who may fill the stage, the requester left out; sorted.
    pub people: Vec<UserId>,
    /// User groups to mention: handle without `@`, and Slack's id (`S…`).
    pub groups: Vec<(String, String)>,
    /// Who stands in for whom: mentioned by themselves, no group reaches them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stand_ins: Vec<(UserId, UserId)>,
}

/// Somebody who is only told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Told {
    /// A channel by `#name` or id.
    Channel(String),
    /// A user group: mentioned by the notices in the card's thread where the card is in a channel,
    /// else each member is written to.
    Group {
        /// Its Slack id (`S…`).
        id: String,
        /// Its active members when it was asked.
        people: Vec<UserId>,
    },
}

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who.
    pub by: UserId,
    /// The stage it fills.
    pub stage: usize,
    /// When.
    pub at: Time,
    /// By what right.
    #[serde(default)]
    pub right: Right,
    /// Until when it also counts for the same requester and path asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_until: Option<Time>,
    /// The request on which it was given for this one too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_on: Option<RequestId>,
}

/// One Kubernetes object of a gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateObject {
    /// Its unguessable name.
    pub name: String,
    /// Kind, namespace and body; marks are put on when it is applied. Documents have called it `policy` since
    /// gates were NetworkPolicies only.
    #[serde(rename = "policy")]
    pub object: Manifest,
    /// The server's uid, once verified.
    pub uid: Option<String>,
    /// Digest of the object as the server stored it, once verified: whoever edits it is noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<String>,
}

/// When a gate is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// When it was verified open.
    pub opened_at: Time,
    /// When it ends at the latest.
    pub expires_at: Time,
}

impl GateObject {
    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.object.namespace()
    }
}

impl Request {
    /// The person who asked, or who answers for the service that did. INVARIANT (no self-approval): they
    /// approve nothing of it.
    pub fn requester(&self) -> Option<&UserId> {
        match &self.asked.by {
            Principal::Person(user) => Some(user),
            Principal::Service { .. } => self.route.as_ref()?.owner.as_ref(),
        }
    }

    /// Whether this person is behind the ask: the requester, or whoever pressed the button for a service.
    pub(super) fn is_behind(&self, person: &UserId) -> bool {
        self.requester() == Some(person) || self.asked.pressed_by.as_ref() == Some(person)
    }

    /// Whether this person is given a role by it, or may be.
    pub(super) fn gives(&self, person: &UserId, roll: &Roll) -> bool {
        let mut given = self.effect.stated.iter().flat_map(|object| &object.people);
        let person = roll.people.get(person);
        person.is_some_and(|person| given.any(|name| person.may_be(name)))
    }

    /// The stage that waits for approval now.
    pub fn waiting_stage(&self) -> Option<(usize, &StagePlan)> {
        let State::Pending { stage, .. } = &self.state else {
            return None;
        };
        self.stages().get(*stage).map(|plan| (*stage, plan))
    }

    /// All stages of the route.
    pub fn stages(&self) -> &[StagePlan] {
        self.route.as_ref().map_or(&[], |route| &route.stages)
    }

    /// How long it is to be open.
    pub fn length(&self) -> Seconds {
        let asked = self.asked.duration;
        self.shortened.map_or(asked, |shorter| shorter.min(asked))
    }

    /// What the rule's longest time leaves after what the path has had, extensions included.
    pub fn left_to_extend(&self) -> Seconds {
        let (Some(grant), Some(route)) = (&self.grant, &self.route) else {
            return Seconds(0);
        };
        let extends = self.asked.extends.as_ref();
        let from = extends.map_or(grant.opened_at, |extends| extends.until);
        let before = extends.map_or(0, |extends| extends.so_far.0);
        let own = (grant.expires_at - from)
            .num_seconds()
            .max(0)
            .unsigned_abs();
        // An emergency may be shorter than the rule's longest grant, its extensions need not.
        Seconds(route.max.0.saturating_sub(before.saturating_add(own)))
    }

    /// Whether the rule approved it by itself.
    pub fn is_automatic(&self) -> bool {
        let pass = self.route.as_ref().map(|route| &route.pass);
        matches!(pass, Some(Pass::Automatic { .. }))
    }

    /// Whether the stage that waits was escalated.
    pub const fn is_escalated(&self) -> bool {
        matches!(
            self.state,
            State::Pending {
                escalated: true,
                ..
            }
        )
    }

    /// Whether somebody must still review what an emergency opened.
    pub fn awaits_review(&self) -> bool {
        let opened = self.grant.is_some();
        opened && self.emergency.as_ref().is_some_and(|e| e.review.is_none())
    }

    /// Approvals that count for a stage.
    pub fn votes_for(&self, stage: usize) -> impl Iterator<Item = &Vote> {
        self.votes.iter().filter(move |vote| vote.stage == stage)
    }

    /// Source and target as people read them: `shop/web`, `orders/db:5432`.
    pub fn path(&self) -> (String, String) {
        self.asked.path()
    }
}

#[cfg(test)]
mod tests;
