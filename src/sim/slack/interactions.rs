//! What Slack sends when somebody uses an element: presses a button, chooses from a menu, fills in an
//! input that tells the app at once.

use serde_json::{Value, json};

use super::Slack;
use super::cannot::Cannot;
use super::deliver::{Parcel, Sender, What};
use super::element::{self, Asked, Kind, Typed, text_of};
use super::hooks::Address;
use super::message::MessageRef;
use super::people::Person;
use super::place::{Spot, Where};
use super::render;
use super::state::State;
use super::surface::{Found, Surface, element_at, find};
use super::wire::set;

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
}

impl State {
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
        let Found { block, element } = find(&on.blocks, spot)?;
        let kind = Kind::of(element);
        let kind = kind.ok_or_else(|| Cannot::Unfit("a button takes no value".to_owned()))?;
        if value.is_null() && !kind.can_be_emptied() && text_of(block, "type") != "input" {
            return Err(Cannot::Unfit("something has to be chosen".to_owned()));
        }
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
        // What was chosen of an earlier typeahead can be chosen again.
        let typed = match &spot.at {
            Where::View(id) => self.screens.find(|p| p.id() == id).map(|(_, p)| &p.typed),
            Where::Message(at) => {
                let whose = (person.id.clone(), at.clone());
                self.screens.chosen.get(&whose)
            }
        };
        let ids = (spot.block_id.clone(), spot.action_id.clone());
        let held = typed.and_then(|typed| typed.get(&ids));
        let held = held.into_iter().flat_map(element::options_held);
        Asked {
            world: &self.world,
            person,
            element,
            suggested: suggested.into_iter().flatten().chain(held).collect(),
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
    pub(super) fn interact(&mut self, on: &Surface, mut action: Value, label: &str) {
        let pane = on.view().and_then(|id| self.screens.pane_mut(id));
        if pane.is_some_and(|pane| pane.trouble.take().is_some()) {
            self.stir();
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

    /// What a person has put into a message, as far as the message still asks for it.
    fn chosen_in(&self, person: &Person, at: &MessageRef) -> Typed {
        let whose = (person.id.clone(), at.clone());
        let typed = self.screens.chosen.get(&whose).cloned().unwrap_or_default();
        let blocks = self.world.message(at).map(|m| m.blocks.as_slice());
        element::surviving(blocks.unwrap_or_default(), typed)
    }
}

/// What an element is called in a notice.
fn label_of(element: &Value) -> &str {
    let named = ["/text/text", "/placeholder/text"].iter();
    let mut named = named.filter_map(|at| element.pointer(at)?.as_str());
    named
        .next()
        .unwrap_or_else(|| text_of(element, "action_id"))
}
