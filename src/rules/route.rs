//! The way a request must go: what the governing rule demands of it, frozen when it was asked.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::group::Group;
use super::people::UserId;
use super::roll::Roll;
use crate::units::Seconds;

/// What a rule lets a request do, and what it demands first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Name of the governing rule.
    pub rule: String,
    /// SHA-256 of the rule's text, hex: names the rule as it was.
    pub digest: String,
    /// How it may pass.
    #[serde(default)]
    pub pass: Pass,
    /// Layers of approval, in order, conditions already applied. An emergency skips them; empty where
    /// the rule approves by itself.
    pub stages: Vec<StagePlan>,
    /// The longest grant, template and rule together.
    pub max: Seconds,
    /// Where the card goes (`#access-orders`, `C…`); `None`: to each approver directly.
    pub channel: Option<String>,
    /// Groups or channels (`@orders-team`, `#incidents`) told of opening and end.
    pub tell: Vec<String>,
    /// Who else may revoke, apart from those who approved.
    pub revokers: Group,
    /// How long a stage waits for an answer.
    pub lapse: Seconds,
    /// When to remind those who have not answered.
    pub remind: Option<Seconds>,
    /// Whom to ask as well when nobody answers.
    #[serde(default)]
    pub escalate: Option<Escalation>,
    /// Who may open at once while it waits.
    #[serde(default)]
    pub emergency: Option<EmergencyPlan>,
    /// The person who answers for the service that asked; `None` also where a person asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// Services that may give one approval while Slack is away, as the rule writes them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub offline: BTreeSet<String>,
}

/// How a request may pass.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "camelCase")]
pub enum Pass {
    /// When its stages are filled.
    #[default]
    Stages,
    /// At once: the rule approves it by itself, within its limits.
    Automatic {
        /// Why, for the record: `within `auto` of rule `dev`, 2 of 3 today`.
        why: String,
    },
    /// At once, by somebody whom the rule names for emergencies; the stages are skipped and told.
    Emergency,
}

/// Whom to ask as well when nobody answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Since the stage began.
    pub after: Seconds,
    /// They may fill slots of the stage that waits, from then on.
    pub to: Group,
}

/// What an emergency may do, and what it demands afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyPlan {
    /// Who may open at once.
    pub by: Group,
    /// For how long at most.
    pub max: Seconds,
    /// The channel that hears of it.
    pub tell: String,
    /// Until when a review is demanded, from the opening.
    pub review: Seconds,
}

/// The longest grant that an approval without Slack can lead to, where the rule says nothing about
/// emergencies.
pub const OFFLINE_MAX: Seconds = Seconds::minutes(30);

impl Route {
    /// The longest grant that an approval without Slack can lead to.
    pub fn offline_max(&self) -> Seconds {
        self.emergency.as_ref().map_or(OFFLINE_MAX, |plan| plan.max)
    }
}

/// One layer of approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagePlan {
    /// The stage's name in the rule, shown on the card.
    pub name: String,
    /// Who may fill it.
    pub from: Group,
    /// How many distinct people must.
    pub need: usize,
    /// People who may fill it too, but are not pinged.
    #[serde(default)]
    pub quiet: Vec<UserId>,
    /// How long an approver may let the same requester and flow pass again without asking.
    #[serde(default)]
    pub repeat: Option<Seconds>,
    /// Names of people who are given a role by it, as the cluster knows them: they fill no slot.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub given: BTreeSet<String>,
}

/// By what right somebody may fill a slot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "as", content = "of", rename_all = "camelCase")]
pub enum Right {
    /// The stage names them.
    #[default]
    Own,
    /// They stand in for somebody whom the stage names and who is away.
    StandIn(UserId),
    /// The stage was escalated to them.
    Escalated,
}

impl StagePlan {
    /// By what right this person may fill a slot of this stage, by who is who *now*; their own before a
    /// borrowed one. That nobody fills two slots is for the caller to keep.
    ///
    /// INVARIANT (no self-approval): never the requester, and nobody in the requester's place; nor whoever is
    /// given a role, as far as their address tells.
    pub fn right(&self, user: &UserId, requester: Option<&UserId>, roll: &Roll) -> Option<Right> {
        if Some(user) == requester || !roll.counts(user) || self.gives(user, roll) {
            return None;
        }
        if self.names(user, roll) {
            return Some(Right::Own);
        }
        let mut absent = roll.absent_behind(user);
        let behind = absent.find(|absent| {
            Some(*absent) != requester
                && roll.counts(absent)
                && self.names(absent, roll)
                && !self.gives(absent, roll)
        });
        behind.cloned().map(Right::StandIn)
    }

    /// Whether this person may fill a slot by any right of [`StagePlan::right`].
    pub fn admits(&self, user: &UserId, requester: Option<&UserId>, roll: &Roll) -> bool {
        self.right(user, requester, roll).is_some()
    }

    /// Whether the stage names this person, whether they count or not.
    pub fn names(&self, user: &UserId, roll: &Roll) -> bool {
        self.from.holds(user, roll) || self.quiet.contains(user)
    }

    /// Whether this person has a say here, and be it only to end what others approved.
    pub fn concerns(&self, user: &UserId, roll: &Roll) -> bool {
        roll.counts(user) && (self.names(user, roll) || self.admits(user, None, roll))
    }

    /// Whether this person is given a role by what is asked, or may be.
    pub fn gives(&self, user: &UserId, roll: &Roll) -> bool {
        let person = roll.people.get(user);
        person.is_some_and(|person| self.given.iter().any(|name| person.may_be(name)))
    }

