//! What is known tells of every loss once: of the second in a row, and of one that was made good.

use std::collections::BTreeMap;

use super::*;
use crate::clock::VirtualClock;
use crate::request::fixtures::{at, dana_asks};
use crate::store::{CommitId, Revision};

fn recall() -> Recall {
    Recall::new(Arc::new(VirtualClock::starting_at(at(0))))
}

fn version(revision: u64, commit: &str) -> Version {
    Version {
        revision: Revision(revision),
        commit: CommitId(commit.to_owned()),
    }
}

impl Recall {
    /// Up to where a version lost something, as who reads it is told.
    fn loss(&self, request: &Request, at: &Version) -> Option<u64> {
        let known = self.known(&request.id)?;
        known.lost_by(request, (at, &[])).map(|lost| lost.upto)
    }

    /// The same where these commits came before.
    fn loss_after(&self, request: &Request, at: &Version, past: &[&str]) -> Option<u64> {
        let past: Vec<_> = past.iter().map(|id| CommitId((*id).to_owned())).collect();
        let known = self.known(&request.id)?;
        known.lost_by(request, (at, &past)).map(|lost| lost.upto)
    }
}

/// The same request, set right after a loss.
fn set_right(request: &Request, seconds: u64, upto: u64) -> Request {
    let mut right = request.clone();
    right.back = Some(Back {
        at: at(seconds),
        upto,
    });
    right
}

#[test]
fn a_second_loss_is_noticed_though_the_first_one_went_further() {
    let recall = recall();
    let open = dana_asks().request().opened();
    recall.note(&open, &version(30, "a30"));
    assert_eq!(recall.loss(&open, &version(25, "a25")), Some(30));
    let right = set_right(&open, 60, 30);
    recall.note(&right, &version(26, "b26"));
    assert_eq!(recall.loss(&right, &version(26, "b26")), None);
    let closed = right.closed(crate::request::End::Done);
    recall.note(&closed, &version(28, "b28"));
    assert_eq!(recall.loss(&right, &version(26, "b26")), Some(28));
    // Nor does a reader of that version take the memory of the later one.
    recall.note(&right, &version(26, "b26"));
    assert_eq!(recall.loss(&right, &version(26, "b26")), Some(28));
}

#[test]
fn a_store_that_went_on_from_an_earlier_version_is_noticed_as_long_as_it_remembers() {
    let recall = recall();
    let open = dana_asks().request().opened();
    recall.note(&open, &version(28, "a28"));
    let now = version(30, "b30");
    assert_eq!(recall.loss_after(&open, &now, &["b29", "a28"]), None);
    assert_eq!(
        recall.loss_after(&open, &now, &["b29", "b28", "a27"]),
        Some(28)
    );
    assert_eq!(recall.loss_after(&open, &now, &["b29"]), None);
    let right = set_right(&open, 60, 28);
    assert_eq!(recall.loss_after(&right, &now, &["b29", "b28"]), None);
}

#[test]
fn whoever_remembers_no_later_change_has_nothing_to_add() {
    let (recall, other) = (recall(), recall());
    let open = dana_asks().request().opened();
    recall.note(&open, &version(30, "a30"));
    other.note(&open, &version(28, "a28"));
    // The other one was faster, and knew less.
    let right = set_right(&open, 60, 28);
    assert_eq!(recall.loss(&right, &version(26, "b26")), Some(30));
    let right = set_right(&right, 61, 30);
    for memory in [&recall, &other] {
        assert_eq!(memory.loss(&right, &version(27, "b27")), None);
        memory.note(&right, &version(27, "b27"));
        assert_eq!(memory.loss(&right, &version(27, "b27")), None);
    }
}

#[test]
fn a_request_that_was_not_there_for_a_while_is_shown_again() {
    let recall = recall();
    let waits = dana_asks().request();
    let (id, at) = (&waits.id, version(3, "a3"));
    recall.note(&waits, &at);
    assert_eq!(recall.quiet(), []);
    for step in [Recall::missed, Recall::told] {
        step(&recall, id);
        assert_eq!(recall.quiet(), std::slice::from_ref(id), "it is looked for");
        let lost = recall
            .known(id)
            .unwrap()
            .lost_by(&waits, (&at, &[]))
            .unwrap();
        assert!(lost.face > waits.posts.face, "{lost:?}");
        assert_eq!(lost.upto, 3);
    }
    let right = set_right(&waits, 60, 3);
    assert_eq!(recall.loss(&right, &version(4, "a4")), None);
    recall.note(&right, &version(4, "a4"));
    assert_eq!(recall.quiet(), []);
    assert_eq!(recall.loss(&right, &version(4, "a4")), None);
}

