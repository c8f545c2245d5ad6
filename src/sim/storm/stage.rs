//! Acts a storm out: lets time pass, does what the plan says, and keeps what only an onlooker knows: who really
//! pressed what, what broke when, and what others made of the cluster.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::deed::{Change, Deed, Step};
use super::fault::Class;
use super::faults::Counted;
use super::losses::Losses;
use super::troubles::Troubles;
use super::{Plan, faults};
use crate::id::RequestId;
use crate::request::Request;
use crate::sim::cluster::{State, Workload};
use crate::sim::slack::{MessageRef, Slack, button};
use crate::sim::town::gates::ours;
use crate::sim::town::{self, Town, populate};
use crate::store::Store;
use crate::store::memory::MemoryStore;
use crate::units::Time;
use crate::view::parse_value;

/// How often it is looked at what is broken.
pub(super) const LOOK: Duration = Duration::from_millis(250);

/// API groups that no ask of a storm is about: a cluster without them is read faster.
const ABSENT: &[&str] = &[
    "cilium.io",
    "policy.networking.k8s.io",
    "crd.projectcalico.org",
    "projectcalico.org",
];

/// A button that somebody pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pressed {
    pub(super) at: Time,
    pub(super) who: &'static str,
    pub(super) label: &'static str,
    pub(super) id: RequestId,
}

/// A command that somebody typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) at: Time,
    pub(super) who: &'static str,
    pub(super) text: String,
}

/// The town in a storm.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) town: Town,
    pub(super) store: Arc<MemoryStore>,
    pub(super) began: Time,
    pub(super) pressed: Vec<Pressed>,
    pub(super) said: Vec<Said>,
    pub(super) troubles: Troubles,
    /// Faults that calls had met when it was looked at last.
    pub(super) counted: Counted,
    /// Classes of faults that were met as soon as they happened.
    pub(super) met: BTreeSet<Class>,
    /// What the store lost.
    pub(super) losses: Losses,
    /// Everything in the cluster that is not ours, as others left it.
    pub(super) others: State,
    /// What was seen to be wrong so far.
    pub(super) wrong: Vec<String>,
    /// What happened, for the transcript.
    pub(super) told: Vec<(Time, String)>,
}

impl Stage {
    /// The town before the storm.
    pub(super) async fn open(plan: &Plan) -> Result<Self> {
        let founding = town::Plan {
            replicas: plan.clocks.to_vec(),
            absent: ABSENT,
            ..town::Plan::in_memory(plan.seed)
        };
        let town = Town::found(&founding).await?;
        let store = town.shelf.memory().context("it is not in memory")?;
        Ok(Self {
            store: Arc::clone(store),
            began: town.now(),
            pressed: Vec::new(),
            said: Vec::new(),
            troubles: Troubles::default(),
            counted: Counted::default(),
            met: BTreeSet::new(),
            losses: Losses::default(),
            others: others(&town),
            wrong: Vec::new(),
            told: Vec::new(),
            town,
        })
    }

    /// How long after the storm began.
    pub(super) fn clock_of(&self, at: Time) -> String {
        let millis = (at - self.began).num_milliseconds();
        format!("{:>4}.{:03} s", millis / 1000, millis.rem_euclid(1000))
    }

    /// A request as the store has it; `None`: it has none, or a note of this id.
    pub(super) async fn request(&self, id: &RequestId) -> Result<Option<Request>> {
        let record = self.store.load(id).await?;
        let body = record.map(|record| record.body);
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }

    /// Does everything that the plan says, each thing at its time.
    pub(super) async fn act(&mut self, plan: &Plan) -> Result<()> {
        for Step { at, deed } in &plan.steps {
            let after = chrono::TimeDelta::milliseconds(i64::try_from(*at).unwrap_or(i64::MAX));
            self.wait_until(self.began + after).await;
            self.told.push((self.town.now(), deed.to_string()));
            self.perform(deed)?;
            self.look();
        }
        Ok(())
    }

    /// Lets time pass.
    pub(super) async fn wait_until(&mut self, at: Time) {
        let clock = self.town.clock();
        while self.town.now() < at {
            let look = self.town.now() + chrono::TimeDelta::from_std(LOOK).unwrap_or_default();
            clock.sleep_until(at.min(look)).await;
            self.look();
        }
    }

    /// Notes what is broken now.
    pub(super) fn look(&mut self) {
        let now = self.town.now();
        let signs = faults::signs(&self.town, &mut self.counted);
        self.troubles.note(now, signs);
    }

