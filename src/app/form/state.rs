//! What a person has put into the ask form, from what Slack sends and what the form noted.
//!
//! All of it may be forged: it is an ask like any other, and decided as one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::app::{Parts, entered};
use crate::request::Origin;
use crate::rules::{InputKind, RuleSet, Template};
use crate::slack::OnScreen;
use crate::units::Seconds;
use crate::view::form::ask::parse_input_id;
use crate::view::form::{ask, id};

/// Most UTF-16 units that Slack lets a form note.
const LONGEST_NOTES: usize = 3_000;

/// The ask form's contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct State {
    pub(in crate::app) template: String,
    pub(in crate::app) cluster: Option<String>,
    /// By the ids of the inputs, so that an input of another template is another.
    pub(in crate::app) inputs: BTreeMap<String, String>,
    pub(in crate::app) length: Option<Seconds>,
    pub(in crate::app) reason: Option<String>,
    pub(in crate::app) origin: Origin,
}

/// What the form notes: what stands in no input of it now, and where it was opened.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Noted {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thread: Option<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    inputs: BTreeMap<String, String>,
}

impl State {
    /// An empty form: the plain template where there is one, and the only cluster.
    pub(in crate::app) fn empty(parts: &Parts, rules: &RuleSet, origin: Origin) -> Self {
        let plain = rules.template(crate::rules::fill::PLAIN);
        let first = plain.or_else(|| rules.templates().next());
        let mut clusters = parts.clusters.keys();
        let only = clusters.next().filter(|_| clusters.next().is_none());
        Self {
            template: first.map(|t| t.name.clone()).unwrap_or_default(),
            cluster: only.cloned(),
            inputs: BTreeMap::new(),
            length: None,
            reason: None,
            origin,
        }
    }

    /// What stands on a screen.
    pub(in crate::app) fn of(parts: &Parts, rules: &RuleSet, screen: &OnScreen) -> Self {
        let noted: Noted = serde_json::from_str(&screen.notes).unwrap_or_default();
        let mut state = Self::empty(parts, rules, origin_of(screen));
        let known = |name: &String| rules.template(name).is_some();
        let chosen = entered::text(screen, id::TEMPLATE).or(noted.template);
        state.template = chosen.filter(known).unwrap_or(state.template);
        state.cluster = entered::text(screen, id::CLUSTER)
            .or(noted.cluster)
            .or(state.cluster);
        state.inputs = noted.inputs;
        for (action, value) in &screen.entered {
            if parse_input_id(action).is_none() {
                continue;
            }
            match entered::of(value) {
                Some(value) => state.inputs.insert(action.clone(), value),
                None => state.inputs.remove(action),
            };
        }
        state.length = entered::length(screen);
        state.reason = entered::text(screen, id::WHY);
        state
    }

    /// The value of a template's input.
    pub(in crate::app) fn value(&self, kind: InputKind, name: &str) -> Option<&str> {
        let value = self.inputs.get(&ask::input_id(kind, name))?;
        Some(value.as_str())
    }

    /// Fills the inputs of the chosen template that have these names.
    pub(in crate::app) fn fill(&mut self, template: &Template, values: &BTreeMap<String, String>) {
        for (name, value) in values {
            if let Some(input) = template.inputs.get(name) {
                let id = ask::input_id(input.kind, name);
                self.inputs.insert(id, value.clone());
            }
        }
    }

    /// The values of the template's inputs by name; what stands in other templates' inputs is left out.
    pub(in crate::app) fn values(&self, template: &Template) -> BTreeMap<String, String> {
        let inputs = template.inputs.iter();
        let filled = inputs.filter_map(|(name, input)| {
            let value = self.value(input.kind, name)?;
            Some((name.clone(), value.to_owned()))
        });
        filled.collect()
    }

    /// What the form notes. Where that is too long, only where it was opened.
    pub(in crate::app) fn notes(&self) -> String {
        let thread = match &self.origin {
            Origin::Thread { channel, ts } => Some((channel.clone(), ts.clone())),
            Origin::Direct | Origin::Http { .. } => None,
        };
        let all = Noted {
            thread: thread.clone(),
            template: Some(self.template.clone()),
            cluster: self.cluster.clone(),
            inputs: self.inputs.clone(),
        };
        let least = Noted {
            thread,
            template: all.template.clone(),
            cluster: all.cluster.clone(),
            ..Noted::default()
        };
        let written = [all, least].map(|noted| serde_json::to_string(&noted).unwrap_or_default());
        let fits = |notes: &String| notes.encode_utf16().count() <= LONGEST_NOTES;
        written.into_iter().find(fits).unwrap_or_default()
    }
}

/// Where the form was opened; directly, where that was not noted by us.
pub(super) fn origin_of(screen: &OnScreen) -> Origin {
    let noted: Noted = serde_json::from_str(&screen.notes).unwrap_or_default();
    noted.thread.and_then(thread).unwrap_or(Origin::Direct)
}

/// A thread as Slack names one; anything else was not noted by us.
fn thread((channel, ts): (String, String)) -> Option<Origin> {
    let is_channel = channel.len() <= 32
        && channel.starts_with(['C', 'G', 'D'])
        && channel
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let is_ts = ts.len() <= 32
        && ts.split_once('.').is_some_and(|(seconds, rest)| {
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            digits(seconds) && digits(rest)
        });
    (is_channel && is_ts).then_some(Origin::Thread { channel, ts })
}
