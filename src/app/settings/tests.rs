//! Settings are on record once for all replicas, and again when they are others.

use super::*;
use crate::sim::town::{Plan, Town};
use crate::store::memory::MemoryStore;

fn set(digest: &str) -> Vec<SettingRef> {
    vec![SettingRef {
        name: "DRAWBRIDGE_MAX_LIFETIME".to_owned(),
        digest: digest.to_owned(),
    }]
}

/// The settings of each change on record.
async fn recorded(town: &Town) -> Vec<Vec<SettingRef>> {
    let store = town.shelf.behind_the_door();
    let mut found = Vec::new();
    for id in town.shelf.documents() {
        for (_, event) in store.events(&id, 0).await.unwrap() {
            let event: Event = serde_json::from_str(&event).unwrap();
            if let Fact::Configured { version, settings } = event.fact {
                assert_eq!(version, env!("CARGO_PKG_VERSION"));
                found.push(settings);
            }
        }
    }
    found
}

#[tokio::test(start_paused = true)]
async fn other_settings_are_on_record_once_for_all_replicas() {
    let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
    let town = Town::found(&Plan::of_stories(1, store)).await.unwrap();
    for digest in ["d1", "d1", "d2"] {
        let replicas = [0, 1, 2].map(|_| {
            let (parts, stop) = (town.parts().unwrap(), CancellationToken::new());
            tell(parts, set(digest), stop)
        });
        futures::future::join_all(replicas).await;
    }
    assert_eq!(recorded(&town).await, [set("d1"), set("d2")]);
    town.close().await;
}
