//! Signed heads against whoever owns the Redis.

use std::path::Path;
use std::sync::Arc;

use axum::http::StatusCode;
use chrono::TimeDelta;
use drawbridge::audit::chain::{Linked, link, link_own};
use drawbridge::audit::heads::{SignedHead, Signer};
use drawbridge::audit::{Actor, Event, Fact, Head};
use drawbridge::clock::Clock;
use drawbridge::entropy::Entropy;
use drawbridge::ledger::heads::{Heads, Last, Parted};
use drawbridge::ledger::settings::Deposit;
use drawbridge::ledger::sinks::Post;
use drawbridge::slack::Wire;
use drawbridge::store::redis::RedisStore;
use drawbridge::store::{Append, Appended, Observed, Store};
use drawbridge::units::Seconds;

use super::commands::ledger;
use super::posts::auditor;
use super::{Calendar, appender, happen, happening, ledger_of, lines, memory, record};
use crate::servers::redis::{Product, RedisServer};

fn signer() -> Signer {
    Signer::read(&"07".repeat(32)).unwrap()
}

fn heads(store: &Arc<dyn Store>, clock: &Arc<Calendar>, deposit: Deposit) -> Heads {
    Heads {
        store: Arc::clone(store),
        appender: appender(store, Arc::clone(clock) as Arc<dyn Clock>),
        signer: signer(),
        last: Last::default(),
        every: Seconds::hours(24),
        deposit,
        post: Post::over(Wire::tcp()),
        metrics: Arc::default(),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        entropy: Arc::new(Entropy::seeded(7)),
    }
}

/// The ledger linked anew, after somebody changed what record `seq` tells.
fn rewritten(lines: &[String], seq: u64) -> Vec<Linked> {
    let mut head = Head::origin();
    let relink = |line: &String| {
        let mut old = record(line);
        if old.seq == seq {
            old.event["rules"][0]["name"] = "a rule of mine".into();
        }
        let linked = link(&head, old.document.as_ref(), old.number, old.event).unwrap();
        head = linked.head.clone();
        linked
    };
    lines.iter().map(relink).collect()
}

/// What the owner of a Redis does: everything is gone, and another ledger is there.
async fn replace(server: &RedisServer, with: &[Linked]) {
    let () = server.query(&["FLUSHALL"]).await;
    fill(&RedisStore::connect(&server.url()).unwrap(), with).await;
}

async fn fill(store: &dyn Store, with: &[Linked]) {
    let mut after = Head::origin();
    for part in with.chunks(100) {
        let head = part.last().unwrap().head.clone();
        let step = Append {
            after,
            records: part.iter().map(|linked| linked.line.clone()).collect(),
            head: head.clone(),
            recorded: Vec::new(),
        };
        assert_eq!(store.append(step).await.unwrap(), Appended::Done);
        after = head;
    }
}

/// Runs `ledger verify` over the Redis: exit status, and all that was said.
fn verify(server: &RedisServer, words: &[&str]) -> (i32, String) {
    let words = [&["verify"], words].concat();
    ledger(&words, &[("REDIS_URL", &server.url())])
}

fn words_of(heads: &Path) -> [String; 2] {
    let heads = format!("--head={}", heads.display());
    [heads, format!("--key={}", signer().public())]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_rewritten_or_cut_by_the_owner_of_redis_does_not_match_the_signed_head() {
    let server = RedisServer::start(Product::Redis).await;
    let store: Arc<dyn Store> = Arc::new(RedisStore::connect(&server.url()).unwrap());
    let clock = Calendar::at("2026-11-26T08:00:00Z");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heads.jsonl");
    let heads = heads(&store, &clock, Deposit::File(path.clone()));
    happen(&heads.appender, 150).await;
    let signed = heads.turn().await.unwrap().unwrap();
    assert_eq!(signed.seq, 151);
    let [head, key] = words_of(&path);
    let (status, said) = verify(&server, &[&head, &key]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("1 signed head agrees; "), "{said}");

    let all = lines(&*store).await;
    replace(&server, &rewritten(&all, 40)).await;
    let (status, said) = verify(&server, &[]);
    assert_eq!(status, 0, "in itself it is sound: {said}");
    assert!(said.contains("no signed head was given"), "{said}");
    let (status, said) = verify(&server, &[&head, &key]);
    assert_eq!(status, 1, "{said}");
    assert!(
        said.contains("record 151: the ledger was rewritten: it is not what was signed"),
        "{said}"
    );

    replace(&server, &rewritten(&all[..100], 0)).await;
    assert_eq!(verify(&server, &[]).0, 0, "in itself it is sound");
    let (status, said) = verify(&server, &[&head, &key]);
    assert_eq!(status, 1, "{said}");
    assert!(
        said.contains("the ledger is truncated: it ends before what was signed"),
        "{said}"
    );

    // Nobody else's signature counts.
    let mine = Signer::read(&"08".repeat(32)).unwrap();
    let (status, said) = verify(&server, &[&head, &format!("--key={}", mine.public())]);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("not with the expected one"), "{said}");
}

