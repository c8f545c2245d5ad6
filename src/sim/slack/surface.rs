//! What a person has before their eyes: a message, the form on top, their home tab; and how deliveries
//! describe it.

use serde_json::{Value, json};

use super::cannot::Cannot;
use super::element::text_of;
use super::message::{Message, MessageRef};
use super::people::Person;
use super::place::{Spot, Where};
use super::screens::{Behind, view};
use super::state::State;
use super::wire::{self, set};

/// What a person has before their eyes and uses something of.
#[derive(Debug)]
pub(super) struct Surface {
    pub(super) person: Person,
    pub(super) at: Where,
    pub(super) blocks: Vec<Value>,
}

/// An element of a surface.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) block: &'a Value,
    pub(super) element: &'a Value,
}

impl State {
    /// A person by name or id.
    pub(super) fn somebody(&self, person: &str) -> Result<Person, Cannot> {
        let found = self.world.person(person).cloned();
        found.ok_or_else(|| Cannot::NoPerson(person.to_owned()))
    }

    /// What a person sees there: a message, the form on top, or their home tab.
    pub(super) fn surface(&self, person: &str, at: &Where) -> Result<Surface, Cannot> {
        let person = self.somebody(person)?;
        let blocks = match at {
            Where::Message(at) => self.seen_message(&person, at)?.blocks,
            Where::View(id) => {
                let form = self.screens.top(&person.id);
                let mut seen = form.into_iter().chain(self.screens.homes.get(&person.id));
                let seen = seen.find(|pane| pane.id() == id);
                let seen = seen.ok_or_else(|| Cannot::NoView {
                    person: person.name.clone(),
                    view: id.clone(),
                })?;
                seen.blocks().to_vec()
            }
        };
        Ok(Surface {
            person,
            at: at.clone(),
            blocks,
        })
    }

    /// A message that a person sees.
    pub(super) fn seen_message(&self, person: &Person, at: &MessageRef) -> Result<Message, Cannot> {
        let message = self.world.message(at);
        let message = message.filter(|m| self.world.sees(&person.id, m));
        message.cloned().ok_or_else(|| Cannot::NoMessage {
            person: person.name.clone(),
            message: at.clone(),
        })
    }

    /// What a trigger given out for something stands for.
    pub(super) fn behind(&self, on: &Surface) -> Behind {
        let id = on.view().unwrap_or_default();
        let form = self
            .screens
            .top(&on.person.id)
            .filter(|pane| pane.id() == id);
        let channel = match &on.at {
            Where::Message(at) => at.channel.clone(),
            Where::View(_) => form.map(|pane| pane.channel.clone()).unwrap_or_default(),
        };
        Behind {
            person: on.person.id.clone(),
            channel,
            form: form.map(|pane| pane.root().to_owned()),
        }
    }

    /// Adds where something was used: the container, and the message with its channel or the view.
    pub(super) fn describe(&self, on: &Surface, payload: &mut Value) {
        match &on.at {
            Where::Message(at) => self.describe_message(at, payload),
            Where::View(id) => {
                set(payload, "container", json!({"type": "view", "view_id": id}));
                if let Some((_, pane)) = self.screens.find(|pane| pane.id() == id) {
                    set(payload, "view", view::delivered(&pane.view));
                }
            }
        }
    }

    fn describe_message(&self, at: &MessageRef, payload: &mut Value) {
        let Some(message) = self.world.message(at) else {
            return;
        };
        let mut container = json!({
            "type": "message", "message_ts": at.ts, "channel_id": at.channel,
            "is_ephemeral": message.only_for.is_some(),
        });
        if let Some(thread) = &message.thread {
            set(&mut container, "thread_ts", json!(thread));
        }
        set(payload, "container", container);
        let name = self.world.channel(&at.channel).map(wire::channel_name);
        set(payload, "channel", json!({"id": at.channel, "name": name}));
        if message.only_for.is_none() {
            set(payload, "message", wire::message(&self.world, message));
        }
    }

    /// What every interaction has.
    pub(super) fn interaction(&self, kind: &str, person: &Person, trigger: &str) -> Value {
        let mut payload = self.bare_interaction(kind, person);
        set(&mut payload, "trigger_id", json!(trigger));
        payload
    }

    /// The same without a trigger, for what cannot open anything.
    pub(super) fn bare_interaction(&self, kind: &str, person: &Person) -> Value {
        let app = &self.world.app;
        json!({
            "type": kind,
            "user": {
                "id": person.id, "username": person.name, "name": person.name,
                "team_id": person.team,
            },
            "api_app_id": app.id,
            "token": app.token,
            "team": {"id": app.team, "domain": app.domain},
            "is_enterprise_install": false,
        })
    }
}

impl Surface {
    /// The id of the view that it is.
    pub(super) fn view(&self) -> Option<&str> {
        match &self.at {
            Where::View(id) => Some(id),
            Where::Message(_) => None,
        }
    }
}

/// The element of these blocks at a spot.
pub(super) fn find<'a>(blocks: &'a [Value], spot: &Spot) -> Result<Found<'a>, Cannot> {
    let block = blocks
        .iter()
        .find(|b| text_of(b, "block_id") == spot.block_id);
    let found = block.and_then(|block| {
        let mut elements = super::blocks::elements(block).into_iter();
        let usable = |e: &&Value| text_of(e, "type") != "image";
        let element = elements.find(|e| usable(e) && text_of(e, "action_id") == spot.action_id)?;
        Some(Found { block, element })
    });
    found.ok_or_else(|| Cannot::NoElement {
        block_id: spot.block_id.clone(),
        action_id: spot.action_id.clone(),
    })
}

/// The element that a surface has at a spot.
pub(super) fn element_at<'a>(on: &'a Surface, spot: &Spot) -> Result<&'a Value, Cannot> {
    find(&on.blocks, spot).map(|found| found.element)
}
