//! One judgement while it is made: tier after tier takes its share of the ports that are left.

use super::{By, Lookup, Note, Says, Stack};
use crate::netpol::policy::{Direction, Policy};
use crate::netpol::portset::PortSet;
use crate::netpol::rule::{Match, Rule};
use crate::netpol::tier::{Action, TierPolicy, TierRule};

/// The state of one judgement.
pub(super) struct Hearing<'l, 'a> {
    /// Not decided yet.
    pub(super) left: PortSet,
    pub(super) open: PortSet,
    /// Closed, unless something that cannot be told opens it.
    pub(super) may_open: PortSet,
    /// Open, unless something that cannot be told closes it.
    pub(super) may_close: PortSet,
    pub(super) look: &'l Lookup<'l, 'a>,
    pub(super) note: &'l mut dyn FnMut(Note<'a>),
}

impl<'a> Hearing<'_, 'a> {
    /// One ordered tier: the first rule that holds decides. What is passed on is taken out of what is
    /// left and given back.
    pub(super) fn tier(&mut self, policies: &[&'a TierPolicy], direction: Direction) -> PortSet {
        let mut passed = PortSet::default();
        let mut decided: Vec<(&TierPolicy, Action, PortSet)> = Vec::new();
        for policy in policies {
            for rule in policy.rules(direction) {
                let (matched, ports) = (self.look)(&rule.rule, "");
                if matched == Match::No {
                    continue;
                }
                // Which of two policies of one priority goes first is not defined.
                for (other, action, theirs) in &decided {
                    let rivals = other.priority == policy.priority && other != policy;
                    if rivals && *action != rule.action {
                        let both = theirs.intersection(&ports);
                        self.doubt(&both);
                    }
                }
                let hit = ports.intersection(&self.left);
                self.say(policy, rule, matched, &hit);
                if matched == Match::Maybe {
                    self.perhaps(rule.action, &hit);
                    continue;
                }
                self.left = self.left.minus(&hit);
                match rule.action {
                    Action::Accept => self.open = self.open.union(&hit),
                    Action::Pass => passed = passed.union(&hit),
                    Action::Deny => {}
                }
                decided.push((policy, rule.action, hit));
            }
        }
        passed
    }

    fn say(&mut self, policy: &'a TierPolicy, rule: &'a TierRule, matched: Match, hit: &PortSet) {
        let says = match (matched, rule.action) {
            _ if hit.is_empty() => return,
            (Match::Maybe, _) => Says::Perhaps,
            (_, Action::Accept) => Says::Allows(matched),
            (_, Action::Deny) => Says::Denies,
            (_, Action::Pass) => return,
        };
        (self.note)(Note {
            by: By::Tier(policy),
            rule: Some(rule.place),
            says,
            ports: hit.clone(),
            doubt: rule.rule.doubt.as_deref(),
        });
    }

    fn doubt(&mut self, ports: &PortSet) {
        self.may_open = self.may_open.union(ports);
        self.may_close = self.may_close.union(ports);
    }

    fn perhaps(&mut self, action: Action, hit: &PortSet) {
        match action {
            Action::Accept => self.may_open = self.may_open.union(hit),
            Action::Deny => self.may_close = self.may_close.union(hit),
            Action::Pass => self.doubt(hit),
        }
    }

    /// NetworkPolicies and Cilium's: allows add up, a deny beats them, and what isolates closes the rest.
    pub(super) fn policies(&mut self, stack: &Stack<'a>, direction: Direction) {
        let (mut allowed, mut denied) = (PortSet::default(), PortSet::default());
        let mut perhaps_allowed = PortSet::default();
        for policy in stack.isolating.iter().chain(&stack.additive) {
            let section = policy.section(direction);
            let lists = [
                (&section.allow, Action::Accept),
                (&section.deny, Action::Deny),
            ];
            for (rules, action) in lists {
                for (rule, place) in rules.iter().zip(1..) {
                    let (matched, ports) = self.heard(policy, rule, (place, action));
                    match (matched, action) {
                        (Match::No, _) | (Match::Address | Match::Yes, Action::Pass) => {}
                        (Match::Maybe, Action::Accept) => {
                            perhaps_allowed = perhaps_allowed.union(&ports);
                        }
                        (Match::Maybe, _) => self.perhaps(action, &ports),
                        (_, Action::Accept) => allowed = allowed.union(&ports),
                        (_, Action::Deny) => denied = denied.union(&ports),
                    }
                }
            }
            if section.isolates
                && let Some(doubt) = &policy.doubt
            {
                self.perhaps_isolated(policy, doubt);
            }
        }
        // A deny beats them; what an earlier tier may accept it does not.
        self.may_open = self.may_open.union(&perhaps_allowed.minus(&denied));
        if stack.is_isolated() {
            let open = allowed.minus(&denied).intersection(&self.left);
            self.open = self.open.union(&open);
            self.left = PortSet::default();
        } else {
            self.left = self.left.minus(&denied);
        }
    }

    /// If it selects the pod after all, it closes what nobody allows.
    fn perhaps_isolated(&mut self, policy: &'a Policy, doubt: &'a str) {
        let left = self.left.clone();
        self.may_close = self.may_close.union(&left);
        (self.note)(Note {
            by: By::Policy(policy),
            rule: None,
            says: Says::Perhaps,
            ports: left,
            doubt: Some(doubt),
        });
    }

    /// One rule looked up; a policy whose selection cannot be judged says nothing for sure.
    fn heard(
        &mut self,
        policy: &'a Policy,
        rule: &'a Rule,
        (place, action): (usize, Action),
    ) -> (Match, PortSet) {
        let (mut matched, ports) = (self.look)(rule, &policy.namespace);
        if policy.doubt.is_some() {
            matched = matched.min(Match::Maybe);
        }
        let hit = ports.intersection(&self.left);
        let says = match (matched, action) {
            (Match::No, _) => None,
            (Match::Maybe, _) => Some(Says::Perhaps),
            (_, Action::Deny) => Some(Says::Denies),
            (_, _) => Some(Says::Allows(matched)),
        };
        if let Some(says) = says.filter(|_| !hit.is_empty()) {
            (self.note)(Note {
                by: By::Policy(policy),
                rule: Some(place),
                says,
                ports: hit.clone(),
                doubt: rule.doubt.as_deref().or(policy.doubt.as_deref()),
            });
        }
        (matched, hit)
    }
}
