//! An ask is shown to the API server before anybody is asked: what its admission policies would refuse at the
//! opening is refused at once, in their words.
//!
//! # Guarantees
//! Nothing is written. An API server that is away or slow refuses nobody and holds an ask up for [`WITHIN`] at
//! most: the opening asks it again. It is shown one gate at a time, and none while many ask: whoever asks meanwhile is not
//! rehearsed.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::prepare::Prepared;
use super::{Parts, planned};
use crate::cluster::{Cluster, ClusterError};
use crate::id::{RequestId, Shard};
use crate::netpol::{Marks, marks};
use crate::request::Asked;
use crate::request::create::Sentence;

/// How long the API server may take over all objects together: a third of what the first answer to a
/// person may take, with Slack and the store still to be asked. A healthy one answers in milliseconds.
const WITHIN: Duration = Duration::from_secs(1);

/// Who agreed, before anybody was asked.
const NOBODY_YET: &str = "nobody yet";

/// Most characters of a policy's words that are kept.
const LONGEST: usize = 400;

/// The same ask, refused where the API server would not take its gate.
pub(super) async fn rehearsed(parts: &Parts, key: &str, (asked, judged): Prepared) -> Prepared {
    let judged = match judged {
        Ok(way) => refusal(parts, key, &asked).await.map_or(Ok(way), Err),
        refused => refused,
    };
    (asked, judged)
}

async fn refusal(parts: &Parts, key: &str, asked: &Asked) -> Option<Sentence> {
    let cluster = parts.clusters.get(&asked.cluster)?;
    let place = cluster.rehearsal().filter(|_| !parts.asking.are_many());
    let Some(_place) = place else {
        tracing::info!(cluster = %asked.cluster, "not rehearsed: others ask");
        return None;
    };
    let manifests = manifests(parts, key, asked)?;
    let refused = first_refusal(cluster, &manifests);
    let Ok(refused) = tokio::time::timeout(WITHIN, refused).await else {
        tracing::warn!(cluster = %asked.cluster, "not rehearsed: no answer in time");
        return None;
    };
    let (error, sentence) = refused?;
    tracing::info!(cluster = %asked.cluster, %error, "the cluster would refuse this gate");
    Some(sentence)
}

/// The objects as they would be applied now, under a name that no request has; `None` where there is nothing
/// to open any more, which the opening tells.
fn manifests(parts: &Parts, key: &str, asked: &Asked) -> Option<Vec<Value>> {
    let snapshot = parts.snapshot(&asked.cluster).ok()?;
    let planned = planned::plan_asked(&parts.rules.load(), &snapshot, asked).ok()?;
    let gate = planned.built.ok()?;
    // Not drawn: what is only rehearsed must not change what a simulation draws next.
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let [a, b, c, d, e, rest @ ..] = digest;
    let id = RequestId::from_draw([a, b, c, d, e], Shard::of_key(key));
    let suffix: String = rest
        .iter()
        .take(5)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let (from, to) = asked.path();
    let marks = Marks {
        request: id.clone(),
        expires_at: asked.longest().after(parts.clock.now()),
        requested_by: asked.by.to_string(),
        approved_by: NOBODY_YET.to_owned(),
        reason: asked.reason.clone().unwrap_or_default(),
        flow: format!("{from} -> {to}"),
        card: None,
    };
    let objects = gate.objects.iter().enumerate();
    let dressed = objects.map(|(index, object)| {
        let name = marks::object_name(&id, index + 1, &suffix);
        marks::dress(object, &name, &marks)
    });
    Some(dressed.collect())
}

/// Side by side; the first that is refused is enough.
async fn first_refusal(cluster: &Cluster, manifests: &[Value]) -> Option<(ClusterError, Sentence)> {
    let mut answers: FuturesUnordered<_> =
        manifests.iter().map(|it| cluster.rehearse(it)).collect();
    while let Some(answer) = answers.next().await {
        let Err(error) = answer else { continue };
        match sentence(&error) {
            Some(sentence) => return Some((error, sentence)),
            None => tracing::warn!(%error, "not rehearsed"),
        }
    }
    None
}

