//! Live gates, judged again whenever the cluster changes: one that has become the only policy isolating
//! a pod cuts that pod's other traffic, so it is withdrawn at once and people are told why.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use tokio_util::sync::CancellationToken;

use super::Reaper;
use crate::cluster::{SeenObject, settled};
use crate::id::RequestId;
use crate::netpol::isolated_alone;
use crate::request::{Command, Facts, Request, decide};
use crate::rules::Roll;

/// Pods named in the reason; more are counted.
const NAMED: usize = 3;

impl Reaper {
    /// Judges live gates again after every change, until told to stop.
    pub async fn guard(self, stop: CancellationToken) {
        let mut changes = self.cluster.changes();
        loop {
            if let Err(error) = self.guard_once().await {
                let error = crate::app::chain_of(&error);
                tracing::warn!(
                    cluster = self.cluster.name(),
                    error,
                    "gates not judged again"
                );
            }
            let changed = tokio::select! {
                changed = settled(&mut changes) => changed,
                () = stop.cancelled() => false,
            };
            if !changed {
                return;
            }
        }
    }

    /// Withdraws every gate that isolates a pod alone.
    ///
    /// # Errors
    /// The store did not take it; the objects are judged again with the next change or sweep.
    pub(super) async fn guard_once(&self) -> Result<()> {
        // Without a whole picture nothing can be said; the picture's age is readiness's matter.
        let Ok(snapshot) = self.cluster.snapshot() else {
            return Ok(());
        };
        let mut harmful: BTreeMap<RequestId, Vec<String>> = BTreeMap::new();
        for object in self.cluster.managed_now() {
            let (Some(id), Some(policy)) = (object.request(), policy_of(&object)) else {
                continue;
            };
            let pods = isolated_alone(&snapshot, &policy);
            if !pods.is_empty() {
                harmful.entry(id).or_default().extend(pods);
            }
        }
        for (id, pods) in harmful {
            self.withdraw_request(&id, &pods)
                .await
                .context("withdrawing a gate")?;
        }
        Ok(())
    }

    async fn withdraw_request(&self, id: &RequestId, pods: &[String]) -> Result<()> {
        let reason = reason(pods);
        let roll = Roll::default();
        let facts = Facts {
            now: self.parts.clock.now(),
            roll: &roll,
            verdict: None,
        };
        let command = Command::Withdraw { reason };
        let change = |request: &Request| decide(request, command.clone(), &facts);
        // Refused: not open (any more), and whatever is being opened is judged again when it is.
        self.parts.book.change(id, None, change).await?;
        Ok(())
    }
}

fn policy_of(object: &SeenObject) -> Option<NetworkPolicy> {
    serde_json::from_value(object.manifest.clone()).ok()
}

fn reason(pods: &[String]) -> String {
    let named: Vec<String> = pods
        .iter()
        .take(NAMED)
        .map(|pod| format!("`{pod}`"))
        .collect();
    let more = pods.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!(
        "no other policy isolates {}{more} any more, so this path alone would cut their other traffic",
        named.join(", ")
    )
}
