//! Slash commands.

use serde_json::{Value, json};

use super::Slack;
use super::cannot::Cannot;
use super::deliver::{Parcel, Sender, What};
use super::hooks::Address;
use super::markup::{Labels, typed};
use super::state::State;
use super::wire;

impl Slack {
    /// Types a slash command, such as `/access help`. `place` is a channel, or the bot (`@drawbridge`)
    /// for the direct conversation with it. Nobody else sees the command.
    ///
    /// # Errors
    /// When the person, the place or the command is not there.
    pub fn command(&self, person: &str, place: &str, line: &str) -> Result<(), Cannot> {
        self.with(|state| {
            let (person, channel) = state.presence(person, place)?;
            let (command, text) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            if !state.setup.commands.contains(command) {
                return Err(Cannot::NoCommand(command.to_owned()));
            }
            // Like the manifest's `should_escape: true`: names become references with labels.
            let text = typed(&state.world, text.trim(), Labels::With);
            let trigger = state.trigger(&person.id, &channel);
            let to = Address {
                person: person.id.clone(),
                channel: channel.clone(),
                original: None,
            };
            let response_url = state.hook("commands", to);
            let name = state.world.channel(&channel).map(wire::channel_name);
            let app = &state.world.app;
            let payload = json!({
                "token": app.token,
                "team_id": app.team,
                "team_domain": app.domain,
                "channel_id": channel,
                "channel_name": name,
                "user_id": person.id,
                "user_name": person.name,
                "command": command,
                "text": text,
                "api_app_id": app.id,
                "is_enterprise_install": "false",
                "response_url": response_url,
                "trigger_id": trigger,
            });
            state.outbox.push(Parcel {
                what: What::Command,
                key: trigger,
                payload,
                from: Some(Sender {
                    person: person.id,
                    channel,
                    label: command.to_owned(),
                    view: None,
                }),
            });
            Ok(())
        })
    }
}

impl State {
    /// An acknowledgement came; what it carries is shown to the person (or to all, if it says so).
    pub(super) fn command_answered(&mut self, from: &Sender, answer: &Value) {
        let says = |name: &str| answer.get(name).is_some_and(|v| !v.is_null());
        if !says("text") && !says("blocks") {
            return;
        }
        let to = Address {
            person: from.person.clone(),
            channel: from.channel.clone(),
            original: None,
        };
        if let Err(refused) = self.respond(&to, answer) {
            let text = format!(
                "{} failed with the error “invalid_command_response”",
                from.label
            );
            self.complain(format!("a command was answered badly: {refused:?}"));
            self.tell_privately(&from.person, &from.channel, &text);
        }
    }
}
