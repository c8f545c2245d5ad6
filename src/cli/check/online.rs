//! `check --online`: whether everybody and everything that rules name is there, asked of Slack and of the
//! on-call sources. It changes nothing and posts nothing.

mod people;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::Loaded;
use crate::cli::{Status, complain, say, workspace};
use crate::config;
use crate::oncall::OnCall;
use crate::rules::group::{channel_key, oncall_key, roll_key};
use crate::rules::{self, Named, Problem, Roll, Rule, RuleSet, Severity};
use crate::slack::{Directory, SlackApi, SlackError};

use people::People;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Found {
    /// What is wrong or doubtful, at the rules' places.
    pub(in crate::cli) problems: Vec<Problem>,
    /// What could not be looked up, one sentence each.
    pub(in crate::cli) unchecked: Vec<String>,
}

/// Looks up what the loaded rules name, and prints all problems together.
pub(super) fn run(env: &BTreeMap<String, String>, loaded: &Loaded) -> Status {
    let online = match config::online::read(env) {
        Ok(online) => online,
        Err(problems) => {
            complain(&problems.to_string());
            return Status::Misused;
        }
    };
    let rules = &loaded.rules;
    let asked = workspace::ask(&online, async |directory, api| {
        look_up(rules, directory, api).await
    });
    let found = match asked {
        Ok(found) => found,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return Status::Unavailable;
        }
    };
    match found {
        Ok(found) => tell(loaded, found),
        Err(error) => {
            if !loaded.problems.is_empty() {
                say(&loaded.report());
            }
            complain(&format!("slack cannot be asked: {error}"));
            Status::Unavailable
        }
    }
}

fn tell(loaded: &Loaded, found: Found) -> Status {
    let mut problems = loaded.problems.clone();
    problems.extend(found.problems);
    for sentence in &found.unchecked {
        say(sentence);
    }
    say(&rules::report(&problems));
    if rules::usable(&problems) {
        Status::Done
    } else {
        Status::No
    }
}

/// Looks everything up that the rules name outright.
///
/// # Errors
/// Slack cannot be asked.
pub(in crate::cli) async fn look_up(
    rules: &RuleSet,
    directory: &Directory,
    api: &SlackApi,
) -> Result<Found, SlackError> {
    // A token that is not accepted is told as that, not as a workspace without anybody.
    api.whoami().await?;
    let mut people = People::of(directory);
    let mut found = Found::default();
    for rule in rules.rules() {
        let parts = rule.people_named();
        let (places, open_places) = rule.places_named();
        let keys = keys(&parts, &places, directory.on_call());
        let roll = people.roll(&keys).await?;
        let mut report = Report {
            rule,
            found: &mut found,
        };
        for open in parts.iter().flat_map(|part| &part.open).chain(&open_places) {
            report.not_checked(open);
        }
        for part in &parts {
            report.groups(part, &roll);
            report.sources(part, directory.on_call(), &roll).await;
            report.users(part, &mut people).await?;
        }
        report.places(&places, api, &roll).await?;
        report.stages(&parts, &roll, &mut people).await?;
    }
    found.problems.sort();
    found.problems.dedup();
    found.unchecked.sort();
    found.unchecked.dedup();
    Ok(found)
}

/// Everything that a roll can hold: groups, channels with members, sources and their fallbacks.
fn keys(parts: &[Named], places: &[String], on_call: &OnCall) -> BTreeSet<String> {
    let groups = parts.iter().flat_map(|part| part.group.keys());
    let told = places.iter().filter(|place| place.starts_with('@'));
    let sources = parts.iter().flat_map(|part| &part.group.oncall);
    let fallbacks = sources.filter_map(|name| on_call.fallback(name));
    groups
        .chain(told.map(|handle| roll_key(handle)))
        .chain(fallbacks.map(roll_key))
        .collect()
}

/// Writes down what is wrong with one rule.
struct Report<'a> {
    rule: &'a Rule,
    found: &'a mut Found,
}

