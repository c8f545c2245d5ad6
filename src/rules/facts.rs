//! What is asked, as rules see it: the facts that [`judge`](super::judge::judge) decides by.
//!
//! The shell fills these in from the resolved flow and the planned gate. Everything here may hold a
//! requester's words except namespaces and their labels, so only those may name an approver.

use std::collections::{BTreeMap, BTreeSet};

use super::people::UserId;
use crate::netpol::flow::{PortRange, Side, SideRef};
use crate::units::{Seconds, Time};

/// One ask, resolved against the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AskFacts {
    /// Name of the template.
    pub template: String,
    /// Name of the cluster.
    pub cluster: String,
    /// The source.
    pub from: End,
    /// The target.
    pub to: End,
    /// Ports on the target's pods.
    pub ports: Vec<PortRange>,
    /// How long the path is to stay open.
    pub duration: Seconds,
    /// Why; as typed.
    pub reason: Option<String>,
    /// When it was asked: what depends on the time of day is judged by it, also later.
    pub at: Time,
    /// How many pods can newly be reached, by the planned gate's effect.
    pub opens_pods: usize,
    /// How many pods can newly connect, by the same.
    pub opens_from_pods: usize,
    /// How many pairs of workloads open, by the same.
    pub opens_pairs: usize,
    /// How many warnings its preview carries.
    pub opens_warnings: usize,
    /// Objects that the template states. Where there are some, what opens is not known, and counts as more
    /// than any rule would allow.
    pub stated: Vec<StatedFact>,
    /// The inputs by name, as given or by their defaults.
    pub inputs: BTreeMap<String, String>,
    /// How many of the requester's requests are unfinished, this one not counted.
    pub open_requests: usize,
    /// How many requests they made in the minute before [`AskFacts::at`].
    pub recent_asks: usize,
    /// Their automatic approvals of the last 48 h, this one not counted.
    pub automatic: Vec<AutoUse>,
    /// Whether there are more requests than could be looked at: what is limited by number is refused then.
    pub uncounted: bool,
    /// What it extends, if it does.
    pub extends: Option<Extending>,
    /// Id of the incident it belongs to, if it does.
    pub incident: Option<String>,
    /// Who wants it opened at once, in an emergency; `None`: an ordinary ask.
    pub emergency: Option<UserId>,
    /// Slack cannot be asked who is who: whether people could approve is not known.
    pub slack_away: bool,
}

/// An object that a template states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedFact {
    /// `RoleBinding`.
    pub kind: String,
    /// The ClusterRole of a RoleBinding, the first host, block or peer of a policy.
    pub name: String,
    /// Names of people whom it gives a role, as the cluster knows them.
    pub people: BTreeSet<String>,
}

impl AskFacts {
    /// Whether it is known what opens.
    pub const fn is_known(&self) -> bool {
        self.stated.is_empty()
    }

    /// Names of people who are given a role.
    pub fn given(&self) -> BTreeSet<String> {
        let people = self.stated.iter().flat_map(|object| &object.people);
        people.cloned().collect()
    }
}

/// One automatic approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoUse {
    /// The rule that approved.
    pub rule: String,
    /// When.
    pub at: Time,
}

/// What an extension extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extending {
    /// From the first opening to the end as it stands: it counts towards the longest grant.
    pub so_far: Seconds,
    /// How many extensions of it were approved automatically before.
    pub automatic: usize,
    /// Whether it was opened as an emergency.
    pub emergency: bool,
    /// Whether the extension opens no more than it did.
    pub within: bool,
}

/// One end of the flow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct End {
    /// Kubernetes namespace; `None` for addresses.
    pub namespace: Option<String>,
    /// Name of the workload, or the labels or the address as asked.
    pub name: String,
    /// `Deployment`, `Pod`, …; `Pods` where it is no single workload, `Address` outside the cluster.
    pub kind: String,
    /// Labels of the namespace.
    pub namespace_labels: BTreeMap<String, String>,
}

impl End {
    /// The end that a resolved side of a flow is, in a namespace with these labels.
    pub fn of(side: &Side, namespace_labels: BTreeMap<String, String>) -> Self {
        match &side.at {
            SideRef::Addresses(block) => Self {
                name: block.to_string(),
                kind: "Address".to_owned(),
                ..Self::default()
            },
            SideRef::Stated { namespace: None } => Self::default(),
            SideRef::Stated {
                namespace: Some(namespace),
            } => Self {
                namespace: Some(namespace.clone()),
                name: namespace.clone(),
                kind: "Namespace".to_owned(),
                namespace_labels,
            },
            SideRef::Pods {
                namespace,
                workloads,
                ..
            } => {
                let (kind, name) = single_workload(workloads).unwrap_or(("Pods", &side.label));
                Self {
                    namespace: Some(namespace.clone()),
                    name: name.to_owned(),
                    kind: kind.to_owned(),
                    namespace_labels,
                }
            }
        }
    }

    /// `shop/web`, or the address.
    pub fn label(&self) -> String {
        match &self.namespace {
            Some(namespace) if !matches!(self.kind.as_str(), "Pods" | "Namespace") => {
                format!("{namespace}/{}", self.name)
            }
            _ => self.name.clone(),
        }
    }
}

/// Kind and name of `ns/Kind/name`, when there is exactly one.
fn single_workload(workloads: &[String]) -> Option<(&str, &str)> {
    let [only] = workloads else {
        return None;
    };
    only.split_once('/')
        .and_then(|(_, rest)| rest.split_once('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods(label: &str, workloads: &[&str]) -> Side {
        Side {
            label: label.into(),
            at: SideRef::Pods {
                namespace: "shop".into(),
                selector: Default::default(),
                pods: vec!["web-1".into()],
                workloads: workloads.iter().map(|w| (*w).to_owned()).collect(),
            },
            by_labels: false,
        }
    }

    #[test]
    fn a_single_workload_is_named_and_several_are_pods() {
        let one = End::of(&pods("shop/web", &["shop/Deployment/web"]), BTreeMap::new());
        assert_eq!(
            (one.kind.as_str(), one.name.as_str()),
            ("Deployment", "web")
        );
        assert_eq!(one.label(), "shop/web");
        let two = ["shop/Deployment/web", "shop/Deployment/api"];
        let many = End::of(&pods("shop/tier=front", &two), BTreeMap::new());
        assert_eq!(many.kind, "Pods");
        assert_eq!(many.label(), "shop/tier=front");
    }

    #[test]
    fn an_address_has_no_namespace() {
        let side = Side {
            label: "203.0.113.7".into(),
            at: SideRef::Addresses("203.0.113.7/32".parse().unwrap()),
            by_labels: false,
        };
        let end = End::of(&side, BTreeMap::from([("team".into(), "x".into())]));
        assert_eq!((end.namespace, end.kind.as_str()), (None, "Address"));
        assert!(end.namespace_labels.is_empty());
    }
}
