//! Redis keeps the contract; and what only a server has.

use std::collections::BTreeSet;

use drawbridge::id::{RequestId, Shard};
use drawbridge::store::redis::RedisStore;
use drawbridge::store::{
    Append, Appended, Claim, Commit, Committed, Head, Lane, Ledger, Progress, Standing, Store,
    StoreError, Token, Wants,
};
use drawbridge::units::{Seconds, Time};

use super::conformance::with_cases;
use super::harness::{Harness, Single, now};
use super::steps::*;
use crate::servers::redis::{Product, RedisServer};
use crate::servers::sentinel::{replica_of, until};

with_cases!(conformance, Single::start(Product::Redis));

/// The name of a key in [`shard`].
fn key(name: &str) -> String {
    format!("{{drawbridge-{}}}:{name}", shard().letter())
}

async fn started() -> (RedisServer, RedisStore) {
    let options = ["--enable-debug-command", "yes"];
    let server = RedisServer::start_with(Product::Redis, &options).await;
    let store = RedisStore::connect(&server.url()).unwrap();
    (server, store)
}

fn at(seconds: i64) -> Time {
    Time::from_timestamp(seconds, 0).unwrap()
}

/// A digest of all that the server holds.
async fn contents(server: &RedisServer) -> String {
    server.query(&["DEBUG", "DIGEST"]).await
}

#[tokio::test]
async fn scripts_that_a_server_forgot_are_loaded_again() {
    let (server, store) = started().await;
    done(&store, create(&id(1))).await;
    for n in 0..50_i64 {
        let () = server.query(&["SCRIPT", "FLUSH"]).await;
        let due = now(&store).await - secs(1);
        let record = load(&store, &id(1)).await;
        let set = Commit {
            alarms: gate(due),
            events: vec![n.to_string()],
            ..after(&record)
        };
        let _: () = server.query(&["SCRIPT", "FLUSH"]).await;
        done(&store, set).await;
        let held = claim_one(&store, Lane::Gate, ALL).await;
        let _: () = server.query(&["SCRIPT", "FLUSH"]).await;
        assert!(store.renew(&held, Seconds(60)).await.unwrap());
        done(&store, under(&held, after(&load(&store, &id(1)).await))).await;
    }
    assert_eq!(events(&store, &id(1)).await.len(), 50);
}

#[tokio::test]
async fn a_decision_waits_for_its_replica_also_where_the_server_forgot_the_script() {
    let (server, store) = started().await;
    let _replica = replica_of(&server).await;
    for n in 0..3 {
        let _: () = server.query(&["SCRIPT", "FLUSH"]).await;
        let () = server.query(&["CONFIG", "RESETSTAT"]).await;
        done(&store, lasting(create(&id(n)))).await;
        let stats: String = server.query(&["INFO", "commandstats"]).await;
        // The first did not know of a replica yet; the others wait behind the script that was not there, and again.
        let waits = if n == 0 { 1 } else { 2 };
        assert!(
            stats.contains(&format!("cmdstat_wait:calls={waits},")),
            "{stats}"
        );
    }
}