    fn perform(&mut self, deed: &Deed) -> Result<()> {
        match deed {
            Deed::Says { who, text } => self.say(who, text.clone()),
            Deed::SaysOf {
                who,
                verb,
                nth,
                tail,
            } => {
                let created = self.town.shelf.created();
                let id = created.iter().rev().cycle().nth(*nth);
                if let Some(id) = id.filter(|_| !created.is_empty()) {
                    self.say(who, format!("{verb} {id} {tail}").trim().to_owned());
                }
            }
            Deed::Presses { .. } => self.press(deed),
            Deed::Sends { who } => self.send(who),
            Deed::Others(change) => self.change(change)?,
            Deed::Fault(fault) => faults::happen(self, fault)?,
        }
        Ok(())
    }

    fn say(&mut self, who: &'static str, text: String) {
        let typed = format!("/access {text}");
        let place = ["payments", "incidents"].into_iter();
        // Whoever is in neither channel says nothing.
        let mut typed = place.map(|place| self.town.slack.command(who, place, &typed));
        if typed.any(|typed| typed.is_ok()) {
            let at = self.town.now();
            self.said.push(Said { at, who, text });
        }
    }

    /// Nobody has to have a form open, or all that it needs. A form by which somebody approves is as good as the
    /// button.
    fn send(&mut self, who: &'static str) {
        let Some(form) = self.town.slack.form(who) else {
            return;
        };
        let sent = self.town.slack.submit(who, &[]);
        let approves = form.submit.as_deref() == Some("Approve");
        if let (Ok(()), true, Some((id, _))) = (sent, approves, parse_value(&form.notes)) {
            let (at, label) = (self.town.now(), "Approve");
            self.pressed.push(Pressed { at, who, label, id });
        }
    }

    fn press(&mut self, deed: &Deed) {
        let Deed::Presses {
            who,
            label,
            nth,
            times,
            old,
        } = deed
        else {
            return;
        };
        let slack = &self.town.slack;
        let pictures = match old {
            true => first_pictures(slack, label),
            false => pictures(slack, who, label),
        };
        let Some((at, button)) = pictures.get(*nth).or_else(|| pictures.first()) else {
            return;
        };
        let text = |field| {
            button
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        for _ in 0..*times {
            let pressed = match old {
                true => slack.forge(who, at, text("action_id"), text("value")),
                false => slack.click(who, at, label),
            };
            if let (Ok(()), Some((id, _))) = (pressed, parse_value(text("value"))) {
                let at = self.town.now();
                self.pressed.push(Pressed { at, who, label, id });
            }
        }
    }

    /// Others change the cluster; what the bot left of theirs must be as they left it.
    fn change(&mut self, change: &Change) -> Result<()> {
        self.compare_others();
        let api = &self.town.api;
        match change {
            Change::Policy {
                namespace,
                name,
                present: true,
            } => drop(populate::put(api, populate::policy(namespace, name)?)?),
            Change::Policy {
                namespace, name, ..
            } => drop(api.remove("NetworkPolicy", namespace, name)),
            Change::Scale {
                namespace,
                name,
                replicas,
            } => api
                .deploy(&Workload::new(namespace, name).replicas(*replicas))
                .map_err(|refusal| anyhow::anyhow!("refused: {refusal:?}"))?,
            Change::GatesGone => {
                for gate in ours(&api.objects()) {
                    let text = |at| gate.pointer(at).and_then(Value::as_str).unwrap_or_default();
                    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
                    api.remove(text("/kind"), namespace, name);
                }
            }
        }
        self.others = others(&self.town);
        Ok(())
    }

    /// Whatever is not ours is as others left it.
    pub(super) fn compare_others(&mut self) {
        let now = others(&self.town);
        let changed = self.others.changes_to(&now);
        self.wrong.extend(
            changed
                .into_iter()
                .map(|line| format!("the bot changed what is not its own: {line}")),
        );
    }
}

/// Everything in the cluster that is not ours.
fn others(town: &Town) -> State {
    let State(mut all) = town.api.state();
    let (key, value) = crate::netpol::marks::MANAGED_BY;
    all.retain(|_, essence| essence.labels.get(key).map(String::as_str) != Some(value));
    State(all)
}

/// The buttons of this label that somebody sees, newest message first.
fn pictures(slack: &Slack, who: &str, label: &str) -> Vec<(MessageRef, Value)> {
    let seen = slack.seen_by(who).into_iter().rev();
    let seen = seen.filter(|seen| seen.buttons.iter().any(|button| button == label));
    let picture = |at: MessageRef| {
        let message = slack.message(&at)?;
        Some((at, button(&message.blocks, label)?))
    };
    seen.filter_map(|seen| picture(seen.at)).collect()
}

/// The buttons of this label as messages had them at first, newest message first.
fn first_pictures(slack: &Slack, label: &str) -> Vec<(MessageRef, Value)> {
    let mut first: Vec<(MessageRef, Value)> = Vec::new();
    for change in slack.changes_since(0) {
        let at = change.message.at;
        if first.iter().all(|(known, _)| *known != at)
            && let Some(button) = button(&change.message.blocks, label)
        {
            first.push((at, button));
        }
    }
    first.reverse();
    first
}