#[tokio::test]
async fn a_head_is_signed_once_a_day_and_its_signing_is_recorded() {
    let store = ledger_of(5).await;
    let clock = Calendar::at("2026-11-26T23:00:00Z");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heads.jsonl");
    let heads = heads(&store, &clock, Deposit::File(path.clone()));
    assert_eq!(heads.turn().await.unwrap().unwrap().seq, 5);
    assert_eq!(heads.turn().await.unwrap(), None);
    clock.pass(TimeDelta::hours(2));
    assert_eq!(heads.turn().await.unwrap().unwrap().seq, 6);
    let text = std::fs::read_to_string(&path).unwrap();
    let signed: Vec<SignedHead> = text.lines().map(|l| SignedHead::read(l).unwrap()).collect();
    let key = signer().public().parse().unwrap();
    assert!(signed.iter().all(|head| head.verify(Some(&key)).is_ok()));
    let told = lines(&*store).await;
    for (line, head) in told[5..].iter().zip(&signed) {
        let event = record(line).event;
        assert_eq!(event["event"], "head_signed");
        assert_eq!(event["hash"], head.hash.as_str());
    }
}

#[tokio::test]
async fn a_head_that_its_place_does_not_take_counts_as_not_signed() {
    let store = ledger_of(5).await;
    let clock = Calendar::at("2026-11-26T08:00:00Z");
    let (auditor, server) = auditor(&[(false, StatusCode::INTERNAL_SERVER_ERROR)]).await;
    let heads = heads(&store, &clock, Deposit::Http(server));
    let error = heads.turn().await.unwrap_err();
    assert_eq!(error.to_string(), "it answered with HTTP 500");
    assert_eq!(lines(&*store).await.len(), 5, "nothing is recorded");
    let signed = heads.turn().await.unwrap().unwrap();
    let keys = auditor.keys.lock().unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[1].1, signed.line().unwrap());
    assert_eq!(keys[1].0, format!("{}-head-5", signed.chain));
}

#[tokio::test]
async fn how_long_a_head_has_been_due_is_told_across_restarts() {
    let store = ledger_of(5).await;
    let clock = Calendar::at("2026-11-26T08:00:00Z");
    let down = (false, StatusCode::INTERNAL_SERVER_ERROR);
    let (_auditor, server) = auditor(&[down, down, (true, StatusCode::OK), down, down]).await;
    let heads_of = || heads(&store, &clock, Deposit::Http(server.clone()));
    let is_due = |heads: &Heads, seconds: &str| {
        let told = heads.metrics.scrape(clock.now()).unwrap();
        let line = format!("drawbridge_ledger_head_due_seconds {seconds}\n");
        assert!(told.contains(&line), "{seconds}: {told}");
    };
    // None was ever signed: since turns have failed.
    let first = heads_of();
    let failing = first.look(None).await;
    clock.pass(TimeDelta::minutes(10));
    assert_eq!(first.look(failing).await, failing);
    is_due(&first, "600.0");
    assert_eq!(first.look(failing).await, None);
    is_due(&first, "0.0");
    // One was: since the next period began, whoever was there then.
    clock.pass(TimeDelta::hours(17));
    let next = heads_of();
    next.look(None).await;
    is_due(&next, "4200.0");
    clock.pass(TimeDelta::minutes(1));
    is_due(&next, "4260.0");
}

