//! Operations as proptest draws them.

use chrono::TimeDelta;
use drawbridge::store::{Alarms, Claim, Commit, CommitId, Lane, Revision, Standing, Version};
use drawbridge::units::{Seconds, Time};
use proptest::collection::vec;
use proptest::prelude::*;

use super::model::Model;
use crate::store::steps::{fresh, id};

/// Ids that histories are about: few, so that operations meet.
const IDS: usize = 3;

/// Deliveries, both of the shard that the histories are in.
pub(super) const KEYS: [&str; 2] = ["delivery-5", "delivery-8"];

/// People.
pub(super) const OWNERS: [&str; 2] = ["U0DANA", "ci/deployer"];

/// One operation.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Commit(Draft),
    /// Of which lanes, and for how long.
    Claim {
        gate: bool,
        card: bool,
        lease: Seconds,
    },
    /// Of the `n`th last claim.
    Renew(usize, Seconds),
    Release(usize, When),
    Wake(usize, Lane),
    Restore(usize, Whens),
}

/// An instant that stays past or future during the whole history.
#[derive(Debug, Clone, Copy)]
pub(super) struct When(i64);

impl When {
    pub(super) fn time(self, now: Time) -> Time {
        now + TimeDelta::seconds(self.0)
    }
}

/// Alarms to come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whens(Option<When>, Option<When>);

impl Whens {
    pub(super) fn alarms(self, now: Time) -> Alarms {
        Alarms {
            gate: self.0.map(|when| when.time(now)),
            card: self.1.map(|when| when.time(now)),
        }
    }
}

/// What a commit builds on.
#[derive(Debug, Clone, Copy)]
enum Basis {
    Creation,
    Current,
    /// The right revision of another commit.
    OtherCommit,
    OlderRevision,
}

/// A commit to be.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    id: usize,
    basis: Basis,
    finish: bool,
    alarms: Whens,
    events: usize,
    claim: Option<usize>,
    key: Option<usize>,
    owner: usize,
    closing: bool,
    /// Whether the same step is sent again.
    pub(super) repeat: bool,
}

impl Draft {
    /// The commit, given what there is.
    pub(super) fn commit(&self, model: &Model, claims: &[Claim]) -> Commit {
        // Mostly under a claim of this very document, or fencing would be all that is tested.
        let own = |claim: &&Claim| claim.id == id(self.id);
        let claim = self.claim.and_then(|n| {
            let of_id: Vec<&Claim> = claims.iter().rev().filter(own).collect();
            of_id.get(n / 4).copied().or_else(|| super::pick(claims, n))
        });
        let commit = fresh();
        let expected = self.version(model);
        Commit {
            id: id(self.id),
            body: format!("\"{}\"", commit.0),
            seen: self
                .key
                .filter(|_| expected.is_none())
                .map(|n| KEYS[n].to_owned()),
            standing: if self.finish {
                Standing::Finished
            } else {
                Standing::Open
            },
            owner: OWNERS[self.owner].to_owned(),
            alarms: self.alarms.alarms(model.now),
            events: (0..self.events)
                .map(|n| format!("\"{}/{n}\"", commit.0))
                .collect(),
            claim: claim.map(|claim| (claim.lane, claim.token)),
            closing: self.closing,
            lasting: false,
            expected,
            commit,
        }
    }

    fn version(&self, model: &Model) -> Option<Version> {
        let current = model
            .documents
            .get(&id(self.id))
            .map(|document| document.version());
        let basis = match (self.basis, current) {
            (Basis::Creation, _) => return None,
            // Mostly create what is not there.
            (Basis::Current, None) => return None,
            (_, None) => Version {
                revision: Revision(1),
                commit: fresh(),
            },
            (_, Some(version)) => version,
        };
        Some(match self.basis {
            Basis::OtherCommit => Version {
                commit: CommitId("f".repeat(32)),
                ..basis
            },
            Basis::OlderRevision => Version {
                revision: Revision(basis.revision.0.saturating_sub(1)),
                ..basis
            },
            Basis::Creation | Basis::Current => basis,
        })
    }
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![-7200..-3600_i64, 7200..10_000_i64].prop_map(When)
}

fn whens() -> impl Strategy<Value = Whens> {
    (prop::option::of(when()), prop::option::of(when())).prop_map(|(gate, card)| Whens(gate, card))
}

fn lease() -> impl Strategy<Value = Seconds> {
    prop_oneof![3 => Just(Seconds(3600)), 1 => Just(Seconds(0))]
}

fn lane() -> impl Strategy<Value = Lane> {
    prop_oneof![Just(Lane::Gate), Just(Lane::Card)]
}

fn basis() -> impl Strategy<Value = Basis> {
    prop_oneof![
        10 => Just(Basis::Current),
        2 => Just(Basis::Creation),
        1 => Just(Basis::OtherCommit),
        1 => Just(Basis::OlderRevision),
    ]
}

fn draft() -> impl Strategy<Value = Draft> {
    let what = (
        0..IDS,
        basis(),
        prop::bool::weighted(0.15),
        whens(),
        0..3_usize,
    );
    let how = (
        prop::option::of(0..8_usize),
        prop::option::weighted(0.3, 0..KEYS.len()),
        0..OWNERS.len(),
        any::<bool>(),
        prop::bool::weighted(0.2),
    );
    (what, how).prop_map(
        |((id, basis, finish, alarms, events), (claim, key, owner, closing, repeat))| Draft {
            id,
            basis,
            finish,
            alarms,
            events,
            claim,
            key,
            owner,
            closing,
            repeat,
        },
    )
}

/// Up to sixty operations.
pub(super) fn history() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        8 => draft().prop_map(Operation::Commit),
        5 => (any::<bool>(), any::<bool>(), lease())
            .prop_map(|(gate, card, lease)| Operation::Claim { gate, card, lease }),
        1 => (0..4_usize, lease()).prop_map(|(n, lease)| Operation::Renew(n, lease)),
        2 => (0..4_usize, when()).prop_map(|(n, when)| Operation::Release(n, when)),
        2 => (0..IDS, lane()).prop_map(|(n, lane)| Operation::Wake(n, lane)),
        1 => (0..IDS, whens()).prop_map(|(n, whens)| Operation::Restore(n, whens)),
    ];
    vec(operation, 1..60)
}
