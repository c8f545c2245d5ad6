//! What people, programs and the world do in a story, carried out in the town.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::stage::Stage;
use super::story::{Act, Expectation, Picture, Press, Way};
use crate::sim::cluster::Workload;
use crate::sim::slack::{Cannot, FormForgery, MessageRef, Standing, button};
use crate::sim::town::gates::ours;
use crate::sim::town::populate;

impl Stage {
    pub(super) async fn perform(&mut self, act: &Act) -> Result<()> {
        match act {
            Act::Expect(_) | Act::Wait => {}
            Act::Town(name) => anyhow::ensure!(name == "default", "there is only `town default`"),
            Act::Say { who, way, text } => self.say(who, way, text)?,
            Act::Flood { .. } => self.flood(act)?,
            Act::Serve { .. } | Act::Ask { .. } | Act::Done { .. } => self.serve(act).await?,
            Act::Click { presses, picture } => self.click(presses, *picture)?,
            Act::Forge { who, action, value } => self.forge(who, action, value)?,
            Act::ForgeForm { who, fields } => self.forge_form(who, fields)?,
            Act::Fill { .. } | Act::Submit(_) | Act::CloseForm(_) | Act::OpenHome(_) => {
                self.use_screen(act).await?;
            }
            Act::RefuseGates(words) => self.town.api.deny_names("drawbridge-", words),
            Act::Break(trouble) => self.town.trouble(*trouble, true),
            Act::Mend(trouble) => self.town.trouble(*trouble, false),
            Act::StopBot => self.town.stop_bot().await?,
            Act::KillBot(None) => self.town.kill_bot()?,
            Act::KillBot(Some(last)) => self.town.kill_bot_after(*last),
            Act::StartBot => self.town.start_bot()?,
            Act::RestartBot => self.town.restart_bot().await?,
            Act::Digest { channel, at } => self.town.tell_weekly(channel, *at),
            Act::EmptyStore => drop(self.town.shelf.empty(self.town.clock())),
            Act::KeepStore => self.town.shelf.keep_copy()?,
            Act::StoreGoesBack => drop(self.town.shelf.go_back()?),
            Act::Rule { name, change } => self.town.change_rules(|rules| match change {
                Some(fields) => rules.change(name, fields),
                None => rules.remove(name),
            })?,
            Act::Template { name, change } => self
                .town
                .change_rules(|rules| rules.change_template(name, change))?,
            Act::Excuse(excuse) => drop(self.excused.insert(*excuse)),
            Act::DeleteWorkload(_)
            | Act::Deploy { .. }
            | Act::Policy { .. }
            | Act::Isolate { .. }
            | Act::AdminDeny { .. }
            | Act::DeleteGates => self.change_cluster(act)?,
            Act::Member { .. }
            | Act::DisableGroup(_)
            | Act::Deactivate(_)
            | Act::BotLeaves(_)
            | Act::RepeatDeliveries => self.change_workspace(act)?,
        }
        Ok(())
    }

    pub(super) fn say(&mut self, who: &str, way: &Way, text: &str) -> Result<()> {
        let text = self.expand(text)?;
        self.acted_at = self.town.now();
        let slack = &self.town.slack;
        match way {
            Way::Command(channel) => slack.command(who, channel, &format!("/access {text}"))?,
            Way::Mention(channel) => drop(slack.mention(who, channel, &text)?),
            Way::Direct => drop(slack.dm(who, &text)?),
        }
        Ok(())
    }

    /// Everybody presses in the same moment: nothing runs between two presses.
    fn click(&mut self, presses: &[Press], picture: Picture) -> Result<()> {
        self.acted_at = self.town.now();
        let slack = &self.town.slack;
        for Press { who, label } in presses {
            let nothing = || format!("{who} sees no button `{label}`");
            match picture {
                Picture::Now => match slack.press(who, label) {
                    Err(Cannot::NoButton { .. } | Cannot::NoPerson(_)) => bail!(nothing()),
                    pressed => pressed?,
                },
                Picture::Old => {
                    let (at, old) = self.first_picture(label).with_context(nothing)?;
                    slack.forge(who, &at, &text(&old, "action_id"), &text(&old, "value"))?;
                }
            }
        }
        Ok(())
    }

