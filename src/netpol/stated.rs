//! Gates whose objects a template states: nothing is planned, and what they give is not computed. What can be
//! told all the same is told: whose they are, which pods they are for, and that none cuts anything.
//!
//! INVARIANT (nothing breaks): a NetworkPolicy that would be the first to isolate a pod is refused, as the
//! planner would refuse it.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::build::NoGate;
use super::effect::{Effect, Outlook, StatedObject, Warning};
use super::flow::{Flow, Side, SideRef};
use super::lineup::meant;
use super::lone::isolated_alone;
use super::selector::Selector;
use super::snapshot::{PodRef, Snapshot};
use crate::objects::{Essence, Manifest, Selected};

/// The flow and the effect of a template's own objects, where `sides` are the workloads that were put into
/// them. Approval binds to the objects by digest.
///
/// # Errors
/// [`NoGate`]: they are in no namespace that is known, or one of them would isolate pods.
pub fn state(
    snapshot: &Snapshot,
    objects: &[Manifest],
    sides: &[Side],
) -> Result<(Flow, Effect), NoGate> {
    let namespace = objects.first().map(Manifest::namespace);
    let namespace = namespace.unwrap_or_default().to_owned();
    if snapshot.space(&namespace).is_none() {
        return Err(NoGate::NoNamespace { namespace });
    }
    let alone = objects.iter().filter_map(Manifest::as_policy);
    let alone: BTreeSet<String> = alone
        .flat_map(|policy| isolated_alone(snapshot, &policy))
        .collect();
    if !alone.is_empty() {
        let pods = alone.into_iter().collect();
        return Err(NoGate::Isolates { pods });
    }
    let mut from_pods = BTreeSet::new();
    let mut warnings = BTreeSet::new();
    let mut told = Vec::new();
    for object in objects {
        let subject = subject(snapshot, object, sides);
        if let Some(subject) = &subject {
            from_pods.extend(subject.pods.iter().map(|pod| pod.name.to_owned()));
            warnings.extend(subject.warnings(snapshot));
        }
        let selected = subject.as_ref().map(Subject::selected);
        told.push((object, object.says(selected.as_ref())));
    }
    let kinds: BTreeSet<&str> = objects.iter().map(|object| object.kind().name()).collect();
    let kinds = kinds.into_iter().map(str::to_owned).collect();
    warnings.insert(Warning::NotComputed { kinds });
    let effect = Effect {
        from_pods: from_pods.len(),
        to_pods: 0,
        opens: Vec::new(),
        warnings: warnings.into_iter().collect(),
        outlook: Outlook::Unknown,
        stated: told
            .iter()
            .map(|(object, says)| shown(object, says))
            .collect(),
    };
    let first = told.into_iter().next().map(|(_, says)| says);
    Ok((flow(namespace, first.unwrap_or_default()), effect))
}

/// The first object's, because a path has two ends; cards list all.
fn flow(namespace: String, says: Essence) -> Flow {
    let side = |label: String, namespace: Option<String>| Side {
        label,
        at: SideRef::Stated { namespace },
        by_labels: false,
    };
    Flow {
        from: side(says.who, None),
        to: side(says.what, Some(namespace)),
        ports: Vec::new(),
    }
}

fn shown(object: &Manifest, essence: &Essence) -> StatedObject {
    StatedObject {
        kind: object.kind().name().to_owned(),
        namespace: object.namespace().to_owned(),
        name: essence.name.clone(),
        says: essence.says.clone(),
        people: essence.people.clone(),
        digest: object.digest(),
        whole: object.canonical(),
    }
}

/// The pods that an object is for.
struct Subject<'a> {
    label: String,
    /// The input it came from, where it came from one.
    side: Option<&'a Side>,
    pods: Vec<PodRef<'a>>,
}

fn subject<'a>(
    snapshot: &'a Snapshot,
    object: &Manifest,
    sides: &'a [Side],
) -> Option<Subject<'a>> {
    let written = object.subject()?;
    let selector: LabelSelector = serde_json::from_value(written).ok()?;
    let selector = Selector::from(&selector);
    let is_it = |side: &&Side| match &side.at {
        SideRef::Pods {
            namespace,
            selector: own,
            ..
        } => namespace == object.namespace() && Selector::from(own) == selector,
        SideRef::Addresses(_) | SideRef::Stated { .. } => false,
    };
    let side = sides.iter().find(is_it);
    let label = side.map_or_else(|| object.subject_label(), |side| side.label.clone());
    Some(Subject {
        label,
        side,
        pods: snapshot.selected(object.namespace(), &selector),
    })
}

impl Subject<'_> {
    fn selected(&self) -> Selected {
        Selected {
            label: self.label.clone(),
            pods: self.pods.len(),
        }
    }

    /// What its selector means besides what was asked for.
    fn warnings(&self, snapshot: &Snapshot) -> Vec<Warning> {
        let Some(side) = self.side else {
            return Vec::new();
        };
        let meant = meant(snapshot, side);
        let others = self.pods.iter();
        let others = others.filter(|pod| !meant.iter().any(|one| one.is(pod)));
        let others: BTreeSet<String> = others.map(|pod| pod.workload().to_string()).collect();
        let mut warnings = Vec::new();
        if !others.is_empty() {
            let workloads = others.into_iter().collect();
            warnings.push(Warning::AlsoMatches { workloads });
        }
        if side.by_labels {
            let side = side.label.clone();
            warnings.push(Warning::Grows { side });
        }
        warnings
    }
}
