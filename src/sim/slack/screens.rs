//! What people have on their screens besides messages: a stack of forms (modals), and the home tab.

mod answered;
mod trigger;
pub(super) mod view;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::element::{self, Typed};
use super::message::MessageRef;
use super::place::Spot;
use super::state::State;
use super::web::answer::Refused;
use super::wire::set;

pub(super) use trigger::Behind;
use trigger::Triggers;
use view::Ids;

/// Views that a stack of forms may have. (docs.slack.dev, "Modals")
const MAX_STACK: usize = 3;

/// A view on somebody's screen.
#[derive(Debug, Clone)]
pub(super) struct Pane {
    /// The `view` object; its `state` follows what is put in.
    pub(super) view: Value,
    /// Where they were when it opened; empty for home tabs.
    pub(super) channel: String,
    pub(super) typed: Typed,
    /// What the app objected to, by `block_id`.
    pub(super) errors: Map<String, Value>,
    /// It was sent off, and the app has not answered yet.
    pub(super) sending: bool,
    /// What Slack says when the app did not answer, or badly.
    pub(super) trouble: Option<String>,
}

impl Pane {
    pub(super) fn id(&self) -> &str {
        view::text(&self.view, "id")
    }

    pub(super) fn root(&self) -> &str {
        view::text(&self.view, "root_view_id")
    }

    pub(super) fn blocks(&self) -> &[Value] {
        view::blocks_of(&self.view)
    }

    /// Keeps what was put into an element.
    pub(super) fn put(&mut self, block_id: &str, action_id: &str, entry: Value) {
        let at = (block_id.to_owned(), action_id.to_owned());
        self.typed.insert(at, entry);
        self.write_state();
    }

    fn begin_with(&mut self, typed: Typed) {
        self.typed = typed;
        self.write_state();
    }

    fn write_state(&mut self) {
        let values = element::values(self.blocks(), &self.typed);
        set(&mut self.view, "state", json!({"values": values}));
    }
}

/// Everybody's screens.
#[derive(Debug, Default)]
pub(super) struct Screens {
    triggers: Triggers,
    /// Forms by person; the last one is on top.
    pub(super) stacks: BTreeMap<String, Vec<Pane>>,
    /// Home tabs by person.
    pub(super) homes: BTreeMap<String, Pane>,
    /// What people have put into messages.
    pub(super) chosen: BTreeMap<(String, MessageRef), Typed>,
    /// Options that a typeahead has offered a person.
    pub(super) suggested: BTreeMap<(String, Spot), Vec<Value>>,
    /// External ids that were ever used, with the view that has them. Slack says "has already be used":
    /// the harsher reading is that closing a view gives none back.
    external_ids: BTreeMap<String, String>,
}

impl Screens {
    /// The form that somebody has before their eyes.
    pub(super) fn top(&self, person: &str) -> Option<&Pane> {
        self.stacks.get(person)?.last()
    }

    /// A view wherever it is, covered ones included; and whose it is.
    pub(super) fn find(&self, fits: impl Fn(&Pane) -> bool) -> Option<(&String, &Pane)> {
        let forms = self.stacks.iter();
        let forms = forms.flat_map(|(person, stack)| stack.iter().map(move |p| (person, p)));
        forms.chain(&self.homes).find(|(_, pane)| fits(pane))
    }

    pub(super) fn pane_mut(&mut self, id: &str) -> Option<&mut Pane> {
        let forms = self.stacks.values_mut().flatten();
        forms.chain(self.homes.values_mut()).find(|p| p.id() == id)
    }

    /// Takes a view off its stack; the stack goes with its last view.
    pub(super) fn remove(&mut self, person: &str, id: &str) -> Option<Pane> {
        let stack = self.stacks.get_mut(person)?;
        let position = stack.iter().position(|pane| pane.id() == id)?;
        let pane = stack.remove(position);
        if stack.is_empty() {
            self.stacks.remove(person);
        }
        Some(pane)
    }
}

