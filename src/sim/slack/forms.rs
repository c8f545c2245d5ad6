//! What people do with forms: fill them in, send them off, close them.

use serde_json::{Map, Value, json};

use super::Slack;
use super::cannot::Cannot;
use super::deliver::{Parcel, Sender, What};
use super::element::{self, text_of};
use super::hooks::Address;
use super::people::Person;
use super::place::{Spot, Where};
use super::render;
use super::screens::{Behind, Pane, view};
use super::state::State;
use super::surface::Surface;
use super::wire::set;

/// A form as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The id of its view.
    pub view: String,
    /// Its title.
    pub title: String,
    /// What the app noted in it (`private_metadata`), which nobody sees.
    pub notes: String,
    /// The label of the button that sends it off, if it has one.
    pub submit: Option<String>,
    /// Its blocks, line by line.
    pub lines: Vec<String>,
    /// What can be filled in, by `action_id`.
    pub fields: Vec<String>,
    /// What the app objected to, and what Slack says when the app did not answer.
    pub errors: Vec<String>,
}

impl Slack {
    /// The form that a person has open; of a stack the one on top.
    pub fn form(&self, person: &str) -> Option<Form> {
        self.read(|state| {
            let person = state.world.person(person)?;
            let pane = state.screens.top(&person.id)?;
            let title = pane.view.pointer("/title/text")?.as_str()?;
            let fields = element::stateful(pane.blocks());
            Some(Form {
                view: pane.id().to_owned(),
                title: title.to_owned(),
                notes: text_of(&pane.view, "private_metadata").to_owned(),
                submit: pane
                    .view
                    .pointer("/submit/text")
                    .and_then(Value::as_str)
                    .map(ToOwned::to_owned),
                lines: state.view_lines(person, pane),
                fields: fields
                    .map(|(_, e)| text_of(e, "action_id").to_owned())
                    .collect(),
                errors: pane
                    .errors
                    .values()
                    .map(render::plain)
                    .chain(pane.trouble.clone())
                    .collect(),
            })
        })
    }

    /// Fills in the open form and sends it off. Fields are named by `action_id`; menus are filled in
    /// with the label of an entry.
    ///
    /// # Errors
    /// When the person has no form open, it has no such field, or Slack would not send it.
    pub fn submit(&self, person: &str, filled: &[(&str, &str)]) -> Result<(), Cannot> {
        self.with(|state| {
            let form = state.form_surface(person)?;
            for (field, text) in filled {
                let spot = form.field(field)?;
                let value = state.meant(&form, &spot, text)?;
                state.put_in(&form, &spot, &value)?;
            }
            state.send_form(&form)
        })
    }

    /// Puts values into a form (`{block_id: {action_id: value}}`, as [`Slack::use_element`] takes
    /// them) and sends it off. What is not named keeps the value it has.
    ///
    /// # Errors
    /// When the person does not see the form, it does not take a value, or Slack would not send it:
    /// something needed is empty, or the form is on its way already.
    pub fn submit_view(&self, person: &str, view: &str, values: &Value) -> Result<(), Cannot> {
        self.with(|state| {
            let form = state.surface(person, &Where::View(view.to_owned()))?;
            for (block_id, actions) in values.as_object().into_iter().flatten() {
                for (action_id, value) in actions.as_object().into_iter().flatten() {
                    let spot = Spot::new(form.at.clone(), block_id, action_id);
                    state.put_in(&form, &spot, value)?;
                }
            }
            state.send_form(&form)
        })
    }

    /// Closes the form on top, as its close button does: the one it covered shows again, unless it was
    /// to clear all. An app that asked for it is told.
    ///
    /// # Errors
    /// When the person does not see that form.
    pub fn close_view(&self, person: &str, view: &str) -> Result<(), Cannot> {
        self.with(|state| {
            let form = state.surface(person, &Where::View(view.to_owned()))?;
            let top = state.screens.top(&form.person.id);
            let top = top.filter(|top| top.id() == view);
            let top = top.ok_or_else(|| no_view(&form.person, view))?;
            let all = view::flag(&top.view, "clear_on_close");
            state.close_forms(&form.person, all);
            Ok(())
        })
    }

    /// Closes a form with everything it covers, as the cross in its corner does.
    ///
    /// # Errors
    /// When the person has no form open.
    pub fn dismiss(&self, person: &str) -> Result<(), Cannot> {
        self.with(|state| {
            let form = state.form_surface(person)?;
            state.close_forms(&form.person, true);
            Ok(())
        })
    }
}

fn no_view(person: &Person, view: &str) -> Cannot {
    Cannot::NoView {
        person: person.name.clone(),
        view: view.to_owned(),
    }
}

impl Surface {
    /// The field with this `action_id`.
    fn field(&self, field: &str) -> Result<Spot, Cannot> {
        let there = || element::stateful(&self.blocks);
        let found = there().find(|(_, e)| text_of(e, "action_id") == field);
        match found {
            Some((block, _)) => Ok(Spot::new(
                self.at.clone(),
                text_of(block, "block_id"),
                field,
            )),
            None => Err(Cannot::NoField {
                field: field.to_owned(),
                there: there()
                    .map(|(_, e)| text_of(e, "action_id").to_owned())
                    .collect(),
            }),
        }
    }
}