#[tokio::test]
async fn a_key_of_another_type_is_told_and_nothing_is_written() {
    let (server, store) = started().await;
    let due = now(&store).await - secs(1);
    let of_shard = ["due:gate", "due:card", "holds", "open", "unrecorded"];
    let (first, second) = (id(1), id(2));
    let own = |id| [format!("doc:{id}"), format!("events:{id}")];
    for (name, of_a_step, of_a_creation) in of_shard
        .map(|name| (name.to_owned(), true, true))
        .into_iter()
        .chain(own(&first).map(|name| (name, true, false)))
        .chain(own(&second).map(|name| (name, false, true)))
        .chain([("owner:U0DANA".to_owned(), false, true)])
    {
        let _: () = server.query(&["FLUSHALL"]).await;
        with_alarms(&store, &first, gate(due)).await;
        let step = |step| Commit {
            alarms: both(due, due),
            events: vec!["{}".to_owned()],
            ..step
        };
        let later = of_a_step.then_some(step(after(&load(&store, &first).await)));
        let creation = of_a_creation.then_some(step(create(&second)));
        let _: () = server.query(&["SET", &key(&name), "foreign"]).await;
        let before = contents(&server).await;
        for step in later.into_iter().chain(creation) {
            for closing in [false, true] {
                let step = Commit {
                    closing,
                    ..step.clone()
                };
                let error = store.commit(step).await.unwrap_err();
                assert!(matches!(error, StoreError::Corrupt(_)), "{name}: {error}");
            }
        }
        if ["due:gate", "due:card", "holds"].contains(&name.as_str()) {
            let error = store.claim(shard(), ALL).await.unwrap_err();
            assert!(matches!(error, StoreError::Corrupt(_)), "{name}: {error}");
        }
        assert_eq!(contents(&server).await, before, "{name}");
    }
    let error = store.of_owner("U0DANA", 9).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
}

#[tokio::test]
async fn a_document_that_is_finished_stays_listed_as_open_if_it_cannot_be_written() {
    let (server, store) = started().await;
    done(&store, create(&id(1))).await;
    let step = Commit {
        standing: Standing::Finished,
        events: vec!["{}".to_owned()],
        ..after(&load(&store, &id(1)).await)
    };
    let _: () = server.query(&["SET", &key("unrecorded"), "foreign"]).await;
    let before = contents(&server).await;
    let error = store.commit(step).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    assert_eq!(contents(&server).await, before);
}

#[tokio::test]
async fn a_lane_whose_alarms_are_of_another_type_is_told_and_kept() {
    let (server, store) = started().await;
    let due = now(&store).await - secs(1);
    with_alarms(&store, &id(1), gate(due)).await;
    let held = claim_one(&store, Lane::Gate, ALL).await;
    let _: () = server.query(&["SET", &key("due:gate"), "foreign"]).await;
    let before = contents(&server).await;
    let wrong = [
        store.renew(&held, Seconds(9)).await.map(|_| ()),
        store.release(&held, due).await.map(|_| ()),
        store.restore_alarms(&id(1), gate(due)).await.map(|_| ()),
    ];
    for answer in wrong {
        assert!(matches!(answer, Err(StoreError::Corrupt(_))), "{answer:?}");
    }
    assert_eq!(contents(&server).await, before);
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_told_and_kept() {
    let (server, store) = started().await;
    let doc = key(&format!("doc:{}", id(1)));
    for (field, value) in [
        ("revision", Some("many")),
        ("revision", None),
        ("commits", None),
        ("standing", Some("lying")),
        ("body", None),
    ] {
        let _: () = server.query(&["FLUSHALL"]).await;
        done(&store, create(&id(1))).await;
        let record = load(&store, &id(1)).await;
        let _: () = match value {
            Some(value) => server.query(&["HSET", &doc, field, value]).await,
            None => server.query(&["HDEL", &doc, field]).await,
        };
        let error = store.load(&id(1)).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt(_)), "{field}: {error}");
        if ["revision", "commits"].contains(&field) {
            let before = contents(&server).await;
            let error = store.commit(after(&record)).await.unwrap_err();
            assert!(matches!(error, StoreError::Corrupt(_)), "{field}: {error}");
            assert_eq!(contents(&server).await, before, "{field}");
        }
    }
}

#[tokio::test]
async fn a_foreign_alarm_does_not_stop_the_others() {
    let (server, store) = started().await;
    let due = now(&store).await - secs(1);
    let _: () = server
        .query(&["ZADD", &key("due:gate"), "1", "not an id"])
        .await;
    with_alarms(&store, &id(1), gate(due)).await;
    claim_one(&store, Lane::Gate, ALL).await;
}

