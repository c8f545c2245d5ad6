//! What the reaper deletes is on record, whatever the store does meanwhile.

use std::time::Duration;

use super::*;
use crate::sim::town::{Plan, Town};
use crate::store::memory::MemoryStore;

/// A town in which Dana has a path open for ten minutes.
async fn with_an_open_path() -> (Town, RequestId) {
    let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
    let town = Town::found(&Plan::of_stories(1, store)).await.unwrap();
    let text = "shop/web to orders/db:5432 for 10m because INC-42";
    town.slack.dm("dana", text).unwrap();
    town.settle().await.unwrap();
    let id = town.shelf.created().pop().unwrap();
    town.slack.press("lee", "Approve").unwrap();
    town.settle().await.unwrap();
    assert_eq!(ours(&town), 2);
    (town, id)
}

fn ours(town: &Town) -> usize {
    crate::sim::town::gates::ours(&town.api.objects()).len()
}

async fn minutes(minutes: u64) {
    tokio::time::sleep(Duration::from_secs(60 * minutes)).await;
}

/// Objects, request and reason of everything reaped that is on record.
async fn reaped(town: &Town) -> Vec<(Vec<String>, Option<RequestId>, String)> {
    let store = town.shelf.behind_the_door();
    let mut found = Vec::new();
    for id in town.shelf.documents() {
        for (_, event) in store.events(&id, 0).await.unwrap() {
            let event: Event = serde_json::from_str(&event).unwrap();
            if let Fact::Reaped {
                cluster,
                objects,
                request,
                because,
            } = event.fact
            {
                assert_eq!((cluster.as_str(), event.by), ("prod-eu", Actor::Drawbridge));
                found.push((objects, request, because));
            }
        }
    }
    found.sort();
    found
}

#[tokio::test(start_paused = true)]
async fn what_the_lanes_close_is_not_reaped() {
    let (town, _) = with_an_open_path().await;
    minutes(12).await;
    assert_eq!((ours(&town), reaped(&town).await), (0, Vec::new()));
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_reaped_while_the_store_was_away_is_on_record_once_when_it_is_back() {
    let (town, id) = with_an_open_path().await;
    town.shelf.be_away(true);
    minutes(12).await;
    assert_eq!(ours(&town), 0, "nobody waited for the store");
    assert_eq!(reaped(&town).await, []);
    town.shelf.be_away(false);
    minutes(5).await;
    let found = reaped(&town).await;
    assert_eq!(found.len(), 2, "one for each object");
    assert_ne!(found[0].0, found[1].0);
    for (objects, request, because) in found {
        let ours = format!("/drawbridge-{id}-");
        assert!(
            objects.len() == 1 && objects[0].contains(&ours),
            "{objects:?}"
        );
        assert_eq!(request.as_ref(), Some(&id));
        assert_eq!(because, "its time was over");
    }
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_no_document_knows_is_reaped_at_its_time_and_on_record() {
    let (town, id) = with_an_open_path().await;
    drop(town.shelf.empty(town.clock()));
    minutes(12).await;
    let found = reaped(&town).await;
    assert_eq!((ours(&town), found.len()), (0, 2));
    let because = "its time was over, and the store does not know its request";
    assert!(
        found
            .iter()
            .all(|(_, of, why)| of.as_ref() == Some(&id) && why == because)
    );
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_its_request_does_not_want_is_on_record_as_that() {
    let (town, id) = with_an_open_path().await;
    let gates = crate::sim::town::gates::ours(&town.api.objects());
    minutes(12).await;
    assert_eq!(ours(&town), 0);
    // A write that arrives after its request has ended.
    let mut late = gates[0].clone();
    for field in [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "managedFields",
    ] {
        late["metadata"].as_object_mut().unwrap().remove(field);
    }
    late["metadata"]["annotations"]["drawbridge.dev/expires-at"] = "2099-01-01T00:00:00Z".into();
    town.api.put(late).unwrap();
    minutes(2).await;
    let found = reaped(&town).await;
    assert_eq!((ours(&town), found.len()), (0, 1));
    assert_eq!(found[0].1.as_ref(), Some(&id));
    assert_eq!(found[0].2, "its request does not want it (ended)");
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn an_object_is_on_record_once_however_often_it_is_handed_in() {
    let (town, _) = with_an_open_path().await;
    let parts = town.parts().unwrap();
    let cluster = parts.clusters.values().next().unwrap();
    let object = cluster.managed().await.unwrap().objects.remove(0);
    let deed = Deed {
        cluster: cluster.name().to_owned(),
        object,
        at: town.now(),
        why: Why::Overdue,
    };
    let (first, second) = tokio::join!(record(&parts.book, &deed), record(&parts.book, &deed));
    first.and(second).unwrap();
    minutes(60 * 25).await;
    record(&parts.book, &deed).await.unwrap();
    let of_this = format!("{}/{}", deed.object.at.namespace, deed.object.at.name);
    let found = reaped(&town).await;
    let times = found.iter().filter(|(objects, ..)| objects[0] == of_this);
    assert_eq!(times.count(), 1);
    town.close().await;
}