    /// Whoever presses *Deny* denies: a form that is sent with the label of the button which opened it is
    /// sent as it is, unless the next line says what the person does with it.
    pub(super) async fn send_untouched(&self, presses: &[Press], next: Option<&Act>) -> Result<()> {
        for Press { who, label } in presses {
            let form = self.town.slack.form(who);
            let same = form.is_some_and(|form| form.submit.as_ref() == Some(label));
            if same && !uses_form_of(next, who) {
                self.town.slack.submit(who, &[])?;
                self.town.settle().await?;
            }
        }
        Ok(())
    }

    /// Forms and home tabs.
    async fn use_screen(&mut self, act: &Act) -> Result<()> {
        self.acted_at = self.town.now();
        let slack = &self.town.slack;
        match act {
            Act::Fill { who, label, text } => slack.fill(who, label, &self.expand(text)?).await?,
            Act::Submit(who) => slack.submit(who, &[])?,
            Act::CloseForm(who) => slack.close(who)?,
            Act::OpenHome(who) => slack.open_home(who)?,
            other => bail!("not about a screen: {other:?}"),
        }
        Ok(())
    }

    /// On the newest message that they see: Slack checks no more than that.
    fn forge(&mut self, who: &str, action: &str, value: &str) -> Result<()> {
        let value = self.expand(value)?;
        self.acted_at = self.town.now();
        let slack = &self.town.slack;
        let newest = slack
            .seen_by(who)
            .pop()
            .with_context(|| format!("{who} sees nothing"))?;
        Ok(slack.forge(who, &newest.at, action, &value)?)
    }

    /// The form that they have open, sent with what the app never offered.
    fn forge_form(&mut self, who: &str, fields: &str) -> Result<()> {
        let forgery = forgery(&self.expand(fields)?)?;
        self.acted_at = self.town.now();
        Ok(self.town.slack.forge_form(who, &forgery)?)
    }

    /// The newest message that ever had such a button, and the button as it was at first.
    fn first_picture(&self, label: &str) -> Option<(MessageRef, Value)> {
        let changes = self.town.slack.changes_since(0);
        let pictures = changes.iter().filter_map(|change| {
            Some((
                change.message.at.clone(),
                button(&change.message.blocks, label)?,
            ))
        });
        let mut first: Vec<(MessageRef, Value)> = Vec::new();
        for (at, button) in pictures {
            if !first.iter().any(|(known, _)| *known == at) {
                first.push((at, button));
            }
        }
        first.pop()
    }

    fn change_cluster(&self, act: &Act) -> Result<()> {
        let api = &self.town.api;
        match act {
            Act::DeleteWorkload(workload) => {
                let (namespace, name) = path(workload)?;
                populate::delete_workload(api, namespace, name);
            }
            Act::Deploy { workload, labels } => {
                let (namespace, name) = path(workload)?;
                let mut new = Workload::new(namespace, name).port("http", 8080, "TCP");
                for (key, value) in pairs(labels)? {
                    new = new.label(key, value);
                }
                api.deploy(&new)
                    .map_err(|refusal| anyhow::anyhow!("refused: {refusal:?}"))?;
            }
            Act::Policy {
                name: policy,
                present: true,
            } => {
                let (namespace, name) = path(policy)?;
                populate::put(api, populate::policy(namespace, name)?)?;
            }
            Act::Policy {
                name: policy,
                present: false,
            } => {
                let (namespace, name) = path(policy)?;
                let was_there = api.remove("NetworkPolicy", namespace, name);
                anyhow::ensure!(was_there, "there is no policy `{policy}`");
            }
            Act::Isolate { policy, labels } => {
                let (namespace, name) = path(policy)?;
                let selector = json!({"matchLabels": pairs(labels)?});
                let spec = json!({"podSelector": selector, "policyTypes": ["Ingress"]});
                let put = api.policy(namespace, name, &spec);
                put.map_err(|refusal| anyhow::anyhow!("refused: {refusal:?}"))?;
            }
            Act::AdminDeny { name, namespace } => self.admin_deny(name, namespace.as_deref())?,
            Act::DeleteGates => {
                for gate in ours(&api.objects()) {
                    let meta = gate.get("metadata").cloned().unwrap_or_default();
                    let (namespace, name) = (text(&meta, "namespace"), text(&meta, "name"));
                    api.remove(&text(&gate, "kind"), &namespace, &name);
                }
            }
            other => bail!("not about the cluster: {other:?}"),
        }
        Ok(())
    }

