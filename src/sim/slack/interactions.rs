//! Clicks: what Slack sends when somebody presses a button of a message.

use serde_json::{Map, Value, json};

use super::Slack;
use super::deliver::{Parcel, Sender, What};
use super::hooks::Address;
use super::message::{Message, MessageRef};
use super::modal;
use super::people::Person;
use super::render::{self, Control};
use super::state::State;
use super::wire::{self, set};

/// Why a person could not do something: a mistake in the scenario, not in the bot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cannot {
    /// Nobody has that name or id.
    #[error("there is nobody called `{0}`")]
    NoPerson(String),
    /// No channel has that name or id.
    #[error("there is no channel `{0}`")]
    NoChannel(String),
    /// No user group has that handle.
    #[error("there is no user group `{0}`")]
    NoGroup(String),
    /// Only members can write or command.
    #[error("{person} is not in `{channel}`")]
    NotIn {
        /// Who.
        person: String,
        /// Where.
        channel: String,
    },
    /// The message is gone, or not for them to see.
    #[error("{person} sees no message {message}")]
    NoMessage {
        /// Who.
        person: String,
        /// Which.
        message: MessageRef,
    },
    /// The message has other buttons.
    #[error("there is no button `{label}`, only {there:?}")]
    NoButton {
        /// What was looked for.
        label: String,
        /// What is there.
        there: Vec<String>,
    },
    /// The app has declared no such slash command.
    #[error("there is no command `{0}`")]
    NoCommand(String),
    /// They have no form open.
    #[error("{0} has no form open")]
    NoForm(String),
    /// The form asks for other things.
    #[error("the form has no field `{field}`, only {there:?}")]
    NoField {
        /// What was looked for.
        field: String,
        /// What is there.
        there: Vec<String>,
    },
}

impl Slack {
    /// Presses the button with this label, or chooses the menu entry with it. A confirmation is
    /// agreed to, as the client asks for it without the app's knowledge.
    ///
    /// # Errors
    /// When the person, the message or the button is not there.
    pub fn click(&self, person: &str, at: &MessageRef, label: &str) -> Result<(), Cannot> {
        self.with(|state| {
            let (person, message) = state.seen_message(person, at)?;
            let controls = render::controls(&message.blocks);
            let Some(control) = controls.iter().find(|c| c.label == label) else {
                return Err(Cannot::NoButton {
                    label: label.to_owned(),
                    there: controls.into_iter().map(|c| c.label).collect(),
                });
            };
            let action = action_of(control);
            state.press(&person, &message, action, label);
            Ok(())
        })
    }

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
            let (person, message) = state.seen_message(person, at)?;
            let action = json!({
                "type": "button", "action_id": action_id, "block_id": "forged", "value": value,
                "text": {"type": "plain_text", "text": action_id, "emoji": true},
            });
            state.press(&person, &message, action, action_id);
            Ok(())
        })
    }
}

/// The entry of `actions` for an element that was used.
fn action_of(control: &Control<'_>) -> Value {
    let element = control.element;
    let mut action = json!({
        "action_id": element.get("action_id").cloned().unwrap_or_else(|| json!("")),
        "block_id": control.block_id,
        "type": element.get("type"),
    });
    for copied in ["text", "value", "style", "url"] {
        if let Some(value) = element.get(copied) {
            set(&mut action, copied, value.clone());
        }
    }
    if let Some(option) = control.option {
        set(&mut action, "selected_option", option.clone());
    }
    action
}

impl State {
    /// A person and a message that they see.
    fn seen_message(&self, person: &str, at: &MessageRef) -> Result<(Person, Message), Cannot> {
        let found = self.world.person(person);
        let person = found.ok_or_else(|| Cannot::NoPerson(person.to_owned()))?;
        let message = self.world.message(at);
        let message = message.filter(|m| self.world.sees(&person.id, m));
        let message = message.ok_or_else(|| Cannot::NoMessage {
            person: person.name.clone(),
            message: at.clone(),
        })?;
        Ok((person.clone(), message.clone()))
    }

    fn press(&mut self, person: &Person, message: &Message, mut action: Value, label: &str) {
        let at = &message.at;
        let trigger = self.trigger(&person.id, &at.channel);
        let now = self.now();
        set(&mut action, "action_ts", json!(self.mint.ts(now)));
        let response_url = self.hook(
            "actions",
            Address {
                person: person.id.clone(),
                channel: at.channel.clone(),
                original: Some(at.clone()),
            },
        );
        let mut payload = self.interaction("block_actions", person, &trigger);
        let mut container = json!({
            "type": "message", "message_ts": at.ts, "channel_id": at.channel,
            "is_ephemeral": message.only_for.is_some(),
        });
        if let Some(thread) = &message.thread {
            set(&mut container, "thread_ts", json!(thread));
        }
        set(&mut payload, "container", container);
        let name = self.world.channel(&at.channel).map(wire::channel_name);
        let channel = json!({"id": at.channel, "name": name});
        set(&mut payload, "channel", channel);
        if message.only_for.is_none() {
            let message = wire::message(&self.world, message);
            set(&mut payload, "message", message);
        }
        let values = modal::values(&message.blocks, &Map::new());
        set(&mut payload, "state", json!({"values": values}));
        set(&mut payload, "response_url", json!(response_url));
        set(&mut payload, "actions", json!([action]));
        self.outbox.push(Parcel {
            what: What::Interaction,
            key: trigger,
            payload,
            from: Some(Sender {
                person: person.id.clone(),
                channel: at.channel.clone(),
                label: format!("[{label}]"),
            }),
        });
    }

    /// What every interaction has.
    pub(super) fn interaction(&self, kind: &str, person: &Person, trigger: &str) -> Value {
        let app = &self.world.app;
        json!({
            "type": kind,
            "user": {
                "id": person.id, "username": person.name, "name": person.name,
                "team_id": person.team,
            },
            "api_app_id": app.id,
            "token": app.token,
            "trigger_id": trigger,
            "team": {"id": app.team, "domain": app.domain},
            "is_enterprise_install": false,
        })
    }
}
