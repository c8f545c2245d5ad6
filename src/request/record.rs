//! What the ledger keeps of a request: facts made from the document, so that every place that moves it
//! tells the same. It never moves a request itself.

use serde_json::{Value, json};

use super::document::{GateObject, Request};
use crate::audit::{Fact, Voter};
use crate::objects::Kind;
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
    let mut told = json!({"namespace": object.namespace(), "name": object.name});
    let manifest = &object.object;
    let Some(fields) = told.as_object_mut() else {
        return told;
    };
    if manifest.kind() == Kind::NetworkPolicy {
        // As it was told when there was no other kind, also where there is no spec.
        fields.insert("spec".to_owned(), Value::Null);
    } else {
        fields.insert(
            "apiVersion".to_owned(),
            manifest.kind().api_version().into(),
        );
        fields.insert("kind".to_owned(), manifest.kind().name().into());
    }
    let body = manifest.body();
    fields.extend(body.map(|(field, value)| (field.to_owned(), value.clone())));
    told
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
