//! The ask form: opened, filled in, looked up for, and sent off as the text that somebody would have
//! typed. Everything in a form may be forged; what it asks is judged like any other ask.

mod check;
mod prefill;
mod state;
mod suggest;

use std::collections::BTreeMap;

use anyhow::Result;

use super::wanted::Spot;
use super::{Parts, ask};
use crate::grammar::{Endpoint, Protocol};
use crate::netpol::{self, Unresolved};
use crate::rules::{InputKind, RuleSet, Template};
use crate::slack::{Ack, Inbound, OnScreen, SlackError};
use crate::units::Seconds;
use crate::view::form::ask::{AskForm, Blank, Preview, parse_input_id};
use crate::view::form::{self, id};
use crate::view::{Choice, replies, say};
use check::{Fault, Outlook};
use state::State;

pub use prefill::Prefill;

/// Opens the ask form for the person who did this. Its answer goes where they did it: into the thread
/// of a mention or of a shortcut's message, else to them directly.
///
/// # Errors
/// Slack is away. A trigger that was too late is answered with how to type it instead.
pub async fn open(
    parts: &Parts,
    inbound: &Inbound,
    trigger: &str,
    prefill: Prefill,
) -> Result<Ack> {
    let rules = parts.rules.load_full();
    let origin = prefill::origin(inbound, &prefill);
    let mut state = State::empty(parts, &rules, origin);
    prefill::put(&rules, &mut state, prefill);
    // The trigger serves for three seconds: what takes longer comes after.
    let first = page(parts, &rules, &state, &Shown::default());
    let opened = match parts.slack.open_view(trigger, &first).await {
        Ok(opened) => opened,
        Err(error @ SlackError::Refused { .. }) => {
            tracing::info!(%error, "no form");
            return Ok(Ack::Private(replies::type_it()));
        }
        // It may be open; a second one would throw away what is typed into the first.
        Err(error @ SlackError::Ambiguous { .. }) => {
            tracing::info!(%error, "perhaps no form");
            return Ok(Ack::Silent);
        }
        Err(error) => return Err(error.into()),
    };
    if is_filled(&rules, &state) {
        let shown = shown(parts, inbound, &rules, &state).await?;
        let screen = page(parts, &rules, &state, &shown);
        update(parts, &opened.id, &opened.hash, &screen).await;
    }
    Ok(Ack::Silent)
}

/// Something in the form changed: shows what would come of it now. Nothing is asked.
///
/// # Errors
/// The store or Slack's people could not be read; the form stays as it is.
pub async fn changed(
    parts: &Parts,
    inbound: &Inbound,
    action: &str,
    screen: &OnScreen,
) -> Result<Ack> {
    tracing::debug!(action, "the ask form changed");
    let rules = parts.rules.load_full();
    let state = State::of(parts, &rules, screen);
    let shown = shown(parts, inbound, &rules, &state).await?;
    let page = page(parts, &rules, &state, &shown);
    update(parts, &screen.id, &screen.hash, &page).await;
    Ok(Ack::Silent)
}

/// A view that changed meanwhile brings its own change; a closed one needs none.
async fn update(parts: &Parts, id: &str, hash: &str, screen: &crate::view::Screen) {
    match parts.slack.update_view(id, Some(hash), screen).await {
        Ok(_) => {}
        Err(error) if matches!(error.code(), Some("hash_conflict" | "not_found")) => {}
        Err(error) => tracing::warn!(%error, "a form was not brought up to date"),
    }
}

/// What fits to what was typed into a menu of the form.
pub fn suggest(parts: &Parts, action: &str, text: &str, screen: Option<&OnScreen>) -> Ack {
    Ack::Options(options(parts, action, text, screen).unwrap_or_default())
}

