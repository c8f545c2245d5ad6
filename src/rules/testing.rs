//! People, groups, files and asks for tests of this module.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::embedded::embedded;
use super::facts::{AskFacts, End};
use super::load::{Allowed, load_allowing};
use super::people::{Person, Principal, Standing, UserId};
use super::problem::Problem;
use super::roll::Roll;
use super::set::RuleSet;
use crate::grammar::Protocol;
use crate::netpol::flow::PortRange;
use crate::units::Seconds;

/// A rule that lets `@backend` and `ci/deployer` ask for 2 h to `orders` with one approval.
pub(super) const ORDERS: &str = r##"
apiVersion: drawbridge.dev/v1alpha1
kind: AccessRule
metadata: {name: orders}
spec:
  match: {templates: [connect], clusters: ["*"], when: "to.namespace == 'orders'"}
  requesters: {slack: {usergroups: ["@backend"]}, serviceAccounts: ["ci/deployer"]}
  stages:
    - {name: owners, from: {usergroups: ["@orders-oncall"]}, need: 1}
    - {name: security, from: {usergroups: ["@security"]}, when: "duration > duration('1h') || opens.pods > 10"}
  limits: {max: 2h, open: 3}
  require: {reason: "INC-[0-9]+"}
  channel: "#access-orders"
  tell: ["@orders-team"]
  revokers: {usergroups: ["@orders-team"]}
  lapse: 1h
  remind: 15m
"##;

/// The embedded templates and one rules file, `r.yaml`.
pub(super) fn files(rules: &str) -> Vec<(String, String)> {
    let mut files = embedded();
    files.push(("r.yaml".to_owned(), rules.to_owned()));
    files
}

/// The label `team` may be inserted, and there is an on-call source `orders`.
pub(super) fn allowed() -> Allowed {
    Allowed {
        label_keys: BTreeSet::from(["team".to_owned()]),
        oncall: BTreeSet::from(["orders".to_owned()]),
        ..Allowed::default()
    }
}

/// Loads [`files`] with what is [`allowed`].
pub(super) fn load(rules: &str) -> (RuleSet, Vec<Problem>) {
    load_allowing(&files(rules), &allowed())
}

/// The same, where nothing is wrong.
pub(super) fn rules(text: &str) -> RuleSet {
    let (set, problems) = load(text);
    assert!(!set.sealed(), "{problems:#?}");
    set
}

pub(super) fn person(id: &str) -> Principal {
    Principal::Person(UserId(id.to_owned()))
}

pub(super) fn service(namespace: &str, name: &str) -> Principal {
    Principal::Service {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

/// Dana is in `backend`; Lee and Max are on call for orders; Sam does security; Kim is in `sre` and the
/// only one in `#ops`; the on-call source `orders` says Max.
pub(super) fn roll() -> Roll {
    let ids = ["U0DANA", "U0LEE", "U0MAX", "U0SAM", "U0KIM"];
    let groups = [
        ("backend", vec!["U0DANA", "U0LEE"]),
        ("orders-oncall", vec!["U0LEE", "U0MAX"]),
        ("orders-team", vec!["U0MAX"]),
        ("security", vec!["U0SAM"]),
        ("sre", vec!["U0KIM"]),
        ("empty", vec![]),
        ("#ops", vec!["U0KIM"]),
        ("oncall:orders", vec!["U0MAX"]),
    ];
    let user = |id: &str| UserId(id.to_owned());
    let people = ids.map(|id| {
        let person = Person {
            id: user(id),
            team: None,
            name: id.to_lowercase(),
            zone: None,
            email: Some(format!("{}@example.org", id.to_lowercase())),
            standing: Standing::Member,
        };
        Arc::new(person)
    });
    let groups = groups.map(|(handle, members)| {
        let members = members.into_iter().map(user).collect();
        (handle.to_owned(), Arc::new(members))
    });
    Roll {
        groups: BTreeMap::from(groups),
        people: people.into_iter().collect(),
        ..Roll::default()
    }
}

pub(super) fn set_standing(roll: &mut Roll, id: &str, standing: Standing) {
    let person = roll.people.get_mut(&UserId(id.to_owned()));
    person.expect("somebody of the roll").standing = standing;
}

/// `shop/web to orders/db:5432 for 30m because INC-42 slow queries`
pub(super) fn ask() -> AskFacts {
    let end = |namespace: &str, name: &str| End {
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
        kind: "Deployment".to_owned(),
        namespace_labels: BTreeMap::from([("team".to_owned(), "orders".to_owned())]),
    };
    AskFacts {
        template: "connect".to_owned(),
        cluster: "default".to_owned(),
        from: end("shop", "web"),
        to: end("orders", "db"),
        ports: vec![PortRange {
            protocol: Protocol::Tcp,
            first: 5432,
            last: 5432,
        }],
        duration: Seconds::minutes(30),
        reason: Some("INC-42 slow queries".to_owned()),
        opens_pods: 1,
        ..AskFacts::default()
    }
}
