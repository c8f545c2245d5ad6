//! The API server's protocol itself, as any client sees it: pages, watches, refusals.

use std::pin::pin;

use futures::{StreamExt, TryStreamExt};
use kube::api::{DeleteParams, ListParams, PostParams, Preconditions, WatchParams};
use kube::core::{Resource, WatchEvent};
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::{Value, json};

use super::arena::{Arena, contract, until};

contract!(
    pages_come_from_one_version,
    a_name_selects_one_object_and_other_fields_nothing,
    a_watch_tells_what_its_selector_sees,
    a_watch_starts_with_what_is_there_when_asked,
    a_watch_ends_when_it_was_told_to,
    a_version_before_the_beginning_of_time_is_too_old_or_told_whole,
    creating_what_is_there_is_refused,
    unknown_fields_are_refused_when_strict_and_dropped_otherwise,
    wrong_preconditions_delete_nothing,
    the_usual_watcher_works_too,
);

fn named(n: usize) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": format!("p{n}"), "labels": {"n": n.to_string(), "all": "yes"}},
        "spec": {"podSelector": {}},
    })
}

async fn create(arena: &Arena, n: usize) {
    let policy = serde_json::from_value(named(n)).unwrap();
    arena
        .policies()
        .create(&PostParams::default(), &policy)
        .await
        .unwrap();
}

/// `ADDED p1`, …, bookmarks as `BOOKMARK`, errors as `ERROR 410`.
fn told<K: Resource>(event: &WatchEvent<K>) -> String {
    let name = |o: &K| o.meta().name.clone().unwrap_or_default();
    match event {
        WatchEvent::Added(o) => format!("ADDED {}", name(o)),
        WatchEvent::Modified(o) => format!("MODIFIED {}", name(o)),
        WatchEvent::Deleted(o) => format!("DELETED {}", name(o)),
        WatchEvent::Bookmark(b)
            if b.metadata
                .annotations
                .contains_key("k8s.io/initial-events-end") =>
        {
            "BOOKMARK initial-events-end".to_owned()
        }
        WatchEvent::Bookmark(_) => "BOOKMARK".to_owned(),
        WatchEvent::Error(status) => format!("ERROR {}", status.code),
    }
}

async fn pages_come_from_one_version(arena: Arena) {
    for n in 0..5 {
        create(&arena, n).await;
    }
    let policies = arena.policies();
    let mut page = ListParams::default().limit(2).labels("all=yes");
    let first = policies.list(&page).await.unwrap();
    assert_eq!(first.items.len(), 2);
    arena.remove("p4").await;
    page = page.continue_token(first.metadata.continue_.as_deref().unwrap());
    let second = policies.list(&page).await.unwrap();
    page = page.continue_token(second.metadata.continue_.as_deref().unwrap());
    let third = policies.list(&page).await.unwrap();
    assert_eq!(
        third.items[0].metadata.name.as_deref(),
        Some("p4"),
        "it was there at that version"
    );
    assert_eq!(
        third.metadata.resource_version,
        first.metadata.resource_version
    );
    assert!(
        third
            .metadata
            .continue_
            .is_none_or(|token| token.is_empty())
    );
    let now = policies.list(&ListParams::default()).await.unwrap();
    assert_eq!(now.items.len(), 4);
    assert_ne!(
        now.metadata.resource_version,
        first.metadata.resource_version
    );
}