#[tokio::test]
async fn an_alarm_whose_document_is_lost_is_dropped_when_released() {
    let (server, store) = started().await;
    let due = now(&store).await - secs(1);
    with_alarms(&store, &id(1), gate(due)).await;
    let _: () = server
        .query(&["DEL", &key(&format!("doc:{}", id(1)))])
        .await;
    let held = claim_one(&store, Lane::Gate, ALL).await;
    assert_eq!(store.load(&id(1)).await.unwrap(), None);
    assert!(store.release(&held, due).await.unwrap());
    assert_eq!(claim(&store, ALL).await, []);
}

#[tokio::test]
async fn lost_leases_and_lost_alarms_are_repaired() {
    let (server, store) = started().await;
    let due = now(&store).await - secs(1);
    with_alarms(&store, &id(1), gate(due)).await;
    let held = claim_one(&store, Lane::Gate, ALL).await;
    // An alarm moved by hand does not hand out what is held.
    let _: () = server
        .query(&["ZADD", &key("due:gate"), "1", id(1).as_str()])
        .await;
    assert_eq!(claim(&store, ALL).await, []);
    // A lost alarm is set again: at the lease's end while it is held.
    let _: () = server.query(&["DEL", &key("due:gate")]).await;
    assert_eq!(store.restore_alarms(&id(1), gate(due)).await.unwrap(), 1);
    assert_eq!(claim(&store, ALL).await, []);
    // A lost lease fences its worker; the lane comes back.
    let _: () = server.query(&["DEL", &key("holds")]).await;
    let step = under(&held, after(&load(&store, &id(1)).await));
    assert_eq!(store.commit(step).await.unwrap(), Committed::Fenced);
    let _: () = server.query(&["DEL", &key("due:gate")]).await;
    assert_eq!(store.restore_alarms(&id(1), gate(due)).await.unwrap(), 1);
    let next = claim_one(&store, Lane::Gate, ALL).await;
    assert!(next.token > held.token);
}

#[tokio::test]
async fn an_emptied_server_goes_on_and_never_repeats_a_token() {
    let (server, store) = started().await;
    let mut last = None;
    for _ in 0..3 {
        let due = now(&store).await - secs(1);
        with_alarms(&store, &id(1), gate(due)).await;
        let held = claim_one(&store, Lane::Gate, ALL).await;
        assert!(Some(held.token) > last);
        last = Some(held.token);
        let _: () = server.query(&["FLUSHALL"]).await;
        assert!(!store.renew(&held, Seconds(60)).await.unwrap());
    }
}

#[tokio::test]
async fn a_revision_that_came_back_with_other_contents_conflicts() {
    let (server, store) = started().await;
    done(&store, create(&id(1))).await;
    let old = load(&store, &id(1)).await;
    let _: () = server
        .query(&["COPY", &key(&format!("doc:{}", id(1))), &key("kept")])
        .await;
    done(&store, after(&old)).await;
    let lost = load(&store, &id(1)).await;
    // A failover to a server that did not have the last commit, which then goes on.
    let doc = key(&format!("doc:{}", id(1)));
    let _: () = server.query(&["COPY", &key("kept"), &doc, "REPLACE"]).await;
    done(&store, after(&old)).await;
    let other = load(&store, &id(1)).await;
    assert_eq!(other.version.revision, lost.version.revision);
    let step = after(&lost);
    assert_eq!(store.commit(step).await.unwrap(), Committed::Conflict);
}

#[tokio::test]
async fn a_ping_tells_whether_commits_are_possible() {
    let (server, store) = started().await;
    store.ping().await.unwrap();
    server.set_full(true).await;
    let error = store.ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    server.set_full(false).await;
    let _: () = server
        .query(&["CONFIG", "SET", "min-replicas-to-write", "1"])
        .await;
    let error = store.ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Away(_)), "{error}");
}

#[tokio::test]
async fn marks_of_deliveries_are_kept_for_a_day_and_no_longer() {
    let (server, store) = started().await;
    let mark = "Ev08";
    let step = Commit {
        seen: Some(mark.to_owned()),
        ..create(&id_in(drawbridge::id::Shard::of_key(mark), 1))
    };
    done(&store, step.clone()).await;
    let letter = step.id.shard().letter();
    let left: i64 = server
        .query(&["TTL", &format!("{{drawbridge-{letter}}}:seen:{mark}")])
        .await;
    assert!((86_000..=86_400).contains(&left), "{left}");
}

