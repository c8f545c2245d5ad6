//! The reconcile: what each situation asks for, and that one round settles everything.

use chrono::TimeDelta;
use proptest::prelude::*;

use crate::id::RequestId;
use crate::netpol::plan::{Owner, Place, Seen, Step, Wanted, plan};
use crate::units::Time;

fn id(text: &str) -> RequestId {
    text.parse().unwrap()
}

fn place(n: u8) -> Place {
    Place {
        namespace: "orders".into(),
        name: format!("drawbridge-{n}"),
    }
}

fn after(seconds: i64) -> Time {
    Time::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn wanted(uid: Option<&str>, expires: i64) -> Wanted {
    Wanted {
        place: place(1),
        request: id("aaaaaa"),
        expires_at: after(expires),
        uid: uid.map(Into::into),
    }
}

fn seen(uid: &str, owner: Owner, expires: i64) -> Seen {
    Seen {
        place: place(1),
        uid: uid.into(),
        owner,
        expires_at: after(expires),
    }
}

/// What is planned at second 30 for one place.
fn step(wanted: Option<Wanted>, seen: Option<Seen>) -> Option<Step> {
    let mut steps = plan(wanted.as_slice(), seen.as_slice(), after(30));
    assert!(steps.len() <= 1, "{steps:?}");
    steps.pop()
}

fn live() -> Owner {
    Owner::Live(id("aaaaaa"))
}

fn delete() -> Option<Step> {
    Some(Step::Delete(place(1), "u1".into()))
}

#[test]
fn an_object_is_created_once_and_never_late() {
    assert_eq!(
        step(Some(wanted(None, 60)), None),
        Some(Step::Create(place(1)))
    );
    assert_eq!(
        step(Some(wanted(None, 30)), None),
        None,
        "its time has passed"
    );
    let there = || Some(seen("u1", live(), 60));
    assert_eq!(step(Some(wanted(Some("u1"), 60)), there()), None);
    assert_eq!(
        step(Some(wanted(None, 60)), there()),
        None,
        "made by an attempt that was not committed"
    );
}

#[test]
fn what_others_removed_or_replaced_is_not_created_again() {
    let made = || Some(wanted(Some("u0"), 60));
    let removed = Some(Step::Removed(place(1)));
    assert_eq!(step(made(), None), removed);
    assert_eq!(step(made(), Some(seen("u1", Owner::Unknown, 60))), removed);
    assert_eq!(step(made(), Some(seen("u1", Owner::Foreign, 60))), removed);
    assert_eq!(
        step(Some(wanted(Some("u0"), 30)), None),
        None,
        "at its end it had to go anyway"
    );
}

#[test]
fn nothing_foreign_is_adopted_or_deleted() {
    let taken = Some(Step::Taken(place(1)));
    let others = || Owner::Live(id("bbbbba"));
    assert_eq!(
        step(Some(wanted(None, 60)), Some(seen("u1", Owner::Foreign, 0))),
        taken
    );
    assert_eq!(
        step(Some(wanted(None, 60)), Some(seen("u1", others(), 60))),
        taken
    );
    assert_eq!(step(None, Some(seen("u1", Owner::Foreign, 0))), None);
}

#[test]
fn what_is_overdue_or_over_is_deleted() {
    let made = |expires| Some(wanted(Some("u1"), expires));
    assert_eq!(
        step(made(30), Some(seen("u1", live(), 60))),
        delete(),
        "by its gate"
    );
    assert_eq!(
        step(made(60), Some(seen("u1", live(), 30))),
        delete(),
        "by its marks"
    );
    assert_eq!(
        step(None, Some(seen("u1", live(), 30))),
        delete(),
        "by a reaper that knows no gate"
    );
    assert_eq!(step(None, Some(seen("u1", live(), 60))), None);
    let ended = Owner::Final(id("bbbbba"));
    assert_eq!(step(None, Some(seen("u1", ended, 60))), delete());
}

#[test]
fn an_object_of_an_unknown_request_lives_until_its_expiry() {
    assert_eq!(step(None, Some(seen("u1", Owner::Unknown, 31))), None);
    assert_eq!(step(None, Some(seen("u1", Owner::Unknown, 30))), delete());
}

fn any_owner() -> impl Strategy<Value = Owner> {
    prop_oneof![
        Just(Owner::Foreign),
        Just(Owner::Live(id("aaaaaa"))),
        Just(Owner::Final(id("aaaaaa"))),
        Just(Owner::Live(id("bbbbba"))),
        Just(Owner::Unknown),
    ]
}

fn any_state() -> impl Strategy<Value = (Vec<Wanted>, Vec<Seen>)> {
    let uid = || prop_oneof![Just("u1".to_owned()), Just("u2".to_owned())];
    let wanted =
        (0..3_u8, proptest::option::of(uid()), 0..60_i64).prop_map(|(n, uid, due)| Wanted {
            place: place(n),
            uid,
            ..wanted(None, due)
        });
    let seen = (0..3_u8, uid(), any_owner(), 0..60_i64).prop_map(|(n, uid, owner, due)| Seen {
        place: place(n),
        ..seen(&uid, owner, due)
    });
    (
        proptest::collection::vec(wanted, 0..4),
        proptest::collection::vec(seen, 0..4),
    )
        .prop_map(|(mut wanted, mut seen)| {
            wanted.sort_by(|a, b| a.place.cmp(&b.place));
            wanted.dedup_by(|a, b| a.place == b.place);
            seen.sort_by(|a, b| a.place.cmp(&b.place));
            seen.dedup_by(|a, b| a.place == b.place);
            (wanted, seen)
        })
}

/// Does the steps the way worker, store and cluster would.
fn follow(steps: &[Step], wanted: &mut Vec<Wanted>, seen: &mut Vec<Seen>) {
    for step in steps {
        match step {
            Step::Create(at) => {
                let made = wanted.iter_mut().find(|w| w.place == *at).unwrap();
                made.uid = Some("new".into());
                seen.push(Seen {
                    place: at.clone(),
                    uid: "new".into(),
                    owner: Owner::Live(made.request.clone()),
                    expires_at: made.expires_at,
                });
            }
            Step::Delete(at, uid) => {
                seen.retain(|s| s.place != *at || s.uid != *uid);
                wanted.retain(|w| w.place != *at);
            }
            Step::Removed(at) | Step::Taken(at) => wanted.retain(|w| w.place != *at),
        }
    }
}

proptest! {
    #[test]
    fn one_round_settles_everything((mut wanted, mut seen) in any_state(), now in 0..60_i64) {
        let foreign: Vec<Seen> = seen.iter().filter(|s| s.owner == Owner::Foreign).cloned().collect();
        let steps = plan(&wanted, &seen, after(now));
        follow(&steps, &mut wanted, &mut seen);
        prop_assert_eq!(plan(&wanted, &seen, after(now)), vec![]);
        prop_assert!(foreign.iter().all(|s| seen.contains(s)), "nothing foreign is touched");
        let overdue = |s: &&Seen| s.owner != Owner::Foreign && s.expires_at <= after(now);
        prop_assert_eq!(seen.iter().find(overdue), None);
    }
}