fn options(
    parts: &Parts,
    action: &str,
    text: &str,
    screen: Option<&OnScreen>,
) -> Option<Vec<Choice>> {
    let rules = parts.rules.load_full();
    let state = State::of(parts, &rules, screen?);
    let (kind, name) = parse_input_id(action)?;
    let template = rules.template(&state.template)?;
    let end = match template.slots().from {
        Some(from) if from == name => suggest::End::Source,
        _ => suggest::End::Target,
    };
    let Some(cluster) = &state.cluster else {
        let none = format!("{}none", check::NO_CHOICE);
        return Some(vec![Choice::new("choose a cluster first", &none)]);
    };
    let Ok(snapshot) = parts.snapshot(cluster) else {
        let none = format!("{}none", check::NO_CHOICE);
        return Some(vec![Choice::new(
            "the cluster cannot be read just now",
            &none,
        )]);
    };
    Some(suggest::suggest(&snapshot, kind, end, text))
}

/// The form was sent off: it becomes a request exactly like a typed ask, or says which input is wrong.
///
/// # Errors
/// The store, Slack or the cluster could not be asked.
pub async fn submitted(parts: &Parts, inbound: &Inbound, screen: &OnScreen) -> Result<Ack> {
    let rules = parts.rules.load_full();
    let state = State::of(parts, &rules, screen);
    let wanted = match check::wanted(parts, &rules, &state) {
        Ok(wanted) => wanted,
        Err(fault) => return Ok(wrong(&rules, &state, &[fault])),
    };
    // A delivery that was done before is answered, not checked again.
    if parts.book.store().seen(&inbound.key).await?.is_none() {
        let looked = check::outlook(parts, inbound, (&rules, &state), wanted.clone()).await?;
        let faults = match looked {
            Ok(Outlook { demands, .. }) => demands.as_ref().map(check::unmet).unwrap_or_default(),
            Err(fault) => vec![fault],
        };
        if !faults.is_empty() {
            return Ok(wrong(&rules, &state, &faults));
        }
    }
    ask::ask(parts, inbound, wanted.at(Spot::of(&state.origin))).await
}

/// Marks the inputs that are wrong. What is about no input in the form is said at the first one, so
/// that nothing that was typed is lost.
fn wrong(rules: &RuleSet, state: &State, faults: &[Fault]) -> Ack {
    let template = rules.template(&state.template);
    let mut inputs = template.into_iter().flat_map(|template| &template.inputs);
    let first = inputs
        .next()
        .map(|(name, input)| form::ask::input_id(input.kind, name));
    let first = first.unwrap_or_else(|| id::LENGTH.to_owned());
    let marked: BTreeMap<String, String> = faults
        .iter()
        .map(|fault| {
            let block = fault.block.clone().unwrap_or_else(|| first.clone());
            (block, fault.line())
        })
        .collect();
    match marked.is_empty() {
        true => Ack::Private(say::sorry(None)),
        false => Ack::Wrong(marked),
    }
}

/// What is shown besides what the person put in.
struct Shown {
    preview: Preview,
    demands: Option<crate::rules::Demands>,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            preview: Preview::Waiting,
            demands: None,
        }
    }
}

/// What would come of the form.
async fn shown(parts: &Parts, inbound: &Inbound, rules: &RuleSet, state: &State) -> Result<Shown> {
    if !is_filled(rules, state) {
        return Ok(Shown::default());
    }
    let looked = match check::wanted(parts, rules, state) {
        Ok(wanted) => check::outlook(parts, inbound, (rules, state), wanted).await?,
        Err(fault) => Err(fault),
    };
    let unmet = |demands: &crate::rules::Demands| {
        let faults = check::unmet(demands);
        let lines: Vec<String> = faults.iter().map(Fault::line).collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    };
    Ok(match looked {
        // In the form's words; the rules' own sentence says how to type it.
        Ok(Outlook { demands, .. }) if demands.as_ref().and_then(unmet).is_some() => Shown {
            preview: Preview::Wrong {
                message: demands.as_ref().and_then(unmet).unwrap_or_default(),
                hint: None,
            },
            demands,
        },
        Ok(Outlook { request, demands }) => Shown {
            preview: Preview::Would(Box::new(request)),
            demands,
        },
        Err(fault) => Shown {
            preview: Preview::Wrong {
                message: fault.message,
                hint: fault.hint,
            },
            demands: None,
        },
    })
}

