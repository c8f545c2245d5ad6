//! Looks for the kinds of objects that templates in force state.

use std::collections::BTreeSet;

use super::kubernetes::{answer, answered, namespaces};
use crate::cluster::needs::Reach;
use crate::cluster::{Asked, Cluster, ClusterError, OPTIONAL_NEEDS, Sees};
use crate::doctor::kubernetes::kinds::{Stated, There};
use crate::netpol::Snapshot;
use crate::objects::Kind;

/// Each kind that is used and is not everywhere, as it stands in a cluster.
pub(super) async fn observe(
    cluster: &Cluster,
    snapshot: &Snapshot,
    used: &BTreeSet<Kind>,
) -> Vec<Stated> {
    let mut all = Vec::new();
    for kind in used {
        let Some(component) = kind.component() else {
            continue;
        };
        all.push(Stated {
            kind: kind.name(),
            component,
            there: answer(cluster.look_for(*kind).await).map(|sees| match sees {
                Sees::Yes | Sees::NotYet => There::Yes,
                Sees::Absent => There::Absent,
                Sees::Forbidden => There::Forbidden,
            }),
            opted: answer(opted(cluster, snapshot, *kind).await),
        });
    }
    all
}

/// Namespaces where every verb of the kind's grant role is ours. Of `bind` nothing can be asked: it is held for
/// names only, and a rehearsal tells.
async fn opted(
    cluster: &Cluster,
    snapshot: &Snapshot,
    kind: Kind,
) -> Result<Vec<String>, ClusterError> {
    let rows = OPTIONAL_NEEDS.iter().filter(|(of, _)| *of == kind);
    let rows = rows.flat_map(|(_, needs)| needs.iter());
    let grants: Vec<_> = rows
        .filter(|need| need.reach == Reach::Namespace && need.names.is_empty())
        .collect();
    let mut asked = Vec::new();
    for namespace in namespaces(snapshot) {
        for need in &grants {
            for verb in need.verbs {
                asked.push(Asked::new(verb, need.group, need.resource, Some(namespace)));
            }
        }
    }
    let lacking = answered(cluster, asked, false).await?;
    let lacks = |namespace: &&str| {
        let mut lacking = lacking.iter();
        lacking.any(|asked| asked.namespace.as_deref() == Some(namespace))
    };
    let opted = namespaces(snapshot).filter(|namespace| !lacks(namespace));
    Ok(opted.map(str::to_owned).collect())
}
