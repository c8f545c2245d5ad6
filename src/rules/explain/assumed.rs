//! Who is who, where nobody could be asked: for explanations only. Nothing that opens a path may ever be
//! judged by it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rules::facts::AskFacts;
use crate::rules::judge::{Fit, Needs, considered, needs};
use crate::rules::people::{Person, Principal, Standing, UserId};
use crate::rules::roll::Roll;
use crate::rules::set::RuleSet;

/// A roll in which every group that matters has as many people as the governing rule could need, the
/// requester is a full member and in no group but those of `told` (keys of [`Roll::groups`]), and whoever is
/// named by id is a full member.
pub(super) fn roll(
    rules: &RuleSet,
    requester: &Principal,
    ask: &AskFacts,
    told: &BTreeSet<String>,
) -> Roll {
    let Needs { groups, mut users } = needs(rules, requester, ask);
    let many = needed(rules, requester, ask);
    let mut members: BTreeMap<String, BTreeSet<UserId>> = groups
        .into_iter()
        .map(|key| {
            let somebody = (0..many).map(|n| UserId(format!("?{key}.{n}")));
            let somebody = somebody.collect();
            (key, somebody)
        })
        .collect();
    if let Some(user) = requester.person() {
        for key in told {
            members.entry(key.clone()).or_default().insert(user.clone());
        }
    }
    users.extend(members.values().flatten().cloned());
    let shared = |(key, members)| (key, Arc::new(members));
    Roll {
        groups: members.into_iter().map(shared).collect(),
        people: users.into_iter().map(member).collect(),
        ..Roll::default()
    }
}

/// How many people the stages need together; loading bounds it.
fn needed(rules: &RuleSet, requester: &Principal, ask: &AskFacts) -> usize {
    let fits = considered(rules, requester, ask);
    let governs = fits.last().filter(|(_, fit)| *fit == Fit::Governs);
    let rule = governs.and_then(|(name, _)| rules.rule(name));
    let stages = rule.map_or(&[][..], |rule| rule.stages_for(ask.incident.as_deref()));
    stages.iter().map(|stage| stage.need).sum()
}

fn member(id: UserId) -> Arc<Person> {
    Arc::new(Person {
        team: None,
        name: id.0.clone(),
        zone: None,
        // Nobody's name: what is assumed of people must not bar them.
        email: Some(id.0.clone()),
        standing: Standing::Member,
        id,
    })
}
