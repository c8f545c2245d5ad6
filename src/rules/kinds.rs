//! Which kinds of objects a template makes.

use std::collections::BTreeSet;

use super::set::{Gate, RuleSet, Template};
use crate::objects::Kind;

impl Template {
    /// The kinds that its gates are made of.
    pub fn kinds(&self) -> BTreeSet<Kind> {
        match &self.gate {
            Gate::Connect { .. } => BTreeSet::from([Kind::NetworkPolicy]),
            Gate::Objects { objects, .. } => objects.iter().filter_map(Kind::of).collect(),
        }
    }
}

impl RuleSet {
    /// The kinds that somebody can ask for. A template with objects of its own counts where a rule names it in full: no
    /// other rule lets it through.
    pub fn kinds_offered(&self) -> BTreeSet<Kind> {
        let named = |template: &&Template| {
            let mut rules = self.rules().iter();
            matches!(template.gate, Gate::Connect { .. })
                || rules.any(|rule| rule.names(&template.name))
        };
        let offered = self.templates().filter(named);
        offered.flat_map(Template::kinds).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{embedded, load};

    #[test]
    fn kinds_that_no_rule_names_a_template_for_are_offered_to_nobody() {
        let offered = |templates: &str| {
            let mut files = embedded();
            let rule = format!(
                "apiVersion: drawbridge.dev/v1alpha1\nkind: AccessRule\nmetadata: {{name: r}}\nspec:\n  \
                 match: {{templates: {templates}}}\n  requesters: {{slack: {{usergroups: [\"@a\"]}}}}\n  \
                 stages: [{{name: s, from: {{usergroups: [\"@b\"]}}}}]\n"
            );
            files.push(("r.yaml".to_owned(), rule));
            load(&files).0.kinds_offered()
        };
        let paths = BTreeSet::from([Kind::NetworkPolicy]);
        assert_eq!(offered("[connect]"), paths);
        assert_eq!(offered("[\"*\"]"), paths);
        let roles = offered("[temporary-role-binding]");
        assert_eq!(
            roles,
            BTreeSet::from([Kind::NetworkPolicy, Kind::RoleBinding])
        );
    }
}