async fn a_name_selects_one_object_and_other_fields_nothing(arena: Arena) {
    for n in 0..3 {
        create(&arena, n).await;
    }
    let names = async |fields: &str| -> Vec<String> {
        let selected = ListParams::default().fields(fields);
        let found = arena.policies().list(&selected).await.unwrap();
        let names = found.items.into_iter().map(|o| o.metadata.name.unwrap());
        names.collect()
    };
    assert_eq!(names("metadata.name=p1").await, ["p1"]);
    assert_eq!(names("metadata.name!=p1").await, ["p0", "p2"]);
    assert!(names("metadata.name=p9").await.is_empty());
    let here = format!("metadata.namespace=={},metadata.name=p2", arena.namespace);
    assert_eq!(names(&here).await, ["p2"]);
    let unknown = ListParams::default().fields("spec.podSelector=x");
    let refused = arena.policies().list(&unknown).await.unwrap_err();
    let kube::Error::Api(status) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (status.code, status.message.as_str()),
        (
            400,
            "\"spec.podSelector\" is not a known field selector: only \"metadata.name\", \
             \"metadata.namespace\""
        )
    );
}

async fn a_watch_tells_what_its_selector_sees(arena: Arena) {
    create(&arena, 0).await;
    let from = arena.policies().list(&ListParams::default()).await.unwrap();
    let from = from.metadata.resource_version.unwrap();
    let only = WatchParams::default()
        .labels("seen=yes")
        .timeout(30)
        .disable_bookmarks();
    let policies = arena.policies();
    let mut events = pin!(policies.watch(&only, &from).await.unwrap());
    let label = |value: Value| json!({"metadata": {"labels": {"seen": value}}});
    arena.edit("p0", label(json!("yes"))).await;
    arena
        .edit("p0", json!({"metadata": {"labels": {"more": "x"}}}))
        .await;
    arena
        .edit("p0", json!({"metadata": {"labels": {"more": "x"}}}))
        .await;
    arena.edit("p0", label(json!("no"))).await;
    arena.edit("p0", label(json!("yes"))).await;
    create(&arena, 1).await;
    arena.remove("p0").await;
    let mut seen = Vec::new();
    let mut versions: Vec<u64> = Vec::new();
    while seen.len() < 5 {
        let event = until(events.try_next()).await.unwrap().unwrap();
        if let WatchEvent::Added(o) | WatchEvent::Modified(o) | WatchEvent::Deleted(o) = &event {
            versions.push(
                o.metadata
                    .resource_version
                    .as_ref()
                    .unwrap()
                    .parse()
                    .unwrap(),
            );
        }
        seen.push(told(&event));
    }
    assert_eq!(
        seen,
        [
            "ADDED p0",
            "MODIFIED p0",
            "DELETED p0",
            "ADDED p0",
            "DELETED p0"
        ]
    );
    assert!(
        versions.is_sorted_by(|a, b| a < b),
        "a version of its own each: {versions:?}"
    );
}

async fn a_watch_starts_with_what_is_there_when_asked(arena: Arena) {
    create(&arena, 0).await;
    create(&arena, 1).await;
    let policies = arena.policies();
    let streaming = WatchParams::default().timeout(30).initial_events();
    let events = policies.watch(&streaming, "").await.unwrap();
    let seen: Vec<String> = until(events.map_ok(|e| told(&e)).take(3).try_collect())
        .await
        .unwrap();
    assert_eq!(
        seen,
        ["ADDED p0", "ADDED p1", "BOOKMARK initial-events-end"]
    );
    let plain = WatchParams::default().timeout(30).disable_bookmarks();
    let events = policies.watch(&plain, "0").await.unwrap();
    let seen: Vec<String> = until(events.map_ok(|e| told(&e)).take(2).try_collect())
        .await
        .unwrap();
    assert_eq!(seen, ["ADDED p0", "ADDED p1"]);
}

async fn a_watch_ends_when_it_was_told_to(arena: Arena) {
    let from = arena.policies().list(&ListParams::default()).await.unwrap();
    let short = WatchParams::default().timeout(1).disable_bookmarks();
    let policies = arena.policies();
    let began = tokio::time::Instant::now();
    let events = policies
        .watch(&short, &from.metadata.resource_version.unwrap())
        .await
        .unwrap();
    let seen: Vec<_> = until(events.try_collect()).await.unwrap();
    assert!(seen.is_empty());
    assert!((0.9..3.0).contains(&began.elapsed().as_secs_f64()));
}

