//! The way a request must go: what the governing rule demands of it, frozen when it was asked.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::model::Group;
use super::people::{Roll, UserId};
use crate::units::Seconds;

/// What a rule lets a request do, and what it demands first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Name of the governing rule.
    pub rule: String,
    /// SHA-256 of the rule's text, hex: names the rule as it was.
    pub digest: String,
    /// Layers of approval, in order, conditions already applied. Empty: approved at once.
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
}

impl StagePlan {
    /// Whether this person may fill a slot of this stage, by who is who *now*. That nobody fills two
    /// slots, or one of their own request, is for the caller to keep.
    pub fn admits(&self, user: &UserId, roll: &Roll) -> bool {
        roll.counts(user) && (self.from.holds(user, roll) || self.quiet.contains(user))
    }

    /// Whom to ask: everybody who may fill a slot now, apart from the requester and the quiet.
    pub fn pinged(&self, requester: Option<&UserId>, roll: &Roll) -> BTreeSet<UserId> {
        self.from
            .members(roll)
            .into_iter()
            .filter(|user| Some(user) != requester && !self.quiet.contains(user))
            .filter(|user| roll.counts(user))
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
            },
            need: 1,
            quiet: vec![UserId("U0KIM".into())],
        }
    }

    #[test]
    fn members_admitted_are_those_named_and_active() {
        let mut roll = testing::roll();
        let admits = |user: &str, roll: &Roll| stage().admits(&UserId(user.into()), roll);
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
}
