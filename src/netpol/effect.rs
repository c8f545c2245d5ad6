//! What a gate would change, as shown to approvers. Approval binds to it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::portset::PortSet;
pub use crate::objects::Said;

/// The difference a gate makes. It is computed when asked, shown on the card, and computed again at
/// apply: should more open then, the request fails and offers to ask again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Effect {
    /// Pods on the source side now; 0 for addresses.
    pub from_pods: usize,
    /// Pods on the target side now; 0 for addresses.
    pub to_pods: usize,
    /// What opens, one entry per pair of workloads, the asked flow and DNS included.
    pub opens: Vec<Opened>,
    /// Things an approver must know before pressing Approve.
    pub warnings: Vec<Warning>,
    /// Whether the flow is expected to be open then.
    #[serde(default)]
    pub outlook: Outlook,
    /// Objects that are applied as a template states them: what they give is not computed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stated: Vec<StatedObject>,
}

/// An object that is applied as a template states it, as shown to approvers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StatedObject {
    /// `RoleBinding`.
    pub kind: String,
    /// The namespace it is applied in.
    pub namespace: String,
    /// What rules know it by: the ClusterRole of a RoleBinding, the first host, block or peer of a policy.
    pub name: String,
    /// What it says, in parts that read as one sentence with a blank between two.
    pub says: Vec<Said>,
    /// Names of people whom it gives a role, as the cluster knows them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub people: BTreeSet<String>,
    /// Of what is applied, as [`Manifest::digest`](crate::objects::Manifest::digest) makes it.
    pub digest: String,
    /// What is applied, whole: the text that `digest` is of.
    #[serde(default)]
    pub whole: String,
}

/// What is to be expected of a gate; never a certainty, because policies are put into force by a network
/// plug-in that nobody can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outlook {
    /// By everything that was read, the flow will be open.
    #[default]
    Expected,
    /// Something that was read denies it: see [`Warning::Denied`].
    Doubtful,
    /// Something could not be read or judged: see [`Warning::Unknown`].
    Unknown,
}

impl Outlook {
    /// As `plan -o json` says it (DESIGN §4).
    pub const fn word(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::Doubtful => "doubtful",
            Self::Unknown => "unknown",
        }
    }
}

/// A pair of workloads (or addresses) between which ports open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Opened {
    /// `ns/Kind/name`, or an address block.
    pub from: String,
    /// `ns/Kind/name`, or an address block.
    pub to: String,
    /// `TCP 5432`, `UDP 53`, `TCP 8000-8010`, sorted.
    pub ports: Vec<String>,
}

/// Something about a gate that is not wrong but must be seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Warning {
    /// The selector also matches other workloads, which the gate opens too.
    AlsoMatches {
        /// `ns/Kind/name` of each.
        workloads: Vec<String>,
    },
    /// A wide address block.
    WideBlock {
        /// The block as asked.
        block: String,
    },
    /// Rules that beat the gate: the flow is expected to stay closed.
    Denied {
        /// Each with its policy.
        by: Vec<String>,
    },
    /// What could not be read or judged.
    Unknown {
        /// Each of them, and why.
        what: Vec<String>,
    },
    /// Pods that are not seen may have these addresses: not all namespaces are read.
    NotAllRead {
        /// The block as asked.
        block: String,
    },
    /// A side means very many pods.
    WideSelection {
        /// The side's label.
        side: String,
        /// How many now.
        pods: usize,
    },
    /// A side was named by labels: pods that get them later join it.
    Grows {
        /// The side's label.
        side: String,
    },
    /// Whether addresses are seen as asked depends on the way in (load balancer, node).
    AddressMayBeRewritten,
    /// What objects give that are applied as a template states them is not computed.
    NotComputed {
        /// Their kinds, each once.
        kinds: Vec<String>,
    },
}

impl Opened {
    /// Its ports as a set; what is no port (a document edited by hand) is none.
    pub fn set(&self) -> PortSet {
        self.ports
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect::<PortSet>()
    }
}

impl Effect {
    /// Whether this effect opens nothing that `approved` did not show: the same or fewer pairs of
    /// workloads, each with the same or fewer ports. Numbers of pods may change (scaling). Of stated objects
    /// only those that were shown, digest by digest: what they give is not computed, so nothing is less.
    pub fn within(&self, approved: &Self) -> bool {
        let allowed: BTreeSet<(&str, &str, &str)> = approved.ports_opened().collect();
        let shown: BTreeSet<&str> = approved.digests().collect();
        self.ports_opened().all(|one| allowed.contains(&one))
            && self.digests().all(|digest| shown.contains(digest))
    }

    fn digests(&self) -> impl Iterator<Item = &str> {
        self.stated.iter().map(|object| object.digest.as_str())
    }

    fn ports_opened(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.opens.iter().flat_map(|o| {
            o.ports
                .iter()
                .map(move |p| (o.from.as_str(), o.to.as_str(), p.as_str()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(pairs: &[(&str, &str)]) -> Effect {
        let opens = pairs
            .iter()
            .map(|(to, port)| Opened {
                from: "shop/Deployment/web".into(),
                to: (*to).into(),
                ports: vec![(*port).into()],
            })
            .collect();
        Effect {
            opens,
            ..Effect::default()
        }
    }

    #[test]
    fn approval_covers_less_but_never_more() {
        let approved = opens(&[("orders/Pod/db", "TCP 5432"), ("orders/Pod/dns", "UDP 53")]);
        assert!(opens(&[("orders/Pod/db", "TCP 5432")]).within(&approved));
        assert!(!opens(&[("orders/Pod/db", "TCP 5433")]).within(&approved));
        assert!(!opens(&[("vault/Pod/api", "TCP 5432")]).within(&approved));
    }

    fn states(digests: &[&str]) -> Effect {
        let stated = digests.iter().map(|digest| StatedObject {
            kind: "RoleBinding".into(),
            namespace: "orders".into(),
            name: "view".into(),
            says: vec![
                Said::Words("ClusterRole".into()),
                Said::Typed("view".into()),
            ],
            people: BTreeSet::new(),
            digest: (*digest).into(),
            whole: String::new(),
        });
        Effect {
            stated: stated.collect(),
            ..Effect::default()
        }
    }

    #[test]
    fn an_approval_of_stated_objects_covers_exactly_those() {
        let approved = states(&["a", "b"]);
        assert!(states(&["a", "b"]).within(&approved));
        assert!(states(&["a"]).within(&approved));
        assert!(!states(&["a", "c"]).within(&approved));
        assert!(!states(&["a"]).within(&states(&[])));
        assert!(!states(&["a"]).within(&opens(&[("orders/Pod/db", "TCP 5432")])));
        assert!(!opens(&[("orders/Pod/db", "TCP 5432")]).within(&approved));
    }

    #[test]
    fn an_effect_of_before_reads_and_writes_back_equal() {
        let before = serde_json::json!({
            "from_pods": 2, "to_pods": 1, "opens": [], "warnings": [], "outlook": "expected",
        });
        let read: Effect = serde_json::from_value(before.clone()).unwrap();
        assert!(read.stated.is_empty());
        assert_eq!(serde_json::to_value(read).unwrap(), before);
    }
}
