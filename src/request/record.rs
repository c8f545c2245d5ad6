//! What the ledger keeps of a request: facts made from the document, so that every place that moves it
//! tells the same. It never moves a request itself.

use serde_json::{Value, json};

use super::document::{GateObject, Request};
use crate::audit::{Fact, Voter};
use crate::rules::{Roll, UserId};

impl Request {
    /// A stage begins to wait: whom it asks. `None`: there is no such stage.
    pub(super) fn stage_reached(&self, stage: usize) -> Option<Fact> {
        let plan = self.stages().get(stage)?;
        let crowd = self.crowds.get(stage);
        Some(Fact::StageReached {
            stage: plan.name.clone(),
            asked: crowd.map(|crowd| crowd.people.clone()).unwrap_or_default(),
        })
    }

    /// The next circle is asked: whom.
    pub(super) fn escalated(&self) -> Fact {
        let asked = self.escalation.people.clone();
        Fact::Escalated { asked }
    }
}

/// What is applied of an object. Its marks are left out: they repeat what other facts tell.
pub(super) fn policy(object: &GateObject) -> Value {
    json!({
        "namespace": object.namespace(),
        "name": object.name,
        "spec": object.policy.spec,
    })
}

/// Somebody who votes, as Slack described them for this decision.
pub(super) fn voter(roll: &Roll, user: &UserId) -> Option<Voter> {
    let person = roll.people.get(user)?;
    Some(Voter {
        team: person.team.clone(),
        email: person.email.clone(),
        name: Some(person.name.clone()),
    })
}
