//! What Slack sends when somebody uses an element: presses a button, chooses from a menu, fills in an
//! input that tells the app at once.

use serde_json::{Value, json};

use super::Slack;
use super::cannot::Cannot;
use super::deliver::{Parcel, Sender, What};
use super::element::{self, Asked, Kind, Typed, text_of};
use super::hooks::Address;
use super::message::{Message, MessageRef};
use super::people::Person;
use super::place::{Spot, Where};
use super::render;
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
struct Found<'a> {
    block: &'a Value,
    element: &'a Value,
}

impl Slack {
    /// Uses an element: presses a button (`null`), chooses an option by its value (several: a list),
    /// a person, a channel, a date, or fills in an input. The app is told at once, except of inputs
    /// that are sent with their form. A confirmation is agreed to, as the client asks for it without
    /// the app's knowledge.
    ///
    /// # Errors
    /// When the person does not see the element, or it does not take the value.
    pub fn use_element(&self, person: &str, spot: &Spot, value: &Value) -> Result<(), Cannot> {
        self.with(|state| {
            let surface = state.surface(person, &spot.at)?;
            state.put_to_use(&surface, spot, value, None)
        })
    }

    /// Presses the button with this label, or chooses the menu entry with it.
    ///
    /// # Errors
    /// When the person, the message or the button is not there.
    pub fn click(&self, person: &str, at: &MessageRef, label: &str) -> Result<(), Cannot> {
        self.with(|state| {
            let surface = state.surface(person, &Where::Message(at.clone()))?;
            state.press_labelled(&surface, label)
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
            let surface = state.surface(person, &Where::Message(at.clone()))?;
            let action = json!({
                "type": "button", "action_id": action_id, "block_id": "forged", "value": value,
                "text": {"type": "plain_text", "text": action_id, "emoji": true},
            });
            state.interact(&surface, action, action_id);
            Ok(())
        })
    }
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

    /// Presses the button, or chooses the menu entry, with this label.
    pub(super) fn press_labelled(&mut self, on: &Surface, label: &str) -> Result<(), Cannot> {
        let controls = render::controls(&on.blocks);
        let Some(control) = controls.iter().find(|c| c.label == label) else {
            return Err(Cannot::NoButton {
                label: label.to_owned(),
                there: controls.into_iter().map(|c| c.label).collect(),
            });
        };
        let action_id = text_of(control.element, "action_id");
        let spot = Spot::new(on.at.clone(), &control.block_id, action_id);
        let value = control.option.and_then(|option| option.get("value"));
        self.put_to_use(on, &spot, value.unwrap_or(&Value::Null), Some(label))
    }

    /// Uses an element of what a person sees: the one way in for clicks, pages and scenarios.
    pub(super) fn put_to_use(
        &mut self,
        on: &Surface,
        spot: &Spot,
        value: &Value,
        label: Option<&str>,
    ) -> Result<(), Cannot> {
        let found = find(&on.blocks, spot)?;
        let pressed = Kind::of(found.element).is_none() && value.is_null();
        let value = match pressed {
            true => None,
            false => Some(self.put_in(on, spot, value)?),
        };
        if element::dispatches(found.block) {
            let label = label.unwrap_or_else(|| label_of(found.element));
            let action = element::action(&spot.block_id, found.element, value);
            self.interact(on, action, label);
        }
        Ok(())
    }

    /// Puts a value into an element without telling the app; returns it in Slack's shape.
    pub(super) fn put_in(
        &mut self,
        on: &Surface,
        spot: &Spot,
        value: &Value,
    ) -> Result<Value, Cannot> {
        let element = element_at(on, spot)?;
        let kind = Kind::of(element);
        let kind = kind.ok_or_else(|| Cannot::Unfit("a button takes no value".to_owned()))?;
        let value = self.asked(&on.person, spot, element).take(kind, value)?;
        if let Some(entry) = element::entry(element, value.clone()) {
            self.keep(on, spot, entry);
        }
        Ok(value)
    }

    /// What a person says to an element, as the value that it takes.
    pub(super) fn meant(&self, on: &Surface, spot: &Spot, text: &str) -> Result<Value, Cannot> {
        let element = element_at(on, spot)?;
        Ok(self.asked(&on.person, spot, element).spoken(text))
    }

    /// What an element asks a person for.
    pub(super) fn asked<'a>(
        &'a self,
        person: &'a Person,
        spot: &Spot,
        element: &'a Value,
    ) -> Asked<'a> {
        let at = (person.id.clone(), spot.clone());
        let suggested = self.screens.suggested.get(&at);
        Asked {
            world: &self.world,
            person,
            element,
            suggested: suggested.map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// Keeps what somebody put in, in the view or, for them alone, in the message.
    fn keep(&mut self, on: &Surface, spot: &Spot, entry: Value) {
        match &on.at {
            Where::View(id) => {
                if let Some(pane) = self.screens.pane_mut(id) {
                    pane.put(&spot.block_id, &spot.action_id, entry);
                    self.stir();
                }
            }
            Where::Message(at) => {
                let whose = (on.person.id.clone(), at.clone());
                let typed = self.screens.chosen.entry(whose).or_default();
                typed.insert((spot.block_id.clone(), spot.action_id.clone()), entry);
            }
        }
    }

    /// Sends `block_actions`.
    fn interact(&mut self, on: &Surface, mut action: Value, label: &str) {
        if let Some(pane) = on.view().and_then(|id| self.screens.pane_mut(id)) {
            pane.trouble = None;
        }
        let behind = self.behind(on);
        let trigger = self.trigger_for(behind.clone());
        let now = self.now();
        set(&mut action, "action_ts", json!(self.mint.ts(now)));
        let mut payload = self.interaction("block_actions", &on.person, &trigger);
        if let Where::Message(at) = &on.at {
            let to = Address {
                person: on.person.id.clone(),
                channel: at.channel.clone(),
                original: Some(at.clone()),
            };
            let response_url = self.hook("actions", to);
            set(&mut payload, "response_url", json!(response_url));
            let values = element::values(&on.blocks, &self.chosen_in(&on.person, at));
            set(&mut payload, "state", json!({"values": values}));
        }
        self.describe(on, &mut payload);
        set(&mut payload, "actions", json!([action]));
        self.outbox.push(Parcel {
            what: What::Interaction,
            key: trigger,
            payload,
            from: Some(Sender {
                person: behind.person,
                channel: behind.channel,
                label: format!("[{label}]"),
                view: on.view().map(str::to_owned),
            }),
        });
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

    /// What a person has put into a message, as far as the message still asks for it.
    fn chosen_in(&self, person: &Person, at: &MessageRef) -> Typed {
        let whose = (person.id.clone(), at.clone());
        let typed = self.screens.chosen.get(&whose).cloned().unwrap_or_default();
        let blocks = self.world.message(at).map(|m| m.blocks.as_slice());
        element::surviving(blocks.unwrap_or_default(), typed)
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

fn find<'a>(blocks: &'a [Value], spot: &Spot) -> Result<Found<'a>, Cannot> {
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

/// What an element is called in a notice.
fn label_of(element: &Value) -> &str {
    let named = ["/text/text", "/placeholder/text"].iter();
    let mut named = named.filter_map(|at| element.pointer(at)?.as_str());
    named
        .next()
        .unwrap_or_else(|| text_of(element, "action_id"))
}