#[tokio::test]
async fn replicas_of_the_bot_share_the_work() {
    let harness = Single::start(Product::Redis).await;
    let (one, other) = (harness.store().await, harness.store().await);
    let due = now(&*one).await - secs(1);
    for n in 0..20 {
        with_alarms(&*one, &id(n), gate(due)).await;
    }
    let ten = drawbridge::store::Wants { gate: 10, ..ALL };
    assert_eq!(claim(&*one, ten).await.len(), 10);
    assert_eq!(claim(&*other, ALL).await.len(), 10);
}

/// The first two records of a chain, and two events of a document.
fn first_append() -> Append {
    let id = id(1);
    Append {
        after: Head::origin(),
        records: vec!["{\"seq\":1}".to_owned(), "{\"seq\":2}".to_owned()],
        head: Head {
            seq: 2,
            hash: "2".repeat(64),
        },
        recorded: vec![Progress {
            id,
            from: 0,
            to: 2,
            kept: None,
        }],
    }
}

fn second_append() -> Append {
    let after = first_append().head;
    Append {
        head: Head {
            seq: 4,
            hash: "4".repeat(64),
        },
        after,
        recorded: Vec::new(),
        ..first_append()
    }
}

/// What XREAD answers: streams by name, each with its entries by id.
type Streams = Vec<(String, Vec<(String, Vec<String>)>)>;

#[tokio::test]
async fn anybody_can_read_the_ledger_as_a_stream() {
    let (server, store) = started().await;
    store.append(first_append()).await.unwrap();
    let read = ["XREAD", "STREAMS", "{drawbridge-ledger}:records", "1-0"];
    let found: Streams = server.query(&read).await;
    let fields = vec!["record".to_owned(), "{\"seq\":2}".to_owned()];
    assert_eq!(found[0].1, [("2-0".to_owned(), fields)]);
}

#[tokio::test]
async fn a_ledger_whose_parts_do_not_fit_is_told_and_kept() {
    let (server, store) = started().await;
    let records = "{drawbridge-ledger}:records";
    let head = "{drawbridge-ledger}:head";
    let damages: [&[&str]; 8] = [
        &["SET", records, "foreign"],
        &["SET", head, "foreign"],
        &["SET", "{drawbridge-ledger}:recorded", "foreign"],
        &["HDEL", head, "hash"],
        &["HDEL", head, "seq"],
        &["DEL", head],
        // Somebody else wrote into the stream: seen at its end, or only by its memory.
        &["XADD", records, "9-0", "record", "{}"],
        &["XSETID", records, "9-0"],
    ];
    for damage in damages {
        let _: () = server.query(&["FLUSHALL"]).await;
        store.append(first_append()).await.unwrap();
        let _: redis::Value = server.query(damage).await;
        let before = contents(&server).await;
        let step = match damage {
            ["DEL", ..] => first_append(),
            _ => second_append(),
        };
        let answer = store.append(step).await;
        let refused = match (&answer, damage) {
            // The documents are asked before the stream.
            (Ok(Appended::Conflict), ["DEL", ..]) => true,
            (Err(StoreError::Corrupt(_)), _) => true,
            _ => false,
        };
        assert!(refused, "{damage:?}: {answer:?}");
        assert_eq!(contents(&server).await, before, "{damage:?}");
    }
}

/// Everything that is due, of all shards.
fn of_all_shards() -> Vec<(Shard, Wants)> {
    Shard::all().map(|shard| (shard, ALL)).collect()
}