    /// Nothing gets into a namespace's pods; `None`: the policy is gone.
    fn admin_deny(&self, name: &str, namespace: Option<&str>) -> Result<()> {
        let api = &self.town.api;
        match namespace {
            Some(namespace) => drop(populate::put(api, admin_deny(name, namespace))?),
            None => {
                let was_there = api.remove("AdminNetworkPolicy", "", name);
                anyhow::ensure!(was_there, "there is no admin policy `{name}`");
            }
        }
        Ok(())
    }

    fn change_workspace(&self, act: &Act) -> Result<()> {
        let slack = &self.town.slack;
        match act {
            Act::Member {
                who,
                group,
                present,
            } => {
                let found = slack
                    .group(group)
                    .with_context(|| format!("no group `@{group}`"))?;
                let person = slack
                    .person(who)
                    .with_context(|| format!("nobody called `{who}`"))?;
                let mut members = found.members;
                members.remove(&person.id);
                if *present {
                    members.insert(person.id);
                }
                let members: Vec<&str> = members.iter().map(String::as_str).collect();
                slack.set_group(group, &members)?;
            }
            Act::DisableGroup(group) => slack.disable_group(group, true)?,
            Act::Deactivate(who) => slack.set_standing(who, Standing::Deactivated)?,
            Act::BotLeaves(channel) => slack.leave(&slack.setup().name, channel)?,
            Act::RepeatDeliveries => slack.deliver_twice(usize::MAX),
            other => bail!("not about Slack: {other:?}"),
        }
        Ok(())
    }
}

/// Denies everything from everywhere into the pods of a namespace.
fn admin_deny(name: &str, namespace: &str) -> Value {
    json!({
        "apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicy",
        "metadata": {"name": name},
        "spec": {
            "priority": 10,
            "subject": {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}},
            "ingress": [{"name": "nothing", "action": "Deny", "from": [{"namespaces": {}}]}],
        },
    })
}

fn path(path: &str) -> Result<(&str, &str)> {
    path.split_once('/')
        .with_context(|| format!("`{path}`: write NAMESPACE/NAME"))
}

/// `key=value,…`
fn pairs(labels: &str) -> Result<BTreeMap<&str, &str>> {
    let pairs = labels.split(',').map(|label| label.split_once('='));
    let pairs: Option<_> = pairs.collect();
    pairs.with_context(|| format!("`{labels}`: write KEY=VALUE,…"))
}

fn text(object: &Value, field: &str) -> String {
    object
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Reads `notes=…, callback=…` and values: `(one)` of a menu, `[several]` of boxes, or text.
fn forgery(fields: &str) -> Result<FormForgery> {
    let mut forgery = FormForgery::default();
    let option =
        |value: &str| json!({"text": {"type": "plain_text", "text": value}, "value": value});
    let between = |value: &str, open: char, close: char| {
        let inner = value.strip_prefix(open)?.strip_suffix(close)?;
        Some(option(inner))
    };
    for field in fields.split(", ") {
        let (key, value) = field
            .split_once('=')
            .with_context(|| format!("`{field}`: write KEY=VALUE"))?;
        let held = if let Some(one) = between(value, '(', ')') {
            json!({"type": "static_select", "selected_option": one})
        } else if let Some(one) = between(value, '[', ']') {
            json!({"type": "checkboxes", "selected_options": [one]})
        } else {
            json!({"type": "plain_text_input", "value": value})
        };
        match key {
            "notes" => forgery.notes = Some(value.to_owned()),
            "callback" => forgery.callback = Some(value.to_owned()),
            _ => drop(forgery.values.insert(key.to_owned(), held)),
        }
    }
    Ok(forgery)
}

/// Whether a line is about what this person does with a form.
fn uses_form_of(act: Option<&Act>, person: &str) -> bool {
    match act {
        Some(
            Act::Fill { who, .. }
            | Act::ForgeForm { who, .. }
            | Act::Submit(who)
            | Act::CloseForm(who),
        ) => who == person,
        Some(Act::Expect(expectations)) => expectations.iter().any(
            |expectation| matches!(expectation, Expectation::Form { who, .. } if who == person),
        ),
        _ => false,
    }
}
