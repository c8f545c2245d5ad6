//! What an ask would have to carry, and what somebody may ask for: for forms and lists. Nothing here allows
//! anything.

use super::governing;
use crate::rules::condition::Scope;
use crate::rules::facts::AskFacts;
use crate::rules::group::Group;
use crate::rules::people::{Principal, UserId};
use crate::rules::roll::Roll;
use crate::rules::set::{Rule, RuleSet, Template};
use crate::rules::text::Text;
use crate::rules::who::Circle;
use crate::units::Seconds;

/// What the governing rule demands of the ask's own words, for forms that ask for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demands {
    /// The rule.
    pub rule: String,
    /// The regular expression that the reason must contain a match of.
    pub reason: Option<String>,
    /// Whether the reason has it.
    pub reason_fits: bool,
    /// The shortest and the longest grant.
    pub lengths: (Seconds, Seconds),
    /// Whether the length is within them.
    pub length_fits: bool,
}

/// Whether an incident that this person opened changes what the rule demands: only where the rule names
/// them for something other than asking. Anybody may open an incident, and nobody chooses their own
/// approvers by it.
pub fn may_declare(
    rules: &RuleSet,
    requester: &Principal,
    ask: &AskFacts,
    (opener, roll): (&UserId, &Roll),
) -> bool {
    let scope = Scope::new(requester, ask);
    let Ok(Some(rule)) = governing(rules, ask, &scope) else {
        return false;
    };
    let stages = rule.all_stages().map(|stage| &stage.from);
    let next = rule.escalate.iter().map(|escalate| &escalate.to);
    let rescuers = rule.emergency.iter().map(|emergency| &emergency.by);
    let mut circles = stages.chain([&rule.revokers]).chain(next).chain(rescuers);
    let holds = |circle: &Circle| {
        let group = circle.group(&scope);
        group.is_ok_and(|group| group.holds(opener, roll))
    };
    requester.person() != Some(opener) && roll.counts(opener) && circles.any(holds)
}

/// Whether a service asks under a rule that names somebody to approve while Slack is away.
pub fn decides_offline(rules: &RuleSet, requester: &Principal, ask: &AskFacts) -> bool {
    let scope = Scope::new(requester, ask);
    let rule = governing(rules, ask, &scope).ok().flatten();
    requester.person().is_none() && rule.is_some_and(|rule| !rule.offline.is_empty())
}

/// Who answers for a service's ask: the owner in the rule that governs it; `None` for people's asks, and where
/// no rule does or that is unclear.
pub fn owner<'a>(rules: &'a RuleSet, requester: &Principal, ask: &AskFacts) -> Option<&'a UserId> {
    let scope = Scope::new(requester, ask);
    let rule = governing(rules, ask, &scope).ok().flatten();
    let rule = rule.filter(|_| requester.person().is_none());
    rule.and_then(|rule| rule.owner.as_ref())
}

/// What the rule that governs the ask demands; `None` where none does or that is unclear. It allows
/// nothing: [`judge()`](super::judge()) alone does.
pub fn demands(rules: &RuleSet, requester: &Principal, ask: &AskFacts) -> Option<Demands> {
    let scope = Scope::new(requester, ask);
    let rule = governing(rules, ask, &scope).ok()??;
    let bounds = rules.template(&ask.template)?.bounds;
    let most = rule
        .limits
        .max
        .map_or(bounds.max, |max| max.min(bounds.max));
    let reason = ask.reason.as_deref().unwrap_or_default();
    let pattern = rule.reason.as_ref();
    Some(Demands {
        rule: rule.name.clone(),
        reason: pattern.map(|pattern| pattern.as_str().to_owned()),
        reason_fits: pattern.is_none_or(|pattern| pattern.is_match(reason)),
        lengths: (bounds.min, most),
        length_fits: ask.duration >= bounds.min && ask.duration <= most,
    })
}

/// The templates that rules let this person ask for, each with the rules that do, as far as that can be
/// told before there is an ask: a rule whose requesters depend on the target counts only where it names
/// the person themselves. For lists; [`judge()`](super::judge()) decides.
pub fn open_to<'a>(
    rules: &'a RuleSet,
    user: &UserId,
    roll: &Roll,
) -> Vec<(&'a Template, Vec<&'a Rule>)> {
    let ours = |rule: &&Rule| {
        let people = &rule.requesters.people;
        let fixed = |texts: &[Text]| -> Vec<String> {
            let fixed = texts.iter().filter_map(Text::fixed);
            fixed.map(ToOwned::to_owned).collect()
        };
        let group = Group {
            usergroups: fixed(&people.handles),
            users: people.users.iter().map(|user| user.0.clone()).collect(),
            channels: fixed(&people.channels),
            oncall: people.oncall.clone(),
        };
        group.holds(user, roll)
    };
    let mine: Vec<&Rule> = rules.rules.iter().filter(ours).collect();
    let of = |template: &'a Template| {
        let named = |rule: &&&Rule| {
            let mut globs = rule.templates.iter();
            let matches = globs.any(|glob| glob.matches(&template.name));
            matches && (rule.names(&template.name) || !template.states_objects())
        };
        (
            template,
            mine.iter().filter(named).copied().collect::<Vec<_>>(),
        )
    };
    let all = rules.templates().map(of);
    all.filter(|(_, rules)| !rules.is_empty()).collect()
}
