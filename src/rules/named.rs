//! What rules name, part by part: for looking up whether it is there. Nothing here judges.

use super::group::Group;
use super::people::Account;
use super::set::{Rule, RuleSet};
use super::text::Text;
use super::who::Circle;

/// Some people as a part of a rule names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Which part: `requesters`, `` stage `owners` ``, `revokers`.
    pub part: String,
    /// Who is named outright; with the quiet people of a stage.
    pub group: Group,
    /// Names that each ask makes anew, as written.
    pub open: Vec<String>,
    /// How many distinct people of them it takes; 0 where nobody has to do anything.
    pub need: usize,
}

impl Rule {
    /// Everybody it names.
    pub fn people_named(&self) -> Vec<Named> {
        let stages = self.all_stages().map(|stage| {
            let mut named = stage
                .from
                .named(format!("stage `{}`", stage.name), stage.need);
            let quiet = stage.quiet.iter().map(|user| user.0.clone());
            named.group.users.extend(quiet);
            named
        });
        let asking = self.requesters.people.named("requesters".to_owned(), 0);
        let revoking = self.revokers.named("revokers".to_owned(), 0);
        let next = self.escalate.iter();
        let next = next.map(|next| next.to.named("escalate".to_owned(), 0));
        let owner = self.owner.iter().map(|owner| Named {
            part: "owner".to_owned(),
            group: Group {
                users: vec![owner.0.clone()],
                ..Group::default()
            },
            open: Vec::new(),
            need: 0,
        });
        let rescuing = self.emergency.iter();
        let rescuing = rescuing.map(|plan| plan.by.named("emergency".to_owned(), 0));
        [asking]
            .into_iter()
            .chain(stages)
            .chain([revoking])
            .chain(next)
            .chain(rescuing)
            .chain(owner)
            .collect()
    }

    /// Whether services may ask too.
    pub fn lets_services_ask(&self) -> bool {
        !self.requesters.services.is_empty()
    }

    /// The channel of its cards, and who is only told: named outright, and named anew by each ask.
    pub fn places_named(&self) -> (Vec<String>, Vec<String>) {
        let loud = self.emergency.iter().map(|plan| &plan.tell);
        let places = self.channel.iter().chain(&self.tell).chain(loud);
        let (outright, open): (Vec<&Text>, Vec<&Text>) =
            places.partition(|place| place.fixed().is_some());
        (written(&outright), written(&open))
    }
}

impl RuleSet {
    /// Whether some rule, or some template, names this account among those who may ask on one of these
    /// clusters. It allows nothing: who is not named has nothing to ask at all.
    pub fn names_requester<'a>(
        &self,
        account: &Account,
        clusters: impl IntoIterator<Item = &'a String>,
    ) -> bool {
        let named = |cluster: &String| {
            let here = |rule: &&Rule| rule.clusters.iter().any(|glob| glob.matches(cluster));
            let rules = self.rules.iter().filter(here).map(|rule| &rule.requesters);
            let templates = self.templates.values();
            let mut all = rules.chain(templates.filter_map(|t| t.requesters.as_ref()));
            all.any(|requesters| account.is_in(&requesters.services, cluster))
        };
        clusters.into_iter().any(named)
    }
}

impl Circle {
    fn named(&self, part: String, need: usize) -> Named {
        let parts = |texts: &'_ [Text]| -> (Vec<String>, Vec<String>) {
            let (outright, open): (Vec<&Text>, Vec<&Text>) =
                texts.iter().partition(|text| text.fixed().is_some());
            (written(&outright), written(&open))
        };
        let (usergroups, mut open) = parts(&self.handles);
        let (channels, open_channels) = parts(&self.channels);
        open.extend(open_channels);
        Named {
            part,
            group: Group {
                usergroups,
                users: self.users.iter().map(|user| user.0.clone()).collect(),
                channels,
                oncall: self.oncall.clone(),
            },
            open,
            need,
        }
    }
}

fn written(texts: &[&Text]) -> Vec<String> {
    let written = texts.iter().map(|text| text.written().to_owned());
    written.collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ORDERS, rules};

    #[test]
    fn a_rule_tells_whom_it_names_and_what_only_an_ask_can_name() {
        let text = ORDERS
            .replace(
                "tell: [\"@orders-team\"]",
                "tell: [\"@orders-team\", \"#${to.namespaceLabels.team}\"]",
            )
            .replace(
                "{usergroups: [\"@security\"]}",
                "{usergroups: [\"@security\", \"@${to.namespace}-sec\"], users: [U0SAM]}",
            );
        let set = rules(&text);
        let rule = &set.rules()[0];
        let parts: Vec<_> = rule
            .people_named()
            .into_iter()
            .map(|named| {
                (
                    named.part.clone(),
                    named.group.names(),
                    named.open.join(" "),
                    named.need,
                )
            })
            .collect();
        let expected = [
            ("requesters", "`@backend`", "", 0),
            ("stage `owners`", "`@orders-oncall`", "", 1),
            (
                "stage `security`",
                "`@security`, `U0SAM`",
                "@${to.namespace}-sec",
                1,
            ),
            ("revokers", "`@orders-team`", "", 0),
        ];
        assert_eq!(
            parts,
            expected.map(|(part, group, open, need)| (
                part.into(),
                group.into(),
                open.into(),
                need
            ))
        );
        let (outright, open) = rule.places_named();
        assert_eq!(outright, ["#access-orders", "@orders-team"]);
        assert_eq!(open, ["#${to.namespaceLabels.team}"]);
        assert!(rule.lets_services_ask());
    }
}