/// Whether enough is put in to tell anything.
fn is_filled(rules: &RuleSet, state: &State) -> bool {
    let Some(template) = rules.template(&state.template) else {
        return false;
    };
    let mut needed = template
        .inputs
        .iter()
        .filter(|(_, input)| !check::is_optional(input));
    let has = |value: Option<&str>| value.is_some_and(|v| !v.starts_with(check::NO_CHOICE));
    state.cluster.is_some() && needed.all(|(name, input)| has(state.value(input.kind, name)))
}

/// The form as it is to be shown.
fn page(parts: &Parts, rules: &RuleSet, state: &State, shown: &Shown) -> crate::view::Screen {
    let template = rules.template(&state.template);
    let bounds = template.map(|template| template.bounds);
    let zero = (Seconds::minutes(1), Seconds::hours(1), Seconds::minutes(30));
    let (least, most, usual) = bounds.map_or(zero, |b| (b.min, b.max, b.default));
    let by_rule = shown.demands.as_ref().map_or((least, most), |d| d.lengths);
    let offered = rules
        .templates()
        .map(|t| (t.name.clone(), t.summary.clone()));
    form::ask(&AskForm {
        templates: offered.collect(),
        template: state.template.clone(),
        clusters: parts.clusters.keys().cloned().collect(),
        cluster: state.cluster.clone(),
        inputs: template
            .map(|t| blanks(parts, t, state))
            .unwrap_or_default(),
        lengths: (by_rule.0, by_rule.1, usual),
        length: state.length,
        reason: state.reason.clone(),
        pattern: shown.demands.as_ref().and_then(|d| d.reason.clone()),
        preview: shown.preview.clone(),
        notes: state.notes(),
    })
}

fn blanks(parts: &Parts, template: &Template, state: &State) -> Vec<Blank> {
    let slots = template.slots();
    // In the order in which people say it: from, to, ports, and the rest.
    let place = |name: &str| {
        let known = [slots.from, slots.to, slots.ports];
        known
            .iter()
            .position(|slot| *slot == Some(name))
            .unwrap_or(known.len())
    };
    let mut inputs: Vec<_> = template.inputs.iter().collect();
    inputs.sort_by_key(|(name, _)| place(name));
    let blank = |(name, input): (&String, &crate::rules::Input)| Blank {
        name: name.clone(),
        kind: input.kind,
        description: input.description.clone(),
        optional: check::is_optional(input),
        value: state
            .value(input.kind, name)
            .filter(|value| !value.starts_with(check::NO_CHOICE))
            .map(ToOwned::to_owned),
        example: match input.kind {
            InputKind::Ports => ports(parts, template, state),
            InputKind::Cidr => Some("203.0.113.7 or 203.0.113.0/24".to_owned()),
            InputKind::Endpoint | InputKind::Workload | InputKind::String => input.default.clone(),
        },
    };
    inputs.into_iter().map(blank).collect()
}

/// The ports that the chosen target has.
fn ports(parts: &Parts, template: &Template, state: &State) -> Option<String> {
    let slots = template.slots();
    let end = |slot: Option<&str>| -> Option<Endpoint> {
        let name = slot?;
        let input = template.inputs.get(name)?;
        state.value(input.kind, name)?.parse().ok()
    };
    let (from, to) = (end(slots.from)?, end(slots.to)?);
    let snapshot = parts.snapshot(state.cluster.as_deref()?).ok()?;
    let ports: Vec<String> = match netpol::resolve(&snapshot, &from, &to, None) {
        Ok(flow) => flow.ports.iter().map(typed).collect(),
        Err(Unresolved::AmbiguousPort { choices, .. }) => {
            choices.iter().map(ToString::to_string).collect()
        }
        Err(_) => return None,
    };
    Some(ports.join(" or "))
}

/// Ports as they are typed.
fn typed(range: &netpol::PortRange) -> String {
    let numbers = match (range.first, range.last) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    };
    match range.protocol {
        Protocol::Tcp => numbers,
        other => format!("{numbers}/{}", other.name().to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests;