/// What Drawbridge itself would tell next.
fn go_on(ledger: &mut Vec<Linked>, fact: Fact) {
    let event = Event {
        at: "2026-11-26T09:00:00Z".parse().unwrap(),
        by: Actor::Drawbridge,
        fact,
    };
    let head = ledger.last().unwrap().head.clone();
    ledger.push(link_own(&head, &event).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_signed_and_dropped_for_a_forged_rest_is_signed_no_more_and_does_not_verify() {
    let server = RedisServer::start(Product::Redis).await;
    let store: Arc<dyn Store> = Arc::new(RedisStore::connect(&server.url()).unwrap());
    let clock = Calendar::at("2026-11-26T08:00:00Z");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heads.jsonl");
    let signing = heads(&store, &clock, Deposit::File(path.clone()));
    happen(&signing.appender, 90).await;
    let signed = signing.turn().await.unwrap().unwrap();
    assert_eq!(signed.seq, 91);

    // Records 1 to 95 as the owner of Redis says that they were, and gone as if they were old.
    let mut forged = rewritten(&lines(&*store).await, 40);
    (93..=95).for_each(|n| go_on(&mut forged, happening(n)));
    let Head { seq, hash } = forged.last().unwrap().head.clone();
    let chain = Some(signed.chain.clone());
    let upto = Head {
        seq,
        hash: hash.clone(),
    };
    go_on(&mut forged, Fact::Trimmed { seq, hash, chain });
    (97..=110).for_each(|n| go_on(&mut forged, happening(n)));
    replace(&server, &forged).await;
    assert!(store.trim(&upto).await.unwrap());
    let (status, said) = verify(&server, &[]);
    assert_eq!(status, 0, "in itself it is sound: {said}");

    clock.pass(TimeDelta::days(1));
    let started = heads(&store, &clock, Deposit::File(path.clone()));
    for signing in [&signing, &started] {
        let error = signing.turn().await.unwrap_err();
        let gone = Parted::Dropped {
            dropped: 95,
            signed: 91,
        };
        assert_eq!(error.downcast_ref::<Parted>(), Some(&gone), "{error:#}");
    }
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");

    // Even if somebody had signed it.
    let head = signer().sign(&signed.chain, &forged.last().unwrap().head, clock.now());
    std::fs::write(&path, text + &head.unwrap().line().unwrap() + "\n").unwrap();
    let [head, key] = words_of(&path);
    let (status, said) = verify(&server, &[&head, &key]);
    assert_eq!(status, 1, "{said}");
    let sentence =
        "record 96: records up to 95 were dropped, and no head that covers them had been signed";
    assert!(said.contains(sentence), "{said}");
}

#[tokio::test]
async fn no_head_is_signed_for_a_ledger_that_parted_from_the_one_that_was_signed() {
    let store = ledger_of(30).await;
    let clock = Calendar::at("2026-11-26T08:00:00Z");
    let mut signing = heads(&store, &clock, Deposit::Log);
    let signed = signing.turn().await.unwrap().unwrap();
    happen(&signing.appender, 10).await;
    let all = lines(&*store).await;
    let mut other = all.clone();
    let mut first = record(&all[0]);
    first.event["chain"] = "another".into();
    other[0] = serde_json::to_string(&first).unwrap();
    for (ledger, parted) in [
        (
            Vec::new(),
            Parted::Cut {
                ends: 0,
                signed: 30,
            },
        ),
        (
            all[..29].to_vec(),
            Parted::Cut {
                ends: 29,
                signed: 30,
            },
        ),
        (
            other,
            Parted::Other {
                signed: signed.chain.clone(),
                found: "another".to_owned(),
            },
        ),
    ] {
        signing.store = memory();
        fill(&*signing.store, &rewritten(&ledger, 0)).await;
        clock.pass(TimeDelta::days(1));
        let error = signing.turn().await.unwrap_err();
        assert_eq!(error.downcast_ref::<Parted>(), Some(&parted), "{error:#}");
    }
    // Rewritten before, at and behind what was signed: what is behind it nobody has vouched for yet.
    for (seq, is_known) in [(3, false), (30, false), (35, true)] {
        signing.store = memory();
        signing.last = Last::default();
        let deposit = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(deposit.path(), signed.line().unwrap() + "\n").unwrap();
        signing.deposit = Deposit::File(deposit.path().to_owned());
        fill(&*signing.store, &rewritten(&all, seq)).await;
        let turn = signing.turn().await;
        let parted = turn.as_ref().err().and_then(|error| error.downcast_ref());
        let wanted = Parted::Rewritten(30);
        assert_eq!(
            parted,
            Some(&wanted).filter(|_| !is_known),
            "{seq}: {turn:?}"
        );
        assert_eq!(turn.is_ok(), is_known, "{seq}: {turn:?}");
    }
}

#[tokio::test]
async fn a_replica_goes_on_from_what_another_one_signed_and_trimmed() {
    let store = ledger_of(5).await;
    let clock = Calendar::at("2026-11-26T08:00:00Z");
    let [one, two] = [0, 1].map(|_| heads(&store, &clock, Deposit::Log));
    assert_eq!(one.turn().await.unwrap().unwrap().seq, 5);
    happen(&one.appender, 10).await;
    clock.pass(TimeDelta::days(1));
    let covered = two.turn().await.unwrap().unwrap();
    let Head { seq, hash } = covered.head();
    let chain = Some(covered.chain.clone());
    let trimmed = Fact::Trimmed { seq, hash, chain };
    two.appender.tell(trimmed).await.unwrap();
    assert!(store.trim(&covered.head()).await.unwrap());
    clock.pass(TimeDelta::days(1));
    let signed = one.turn().await.unwrap().unwrap();
    assert_eq!(
        signed.seq,
        store.head().await.unwrap().head.unwrap().seq - 1
    );
}

#[tokio::test]
async fn a_note_of_a_time_to_come_does_not_keep_a_head_from_being_signed() {
    let store = ledger_of(5).await;
    let clock = Calendar::at("2026-11-26T08:00:00Z");
    let heads = heads(&store, &clock, Deposit::Log);
    store
        .set_cursor(":heads", 9_007_199_254_740_991)
        .await
        .unwrap();
    assert_eq!(heads.turn().await.unwrap().unwrap().seq, 5);
    assert_eq!(heads.turn().await.unwrap(), None, "once a day");
}

/// What the owner of the store does as each day begins.
async fn note_today(store: &Arc<dyn Store>, clock: &Calendar) {
    let midnight = clock.now().timestamp() / 86_400 * 86_400;
    let noted = store.set_cursor(":heads", u64::try_from(midnight).unwrap());
    noted.await.unwrap();
}

#[tokio::test]
async fn a_note_that_todays_head_is_signed_does_not_keep_it_from_being_signed() {
    let store = ledger_of(5).await;
    let clock = Calendar::at("2026-11-26T08:00:00Z");
    let heads_of = || heads(&store, &clock, Deposit::Log);
    let one = heads_of();
    for seq in [5, 6, 7] {
        note_today(&store, &clock).await;
        assert_eq!(one.turn().await.unwrap().unwrap().seq, seq);
        assert_eq!(one.turn().await.unwrap(), None, "once a day");
        clock.pass(TimeDelta::days(1));
    }
    // Nor one who has just begun, though the ledger tells of the heads of other days.
    note_today(&store, &clock).await;
    assert_eq!(heads_of().turn().await.unwrap().unwrap().seq, 8);
    assert_eq!(heads_of().turn().await.unwrap(), None, "the ledger tells");
    // Where nobody takes it, it is due.
    clock.pass(TimeDelta::days(1));
    note_today(&store, &clock).await;
    let (_auditor, server) = auditor(&[(false, StatusCode::INTERNAL_SERVER_ERROR)]).await;
    let failing = heads(&store, &clock, Deposit::Http(server));
    assert_eq!(failing.look(None).await, Some(clock.now()));
}

#[tokio::test]
async fn a_head_of_another_replica_counts_once_it_was_seen_and_one_of_another_key_does_not() {
    let store = ledger_of(5).await;
    let clock = Calendar::at("2026-11-26T08:00:00Z");
    let [one, mut two, mut other] = [0, 1, 2].map(|_| heads(&store, &clock, Deposit::Log));
    assert_eq!(one.turn().await.unwrap().unwrap().seq, 5);
    assert_eq!(two.turn().await.unwrap(), None);
    other.signer = Signer::read(&"08".repeat(32)).unwrap();
    assert_eq!(other.turn().await.unwrap().unwrap().seq, 6);
    // It was seen: no ledger is asked any more today. Tomorrow this one has to hold it.
    two.store = ledger_of(20).await;
    note_today(&two.store, &clock).await;
    assert_eq!(two.turn().await.unwrap(), None);
    clock.pass(TimeDelta::days(1));
    let error = two.turn().await.unwrap_err();
    let wanted = Parted::Rewritten(5);
    assert_eq!(error.downcast_ref(), Some(&wanted), "{error:#}");
}

#[tokio::test]
async fn the_ledger_is_read_for_heads_once_however_often_a_turn_fails() {
    let clock = Calendar::at("2026-11-26T08:00:00Z");
    let down = (false, StatusCode::INTERNAL_SERVER_ERROR);
    let (_auditor, server) = auditor(&[down; 3]).await;
    let mut heads = heads(&ledger_of(2_100).await, &clock, Deposit::Http(server));
    note_today(&heads.store, &clock).await;
    heads.store = Arc::new(Observed::new(heads.store, Arc::clone(&heads.metrics)));
    let mut before = 0;
    let mut reads = Vec::new();
    for _ in 0..3 {
        heads.turn().await.unwrap_err();
        let told = heads.metrics.scrape(clock.now()).unwrap();
        let count = "drawbridge_store_call_seconds_count{call=\"records\"} ";
        let all = told.lines().find_map(|line| line.strip_prefix(count));
        let all: u64 = all.unwrap_or_else(|| panic!("{told}")).parse().unwrap();
        reads.push(all - before);
        before = all;
    }
    // Twice the ledger's name, and at first five pages.
    assert_eq!(reads, [7, 2, 2]);
    assert_eq!(heads.turn().await.unwrap().unwrap().seq, 2_100);
}