impl State {
    /// Opens a form, in place of whatever form is open.
    pub(super) fn open_form(&mut self, behind: &Behind, view: &Value) -> Result<Value, Refused> {
        let id = self.mint.id("V");
        let ids = Ids {
            root: id.clone(),
            id,
            previous: None,
        };
        let pane = self.pane(view, &ids, &behind.channel)?;
        let shown = pane.view.clone();
        self.screens
            .stacks
            .insert(behind.person.clone(), vec![pane]);
        self.stir();
        Ok(shown)
    }

    /// Puts a view on top of a form that is open. `form` is the first view of the stack.
    pub(super) fn push_form(
        &mut self,
        person: &str,
        form: &str,
        view: &Value,
    ) -> Result<Value, Refused> {
        let stack = self.screens.stacks.get(person);
        let stack = stack.filter(|s| s.last().is_some_and(|top| top.root() == form));
        let stack = stack.ok_or(Refused::Code("not_found"))?;
        if stack.len() >= MAX_STACK {
            return Err(Refused::Code("push_limit_reached"));
        }
        let below = stack
            .last()
            .map(|top| (top.id().to_owned(), top.channel.clone()));
        let (previous, channel) = below.ok_or(Refused::Code("not_found"))?;
        let ids = Ids {
            id: self.mint.id("V"),
            root: form.to_owned(),
            previous: Some(previous),
        };
        let pane = self.pane(view, &ids, &channel)?;
        let shown = pane.view.clone();
        if let Some(stack) = self.screens.stacks.get_mut(person) {
            stack.push(pane);
        }
        self.stir();
        Ok(shown)
    }

    /// Changes a view in place. What people have put in stays where both ids of its element stay.
    pub(super) fn change_view(&mut self, id: &str, view: &Value) -> Result<Value, Refused> {
        let found = self.screens.find(|pane| pane.id() == id);
        let old = found.ok_or(Refused::Code("not_found"))?.1.clone();
        let of = |name: &str| view::text(&old.view, name).to_owned();
        let previous = old.view.get("previous_view_id").and_then(Value::as_str);
        let ids = Ids {
            id: of("id"),
            root: of("root_view_id"),
            previous: previous.map(str::to_owned),
        };
        let mut pane = self.pane(view, &ids, &old.channel)?;
        let mut typed = std::mem::take(&mut pane.typed);
        typed.extend(element::surviving(pane.blocks(), old.typed));
        pane.begin_with(typed);
        pane.sending = old.sending;
        let shown = pane.view.clone();
        if let Some(there) = self.screens.pane_mut(id) {
            *there = pane;
        }
        self.stir();
        Ok(shown)
    }

    /// Shows a person's home tab. It keeps its id from one publication to the next.
    pub(super) fn publish_home(&mut self, person: &str, view: &Value) -> Result<Value, Refused> {
        if let Some(home) = self.screens.homes.get(person) {
            let id = home.id().to_owned();
            return self.change_view(&id, view);
        }
        let id = self.mint.id("V");
        let ids = Ids {
            root: id.clone(),
            id,
            previous: None,
        };
        let pane = self.pane(view, &ids, "")?;
        let shown = pane.view.clone();
        self.screens.homes.insert(person.to_owned(), pane);
        self.stir();
        Ok(shown)
    }

    fn pane(&mut self, view: &Value, ids: &Ids, channel: &str) -> Result<Pane, Refused> {
        let external = view::text(view, "external_id").to_owned();
        if !external.is_empty() {
            let owner = self.screens.external_ids.entry(external);
            if owner.or_insert_with(|| ids.id.clone()) != &ids.id {
                return Err(Refused::Code("duplicate_external_id"));
            }
        }
        let mut pane = Pane {
            view: self.complete(view, ids),
            channel: channel.to_owned(),
            typed: Typed::new(),
            errors: Map::new(),
            sending: false,
            trouble: None,
        };
        pane.begin_with(element::current_conversation(pane.blocks(), channel));
        Ok(pane)
    }
}
