//! One ask under the rule that governs it: may the requester ask, are the bounds kept, who must agree.

use super::permit::{among, member};
use super::{Reason, auto, emergency, length, stages};
use crate::rules::condition::Scope;
use crate::rules::facts::AskFacts;
use crate::rules::group::Group;
use crate::rules::people::{Principal, UserId};
use crate::rules::roll::Roll;
use crate::rules::route::{EmergencyPlan, Escalation, Pass, Route, StagePlan};
use crate::rules::set::{Rule, RuleSet, Stage};
use crate::rules::text::Text;
use crate::rules::who::{Circle, Unnamed, named};
use crate::units::Seconds;

/// One ask under the rule that governs it.
#[derive(Debug, Clone, Copy)]
pub(in crate::rules) struct Case<'a> {
    pub(in crate::rules) rules: &'a RuleSet,
    pub(in crate::rules) rule: &'a Rule,
    pub(in crate::rules) requester: &'a Principal,
    pub(in crate::rules) ask: &'a AskFacts,
    pub(in crate::rules) roll: &'a Roll,
    pub(in crate::rules) scope: &'a Scope,
}

impl Case<'_> {
    /// The way to go, or everything that stands in it.
    pub(super) fn decide(&self) -> Result<Route, Vec<Reason>> {
        match &self.ask.emergency {
            Some(who) => emergency::decide(self, who),
            None => self.ordinary(),
        }
    }

    /// Who may not ask is told only that: the rest would not help them, and the rule's demands are not
    /// theirs to probe.
    fn ordinary(&self) -> Result<Route, Vec<Reason>> {
        self.permitted().map_err(|reason| vec![reason])?;
        let mut reasons: Vec<Reason> = [self.open(), self.pace(), self.has_reason()]
            .into_iter()
            .flatten()
            .collect();
        let whose = format!("rule `{}`", self.rule.name);
        let max = length::longest(self, self.rule.limits.max, &whose);
        let max = max.map_err(|reason| reasons.push(reason));
        // The stages are looked at in any case, so that nobody finds out about them only next time.
        let route = self.approved().and_then(|(pass, stages)| {
            let max = max.unwrap_or_default();
            self.route(pass, stages, max)
        });
        match route.map_err(|why| reasons.extend(why)) {
            Ok(route) if reasons.is_empty() => Ok(route),
            _ => Err(reasons),
        }
    }

    /// By the rule itself, or by people. Stages that nobody could fill do not matter where nobody is
    /// asked.
    fn approved(&self) -> Result<(Pass, Vec<StagePlan>), Vec<Reason>> {
        match auto::pass(self.rule, self.ask, self.scope) {
            Some(pass) => Ok((pass, Vec::new())),
            None => Ok((Pass::Stages, stages::plan(self)?)),
        }
    }

    /// The person who asks, or who answers for the service that does: they approve nothing of it.
    pub(in crate::rules) fn human(&self) -> Option<&UserId> {
        match self.requester {
            Principal::Person(user) => Some(user),
            Principal::Service { .. } => self.rule.owner.as_ref(),
        }
    }

    /// The stages of the rule, or those of its incidents; their conditions are not applied yet.
    pub(in crate::rules) fn stages(&self) -> &[Stage] {
        self.rule.stages_for(self.ask.incident.as_deref())
    }

    /// Whether the rule lets the requester ask.
    pub(in crate::rules) fn permitted(&self) -> Result<(), Reason> {
        let who = (self.requester, self.ask.cluster.as_str());
        let (named, group) = among(&self.rule.requesters, who, self.roll, self.scope)
            .map_err(|unnamed| self.unnamed("`requesters`", &unnamed))?;
        if let Principal::Person(user) = self.requester {
            member(user, self.roll)?;
        }
        if named {
            Ok(())
        } else {
            Err(self.not_named(&group))
        }
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
        Reason::new(
            format!(
                "rule `{}` does not let you ask for this: {who}{}",
                self.rule.name,
                stages::unread(allowed, self.roll)
            ),
            hint,
        )
    }

    fn open(&self) -> Option<Reason> {
        let limit = self.rule.limits.open?;
        if self.ask.uncounted {
            return Some(Reason::new(
                "you asked more often in two days than can be counted",
                "ask again tomorrow",
            ));
        }
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

    fn pace(&self) -> Option<Reason> {
        let limit = self.rule.limits.per_minute?;
        let recent = self.ask.recent_asks;
        (recent >= limit).then(|| {
            Reason::new(
                format!(
                    "you asked {recent} times in the last minute; rule `{}` allows {limit}",
                    self.rule.name
                ),
                "wait a minute, then ask again",
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

    fn name(&self, what: &str, text: &Text) -> Result<String, Vec<Reason>> {
        named(text, self.scope).map_err(|unnamed| vec![self.unnamed(what, &unnamed)])
    }

    /// The way to go, with everybody whom the rule names for this ask.
    pub(super) fn route(
        &self,
        pass: Pass,
        stages: Vec<StagePlan>,
        max: Seconds,
    ) -> Result<Route, Vec<Reason>> {
        let rule = self.rule;
        let one = |reason| vec![reason];
        let channel = rule.channel.as_ref().map(|c| self.name("`channel`", c));
        let tell = rule.tell.iter().map(|text| self.name("`tell`", text));
        let waits = pass == Pass::Stages;
        Ok(Route {
            rule: rule.name.clone(),
            digest: rule.digest.clone(),
            stages,
            max,
            channel: channel.transpose()?,
            tell: tell.collect::<Result<_, _>>()?,
            revokers: self.group("`revokers`", &rule.revokers).map_err(one)?,
            lapse: rule.lapse,
            remind: rule.remind,
            // Where nothing waits, nobody is escalated to, and nothing can be in the way of it.
            escalate: if waits { self.escalation()? } else { None },
            emergency: self.emergency()?,
            owner: rule
                .owner
                .clone()
                .filter(|_| self.requester.person().is_none()),
            offline: rule.offline.clone(),
            pass,
        })
    }

    fn escalation(&self) -> Result<Option<Escalation>, Vec<Reason>> {
        let Some(escalate) = &self.rule.escalate else {
            return Ok(None);
        };
        let to = self.group("`escalate`", &escalate.to);
        Ok(Some(Escalation {
            after: escalate.after,
            to: to.map_err(|reason| vec![reason])?,
        }))
    }

    fn emergency(&self) -> Result<Option<EmergencyPlan>, Vec<Reason>> {
        let Some(emergency) = &self.rule.emergency else {
            return Ok(None);
        };
        let by = self.group("`emergency`", &emergency.by);
        Ok(Some(EmergencyPlan {
            by: by.map_err(|reason| vec![reason])?,
            max: emergency.max,
            tell: self.name("`emergency`", &emergency.tell)?,
            review: emergency.review,
        }))
    }
}
