//! What people do with forms, menus and home tabs, by the words they read there.

use serde_json::Value;

use super::Slack;
use super::cannot::Cannot;
use super::element::{self, Asked, Kind, text_of};
use super::message::MessageRef;
use super::people::Person;
use super::place::{Spot, Where};
use super::render;
use super::state::State;
use super::surface::{Surface, element_at};

impl Slack {
    /// Fills in the input with this label, or chooses from the menu with it: in the form on top, in
    /// the newest message that has it, or in the home tab. A menu's entry is named by its label, a
    /// person and a channel by name; several are parted by commas. What an app has to look up is
    /// looked up with the same words.
    ///
    /// # Errors
    /// When the person sees nothing of that name, or it does not take that.
    pub async fn fill(&self, person: &str, label: &str, text: &str) -> Result<(), Cannot> {
        let (spot, looked_up) = self.read(|state| {
            let (on, spot) = state.labelled(person, label)?;
            let element = element_at(&on, &spot)?;
            Ok((spot, text_of(element, "type").ends_with("external_select")))
        })?;
        if looked_up {
            self.suggest(person, &spot, text).await?;
        }
        self.with(|state| {
            let on = state.surface(person, &spot.at)?;
            let value = state.meant(&on, &spot, text)?;
            state.put_to_use(&on, &spot, &value, None)
        })
    }

    /// Presses the button, or chooses the menu entry, with this label: in the form on top, on the
    /// newest message that has it, or in the home tab.
    ///
    /// # Errors
    /// When the person sees no such button.
    pub fn press(&self, person: &str, label: &str) -> Result<(), Cannot> {
        self.with(|state| {
            let surfaces = state.surfaces(person)?;
            let has = |on: &&Surface| {
                render::controls(&on.blocks)
                    .iter()
                    .any(|c| c.label == label)
            };
            match surfaces.iter().find(has) {
                Some(on) => state.press_labelled(on, label),
                None => Err(Cannot::NoButton {
                    label: label.to_owned(),
                    there: surfaces
                        .iter()
                        .flat_map(|on| render::controls(&on.blocks))
                        .map(|control| control.label)
                        .collect(),
                }),
            }
        })
    }

    /// Closes the form on top by its close button.
    ///
    /// # Errors
    /// When the person has no form open.
    pub fn close(&self, person: &str) -> Result<(), Cannot> {
        let form = self.form(person);
        let form = form.ok_or_else(|| Cannot::NoForm(person.to_owned()))?;
        self.close_view(person, &form.view)
    }
}

impl State {
    /// What a person has before their eyes: the form on top, messages, newest first, the home tab.
    fn surfaces(&self, person: &str) -> Result<Vec<Surface>, Cannot> {
        let person = self.somebody(person)?;
        let top = self.screens.top(&person.id);
        let home = self.screens.homes.get(&person.id);
        let view = |pane: &super::screens::Pane| Where::View(pane.id().to_owned());
        let places = top.map(view).into_iter();
        let messages = self.seen_newest_first(&person).into_iter();
        let places = places
            .chain(messages.map(Where::Message))
            .chain(home.map(view));
        places.map(|at| self.surface(&person.id, &at)).collect()
    }

    fn seen_newest_first(&self, person: &Person) -> Vec<MessageRef> {
        let all = self.world.channels.iter();
        let all = all.flat_map(|channel| channel.messages.values());
        let seen = all.filter(|message| self.world.sees(&person.id, message));
        let mut seen: Vec<_> = seen.map(|message| message.at.clone()).collect();
        seen.sort_by(|a, b| b.ts.cmp(&a.ts));
        seen
    }

    /// The first thing to fill in that is called so.
    fn labelled(&self, person: &str, label: &str) -> Result<(Surface, Spot), Cannot> {
        let mut there = Vec::new();
        for on in self.surfaces(person)? {
            let named = element::stateful(&on.blocks)
                .map(|(block, element)| (block, element, self.names(&on.person, block, element)));
            let named: Vec<_> = named.collect();
            let called = named
                .iter()
                .find(|(.., names)| names.iter().any(|n| n == label));
            if let Some((block, element, _)) = called {
                let (block, action) = (text_of(block, "block_id"), text_of(element, "action_id"));
                let spot = Spot::new(on.at.clone(), block, action);
                return Ok((on, spot));
            }
            there.extend(
                named
                    .into_iter()
                    .filter_map(|(.., names)| names.into_iter().next()),
            );
        }
        Err(Cannot::NoField {
            field: label.to_owned(),
            there,
        })
    }

    /// What people call an element: the label of its input, the text that it stands beside, or its
    /// placeholder.
    fn names(&self, person: &Person, block: &Value, element: &Value) -> Vec<String> {
        let reader = self.reader(person);
        let read = |value: &Value, at: &str| {
            let text = value.pointer(at)?.as_str()?;
            Some(reader.read(text))
        };
        let names = [
            read(block, "/label/text"),
            read(block, "/text/text"),
            read(element, "/placeholder/text"),
        ];
        names.into_iter().flatten().collect()
    }

    /// What an element holds, as its reader sees it; `None` while it is empty.
    pub(super) fn held_as_read(
        &self,
        person: &Person,
        block_id: &str,
        element: &Value,
        typed: &element::Typed,
    ) -> Option<String> {
        Kind::of(element)?;
        let held = element::held(block_id, element, typed)?;
        let asked = Asked {
            world: &self.world,
            person,
            element,
            suggested: Vec::new(),
        };
        Some(asked.as_read(&held))
    }
}