#[tokio::test]
async fn all_shards_of_a_server_are_claimed_in_one_call() {
    let (server, store) = started().await;
    assert!(store.together());
    let due = now(&store).await - secs(1);
    let mut ids = Vec::new();
    for shard in Shard::all() {
        for n in 1..=3 {
            let id = id_in(shard, n);
            with_alarms(&store, &id, both(due, due)).await;
            ids.push(id);
        }
    }
    let () = server.query(&["CONFIG", "RESETSTAT"]).await;
    let answers = store.claim_each(&of_all_shards()).await;
    let stats: String = server.query(&["INFO", "commandstats"]).await;
    // A script that the server does not know yet is loaded and called again.
    assert!(stats.contains("cmdstat_time:calls=1,"), "{stats}");
    let mut claimed = Vec::new();
    for ((shard, _), answer) in of_all_shards().iter().zip(answers) {
        let answer = answer.unwrap();
        assert!(answer.claims.iter().all(|claim| claim.id.shard() == *shard));
        assert!(answer.next_due > Some(answer.now), "when the leases end");
        claimed.extend(answer.claims);
    }
    assert_eq!(claimed.len(), 2 * ids.len());
    let tokens: BTreeSet<_> = claimed
        .iter()
        .map(|claim| (claim.id.shard(), claim.token))
        .collect();
    assert_eq!(tokens.len(), claimed.len(), "each has a token of its own");
    for claim in &claimed {
        assert!(store.release(claim, due + secs(60)).await.unwrap());
    }
}

#[tokio::test]
async fn a_shard_whose_keys_are_of_another_type_keeps_no_other_waiting() {
    let (server, store) = started().await;
    let due = now(&store).await - secs(1);
    for shard in Shard::all() {
        with_alarms(&store, &id_in(shard, 1), gate(due)).await;
    }
    let _: () = server.query(&["SET", &key("due:card"), "foreign"]).await;
    for ((of, _), answer) in of_all_shards()
        .iter()
        .zip(store.claim_each(&of_all_shards()).await)
    {
        match answer {
            Ok(claims) => assert_eq!((*of != shard(), claims.claims.len()), (true, 1)),
            Err(error) => {
                assert_eq!(*of, shard());
                assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
            }
        }
    }
    assert!(store.together(), "the others are still asked at once");
}

/// One alarm of each shard, claimed.
async fn one_of_each_shard(store: &RedisStore) -> Vec<Claim> {
    let due = now(store).await - secs(1);
    for shard in Shard::all() {
        with_alarms(store, &id_in(shard, 1), gate(due)).await;
    }
    let mut claimed = Vec::new();
    for answer in store.claim_each(&of_all_shards()).await {
        claimed.extend(answer.unwrap().claims);
    }
    assert_eq!(claimed.len(), Shard::all().count());
    claimed
}

/// When the gate lane of a request is due, ms.
async fn due_of(server: &RedisServer, id: &RequestId) -> Option<i64> {
    let key = format!("{{drawbridge-{}}}:due:gate", id.shard().letter());
    server.query(&["ZSCORE", &key, id.as_str()]).await
}

#[tokio::test]
async fn claims_that_are_given_back_at_once_share_a_call() {
    let (server, store) = started().await;
    let mut claimed = one_of_each_shard(&store).await;
    // One lease is lost: another worker has it.
    claimed[1].token = Token(claimed[1].token.0 + 1_000);
    let () = server.query(&["CONFIG", "RESETSTAT"]).await;
    let again = |n: usize| at(2_000_000_000 + n as i64);
    let all = claimed.iter().enumerate();
    let given = all.map(|(n, claim)| store.release(claim, again(n)));
    let given = futures::future::join_all(given).await;
    let stats: String = server.query(&["INFO", "commandstats"]).await;
    // The clock is asked once a call: the first goes by itself or with all others.
    let calls = |n| stats.contains(&format!("cmdstat_time:calls={n},"));
    assert!(calls(1) || calls(2), "{stats}");
    for (n, (claim, held)) in claimed.iter().zip(given).enumerate() {
        assert_eq!(held.unwrap(), n != 1, "{claim:?}");
        let due = due_of(&server, &claim.id).await;
        assert_eq!(due == Some(again(n).timestamp_millis()), n != 1, "{due:?}");
    }
}

