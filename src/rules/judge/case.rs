//! One ask under the rule that governs it: may the requester ask, are the bounds kept, who must agree.

use super::{Reason, stages};
use crate::rules::condition::Scope;
use crate::rules::facts::AskFacts;
use crate::rules::group::Group;
use crate::rules::people::{Principal, Roll, Standing, UserId};
use crate::rules::problem::suggest;
use crate::rules::route::{Pass, Route};
use crate::rules::set::{Bounds, Rule, RuleSet};
use crate::rules::who::{Circle, Unnamed, named};
use crate::units::Seconds;

/// One ask under the rule that governs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) rule: &'a Rule,
    pub(super) requester: &'a Principal,
    pub(super) ask: &'a AskFacts,
    pub(super) roll: &'a Roll,
    pub(super) scope: &'a Scope,
}

impl Case<'_> {
    /// The way to go, or everything that stands in it. Who may not ask is told only that: the rest
    /// would not help them, and the rule's demands are not theirs to probe.
    pub(super) fn decide(&self) -> Result<Route, Vec<Reason>> {
        self.permitted().map_err(|reason| vec![reason])?;
        let mut reasons: Vec<Reason> = [self.in_limits(), self.has_reason()]
            .into_iter()
            .flatten()
            .collect();
        let max = self.length().map_err(|reason| reasons.push(reason));
        // The stages are looked at in any case, so that nobody finds out about them only next time.
        let route = self.route(max.unwrap_or_default());
        match route.map_err(|why| reasons.extend(why)) {
            Ok(route) if reasons.is_empty() => Ok(route),
            _ => Err(reasons),
        }
    }

    fn permitted(&self) -> Result<(), Reason> {
        let requesters = &self.rule.requesters;
        if let Principal::Person(user) = self.requester {
            let group = self.group("`requesters`", &requesters.people)?;
            self.is_member(user)?;
            if group.holds(user, self.roll) {
                return Ok(());
            }
            return Err(self.not_named(&group));
        }
        if requesters.services.contains(&self.requester.to_string()) {
            return Ok(());
        }
        Err(self.not_named(&Group {
            users: requesters.services.iter().cloned().collect(),
            ..Group::default()
        }))
    }

    fn not_named(&self, allowed: &Group) -> Reason {
        let names = allowed.names();
        let (who, hint) = match self.requester {
            _ if names.is_empty() => (
                "nobody may".to_owned(),
                "ask those who look after the rules",
            ),
            Principal::Person(_) => (
                format!("only {names} may"),
                "ask one of them to ask, or those who look after the rules",
            ),
            Principal::Service { .. } => (
                format!("of services only {names} may"),
                "ask those who look after the rules",
            ),
        };
        let missing = stages::unknown_groups(allowed, self.roll);
        let unread = match missing.as_slice() {
            [] => String::new(),
            _ => format!("; Slack did not tell who is in {}", missing.join(", ")),
        };
        Reason::new(
            format!(
                "rule `{}` does not let you ask for this: {who}{unread}",
                self.rule.name
            ),
            hint,
        )
    }

    fn is_member(&self, user: &UserId) -> Result<(), Reason> {
        let standing = self.roll.people.get(user).map(|person| person.standing);
        let message = match standing {
            Some(Standing::Member) => return Ok(()),
            Some(Standing::Guest) => "guests cannot ask for access",
            Some(Standing::Stranger) => "people of other organisations cannot ask for access",
            Some(Standing::Bot) => "bots cannot ask for access in Slack",
            Some(Standing::Deactivated) => "the account is deactivated",
            None => "Slack did not tell who you are",
        };
        let hint = match standing {
            None => "try again in a minute",
            Some(Standing::Bot) => "let the service ask over HTTP with its ServiceAccount",
            _ => "ask a full member of this workspace to ask for you",
        };
        Err(Reason::new(message, hint))
    }

    fn in_limits(&self) -> Option<Reason> {
        let limit = self.rule.open?;
        let open = self.ask.open_requests;
        (open >= limit).then(|| {
            Reason::new(
                format!(
                    "you have {open} unfinished requests; rule `{}` allows {limit}",
                    self.rule.name
                ),
                "end or cancel one first: `mine` lists them",
            )
        })
    }

    fn has_reason(&self) -> Option<Reason> {
        let pattern = self.rule.reason.as_ref()?;
        let reason = self.ask.reason.as_deref().unwrap_or_default();
        if pattern.is_match(reason) {
            return None;
        }
        let message = match reason {
            "" => format!("rule `{}` demands a reason", self.rule.name),
            _ => format!(
                "the reason does not have what rule `{}` demands",
                self.rule.name
            ),
        };
        let hint = format!("add `because …` with something like `{}`", pattern.as_str());
        Some(Reason::new(message, hint))
    }

    /// The longest grant. A length that is out of bounds is refused, never clamped: nobody should
    /// find out at half past that an hour was not granted.
    fn length(&self) -> Result<Seconds, Reason> {
        let Some(template) = self.rules.template(&self.ask.template) else {
            let known = self.rules.templates().map(|t| t.name.as_str());
            let known: Vec<&str> = known.collect();
            return Err(Reason {
                message: format!("there is no template `{}`", self.ask.template),
                hint: suggest(&self.ask.template, known.iter().copied()),
            });
        };
        let Bounds { min, max, .. } = template.bounds;
        let by_rule = self.rule.max.filter(|limit| *limit < max);
        let longest = by_rule.unwrap_or(max);
        let asked = self.ask.duration;
        let (what, whose) = if asked < min {
            (format!("shorter than the {min}"), None)
        } else if asked > longest {
            (format!("longer than the {longest}"), by_rule)
        } else {
            return Ok(longest);
        };
        let whose = match whose {
            Some(_) => format!("rule `{}`", self.rule.name),
            None => format!("template `{}`", template.name),
        };
        Err(Reason::new(
            format!("{asked} is {what} that {whose} allows"),
            format!("ask for {min} to {longest}"),
        ))
    }

    pub(super) fn group(&self, what: &str, circle: &Circle) -> Result<Group, Reason> {
        circle
            .group(self.scope)
            .map_err(|unnamed| self.unnamed(what, &unnamed))
    }

    pub(super) fn unnamed(&self, what: &str, unnamed: &Unnamed) -> Reason {
        Reason::new(
            format!(
                "rule `{}` cannot name `{}` in {what} for this ask: {}",
                self.rule.name, unnamed.written, unnamed.why
            ),
            "label the namespace, or name the group in the rule",
        )
    }

    fn route(&self, max: Seconds) -> Result<Route, Vec<Reason>> {
        let stages = stages::plan(self)?;
        let one = |reason| vec![reason];
        let name = |what: &'static str| {
            move |text| {
                named(text, self.scope).map_err(|unnamed| vec![self.unnamed(what, &unnamed)])
            }
        };
        let channel = self.rule.channel.as_ref().map(name("`channel`"));
        let tell = self.rule.tell.iter().map(name("`tell`"));
        Ok(Route {
            rule: self.rule.name.clone(),
            digest: self.rule.digest.clone(),
            pass: Pass::Stages,
            stages,
            max,
            channel: channel.transpose()?,
            tell: tell.collect::<Result<_, _>>()?,
            revokers: self.group("`revokers`", &self.rule.revokers).map_err(one)?,
            lapse: self.rule.lapse,
            remind: self.rule.remind,
            escalate: None,
            emergency: None,
        })
    }
}
