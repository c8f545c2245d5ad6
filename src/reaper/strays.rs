//! Objects that no document wants (any more): a write that reached the API server after its request had
//! ended, a worker that woke up too late. Compared as soon as the watch shows them.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use super::records::Why;
use super::{Reaper, by_marks};
use crate::app::recall;
use crate::cluster::{SeenObject, Withdrawn, settled};
use crate::request::{Request, State};
use crate::units::Seconds;

impl Reaper {
    /// Compares each object of ours with its document when it is first seen, until told to stop. What
    /// could not be compared is compared again with the next change, and by the sweep.
    pub async fn follow_strays(self, stop: CancellationToken) {
        let mut changes = self.cluster.changes();
        let mut known: BTreeSet<String> = BTreeSet::new();
        loop {
            let objects = self.cluster.managed_now();
            known.retain(|uid| objects.iter().any(|object| object.uid() == uid));
            for object in &objects {
                if known.contains(object.uid()) {
                    continue;
                }
                match self.compare(object).await {
                    Ok(()) => {
                        known.insert(object.uid().to_owned());
                    }
                    Err(error) => {
                        let error = crate::app::causes_of(&error);
                        tracing::warn!(object = %object.at, error, "not compared");
                    }
                }
            }
            let changed = tokio::select! {
                biased;
                () = stop.cancelled() => false,
                changed = settled(&mut changes) => changed,
            };
            if !changed {
                return;
            }
        }
    }

    /// An object whose request is over, or never wanted it, goes at once; an unknown one waits for
    /// its own expiry, because a lost store must not cut a live incident's access.
    pub(super) async fn compare(&self, object: &SeenObject) -> Result<()> {
        let Some(id) = object.request() else {
            return Ok(());
        };
        // Read after the object was seen: an attempt is committed before it is applied.
        let Some(page) = self.parts.book.load(&id).await? else {
            tracing::warn!(object = %object.at, "the store does not know this object's request");
            return Ok(());
        };
        if wants(&page.request, object) {
            return Ok(());
        }
        tracing::warn!(object = %object.at, state = page.request.state.word(), "stray object");
        let withdrawn = self.cluster.withdraw(&by_marks(object)).await;
        if withdrawn.context("withdrawing a stray object")? == Withdrawn::Closed {
            self.deleted(object, Why::Stray(page.request.state.word()));
        }
        if is_beyond(&page.request, object) {
            recall::beyond(&self.parts, page).await?;
        }
        Ok(())
    }
}

/// How long after a request was set right no object tells of another loss.
const TOLD_FOR: Seconds = Seconds(600);

/// Whether the object can only be there because the store forgot that its request was approved: it waits, and
/// was not set right since the object was made. Marks prove nothing, so nothing but the telling follows from
/// them.
fn is_beyond(request: &Request, object: &SeenObject) -> bool {
    let named = object
        .at
        .name
        .starts_with(&format!("drawbridge-{}-", request.id));
    // One that is older is what it was set right after. The time of its creation is the API server's, and whoever may
    // create policies could otherwise make every approval stale for as long as the request waits.
    let told = request
        .back
        .is_some_and(|back| TOLD_FOR.after(back.at) >= object.created);
    named && !told && matches!(request.state, State::Pending { .. })
}

/// Whether the document wants this object in the cluster now.
fn wants(request: &Request, object: &SeenObject) -> bool {
    let listed = request.gate.iter().any(|mine| {
        mine.name == object.at.name && mine.uid.as_deref().is_none_or(|uid| uid == object.uid())
    });
    listed && request.state.may_have_objects()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cluster::ObjectRef;
    use crate::request::Back;
    use crate::request::fixtures::{at, dana_asks};

    fn object(request: &Request, seconds: u64) -> SeenObject {
        SeenObject {
            at: ObjectRef {
                api_version: "networking.k8s.io/v1".to_owned(),
                kind: "NetworkPolicy".to_owned(),
                plural: None,
                namespace: "shop".to_owned(),
                name: format!("drawbridge-{}-1-x", request.id),
                uid: Some("u".to_owned()),
            },
            resource_version: "1".to_owned(),
            created: at(seconds),
            deleting: false,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            manifest: serde_json::Value::Null,
        }
    }

    #[test]
    fn an_object_tells_of_each_loss_that_is_well_after_the_last_one() {
        let mut waits = dana_asks().request();
        assert!(is_beyond(&waits, &object(&waits, 50)));
        let open = waits.opened();
        assert!(!is_beyond(&open, &object(&open, 50)));
        waits.back = Some(Back {
            at: at(60),
            upto: 9,
        });
        assert!(!is_beyond(&waits, &object(&waits, 50)));
        assert!(!is_beyond(&waits, &object(&waits, 60 + TOLD_FOR.0)));
        assert!(is_beyond(&waits, &object(&waits, 61 + TOLD_FOR.0)));
    }
}
