//! The whole cluster as values: to look at it, and to say whether it is as it was before.

use std::collections::BTreeMap;

use serde_json::Value;

use super::SimCluster;
use super::world::{Key, texts};

/// What makes an object the same: versions, times and owners of fields do not count.
#[derive(Debug, Clone, PartialEq)]
pub struct Essence {
    /// Its identity.
    pub uid: String,
    /// Its spec.
    pub spec: Value,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// Every object's essence under `namespace/Kind/name` (`Kind/name` outside namespaces).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State(pub BTreeMap<String, Essence>);

impl State {
    /// What changed from here to `later`, one line an object: `+` created, `-` deleted, `~` changed;
    /// empty: as before.
    pub fn changes_to(&self, later: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, before) in &self.0 {
            match later.0.get(name) {
                None => lines.push(format!("- {name}")),
                Some(after) if after != before => {
                    lines.push(format!("~ {name}: {}", before.difference(after)));
                }
                Some(_) => {}
            }
        }
        let new = later.0.keys().filter(|name| !self.0.contains_key(*name));
        lines.extend(new.map(|name| format!("+ {name}")));
        lines
    }
}

impl Essence {
    fn difference(&self, other: &Self) -> String {
        let parts = [
            ("uid", self.uid != other.uid),
            ("spec", self.spec != other.spec),
            ("labels", self.labels != other.labels),
            ("annotations", self.annotations != other.annotations),
        ];
        let changed = parts
            .into_iter()
            .filter_map(|(name, differs)| differs.then_some(name));
        changed.collect::<Vec<_>>().join(", ")
    }
}

impl SimCluster {
    /// The state to compare with later.
    pub fn state(&self) -> State {
        self.with(|world| {
            let essence = |(key, stored): (&Key, &super::world::Stored)| {
                let name = match key.namespace.as_str() {
                    "" => format!("{}/{}", stored.kind.name, key.name),
                    namespace => format!("{namespace}/{}/{}", stored.kind.name, key.name),
                };
                let object = &stored.object;
                let essence = Essence {
                    uid: stored.meta("uid").to_owned(),
                    spec: object.get("spec").cloned().unwrap_or_default(),
                    labels: texts(object, "labels"),
                    annotations: texts(object, "annotations"),
                };
                (name, essence)
            };
            State(world.objects.iter().map(essence).collect())
        })
    }

    /// Every object, as a client sees it.
    pub fn objects(&self) -> Vec<Value> {
        self.with(|world| {
            world
                .objects
                .values()
                .map(super::world::Stored::shown)
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::clock::SystemClock;
    use crate::sim::cluster::{Reply, Workload};

    fn town(seed: u64) -> Result<SimCluster, Reply> {
        let sim = SimCluster::new(Arc::new(SystemClock), seed);
        sim.namespace("orders", &[("team", "orders")])?;
        let db = Workload::new("orders", "db")
            .replicas(2)
            .port("sql", 5432, "TCP");
        sim.deploy(&db)?;
        sim.service_for(&db, 5432, &json!("sql"))?;
        sim.policy("orders", "deny", &json!({"podSelector": {}}))?;
        Ok(sim)
    }

    #[test]
    fn the_same_seed_gives_the_same_cluster() {
        assert_eq!(town(7).unwrap().state(), town(7).unwrap().state());
        assert_ne!(town(7).unwrap().state(), town(8).unwrap().state());
    }

    #[test]
    fn a_cluster_is_as_before_only_when_every_object_is() {
        let sim = town(7).unwrap();
        let before = sim.state();
        assert!(before.changes_to(&sim.state()).is_empty());

        let extra = json!({"podSelector": {}, "egress": [{}]});
        sim.policy("orders", "extra", &extra).unwrap();
        sim.policy(
            "orders",
            "deny",
            &json!({"podSelector": {}, "ingress": [{}]}),
        )
        .unwrap();
        sim.remove("Service", "orders", "db");
        assert_eq!(
            before.changes_to(&sim.state()),
            [
                "~ orders/NetworkPolicy/deny: spec",
                "- orders/Service/db",
                "+ orders/NetworkPolicy/extra"
            ]
        );

        // The same contents under another uid are another object.
        sim.remove("NetworkPolicy", "orders", "extra");
        sim.policy("orders", "deny", &json!({"podSelector": {}}))
            .unwrap();
        sim.service_for(
            &Workload::new("orders", "db").port("sql", 5432, "TCP"),
            5432,
            &json!("sql"),
        )
        .unwrap();
        assert_eq!(
            before.changes_to(&sim.state()),
            ["~ orders/Service/db: uid"]
        );
    }

    #[test]
    fn scaling_keeps_the_pods_that_stay() {
        let sim = town(7).unwrap();
        let pods = |state: &State| state.0.keys().filter(|k| k.contains("/Pod/")).count();
        let before = sim.state();
        sim.deploy(
            &Workload::new("orders", "db")
                .replicas(5)
                .port("sql", 5432, "TCP"),
        )
        .unwrap();
        assert_eq!(pods(&sim.state()), 5);
        sim.deploy(
            &Workload::new("orders", "db")
                .replicas(2)
                .port("sql", 5432, "TCP"),
        )
        .unwrap();
        assert!(before.changes_to(&sim.state()).is_empty());
        sim.remove("Namespace", "", "orders");
        assert_eq!(sim.state(), State::default());
    }
}