impl Report<'_> {
    fn add(&mut self, severity: Severity, message: String, hint: &str) {
        self.found.problems.push(Problem {
            place: self.rule.place.clone(),
            severity,
            message,
            hint: Some(hint.to_owned()),
        });
    }

    fn error(&mut self, message: String, hint: &str) {
        self.add(Severity::Error, message, hint);
    }

    fn not_checked(&mut self, written: &str) {
        let (place, rule) = (&self.rule.place, &self.rule.name);
        self.found.unchecked.push(format!(
            "{place}: not checked: `{written}` of rule `{rule}` is named by each ask"
        ));
    }

    /// User groups and channels whose members are meant.
    fn groups(&mut self, part: &Named, roll: &Roll) {
        let of = part.part.clone();
        for handle in &part.group.usergroups {
            if !roll.groups.contains_key(&roll_key(handle)) {
                self.no_group(handle, &of);
            }
        }
        for channel in &part.group.channels {
            if !roll.groups.contains_key(&channel_key(channel)) {
                self.error(
                    format!("{of}: the members of `{channel}` cannot be read"),
                    "correct the name, or invite the bot; at most 1000 members are read",
                );
            }
        }
    }

    fn no_group(&mut self, handle: &str, of: &str) {
        self.error(
            format!("{of}: there is no user group `{handle}` in use"),
            "correct the handle, or create or enable the group in Slack",
        );
    }

    /// Whoever is on call, and who is asked in their place.
    async fn sources(&mut self, part: &Named, on_call: &OnCall, roll: &Roll) {
        let of = &part.part;
        for name in &part.group.oncall {
            match on_call.ask(name).await {
                Some(Ok(_)) => {}
                None => self.error(
                    format!("{of}: there is no on-call source `{name}`"),
                    "add it to `onCall` in the file that DRAWBRIDGE_CONFIG names",
                ),
                Some(Err(why)) => self.error(
                    format!("{of}: the on-call source `{name}` gives no answer: {why}"),
                    "it must answer as the README says",
                ),
            }
            if let Some(fallback) = on_call.fallback(name)
                && !roll.groups.contains_key(&roll_key(fallback))
            {
                self.no_group(
                    fallback,
                    &format!("fallback of the on-call source `{name}`"),
                );
            }
        }
    }

    /// People by id.
    async fn users(&mut self, part: &Named, people: &mut People<'_>) -> Result<(), SlackError> {
        for id in &part.group.users {
            if let Some(why) = people.why_not(id).await? {
                self.error(
                    format!("{}: `{id}` {why}", part.part),
                    "name an active full member of the workspace",
                );
            }
        }
        Ok(())
    }

    /// Where cards go, and who is only told.
    async fn places(
        &mut self,
        places: &[String],
        api: &SlackApi,
        roll: &Roll,
    ) -> Result<(), SlackError> {
        for place in places {
            if place.starts_with('@') {
                if !roll.groups.contains_key(&roll_key(place)) {
                    self.no_group(place, "tell");
                }
            } else if workspace::patient(async || api.our_channel(place).await)
                .await?
                .is_none()
            {
                self.error(
                    format!("the bot is in no channel `{place}`"),
                    "correct the name, or invite the bot to the channel",
                );
            }
        }
        Ok(())
    }

    /// Stages that cannot be filled.
    async fn stages(
        &mut self,
        parts: &[Named],
        roll: &Roll,
        people: &mut People<'_>,
    ) -> Result<(), SlackError> {
        let asking = parts.iter().find(|part| part.part == "requesters");
        for stage in parts.iter().filter(|part| part.need > 0) {
            // Whom each ask adds is not known; what cannot be read is told already.
            if !stage.open.is_empty() || !is_whole(stage, roll) {
                continue;
            }
            let able = people.counting(&stage.group.members(roll)).await?;
            let (of, need) = (&stage.part, stage.need);
            if able.len() < need {
                let message = format!(
                    "{of} needs {need}, and of the people it names {} can approve",
                    able.len()
                );
                self.error(message, "only active full members of the workspace count");
                continue;
            }
            let Some(asking) = asking.filter(|_| able.len() == need) else {
                continue;
            };
            self.peers(stage, asking, &able, (roll, people)).await?;
        }
        Ok(())
    }

    /// A stage that takes all of its people: whoever of them asks is one short, for nobody approves
    /// their own request.
    async fn peers(
        &mut self,
        stage: &Named,
        asking: &Named,
        able: &BTreeSet<rules::UserId>,
        (roll, people): (&Roll, &mut People<'_>),
    ) -> Result<(), SlackError> {
        let requesters = asking.group.members(roll);
        let (short, others): (Vec<_>, Vec<_>) =
            requesters.into_iter().partition(|user| able.contains(user));
        if short.is_empty() {
            return Ok(());
        }
        let known = asking.open.is_empty() && is_whole(asking, roll);
        let nobody_else =
            known && !self.rule.lets_services_ask() && people.counting(&others).await?.is_empty();
        let of = &stage.part;
        if nobody_else {
            self.error(
                format!("{of} can be filled for nobody: whoever may ask is needed to approve"),
                "name a group with more people than those who ask",
            );
        } else {
            let ids: BTreeSet<String> = short.iter().map(|user| format!("`{user}`")).collect();
            let ids = ids.into_iter().collect::<Vec<_>>().join(", ");
            self.add(
                Severity::Warning,
                format!("{of} cannot be filled when one of its own people asks: {ids}"),
                "name a group with more people, or do not let them ask",
            );
        }
        Ok(())
    }
}

/// Whether every group that it names outright was read.
fn is_whole(part: &Named, roll: &Roll) -> bool {
    let sources = part.group.oncall.iter().map(|name| oncall_key(name));
    let all = part.group.keys().chain(sources);
    all.into_iter().all(|key| roll.groups.contains_key(&key))
}
