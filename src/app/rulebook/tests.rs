//! Rule texts and the rules in force, on record over a whole town.

use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};

use super::*;
use crate::app::{Asking, FirstLook};
use crate::sim::town::{Plan, Town};
use crate::store::memory::MemoryStore;

const TO_DB: &str = "shop/web to orders/db:5432 for 30m because INC-42";
const TO_API: &str = "shop/web to payments/api:8080 for 30m because INC-42";

async fn town() -> Town {
    let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
    Town::found(&Plan::of_stories(1, store)).await.unwrap()
}

async fn asks(town: &Town, text: &str) {
    town.slack.dm("dana", text).unwrap();
    town.settle().await.unwrap();
}

/// Everything on record, document by document.
async fn recorded(town: &Town) -> Vec<Fact> {
    let store = town.shelf.behind_the_door();
    let mut facts = Vec::new();
    for id in town.shelf.documents() {
        for (_, event) in store.events(&id, 0).await.unwrap() {
            let event: Event = serde_json::from_str(&event).unwrap();
            facts.push(event.fact);
        }
    }
    facts
}

/// Name, digest and text of each rule text on record.
async fn kept(town: &Town) -> Vec<(String, String, String)> {
    let facts = recorded(town).await;
    let kept = facts.into_iter().filter_map(|fact| match fact {
        Fact::RuleKept {
            rule,
            digest,
            typed_text,
        } => Some((rule, digest, typed_text)),
        _ => None,
    });
    kept.collect()
}

/// The rules of each change on record.
async fn changes(town: &Town) -> Vec<Vec<RuleRef>> {
    let facts = recorded(town).await;
    let changes = facts.into_iter().filter_map(|fact| match fact {
        Fact::RulesChanged { rules } => Some(rules),
        _ => None,
    });
    changes.collect()
}

/// What every replica of these parts would be, reading other rules.
fn replica(parts: &Parts, rules: Arc<RuleSet>) -> Arc<Parts> {
    Arc::new(Parts {
        book: parts.book.clone(),
        clock: Arc::clone(&parts.clock),
        entropy: Arc::clone(&parts.entropy),
        rules: ArcSwap::new(rules),
        rulebook: Rulebook::default(),
        slack: Arc::clone(&parts.slack),
        directory: Arc::clone(&parts.directory),
        incident_channels: None,
        clusters: parts.clusters.clone(),
        first_look: FirstLook::default(),
        asking: Asking::default(),
        max_lifetime: parts.max_lifetime,
        poll: parts.poll,
        metrics: Arc::clone(&parts.metrics),
        traces: parts.traces.clone(),
    })
}

/// No rules at all: the smallest difference that there is.
fn none() -> Arc<RuleSet> {
    let (rules, problems) = crate::rules::load(&crate::rules::embedded());
    assert!(!rules.sealed(), "{problems:?}");
    Arc::new(rules)
}

