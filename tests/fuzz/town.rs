//! A town that nothing has happened in, for calls to its API.

use std::sync::Arc;

use drawbridge::sim::town::{Plan, Town};
use drawbridge::store::memory::MemoryStore;
use serde_json::json;

/// A town, quiet, where `ci/deployer` may ask.
pub(crate) async fn found() -> Town {
    let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
    let mut town = Town::found(&Plan::of_stories(1, store)).await.unwrap();
    let dana = town.slack.person("dana").unwrap().id;
    let fields = json!({
        "requesters": {
            "slack": {"usergroups": ["@backend"]},
            "serviceAccounts": ["ci/deployer"],
        },
        "owner": &dana,
    });
    town.change_rules(|book| book.change("orders", &fields.to_string()))
        .unwrap();
    town.settle().await.unwrap();
    town
}
