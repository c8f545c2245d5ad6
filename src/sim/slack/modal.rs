//! Forms: trigger ids, modals that people have open, and what they fill in.

mod view;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::units::Time;

use super::Slack;
use super::deliver::{Parcel, Sender, What};
use super::interactions::Cannot;
use super::render;
use super::state::State;
use super::web::answer::Refused;
use super::wire::set;

use view::fields;
pub(super) use view::values;

#[derive(Debug)]
struct Trigger {
    person: String,
    channel: String,
    until: Time,
    used: bool,
}

/// A modal that somebody has open.
#[derive(Debug, Clone)]
pub(super) struct Modal {
    pub(super) person: String,
    /// Where they were when it opened.
    pub(super) channel: String,
    /// The `view` object.
    pub(super) view: Value,
    /// What the app objected to, by `block_id`.
    pub(super) errors: Map<String, Value>,
}

/// Triggers that were given out, and modals that are open (one a person).
#[derive(Debug, Default)]
pub(super) struct Modals {
    triggers: BTreeMap<String, Trigger>,
    pub(super) open: BTreeMap<String, Modal>,
}

/// A form as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Its title.
    pub title: String,
    /// Its blocks, line by line.
    pub lines: Vec<String>,
    /// What can be filled in, by `action_id`.
    pub fields: Vec<String>,
    /// What the app objected to.
    pub errors: Vec<String>,
}

impl State {
    /// A trigger id: it can be exchanged once, within three seconds.
    pub(super) fn trigger(&mut self, person: &str, channel: &str) -> String {
        let (a, b) = (self.mint.pick(1 << 40), self.mint.pick(1 << 40));
        let id = format!("{a}.{b}.{}", self.mint.secret());
        let trigger = Trigger {
            person: person.to_owned(),
            channel: channel.to_owned(),
            until: self.now() + self.setup.timing.trigger,
            used: false,
        };
        self.modals.triggers.insert(id.clone(), trigger);
        id
    }

    /// Exchanges a trigger for the person and the channel it stands for.
    pub(super) fn exchange(&mut self, trigger: &str) -> Result<(String, String), Refused> {
        let now = self.now();
        let trigger = self.modals.triggers.get_mut(trigger);
        let trigger = trigger.ok_or(Refused::Code("invalid_trigger_id"))?;
        if trigger.used {
            return Err(Refused::Code("exchanged_trigger_id"));
        }
        if now > trigger.until {
            return Err(Refused::Code("expired_trigger_id"));
        }
        trigger.used = true;
        Ok((trigger.person.clone(), trigger.channel.clone()))
    }

    /// The app answered a form that was sent off: it closes, changes, or shows what is wrong.
    pub(super) fn form_answered(&mut self, from: &Sender, sent: &Value, answer: &Value) {
        let Some(modal) = self.modals.open.get_mut(&from.person) else {
            return;
        };
        let same = sent.pointer("/view/id") == modal.view.get("id");
        match answer.get("response_action").and_then(Value::as_str) {
            _ if !same => {}
            Some("errors") => {
                let errors = answer.get("errors").and_then(Value::as_object);
                modal.errors = errors.cloned().unwrap_or_default();
            }
            Some("update" | "push") => {
                let view = answer.get("view").cloned().unwrap_or_default();
                let problems = super::blocks::check_modal(&view);
                match problems.is_empty() {
                    true => self.show(&from.person, &from.channel, &view),
                    false => self.complain(format!("a form was answered badly: {problems:?}")),
                }
            }
            _ => {
                self.modals.open.remove(&from.person);
            }
        }
    }

    /// Opens a view for a person, in place of the one they have open.
    pub(super) fn show(&mut self, person: &str, channel: &str, view: &Value) {
        let kept = self.modals.open.get(person);
        let id = kept.and_then(|m| m.view.get("id")?.as_str().map(str::to_owned));
        let id = id.unwrap_or_else(|| self.mint.id("V"));
        let view = self.complete(view, &id);
        let modal = Modal {
            person: person.to_owned(),
            channel: channel.to_owned(),
            view,
            errors: Map::new(),
        };
        self.modals.open.insert(person.to_owned(), modal);
    }
}

impl Slack {
    /// The form that a person has open.
    pub fn form(&self, person: &str) -> Option<Form> {
        self.read(|state| {
            let person = state.world.person(person)?;
            let modal = state.modals.open.get(&person.id)?;
            let reader = state.reader(person);
            let blocks = modal.view.get("blocks")?.as_array()?;
            let title = modal.view.pointer("/title/text")?.as_str()?;
            Some(Form {
                title: title.to_owned(),
                lines: blocks
                    .iter()
                    .flat_map(|block| render::block_lines(&reader, block))
                    .collect(),
                fields: fields(blocks),
                errors: modal.errors.values().map(render::plain).collect(),
            })
        })
    }

    /// Fills in the open form and sends it off. Fields are named by `action_id`; menus are filled in
    /// with the label of an entry.
    ///
    /// # Errors
    /// When the person has no form open, or it has no such field.
    pub fn submit(&self, person: &str, filled: &[(&str, &str)]) -> Result<(), Cannot> {
        self.with(|state| {
            let found = state.world.person(person).cloned();
            let person = found.ok_or_else(|| Cannot::NoPerson(person.to_owned()))?;
            let modal = state.modals.open.get(&person.id).cloned();
            let modal = modal.ok_or_else(|| Cannot::NoForm(person.name.clone()))?;
            let blocks = modal.view.get("blocks").and_then(Value::as_array);
            let blocks = blocks.cloned().unwrap_or_default();
            let there = fields(&blocks);
            if let Some((field, _)) = filled.iter().find(|(f, _)| !there.iter().any(|t| t == f)) {
                let field = (*field).to_owned();
                return Err(Cannot::NoField { field, there });
            }
            let filled = filled.iter().map(|(f, v)| ((*f).to_owned(), json!(v)));
            let mut view = modal.view;
            let values = values(&blocks, &filled.collect());
            set(&mut view, "state", json!({"values": values}));
            // What is not there is `null` in deliveries, and absent in the answers of calls.
            for name in ["close", "submit", "previous_view_id"] {
                view::set_if_absent(&mut view, name, Value::Null);
            }
            let trigger = state.trigger(&person.id, &modal.channel);
            let mut payload = state.interaction("view_submission", &person, &trigger);
            set(&mut payload, "view", view);
            set(&mut payload, "response_urls", json!([]));
            state.outbox.push(Parcel {
                what: What::Submission,
                key: trigger,
                payload,
                from: Some(Sender {
                    person: modal.person,
                    channel: modal.channel,
                    label: "the form".to_owned(),
                }),
            });
            Ok(())
        })
    }
}
