//! Shortcuts: the global ones, and those of a message's menu. (docs.slack.dev, "Shortcuts")

use serde_json::{Value, json};

use super::Slack;
use super::cannot::Cannot;
use super::deliver::{Parcel, Sender, What};
use super::hooks::Address;
use super::message::MessageRef;
use super::people::Person;
use super::state::State;
use super::wire::{self, set};

impl Slack {
    /// Uses a shortcut that the app has declared: of a message, or with `None` a global one.
    ///
    /// # Errors
    /// When the person, the shortcut or the message is not there.
    pub fn shortcut(
        &self,
        person: &str,
        callback_id: &str,
        at: Option<&MessageRef>,
    ) -> Result<(), Cannot> {
        self.with(|state| {
            let person = state.somebody(person)?;
            let declared = match at {
                None => &state.setup.shortcuts,
                Some(_) => &state.setup.message_shortcuts,
            };
            if !declared.contains(callback_id) {
                return Err(Cannot::NoShortcut(callback_id.to_owned()));
            }
            match at {
                None => state.global_shortcut(&person, callback_id),
                Some(at) => state.message_shortcut(&person, callback_id, at)?,
            }
            Ok(())
        })
    }
}

impl State {
    fn global_shortcut(&mut self, person: &Person, callback_id: &str) {
        let channel = self.open_direct(&person.id);
        let trigger = self.trigger(&person.id, &channel);
        let now = self.now();
        let mut payload = without(self.interaction("shortcut", person, &trigger), &["name"]);
        set(&mut payload, "callback_id", json!(callback_id));
        set(&mut payload, "action_ts", json!(self.mint.ts(now)));
        self.outbox.push(Parcel {
            what: What::Interaction,
            key: trigger,
            payload,
            from: Some(sender(person, channel, callback_id)),
        });
    }

    fn message_shortcut(
        &mut self,
        person: &Person,
        callback_id: &str,
        at: &MessageRef,
    ) -> Result<(), Cannot> {
        let message = self.seen_message(person, at)?;
        if message.only_for.is_some() {
            return Err(Cannot::Unfit(
                "a private message has no shortcuts".to_owned(),
            ));
        }
        let trigger = self.trigger(&person.id, &at.channel);
        let now = self.now();
        let action_ts = self.mint.ts(now);
        let to = Address {
            person: person.id.clone(),
            channel: at.channel.clone(),
            original: None,
        };
        let response_url = self.hook("app", to);
        let name = self.world.channel(&at.channel).map(wire::channel_name);
        let channel = json!({"id": at.channel, "name": name});
        let mut payload = without(self.interaction("message_action", person, &trigger), &[]);
        for (name, value) in [
            ("callback_id", json!(callback_id)),
            ("action_ts", json!(action_ts)),
            ("message_ts", json!(at.ts)),
            ("channel", channel),
            ("message", wire::message(&self.world, &message)),
            ("response_url", json!(response_url)),
        ] {
            set(&mut payload, name, value);
        }
        self.outbox.push(Parcel {
            what: What::Interaction,
            key: trigger,
            payload,
            from: Some(sender(person, at.channel.clone(), callback_id)),
        });
        Ok(())
    }
}

/// Shortcuts do not say which app they are for, and global ones not what their user was once called;
/// official types and recordings agree.
fn without(mut payload: Value, person_fields: &[&str]) -> Value {
    if let Some(fields) = payload.as_object_mut() {
        fields.remove("api_app_id");
    }
    let user = payload.get_mut("user").and_then(Value::as_object_mut);
    if let Some(user) = user {
        user.retain(|name, _| !person_fields.contains(&name.as_str()));
    }
    payload
}

fn sender(person: &Person, channel: String, callback_id: &str) -> Sender {
    Sender {
        person: person.id.clone(),
        channel,
        label: format!("[{callback_id}]"),
        view: None,
    }
}
