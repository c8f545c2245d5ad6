//! Who asks, whatever the way in: a person in Slack, a service over HTTP, or a human for a service that
//! asked before.

use crate::audit::Actor;
use crate::request::Asked;
use crate::rules::{Account, Principal, TeamId, UserId};
use crate::slack::Inbound;

/// Who asks, and what caused it.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    pub(super) by: Who,
    /// Who pressed the button, where a person asks for a service.
    pub(super) pressed_by: Option<UserId>,
    pub(super) team: Option<TeamId>,
    /// Identifies the cause across repetitions: the same one again makes no second request.
    pub(super) key: String,
}

/// The one who asks.
#[derive(Debug, Clone)]
pub(super) enum Who {
    Person(UserId),
    Service(Account),
}

impl Asker {
    /// The person behind a delivery.
    pub(super) fn person(inbound: &Inbound) -> Self {
        Self {
            by: Who::Person(inbound.by.clone()),
            pressed_by: None,
            team: inbound.team.clone(),
            key: inbound.key.clone(),
        }
    }

    /// Whoever asked before, asking once more by a delivery of the one who answers for them.
    pub(super) fn like(asked: &Asked, inbound: &Inbound) -> Self {
        let person = Self::person(inbound);
        match Account::of(&asked.by, &asked.cluster) {
            Some(account) => Self {
                by: Who::Service(account),
                pressed_by: Some(inbound.by.clone()),
                team: None,
                ..person
            },
            None => person,
        }
    }

    /// How they are called on this cluster.
    pub(super) fn on(&self, cluster: &str) -> Principal {
        match &self.by {
            Who::Person(user) => Principal::Person(user.clone()),
            Who::Service(account) => account.within(cluster),
        }
    }

    /// Who acts, for the ledger.
    pub(super) fn actor(&self) -> Actor {
        match (&self.by, &self.pressed_by) {
            (Who::Person(user), _) | (Who::Service(_), Some(user)) => Actor::Person(user.clone()),
            (Who::Service(account), None) => Actor::Service(account.to_string()),
        }
    }

    /// The person; a service is none.
    pub(super) const fn human(&self) -> Option<&UserId> {
        match &self.by {
            Who::Person(user) => Some(user),
            Who::Service(_) => None,
        }
    }
}
