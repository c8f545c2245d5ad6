//! What an ask form begins with.

use super::state::State;
use crate::grammar::{self, Length, Phrase, Terms};
use crate::request::Origin;
use crate::rules::{self, RuleSet};
use crate::slack::{Inbound, Surface, What};

/// Most characters of a message that become the reason's start.
const LONGEST_QUOTE: usize = 200;

/// What an ask form begins with.
#[derive(Debug, Clone)]
pub enum Prefill {
    /// Nothing.
    Nothing,
    /// A text that was not understood: whatever can be read of it.
    Text(String),
    /// Somebody's message, as the reason's start.
    Message(String),
}

/// Where the answer to a form goes that this delivery opens.
pub(super) fn origin(inbound: &Inbound, prefill: &Prefill) -> Origin {
    let thread = |channel: &str, ts: &str| Origin::Thread {
        channel: channel.to_owned(),
        ts: ts.to_owned(),
    };
    match (&inbound.what, prefill) {
        (What::Shortcut { on: Some(on), .. }, _) => {
            thread(&on.channel, on.thread.as_deref().unwrap_or(&on.ts))
        }
        (
            What::Said {
                surface:
                    Surface::Mention {
                        channel,
                        thread: ts,
                        ..
                    },
                ..
            },
            _,
        ) => thread(channel, ts),
        // Asked in a thread: its answer was shown there, with the button that opens the form.
        (
            What::Clicked {
                channel,
                thread: Some(ts),
                ..
            },
            Prefill::Text(_),
        ) => thread(channel, ts),
        _ => Origin::Direct,
    }
}

/// Puts it into an empty form.
pub(super) fn put(rules: &RuleSet, state: &mut State, prefill: Prefill) {
    match prefill {
        Prefill::Nothing => {}
        Prefill::Message(text) => {
            let text = grammar::scrub(&text);
            let quote: String = text.chars().take(LONGEST_QUOTE).collect();
            state.reason = grammar::reason(&quote).ok();
        }
        Prefill::Text(text) => read(rules, state, &text),
    }
}

fn begin(rules: &RuleSet, state: &mut State, template: &str) {
    if rules.template(template).is_some() {
        template.clone_into(&mut state.template);
    }
}

/// The text itself, the nearest one that reads, or the words of it that mean something.
fn read(rules: &RuleSet, state: &mut State, text: &str) {
    let phrase = grammar::parse(text).or_else(|error| {
        let nearest = error.nearest.clone().unwrap_or_default();
        grammar::parse(&nearest)
    });
    let (template, inputs, terms) = match phrase {
        Ok(Phrase::Ask(ask) | Phrase::Reach(ask) | Phrase::Approvers(ask)) => {
            let inputs = rules::plain_inputs(&ask);
            (rules::fill::PLAIN.to_owned(), inputs, ask.terms)
        }
        Ok(Phrase::Using(ask)) => (ask.template, ask.inputs, ask.terms),
        _ => {
            let ask = words(&grammar::scrub(text));
            (rules::fill::PLAIN.to_owned(), ask.0, ask.1)
        }
    };
    begin(rules, state, &template);
    if let Some(template) = rules.template(&state.template) {
        state.fill(template, &inputs);
    }
    state.cluster = terms.cluster.or_else(|| state.cluster.take());
    state.length = match terms.length {
        Some(Length::For(length)) => Some(length),
        // An hour of the day is a length only when it is asked.
        Some(Length::Until { .. }) | None => None,
    };
    state.reason = terms.reason;
}

type Read = (std::collections::BTreeMap<String, String>, Terms);

/// The first two words that can be ends, a length after `for`, and all after `because`.
fn words(text: &str) -> Read {
    let mut read = Read::default();
    let (before, reason) = match text.split_once(" because ") {
        Some((before, reason)) => (before, grammar::reason(reason).ok()),
        None => (text, None),
    };
    read.1.reason = reason;
    let mut words = before.split_whitespace().peekable();
    while let Some(word) = words.next() {
        if word.eq_ignore_ascii_case("for") {
            let length = words
                .peek()
                .and_then(|next| grammar::length::read(next).ok());
            read.1.length = length.map(Length::For);
            continue;
        }
        let is_end = word.contains(['/', '.']);
        let Some(target) = is_end
            .then(|| word.parse::<grammar::Target>().ok())
            .flatten()
        else {
            continue;
        };
        if !read.0.contains_key("from") {
            read.0
                .insert("from".to_owned(), target.endpoint.to_string());
        } else if !read.0.contains_key("to") {
            read.0.insert("to".to_owned(), target.endpoint.to_string());
            if let Some(ports) = target.ports {
                read.0.insert("port".to_owned(), ports.to_string());
            }
        }
    }
    read
}
