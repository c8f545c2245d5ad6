//! What a page draws: who is there, and what is on their screens.

use serde_json::{Map, Value, json};

use super::Slack;
use super::people::Person;
use super::screens::{Pane, view};
use super::wire::set;
use super::world::{Channel, Group};

impl Slack {
    /// Everybody, the bot and Slackbot included.
    pub fn people(&self) -> Vec<Person> {
        self.read(|state| state.world.people.clone())
    }

    /// Every user group, disabled ones included.
    pub fn groups(&self) -> Vec<Group> {
        self.read(|state| state.world.groups.clone())
    }

    /// Every conversation, archived and direct ones included. Their messages come with the changes.
    pub fn channels(&self) -> Vec<Channel> {
        self.read(|state| {
            let bare = |channel: &Channel| Channel {
                messages: std::collections::BTreeMap::new(),
                ..channel.clone()
            };
            state.world.channels.iter().map(bare).collect()
        })
    }

    /// What is on people's screens besides messages, by user id:
    /// `{"forms": {"U1": {"view": …, "errors": {…}, "below": […]}}, "homes": {"U1": {"view": …}}}`.
    /// `view` is the form on top with what is put in, `below` are those that it covers, topmost first.
    /// `"sending": true` is there while the app has not answered, `"trouble"` when it did not.
    pub fn screens(&self) -> Value {
        self.read(|state| {
            let forms = state.screens.stacks.iter();
            let forms: Map<String, Value> = forms
                .filter_map(|(person, stack)| {
                    let (top, below) = stack.split_last()?;
                    let mut form = shown(top);
                    let below: Vec<_> = below
                        .iter()
                        .rev()
                        .map(|p| view::delivered(&p.view))
                        .collect();
                    set(&mut form, "errors", Value::Object(top.errors.clone()));
                    set(&mut form, "below", Value::Array(below));
                    if top.sending {
                        set(&mut form, "sending", json!(true));
                    }
                    Some((person.clone(), form))
                })
                .collect();
            let homes = state.screens.homes.iter();
            let homes: Map<String, Value> = homes
                .map(|(person, pane)| (person.clone(), shown(pane)))
                .collect();
            json!({"forms": forms, "homes": homes})
        })
    }
}

fn shown(pane: &Pane) -> Value {
    let mut shown = json!({"view": view::delivered(&pane.view)});
    if let Some(trouble) = &pane.trouble {
        set(&mut shown, "trouble", json!(trouble));
    }
    shown
}