impl State {
    /// A view line by line; inputs with what they hold.
    pub(super) fn view_lines(&self, person: &Person, pane: &Pane) -> Vec<String> {
        let reader = self.reader(person);
        let line = |block: &Value| {
            let element = block.get("element")?;
            let block_id = text_of(block, "block_id");
            let held = self.held_as_read(person, block_id, element, &pane.typed)?;
            let label = block.pointer("/label/text").and_then(Value::as_str)?;
            Some(format!("{label}: [{held}]"))
        };
        let lines = pane.blocks().iter().flat_map(|block| match line(block) {
            Some(line) => vec![line],
            None => render::block_lines(&reader, block),
        });
        lines.collect()
    }

    /// The form that a person has before their eyes.
    pub(super) fn form_surface(&self, person: &str) -> Result<Surface, Cannot> {
        let person = self.somebody(person)?;
        let top = self.screens.top(&person.id);
        let top = top.ok_or_else(|| Cannot::NoForm(person.name.clone()))?;
        self.surface(&person.id, &Where::View(top.id().to_owned()))
    }

    /// Sends a form off, if its client would.
    pub(super) fn send_form(&mut self, form: &Surface) -> Result<(), Cannot> {
        let pane = self.on_top(form)?;
        sendable(&pane)?;
        self.send_view(form, &pane, view::delivered(&pane.view));
        Ok(())
    }

    /// The form's pane, as long as no other covers it.
    pub(super) fn on_top(&self, form: &Surface) -> Result<Pane, Cannot> {
        let id = form.view().unwrap_or_default();
        let top = self.screens.top(&form.person.id);
        let top = top.filter(|top| top.id() == id);
        Ok(top.ok_or_else(|| no_view(&form.person, id))?.clone())
    }

    /// Sends a form off as this view.
    pub(super) fn send_view(&mut self, form: &Surface, pane: &Pane, sent: Value) {
        let id = pane.id().to_owned();
        let behind = self.behind(form);
        let trigger = self.trigger_for(behind.clone());
        let response_urls = self.response_urls(&behind, pane);
        let mut payload = self.interaction("view_submission", &form.person, &trigger);
        set(&mut payload, "view", sent);
        set(&mut payload, "response_urls", response_urls);
        if let Some(pane) = self.screens.pane_mut(&id) {
            pane.sending = true;
            pane.errors = Map::new();
            pane.trouble = None;
        }
        self.stir();
        self.outbox.push(Parcel {
            what: What::Submission,
            key: trigger,
            payload,
            from: Some(Sender {
                person: behind.person,
                channel: behind.channel,
                label: "the form".to_owned(),
                view: Some(id),
            }),
        });
    }

    /// Response URLs for the conversations chosen in elements that ask for one.
    fn response_urls(&mut self, behind: &Behind, pane: &Pane) -> Value {
        let mut urls = Vec::new();
        for (block, element) in element::stateful(pane.blocks()) {
            if element.get("response_url_enabled") != Some(&json!(true)) {
                continue;
            }
            let (block_id, action_id) = (text_of(block, "block_id"), text_of(element, "action_id"));
            let held = element::held(block_id, element, &pane.typed);
            let Some(channel) = held.as_ref().and_then(Value::as_str) else {
                continue;
            };
            let to = Address {
                person: behind.person.clone(),
                channel: channel.to_owned(),
                original: None,
            };
            urls.push(json!({
                "block_id": block_id, "action_id": action_id, "channel_id": channel,
                "response_url": self.hook("app", to),
            }));
        }
        Value::Array(urls)
    }

    /// Closes the form on top, or all of them, and tells the app where it asked for that.
    fn close_forms(&mut self, person: &Person, all: bool) {
        let Some(stack) = self.screens.stacks.get(&person.id) else {
            return;
        };
        let kept = if all {
            0
        } else {
            stack.len().saturating_sub(1)
        };
        let closed: Vec<Pane> = stack.iter().skip(kept).rev().cloned().collect();
        for pane in closed {
            self.screens.remove(&person.id, pane.id());
            if !view::flag(&pane.view, "notify_on_close") {
                continue;
            }
            let mut payload = self.bare_interaction("view_closed", person);
            set(&mut payload, "view", view::delivered(&pane.view));
            set(&mut payload, "is_cleared", json!(all));
            self.outbox.push(Parcel {
                what: What::Interaction,
                key: pane.id().to_owned(),
                payload,
                from: None,
            });
        }
        self.stir();
    }
}

/// What a client looks at before it sends a form.
fn sendable(pane: &Pane) -> Result<(), Cannot> {
    let unfit = |text: String| Err(Cannot::Unfit(text));
    if pane.sending {
        return unfit("the form is on its way already".to_owned());
    }
    if pane.view.get("submit").is_none() {
        return unfit("the form has no button to send it".to_owned());
    }
    if view::flag(&pane.view, "submit_disabled") {
        return unfit("the form cannot be sent yet".to_owned());
    }
    for block in pane
        .blocks()
        .iter()
        .filter(|b| text_of(b, "type") == "input")
    {
        let label = block.pointer("/label/text").and_then(Value::as_str);
        let label = label.unwrap_or_default();
        let Some(element) = block.get("element") else {
            continue;
        };
        let held = element::held(text_of(block, "block_id"), element, &pane.typed);
        let needed = block.get("optional") != Some(&json!(true));
        match held {
            None if needed => return unfit(format!("`{label}` has to be filled in")),
            Some(Value::String(text)) => {
                let least = element.get("min_length").and_then(Value::as_u64);
                let length = text.encode_utf16().count() as u64;
                if least.is_some_and(|least| length < least) {
                    return unfit(format!("`{label}` is too short"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}