#[test]
fn of_one_that_is_over_nobody_is_told_and_it_is_looked_for() {
    let recall = recall();
    let over = dana_asks().request().opened();
    let over = over.closed(crate::request::End::Done);
    recall.note(&over, &version(9, "a9"));
    recall.missed(&over.id);
    assert_eq!(recall.known(&over.id).unwrap().gone, Gone::Told);
    assert_eq!(recall.quiet(), std::slice::from_ref(&over.id));
}

#[test]
fn a_message_that_nobody_keeps_any_more_is_noticed_whoever_set_the_request_right() {
    let recall = recall();
    let mut open = dana_asks().request().opened();
    let posted = |ts: &str| PostStatus::Posted {
        channel: "C1".to_owned(),
        ts: ts.to_owned(),
        shows: String::new(),
    };
    let (first, second) = (open.posts.list[0].key, open.posts.list[1].key);
    open.posts.set(first, posted("1.1"));
    let before = open.clone();
    open.posts.set(second, posted("2.2"));
    recall.note(&open, &version(28, "a28"));
    // Another one knew less of what was lost.
    let right = set_right(&before, 60, 28);
    assert_eq!(recall.loss(&right, &version(40, "b40")), Some(28));
    let refused = PostStatus::GivenUp {
        code: "message_not_found".to_owned(),
    };
    let mut given_up = right.clone();
    given_up.posts.set(second, refused);
    assert_eq!(recall.loss(&given_up, &version(40, "b40")), None);
    assert_eq!(recall.loss(&open, &version(40, "b40")), None);
}

#[test]
fn one_that_is_over_is_looked_for_in_two_rounds() {
    let recall = recall();
    let over = dana_asks().request().opened();
    let over = over.closed(crate::request::End::Done);
    let at = version(9, "a9");
    recall.note(&over, &at);
    let mut looked = 0;
    for _ in 0..10 {
        for _ in recall.quiet() {
            looked += 1;
            recall.note(&over, &at);
        }
    }
    assert_eq!(looked, 2);
}

#[test]
fn so_many_are_remembered_and_what_is_over_goes_first() {
    let (recall, entropy) = (recall(), crate::entropy::Entropy::seeded(1));
    let mut ids = BTreeMap::new();
    let mut open = dana_asks().request().opened();
    let mut over = open.closed(crate::request::End::Done);
    let shards = std::iter::repeat_with(crate::id::Shard::all).flatten();
    for (n, shard) in (0..=MOST).zip(shards) {
        let request = if n == 0 { &mut open } else { &mut over };
        request.id = entropy.request_id(shard);
        ids.insert(n, request.id.clone());
        recall.note(request, &version(1, "a"));
    }
    let known: Vec<usize> = ids
        .iter()
        .filter(|(_, id)| recall.known(id).is_some())
        .map(|(n, _)| *n)
        .collect();
    assert_eq!(known.len(), MOST);
    assert!(known.contains(&0) && !known.contains(&1));
}

#[test]
fn what_was_heard_of_again_or_ended_is_forgotten_by_its_newest_place() {
    let (recall, entropy) = (recall(), crate::entropy::Entropy::seeded(2));
    let mut open = dana_asks().request().opened();
    let shards = std::iter::repeat_with(crate::id::Shard::all).flatten();
    let ids: Vec<_> = shards
        .take(MOST + 2)
        .map(|shard| entropy.request_id(shard))
        .collect();
    let mut over = open.closed(crate::request::End::Done);
    let mut hear = |id: &RequestId| {
        open.id = id.clone();
        recall.note(&open, &version(1, "a"));
    };
    ids.iter().take(MOST).for_each(&mut hear);
    // The oldest is heard of again, the newest ends, and two more come.
    hear(&ids[0]);
    over.id = ids[MOST - 1].clone();
    recall.note(&over, &version(2, "b"));
    ids.iter().skip(MOST).for_each(&mut hear);
    let gone: Vec<usize> = (0..ids.len())
        .filter(|n| recall.known(&ids[*n]).is_none())
        .collect();
    assert_eq!(gone, [1, MOST - 1]);
}