#[tokio::test]
async fn a_claim_of_a_shard_that_cannot_be_written_keeps_no_other_from_being_given_back() {
    let (server, store) = started().await;
    let claimed = one_of_each_shard(&store).await;
    let () = server.query(&["DEL", &key("holds")]).await;
    let () = server.query(&["SET", &key("holds"), "foreign"]).await;
    let given = claimed
        .iter()
        .map(|claim| store.release(claim, at(2_000_000_000)));
    let given = futures::future::join_all(given).await;
    for (claim, held) in claimed.iter().zip(given) {
        match held {
            Ok(held) => assert_eq!((held, claim.id.shard() != shard()), (true, true)),
            Err(error) => {
                assert_eq!(claim.id.shard(), shard());
                assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
            }
        }
    }
    assert!(store.together(), "the others still share a call");
}

#[tokio::test]
async fn claims_are_given_back_though_whoever_gave_back_for_all_was_dropped() {
    let (_server, store) = started().await;
    let claimed = one_of_each_shard(&store).await;
    let mut given = claimed
        .iter()
        .map(|claim| Box::pin(store.release(claim, at(2_000_000_000))))
        .collect::<Vec<_>>();
    // The first sends for itself, the others line up behind it.
    for _ in 0..2 {
        assert!(futures::poll!(&mut given[0]).is_pending());
    }
    for given in &mut given[1..] {
        assert!(futures::poll!(given).is_pending());
    }
    assert!(given.remove(0).await.unwrap());
    // The second leads, and is dropped when it has taken the others' claims along.
    let mut leader = given.remove(0);
    // At first it lets others line up, then it sends.
    for _ in 0..2 {
        assert!(futures::poll!(&mut leader).is_pending());
    }
    drop(leader);
    for held in futures::future::join_all(given).await {
        assert!(held.unwrap());
    }
}

#[tokio::test]
async fn where_one_call_for_all_shards_is_refused_each_is_claimed_and_given_back_by_itself() {
    // One server that takes no call on several slots, as a proxy before a cluster.
    let options = ["--cluster-enabled", "yes"];
    let server = RedisServer::start_with(Product::Redis, &options).await;
    let all = ["CLUSTER", "ADDSLOTSRANGE", "0", "16383"];
    let () = server.query(&all).await;
    let store = RedisStore::connect(&server.url()).unwrap();
    until(async || store.ping().await.is_ok()).await;
    let due = now(&store).await - secs(1);
    for shard in Shard::all() {
        with_alarms(&store, &id_in(shard, 1), gate(due)).await;
    }
    let mut claimed = Vec::new();
    for answer in store.claim_each(&of_all_shards()).await {
        claimed.extend(answer.unwrap().claims);
    }
    assert_eq!(claimed.len(), Shard::all().count());
    assert!(!store.together(), "from then on at once");
    // And each is given back by itself, also by whoever does not know that yet.
    let other = RedisStore::connect(&server.url()).unwrap();
    let (these, those) = claimed.split_at(1);
    for (store, claims) in [(&store, these), (&other, those)] {
        let given = claims.iter().map(|claim| store.release(claim, due));
        for held in futures::future::join_all(given).await {
            assert!(held.unwrap());
        }
        assert!(!store.together());
    }
}

#[tokio::test]
async fn what_waits_for_a_replica_needs_one_connection_at_rest_and_eight_at_most() {
    let server = RedisServer::start(Product::Redis).await;
    let _replica = replica_of(&server).await;
    let store = RedisStore::connect(&server.url()).unwrap();
    for n in 0..8 {
        done(&store, lasting(create(&id(n)))).await;
    }
    assert_eq!(store.counts().dials, 1);
    let many = (8..72).map(|n| store.commit(lasting(create(&id(n)))));
    for answer in futures::future::join_all(many).await {
        assert!(matches!(answer, Ok(Committed::Applied(_))), "{answer:?}");
    }
    assert_eq!(store.counts().dials, 8);
}