    /// Whom to ask: everybody who may fill a slot now, apart from the requester and the quiet; for who is
    /// away, who stands in.
    pub fn pinged(&self, requester: Option<&UserId>, roll: &Roll) -> BTreeSet<UserId> {
        let members = self.from.members(roll).into_iter();
        let present = members.map(|user| match roll.stand_ins.get(&user) {
            Some(stand_in) if Some(&user) != requester && roll.counts(&user) => stand_in.clone(),
            _ => user,
        });
        present
            .filter(|user| !self.quiet.contains(user))
            .filter(|user| {
                // They may not agree, but may say no.
                let given = self.gives(user, roll) && roll.counts(user) && Some(user) != requester;
                given || self.admits(user, requester, roll)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::people::Standing;
    use crate::rules::testing;

    fn stage() -> StagePlan {
        StagePlan {
            name: "owners".into(),
            from: Group {
                usergroups: vec!["@Orders-Oncall".into()],
                users: vec!["U0SAM".into()],
                ..Group::default()
            },
            need: 1,
            quiet: vec![UserId("U0KIM".into())],
            repeat: None,
            given: BTreeSet::new(),
        }
    }

    #[test]
    fn members_admitted_are_those_named_and_active() {
        let mut roll = testing::roll();
        let admits = |user: &str, roll: &Roll| stage().admits(&UserId(user.into()), None, roll);
        assert!(admits("U0LEE", &roll), "by group, whatever its letter case");
        assert!(admits("U0SAM", &roll), "by id");
        assert!(admits("U0KIM", &roll), "quiet people may approve too");
        assert!(!admits("U0DANA", &roll), "not named");
        assert!(!admits("U0NOBODY", &roll), "unknown");
        for standing in [
            Standing::Guest,
            Standing::Stranger,
            Standing::Bot,
            Standing::Deactivated,
        ] {
            testing::set_standing(&mut roll, "U0LEE", standing);
            assert!(!admits("U0LEE", &roll), "{standing:?}");
        }
    }

    #[test]
    fn the_requester_and_the_quiet_are_not_pinged() {
        let roll = testing::roll();
        let all = stage().pinged(None, &roll);
        let ids: Vec<&str> = all.iter().map(|user| user.0.as_str()).collect();
        assert_eq!(ids, ["U0LEE", "U0MAX", "U0SAM"]);
        let lee = UserId("U0LEE".into());
        assert!(!stage().pinged(Some(&lee), &roll).contains(&lee));
    }

    #[test]
    fn who_stands_in_fills_the_slot_of_who_is_away_and_never_the_requesters_own() {
        let id = |user: &str| UserId(user.into());
        let mut roll = testing::roll();
        roll.stand_ins.insert(id("U0LEE"), id("U0DANA"));
        let (dana, lee) = (id("U0DANA"), id("U0LEE"));
        let stage = stage();
        assert_eq!(
            stage.right(&dana, None, &roll),
            Some(Right::StandIn(lee.clone()))
        );
        assert_eq!(stage.right(&lee, None, &roll), Some(Right::Own));
        assert_eq!(
            stage.right(&dana, Some(&lee), &roll),
            None,
            "what lee asks for, nobody approves in lee's place"
        );
        assert_eq!(stage.right(&dana, Some(&dana), &roll), None);
        let pinged = stage.pinged(None, &roll);
        assert!(pinged.contains(&dana) && !pinged.contains(&lee));
        testing::set_standing(&mut roll, "U0LEE", Standing::Deactivated);
        assert_eq!(stage.right(&dana, None, &roll), None, "lee has left");
    }

    #[test]
    fn whoever_is_given_a_role_fills_no_slot_and_nobody_in_their_place() {
        let id = |user: &str| UserId(user.into());
        let mut roll = testing::roll();
        let lee = roll.people.get_mut(&id("U0LEE")).unwrap();
        lee.email = Some("Lee@Example.org".into());
        let sam = roll.people.get_mut(&id("U0SAM")).unwrap();
        sam.email = Some("sam@example.org".into());
        roll.stand_ins.insert(id("U0LEE"), id("U0DANA"));
        let given = |name: &str| StagePlan {
            given: [name.to_owned()].into(),
            ..stage()
        };
        for name in [
            "lee@example.org",
            "LEE@example.org",
            "oidc:lee@example.org",
            "https://issuer.example#lee@example.org",
            "oidc-lee@example.org",
        ] {
            let stage = given(name);
            assert!(stage.gives(&id("U0LEE"), &roll), "{name}");
            assert_eq!(stage.right(&id("U0LEE"), None, &roll), None, "{name}");
            assert_eq!(stage.right(&id("U0DANA"), None, &roll), None, "{name}");
            assert!(stage.admits(&id("U0SAM"), None, &roll), "{name}");
        }
        roll.stand_ins.clear();
        assert!(
            given("lee@example.org")
                .pinged(None, &roll)
                .contains(&id("U0LEE")),
            "to say no"
        );
        for other in [
            "",
            "bee@example.org",
            "mallee@example.org",
            "lee@example.orga",
            "lee",
        ] {
            assert!(given(other).admits(&id("U0LEE"), None, &roll), "{other}");
        }
        // An address that is not known may be any.
        for unknown in [None, Some(String::new())] {
            roll.people.get_mut(&id("U0LEE")).unwrap().email = unknown;
            assert!(!given("mia@example.org").admits(&id("U0LEE"), None, &roll));
            assert!(given("mia").admits(&id("U0LEE"), None, &roll));
        }
    }

    #[test]
    fn a_delegation_is_not_passed_on() {
        let id = |user: &str| UserId(user.into());
        let mut roll = testing::roll();
        roll.stand_ins.insert(id("U0LEE"), id("U0KIM"));
        roll.stand_ins.insert(id("U0KIM"), id("U0DANA"));
        let mut stage = stage();
        stage.quiet.clear();
        assert!(!stage.admits(&id("U0DANA"), None, &roll));
    }
}