#[tokio::test(start_paused = true)]
async fn the_text_of_each_rule_that_governs_is_on_record_once_by_its_hash() {
    let town = town().await;
    assert_eq!(kept(&town).await, [], "nothing was asked under any rule");
    for text in [TO_DB, TO_API] {
        asks(&town, text).await;
    }
    // Long enough for this process to look whether they still are.
    tokio::time::sleep(LOOK_AGAIN * 2).await;
    asks(&town, TO_DB).await;
    let kept = kept(&town).await;
    let names: Vec<&str> = kept.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["orders", "payments"]);
    let mut asked = 0;
    for fact in recorded(&town).await {
        let Fact::Asked {
            rule, rule_digest, ..
        } = fact
        else {
            continue;
        };
        let (_, digest, text) = kept.iter().find(|(name, ..)| *name == rule).unwrap();
        let hash: String = Sha256::digest(text.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!((&hash, &hash), (digest, &rule_digest));
        asked += 1;
    }
    assert_eq!(asked, 3);
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_changed_rule_has_another_text_and_other_rules_are_on_record() {
    let mut town = town().await;
    asks(&town, TO_DB).await;
    town.change_rules(|book| book.change("orders", "lapse: 2h"))
        .unwrap();
    asks(&town, TO_DB).await;
    let kept = kept(&town).await;
    let digests: Vec<&String> = kept.iter().map(|(_, digest, _)| digest).collect();
    assert_eq!(kept.len(), 2);
    assert!(kept[1].2.contains("\"lapse\":\"2h\""), "{}", kept[1].2);
    let changes = changes(&town).await;
    let of_orders = |rules: &Vec<RuleRef>| {
        let rule = rules.iter().find(|rule| rule.name == "orders");
        rule.map(|rule| rule.digest.clone())
    };
    let in_force: Vec<String> = changes.iter().filter_map(of_orders).collect();
    assert_eq!(in_force.iter().collect::<Vec<_>>(), digests);
    let names = town.parts().unwrap().rules.load_full();
    let names: Vec<&str> = names.rules().iter().map(|r| r.name.as_str()).collect();
    let recorded: Vec<&str> = changes[1].iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(recorded, names, "all of them, in their order");
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_into_force_again_is_told_again_but_not_kept_again() {
    let mut town = town().await;
    asks(&town, TO_DB).await;
    town.change_rules(|book| book.change("orders", "lapse: 2h"))
        .unwrap();
    town.settle().await.unwrap();
    town.change_rules(|book| book.change("orders", "lapse: 1h"))
        .unwrap();
    asks(&town, TO_DB).await;
    let changes = changes(&town).await;
    assert_eq!((changes.len(), changes[0] == changes[2]), (3, true));
    assert_eq!(kept(&town).await.len(), 1);
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn replicas_with_the_same_rules_record_them_once() {
    let town = town().await;
    let parts = town.parts().unwrap();
    let others: Vec<_> = (0..3)
        .map(|_| replica(&parts, parts.rules.load_full()))
        .collect();
    for round in 1..=2 {
        let records = others.iter().map(|other| record(other));
        for recorded in futures::future::join_all(records).await {
            recorded.unwrap();
        }
        assert_eq!(changes(&town).await.len(), round);
        // All of them read the same change.
        for other in &others {
            other.put_in_force(none());
        }
    }
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn replicas_that_read_different_folders_do_not_overwrite_each_other() {
    let town = town().await;
    let parts = town.parts().unwrap();
    let other = replica(&parts, none());
    let stop = CancellationToken::new();
    let following =
        tokio_util::task::TaskTracker::new().spawn(follow(Arc::clone(&other), stop.clone()));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let sizes: Vec<usize> = changes(&town).await.iter().map(Vec::len).collect();
    assert_eq!(sizes.len(), 2);
    assert_eq!(sizes[1], 0, "what it reads itself was recorded once");
    stop.cancel();
    following.await.unwrap();
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_store_does_not_take_is_recorded_when_it_is_back() {
    let mut town = town().await;
    town.shelf.be_away(true);
    town.change_rules(|book| book.change("orders", "lapse: 2h"))
        .unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(changes(&town).await.len(), 1);
    town.shelf.be_away(false);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(changes(&town).await.len(), 2);
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_restarted_bot_records_nothing_new() {
    let mut town = town().await;
    asks(&town, TO_DB).await;
    town.stop_bot().await.unwrap();
    town.start_bot().unwrap();
    asks(&town, TO_DB).await;
    assert_eq!(changes(&town).await.len(), 1);
    assert_eq!(kept(&town).await.len(), 1);
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_under_a_rule_whose_text_is_not_known() {
    let town = town().await;
    asks(&town, TO_DB).await;
    let parts = town.parts().unwrap();
    let id = town.shelf.created().pop().unwrap();
    let page = parts.book.load(&id).await.unwrap().unwrap();
    let mut route = page.request.route.unwrap();
    assert!(keep(&parts, &route).await.is_ok());
    route.digest = "0".repeat(64);
    let refused = keep(&parts, &route).await.unwrap_err();
    assert_eq!(refused.to_string(), "the rules changed meanwhile");
    // The rules before are known still: an ask may have been judged by them a moment ago.
    parts.put_in_force(none());
    route.digest = kept(&town).await.remove(0).1;
    assert!(keep(&replica_knowing(&parts), &route).await.is_ok());
    town.close().await;
}

/// The same process, having forgotten what is on record.
fn replica_knowing(parts: &Parts) -> Arc<Parts> {
    let other = replica(parts, parts.rulebook.before().unwrap());
    other.put_in_force(parts.rules.load_full());
    other
}
