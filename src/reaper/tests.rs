//! What a pass asks of the API server, and what not.

use super::*;
use crate::sim::cluster::{Fault, On, Verb};
use crate::sim::town::{Plan, Town};
use crate::store::memory::MemoryStore;

#[tokio::test(start_paused = true)]
async fn what_the_watch_shows_no_more_is_left_to_the_sweep() {
    let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
    let town = Town::found(&Plan::of_stories(1, store)).await.unwrap();
    let parts = town.parts().unwrap();
    let cluster = Arc::clone(parts.clusters.values().next().unwrap());
    let tellers = (mpsc::channel(1).0, mpsc::unbounded_channel().0);
    let reaper = Reaper::new(parts, Arc::clone(&cluster), tellers);
    let closed = SeenObject {
        at: ObjectRef::policy("orders", "drawbridge-k7m3xa-1-ab").with_uid("closed by a lane"),
        resource_version: "1".to_owned(),
        created: town.now() - Seconds::hours(48).delta(),
        deleting: false,
        labels: [(marks::REQUEST.to_owned(), "k7m3xa".to_owned())].into(),
        annotations: [].into(),
        manifest: serde_json::json!({}),
    };
    // An object is read by a list of one.
    town.api.fail_next(100, On::Verb(Verb::List), Fault::Hang);
    let objects = [closed];
    assert!(reaper.pass(&objects, |at| cluster.shows(at)).await);
    assert_eq!(town.api.faults_met(), 0, "it was asked for");
    // The sweep goes by what a list says: the watch may be the one that is wrong.
    assert!(!reaper.round(&objects).await);
    town.close().await;
}
