//! What nobody approved does not stay.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::netpol::{Said, StatedObject};
use crate::request::fixtures::dana_asks;
use crate::sim::town::gates::ours;
use crate::sim::town::{Plan, Town};
use crate::store::memory::MemoryStore;
use crate::store::{Alarms, Commit, CommitId, Committed};

#[test]
fn only_an_object_that_was_stored_otherwise_is_changed() {
    let mut request = dana_asks().request().opened();
    let sight = |digest: &str| -> BTreeSet<Sight> {
        let first = &request.gate[0];
        let uid = first.uid.clone().unwrap();
        [(first.name.clone(), uid, digest.to_owned())].into()
    };
    let (same, other) = (sight("a"), sight("b"));
    request.gate[0].stored = Some("a".to_owned());
    // Paths are judged by what they open.
    assert!(!is_changed(&request, &other));
    request.effect.stated = vec![StatedObject {
        kind: "RoleBinding".to_owned(),
        namespace: "orders".to_owned(),
        name: "view".to_owned(),
        says: vec![Said::Typed("view".to_owned())],
        people: std::collections::BTreeSet::new(),
        digest: "x".to_owned(),
        whole: String::new(),
    }];
    assert!(is_changed(&request, &other));
    assert!(!is_changed(&request, &same));
    // Another object of the same name is the removals' matter, and so is none at all.
    request.gate[0].uid = Some("another".to_owned());
    assert!(!is_changed(&request, &other));
    assert!(!is_changed(&request, &BTreeSet::new()));
}

/// A town in which Dana may look into `orders` for an hour, and the binding that says so.
async fn with_a_role_given() -> (Town, Value) {
    let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
    let town = Town::found(&Plan::of_stories(1, store)).await.unwrap();
    let text =
        "using temporary-role-binding namespace=orders user=dana@example.com for 1h because INC-42";
    town.slack.dm("dana", text).unwrap();
    town.settle().await.unwrap();
    town.slack.press("lee", "Approve").unwrap();
    town.settle().await.unwrap();
    let mut gates = ours(&town.api.objects());
    assert_eq!(gates.len(), 1);
    (town, gates.remove(0))
}

#[tokio::test(start_paused = true)]
async fn a_binding_to_which_somebody_adds_a_person_ends_at_once() {
    let (town, binding) = with_a_role_given().await;
    let mut edited = binding.clone();
    let other =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "eve@example.com"});
    edited["subjects"].as_array_mut().unwrap().push(other);
    town.api.put(edited).unwrap();
    town.settle().await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(ours(&town.api.objects()), Vec::<Value>::new());
    let id = town.shelf.created().pop().unwrap();
    let events = town.shelf.behind_the_door().events(&id, 0).await.unwrap();
    let told = events.iter().any(|(_, event)| event.contains("withdrawn"));
    assert!(told, "{events:?}");
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_binding_whose_marks_somebody_edits_stays_as_it_is() {
    let (town, binding) = with_a_role_given().await;
    let mut edited = binding.clone();
    edited["metadata"]["annotations"]["somebody"] = json!("was here");
    town.api.put(edited).unwrap();
    town.settle().await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(ours(&town.api.objects()).len(), 1);
    town.close().await;
}

/// Puts something into the store that no version of ours can read.
async fn spoil(town: &Town, id: &RequestId) {
    let store = town.shelf.behind_the_door();
    let record = store.load(id).await.unwrap().unwrap();
    let spoilt = Commit {
        id: id.clone(),
        expected: Some(record.version),
        commit: CommitId("spoilt".to_owned()),
        body: "{}".to_owned(),
        standing: record.standing,
        owner: "U0DANA".to_owned(),
        alarms: Alarms::default(),
        events: Vec::new(),
        claim: None,
        seen: None,
        closing: false,
        lasting: false,
    };
    let done = store.commit(spoilt).await.unwrap();
    assert!(matches!(done, Committed::Applied(_)), "{done:?}");
}

#[tokio::test(start_paused = true)]
async fn a_document_that_cannot_be_read_keeps_no_other_gate_from_being_withdrawn() {
    let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
    let town = Town::found(&Plan::of_stories(1, store)).await.unwrap();
    for text in [
        "shop/web to orders/db:5432 for 1h because INC-42",
        "shop/cart to orders/db:5432 for 1h because INC-42",
        "using temporary-role-binding namespace=orders user=dana@example.com for 1h because INC-42",
        "using temporary-role-binding namespace=orders user=eve@example.com for 1h because INC-42",
    ] {
        town.slack.dm("dana", text).unwrap();
        town.settle().await.unwrap();
        town.slack.press("lee", "Approve").unwrap();
        town.settle().await.unwrap();
    }
    let created = town.shelf.created();
    let (paths, roles) = created.split_at(2);
    // Whichever is looked at first.
    for pair in [paths, roles] {
        spoil(&town, pair.iter().min().unwrap()).await;
    }
    for mut binding in ours(&town.api.objects()) {
        if binding["kind"] == "RoleBinding" {
            binding["subjects"][0]["name"] = json!("mallory@example.com");
            town.api.put(binding).unwrap();
        }
    }
    for policy in ["closed", "db-for-api"] {
        assert!(town.api.remove("NetworkPolicy", "orders", policy));
    }
    tokio::time::sleep(Duration::from_secs(30)).await;
    let left = ours(&town.api.objects());
    for pair in [paths, roles] {
        let (spoilt, whole) = (pair.iter().min().unwrap(), pair.iter().max().unwrap());
        let of = |id: &RequestId| {
            let names = left.iter().filter_map(|it| it["metadata"]["name"].as_str());
            names.filter(|name| name.contains(&id.to_string())).count()
        };
        assert!(of(spoilt) > 0, "its end is what closes it");
        assert_eq!(of(whole), 0, "{whole} of {pair:?}");
    }
    town.close().await;
}