/// What the asker reads; `None` for what says nothing about the gate.
fn sentence(error: &ClusterError) -> Option<Sentence> {
    let (message, hint) = match error {
        ClusterError::Denied(said) => (
            format!("the cluster refuses such a gate: {}", words(said)),
            "ask for what its policies allow, or ask those who run the cluster",
        ),
        ClusterError::Invalid(said) => (
            format!("the cluster finds such a gate invalid: {}", words(said)),
            "tell those who run Drawbridge",
        ),
        ClusterError::Forbidden { .. } => (
            error.for_people(),
            "ask those who run the cluster to let Drawbridge in there",
        ),
        _ => return None,
    };
    let hint = Some(hint.to_owned());
    Some(Sentence { message, hint })
}

/// What the API server puts before a policy's own words.
const PREAMBLES: [&str; 4] = [
    " denied request: ",
    " denied the request: ",
    " is forbidden: ",
    " is invalid: ",
];

/// A policy's own words, without the name of an object that there will never be. They are somebody else's, so
/// nothing in them is shown in monospace as ours are.
fn words(said: &str) -> String {
    let own = PREAMBLES.iter().find_map(|before| said.split_once(before));
    let own = own.map_or(said, |(_, own)| own).replace('`', "'");
    own.trim()
        .trim_end_matches('.')
        .chars()
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::Instant;

    use super::*;
    use crate::sim::cluster::{Fault, On, Verb};
    use crate::sim::town::{Plan, Town};
    use crate::store::memory::MemoryStore;

    #[tokio::test(start_paused = true)]
    async fn one_more_than_an_api_server_is_shown_at_once_does_not_wait() {
        let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
        let town = Town::found(&Plan::of_stories(1, store)).await.unwrap();
        let line = "/access shop/web to orders/db:5432 for 30m because INC-42";
        town.slack.command("dana", "#payments", line).unwrap();
        town.settle().await.unwrap();
        let (parts, id) = (town.parts().unwrap(), town.shelf.created().pop().unwrap());
        let asked = parts.book.load(&id).await.unwrap().unwrap().request.asked;
        town.api.fail_next(100, On::Verb(Verb::Apply), Fault::Hang);
        let begun = Instant::now();
        let rehearsals = (0..2).map(|n| {
            let (parts, asked) = (Arc::clone(&parts), asked.clone());
            async move {
                let refused = refusal(&parts, &format!("k{n}"), &asked).await;
                (refused.is_some(), begun.elapsed().as_secs())
            }
        });
        let done = futures::future::join_all(rehearsals).await;
        assert_eq!(done, [(false, 1), (false, 0)]);
        // Whoever gave up has left the place.
        let cluster = parts.clusters.get(&asked.cluster).unwrap();
        assert!(cluster.rehearsal().is_some());
        town.close().await;
    }

    fn read(error: &ClusterError) -> Option<String> {
        sentence(error).map(|sentence| sentence.message)
    }

    #[test]
    fn a_refusal_is_told_in_the_policys_own_words() {
        let cases = [
            (
                "networkpolicies.networking.k8s.io \"drawbridge-k7m3xa-1-ab\" is forbidden: \
                 ValidatingAdmissionPolicy 'drawbridge-gate' with binding 'drawbridge-gate' denied request: no \
                 gates in the protected namespace kube-system",
                "no gates in the protected namespace kube-system",
            ),
            (
                "admission webhook \"x\" denied the request: use `TICKET`.",
                "use 'TICKET'",
            ),
            (
                "networkpolicies.networking.k8s.io \"a\" is forbidden: exceeded quota: few",
                "exceeded quota: few",
            ),
            ("no", "no"),
        ];
        for (said, words) in cases {
            let told = read(&ClusterError::Denied(said.to_owned())).unwrap();
            assert_eq!(told, format!("the cluster refuses such a gate: {words}"));
        }
        let invalid =
            "NetworkPolicy.networking.k8s.io \"a\" is invalid: spec.ingress: Required value";
        assert_eq!(
            read(&ClusterError::Invalid(invalid.to_owned())).unwrap(),
            "the cluster finds such a gate invalid: spec.ingress: Required value"
        );
    }

    #[test]
    fn what_is_no_word_about_the_gate_refuses_nobody() {
        let away = || anyhow::anyhow!("gone");
        for error in [
            ClusterError::Away(away()),
            ClusterError::Timeout(WITHIN),
            ClusterError::Unauthenticated,
            ClusterError::Conflict("x".to_owned()),
            ClusterError::Unreadable(away()),
        ] {
            assert_eq!(read(&error), None, "{error}");
        }
    }
}