async fn a_version_before_the_beginning_of_time_is_too_old_or_told_whole(arena: Arena) {
    create(&arena, 0).await;
    if let Some(sim) = &arena.sim {
        sim.compact();
    }
    let policies = arena.policies();
    let events = policies
        .watch(&WatchParams::default().timeout(5), "1")
        .await
        .unwrap();
    let first = told(&until(pin!(events).try_next()).await.unwrap().unwrap());
    // A real server remembers everything until its first compaction, five minutes after its start.
    let expected: &[&str] = match arena.sim {
        Some(_) => &["ERROR 410"],
        None => &["ADDED p0", "ERROR 410"],
    };
    assert!(expected.contains(&first.as_str()), "{first}");
}

async fn creating_what_is_there_is_refused(arena: Arena) {
    create(&arena, 0).await;
    let policy = serde_json::from_value(named(0)).unwrap();
    let refused = arena
        .policies()
        .create(&PostParams::default(), &policy)
        .await
        .unwrap_err();
    let kube::Error::Api(status) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (status.code, status.reason.as_str()),
        (409, "AlreadyExists")
    );
    assert_eq!(
        status.message,
        "networkpolicies.networking.k8s.io \"p0\" already exists"
    );
}

async fn unknown_fields_are_refused_when_strict_and_dropped_otherwise(arena: Arena) {
    let mut policy = named(0);
    policy["spec"]["foo"] = json!(1);
    let post = |query: &str| {
        let path = "/apis/networking.k8s.io/v1/namespaces";
        http::Request::post(format!("{path}/{}/networkpolicies{query}", arena.namespace))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(policy.to_string().into_bytes())
            .unwrap()
    };
    let strict = arena
        .admin
        .request::<Value>(post("?fieldValidation=Strict"))
        .await;
    let Err(kube::Error::Api(status)) = strict else {
        panic!("{strict:?}")
    };
    assert_eq!(status.code, 400);
    assert_eq!(
        status.message,
        "NetworkPolicy in version \"v1\" cannot be handled as a NetworkPolicy: strict decoding \
         error: unknown field \"spec.foo\""
    );
    let lenient: Value = arena.admin.request(post("")).await.unwrap();
    assert_eq!(
        lenient["spec"],
        json!({"podSelector": {}, "policyTypes": ["Ingress"]})
    );
}

async fn wrong_preconditions_delete_nothing(arena: Arena) {
    create(&arena, 0).await;
    let wrong = "11111111-1111-1111-1111-111111111111".to_owned();
    let cases = [
        (
            Preconditions {
                uid: Some(wrong),
                resource_version: None,
            },
            "the UID in the precondition",
        ),
        (
            Preconditions {
                uid: None,
                resource_version: Some("1".into()),
            },
            "the ResourceVersion in the precondition",
        ),
    ];
    for (preconditions, words) in cases {
        let by = DeleteParams::default().preconditions(preconditions);
        let refused = arena.policies().delete("p0", &by).await.unwrap_err();
        let kube::Error::Api(status) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
        assert!(status.message.contains(words), "{}", status.message);
    }
    arena.policies().get("p0").await.unwrap();
}

async fn the_usual_watcher_works_too(arena: Arena) {
    for streaming in [false, true] {
        let config = watcher::Config::default().page_size(1);
        let config = if streaming {
            config.streaming_lists()
        } else {
            config
        };
        create(&arena, 0).await;
        let mut events = pin!(watcher(arena.policies(), config).applied_objects());
        let first = until(events.next()).await.unwrap().unwrap();
        assert_eq!(first.metadata.name.as_deref(), Some("p0"));
        create(&arena, 1).await;
        let second = until(events.next()).await.unwrap().unwrap();
        assert_eq!(second.metadata.name.as_deref(), Some("p1"));
        arena.remove("p0").await;
        arena.remove("p1").await;
    }
}
