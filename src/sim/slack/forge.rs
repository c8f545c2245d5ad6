//! What attackers send: clicks on buttons that no message has, forms with what no app offered. They reach
//! the app like any other; nothing here makes them harmless.

use serde_json::{Map, Value, json};

use super::Slack;
use super::cannot::Cannot;
use super::message::MessageRef;
use super::place::Where;
use super::screens::view;
use super::wire::set;

/// What an attacker changes of a form that is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormForgery {
    /// Another `private_metadata`.
    pub notes: Option<String>,
    /// Another `callback_id`.
    pub callback: Option<String>,
    /// Values in Slack's shape by `action_id`, which is taken for the `block_id` too.
    pub values: Map<String, Value>,
}

impl Slack {
    /// Sends a click that no button offers: an attacker's, or one on a stale client. The message has
    /// to be visible, as Slack checks that; what is pressed is the attacker's invention.
    ///
    /// # Errors
    /// When the person or the message is not there.
    pub fn forge(
        &self,
        person: &str,
        at: &MessageRef,
        action_id: &str,
        value: &str,
    ) -> Result<(), Cannot> {
        self.with(|state| {
            let surface = state.surface(person, &Where::Message(at.clone()))?;
            let action = json!({
                "type": "button", "action_id": action_id, "block_id": "forged", "value": value,
                "text": {"type": "plain_text", "text": action_id, "emoji": true},
            });
            state.interact(&surface, action, action_id);
            Ok(())
        })
    }

    /// Sends the open form as no client would: with what the app neither noted nor offered. Slack keeps
    /// notes and callback itself; no app should have to rely on that.
    ///
    /// # Errors
    /// When the person has no form open.
    pub fn forge_form(&self, person: &str, forgery: &FormForgery) -> Result<(), Cannot> {
        self.with(|state| {
            let form = state.form_surface(person)?;
            let pane = state.on_top(&form)?;
            let mut sent = view::delivered(&pane.view);
            for (name, forged) in [
                ("private_metadata", &forgery.notes),
                ("callback_id", &forgery.callback),
            ] {
                if let Some(forged) = forged {
                    set(&mut sent, name, json!(forged));
                }
            }
            let held = sent.pointer("/state/values").and_then(Value::as_object);
            let mut values = held.cloned().unwrap_or_default();
            for (action_id, value) in &forgery.values {
                values.insert(action_id.clone(), json!({action_id: value}));
            }
            set(&mut sent, "state", json!({"values": values}));
            state.send_view(&form, &pane, sent);
            Ok(())
        })
    }
}
