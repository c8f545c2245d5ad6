//! Random histories of operations, run against a store and against a model of the contract that
//! shares no code with any store. Every answer must be the model's, and at the end every document,
//! event and index.
//!
//! Time does not pass in a history: alarms are an hour ago or in an hour, leases last an hour or
//! nothing (those have ended at once). So the same histories run on servers whose clock is their own.

mod model;
mod operation;

use std::sync::Arc;

use drawbridge::clock::Clock;
use drawbridge::id::Shard;
use drawbridge::store::memory::MemoryStore;
use drawbridge::store::redis::RedisStore;
use drawbridge::store::sqlite::SqliteStore;
use drawbridge::store::{Claim, Claims, Lane, Store, Wants};
use proptest::test_runner::{Config, TestRunner};

use self::model::{Model, is_about};
use self::operation::{Operation, history};
use super::harness::{ManualClock, now};
use super::steps::{id, shard};
use crate::servers::redis::{Product, RedisServer};

/// A store with the model beside it.
struct Run<'a> {
    store: &'a dyn Store,
    model: Model,
    /// Every claim ever given, to act under again.
    claims: Vec<Claim>,
}

impl<'a> Run<'a> {
    async fn start(store: &'a dyn Store) -> Self {
        Self {
            store,
            model: Model::at(now(store).await),
            claims: Vec::new(),
        }
    }

    async fn step(&mut self, operation: &Operation) {
        let (store, model) = (self.store, &mut self.model);
        match operation {
            Operation::Commit(draft) => {
                let step = draft.commit(model, &self.claims);
                let expected = model.commit(&step);
                let twice = draft.repeat.then(|| step.clone());
                assert_eq!(store.commit(step).await.unwrap(), expected);
                if let Some(again) = twice {
                    let expected = model.commit(&again);
                    assert_eq!(store.commit(again).await.unwrap(), expected);
                }
            }
            Operation::Claim { gate, card, lease } => {
                let wants = Wants {
                    gate: usize::from(*gate) * 100,
                    card: usize::from(*card) * 100,
                    lease: *lease,
                };
                let got = store.claim(shard(), wants).await.unwrap();
                self.claimed(got, &wants);
            }
            Operation::Renew(n, lease) => {
                if let Some(claim) = pick(&self.claims, *n) {
                    let expected = model.renew(claim, *lease);
                    assert_eq!(store.renew(claim, *lease).await.unwrap(), expected);
                }
            }
            Operation::Release(n, when) => {
                if let Some(claim) = pick(&self.claims, *n) {
                    let at = when.time(model.now);
                    let expected = model.release(claim, at);
                    assert_eq!(store.release(claim, at).await.unwrap(), expected);
                }
            }
            Operation::Wake(n, lane) => {
                model.wake(&id(*n), *lane);
                store.wake(&id(*n), *lane).await.unwrap();
            }
            Operation::Restore(n, alarms) => {
                let alarms = alarms.alarms(model.now);
                let expected = model.restore(&id(*n), &alarms);
                let set = store.restore_alarms(&id(*n), alarms).await.unwrap();
                assert_eq!(set, expected);
            }
        }
    }

    fn claimed(&mut self, got: Claims, wants: &Wants) {
        let last = self.claims.iter().map(|claim| claim.token).max();
        assert!(got.claims.iter().all(|claim| Some(claim.token) > last));
        for lane in Lane::ALL {
            let mut of_lane: Vec<&Claim> = got.claims.iter().filter(|c| c.lane == lane).collect();
            assert!(of_lane.is_sorted_by_key(|claim| (claim.due, claim.id.clone())));
            of_lane.sort_by_key(|claim| claim.id.clone());
            let expected = self.model.claim(lane, wants, &of_lane);
            assert_eq!(of_lane.len(), expected.len(), "{of_lane:?} {expected:?}");
            for (claim, (id, attempt, due)) in of_lane.into_iter().zip(expected) {
                assert_eq!((&claim.id, claim.attempt), (&id, attempt));
                assert!(is_about(claim.due, due, self.model.now), "{claim:?}");
            }
        }
        let expected = self.model.next_due(wants);
        match (got.next_due, expected) {
            (None, None) => {}
            (Some(got), Some(due)) => assert!(is_about(got, due, self.model.now), "{got} {due}"),
            other => panic!("next due: {other:?}"),
        }
        self.claims.extend(got.claims);
    }

    /// Everything that can be read is as the model has it.
    async fn compare(&self) {
        for (id, document) in &self.model.documents {
            let found = self.store.load(id).await.unwrap().unwrap();
            assert_eq!(found, document.record(id));
            let events = self.store.events(id, 0).await.unwrap();
            let expected: Vec<_> = (1..).zip(document.events.clone()).collect();
            assert_eq!(events, expected);
        }
        let waiting = self.store.unrecorded(shard(), 100).await.unwrap();
        let mut waiting: Vec<_> = waiting.into_iter().map(|(id, _)| id).collect();
        waiting.sort();
        assert_eq!(waiting, self.model.with_events());
        let open = self.store.open(shard(), None, 100).await.unwrap();
        assert_eq!(open, self.model.open());
        for key in operation::KEYS {
            let expected = self.model.seen.get(key).cloned();
            assert_eq!(self.store.seen(key).await.unwrap(), expected);
        }
        for owner in operation::OWNERS {
            let mut found = self.store.of_owner(owner, 100).await.unwrap();
            found.sort();
            assert_eq!(found, self.model.of_owner(owner));
        }
    }
}

fn pick(claims: &[Claim], n: usize) -> Option<&Claim> {
    claims.iter().rev().nth(n % claims.len().max(1))
}

async fn run(store: &dyn Store, history: &[Operation]) {
    assert_eq!(operation::KEYS.map(Shard::of_key), [shard(); 2]);
    let mut run = Run::start(store).await;
    for operation in history {
        run.step(operation).await;
    }
    run.compare().await;
}

/// Runs `cases` histories, each on an empty store that `fresh` makes, with what has to live as long.
fn check<S: Store, W>(cases: u32, fresh: impl AsyncFn() -> (S, W)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&history(), |history| {
        runtime.block_on(async {
            let (store, _world) = fresh().await;
            run(&store, &history).await;
        });
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn memory_keeps_the_contract_in_random_histories() {
    check(2000, async || {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new());
        (MemoryStore::new(clock), ())
    });
}

#[test]
fn sqlite_keeps_the_contract_in_random_histories() {
    check(60, async || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("drawbridge.db");
        let store = SqliteStore::open(&path, Arc::new(ManualClock::new())).unwrap();
        (store, folder)
    });
}

fn check_server(product: Product) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(RedisServer::start(product));
    check(200, async || {
        let _: () = server.query(&["FLUSHALL"]).await;
        (RedisStore::connect(&server.url()).unwrap(), ())
    });
}

#[test]
fn redis_keeps_the_contract_in_random_histories() {
    check_server(Product::Redis);
}

#[test]
fn valkey_keeps_the_contract_in_random_histories() {
    check_server(Product::Valkey);
}
