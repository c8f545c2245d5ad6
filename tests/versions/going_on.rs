//! What an earlier version left in the middle is gone on with by this one: each stored request is put into a town,
//! pressed or left alone, and comes to its end there.

use std::sync::{Arc, OnceLock};

use chrono::TimeDelta;
use drawbridge::app::{Changed, Parts};
use drawbridge::audit::Head;
use drawbridge::audit::verify::{Check, Extent};
use drawbridge::cli::simulate::paused_runtime;
use drawbridge::id::RequestId;
use drawbridge::netpol::marks::{self, Marks, dress};
use drawbridge::request::{Command, Request, State, Terms, alarms};
use drawbridge::rules::UserId;
use drawbridge::sim::town::{Plan, Times, Town, populate};
use drawbridge::store::memory::MemoryStore;
use drawbridge::store::{Alarms, Commit, CommitId, Committed, MAX_READ, Standing, Store};
use drawbridge::units::{Seconds, Time};
use drawbridge::written;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::corpus::{Kept, documents, lines};
use super::recorder::{Recorder, Tape};

/// Alarms of one request, with those of tries that fail: far more than any has.
const LOOKS: usize = 200;

/// How long an object may outlive its time where the store is empty (README, failure table).
const EMPTIED: Seconds = Seconds(5);

/// How a request is gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// Only time passes.
    Alone,
    /// Its approvers agree.
    Approved,
    /// Whoever asked needs it no more.
    Done,
}

#[test]
fn every_request_comes_to_its_end_by_time_alone() {
    let ends = all(How::Alone);
    let count = |word: &str| ends.iter().filter(|end| **end == word).count();
    assert!(count("lapsed") > 0 && count("ended") > 0, "{ends:?}");
}

#[test]
fn every_waiting_request_can_be_approved_and_ends() {
    let ends = all(How::Approved);
    assert!(
        ends.iter().filter(|end| **end == "ended").count() > 0,
        "{ends:?}"
    );
}

#[test]
fn every_open_request_can_be_ended_by_who_asked() {
    let ends = all(How::Done);
    assert!(
        ends.iter().filter(|end| **end == "ended").count() > 0,
        "{ends:?}"
    );
}

/// The words of the states in which those end that are gone on with in this way.
fn all(how: How) -> Vec<&'static str> {
    let mut ends = Vec::new();
    for (place, kept) in documents() {
        let body = kept.body.get();
        if written::look(body).is_note {
            continue;
        }
        let request = written::read::<Request>(body).unwrap().value;
        let fits = match how {
            How::Alone => true,
            How::Approved => matches!(request.state, State::Pending { .. }),
            How::Done => matches!(request.state, State::Active { .. }),
        };
        if fits {
            let end = paused_runtime()
                .unwrap()
                .block_on(go_on(&place, &kept, &request, how));
            ends.push(end);
        }
    }
    ends
}

/// A town with an empty store, at this time.
fn town_at(at: Time) -> Town {
    let plan = Plan {
        times: Times::From(at),
        ..Plan::of_stories(7, Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)))))
    };
    Town::wake(&plan).unwrap()
}

/// What is in the cluster when a stored request that waits is approved.
pub(crate) async fn opened(kept: &Kept, request: &Request) -> Vec<Value> {
    let town = town_at(kept.at);
    put(
        &*town.shelf.behind_the_door(),
        kept,
        request,
        kept.body.get().to_owned(),
    )
    .await;
    town.settle().await.unwrap();
    approve(&town.parts().unwrap(), &request.id).await;
    forward(&town, Seconds(2).after(town.now())).await;
    let found = town.api.objects().into_iter().filter(is_ours).collect();
    town.close().await;
    found
}

/// What is committed when the store loses what became of a stored request that waits: its approval, or its end.
pub(crate) async fn went_back(kept: &Kept, request: &Request) -> Tape {
    let (tape, made) = (Tape::default(), Arc::new(OnceLock::new()));
    let (taping, slot) = (tape.clone(), Arc::clone(&made));
    let plan = Plan {
        times: Times::From(kept.at),
        ..Plan::of_stories(
            7,
            Box::new(move |clock| {
                let store = Arc::new(Recorder::new(clock, taping.clone()));
                slot.set(Arc::clone(&store)).unwrap();
                Ok(store)
            }),
        )
    };
    let town = Town::wake(&plan).unwrap();
    let store = made.get().unwrap();
    put(&**store, kept, request, kept.body.get().to_owned()).await;
    town.settle().await.unwrap();
    let copy = store.inner.snapshot();
    approve(&town.parts().unwrap(), &request.id).await;
    forward(&town, Seconds(5).after(town.now())).await;
    store.inner.restore(copy);
    forward(&town, Seconds::minutes(5).after(town.now())).await;
    town.close().await;
    tape
}

fn is_ours(object: &Value) -> bool {
    object["metadata"]["labels"]["drawbridge.dev/request"].is_string()
}

/// A request's document may be lost, and the objects of an earlier version still go when they say.
#[test]
fn every_object_is_closed_by_what_is_written_on_it() {
    for (place, line) in lines("objects.jsonl") {
        let object: Value = serde_json::from_str(&line).unwrap();
        paused_runtime().unwrap().block_on(closes(&place, object));
    }
}

async fn closes(place: &str, object: Value) {
    let meta: ObjectMeta = serde_json::from_value(object["metadata"].clone()).unwrap();
    let marks = marks::read(&meta).unwrap_or_else(|| panic!("{place}: not ours"));
    assert!(marks.request.is_some(), "{place}: {marks:?}");
    let expires_at: Time = marks.expires_at.unwrap().parse().unwrap();
    let town = town_at(expires_at - TimeDelta::seconds(30));
    populate::put(&town.api, object).unwrap();
    town.settle().await.unwrap();
    let left = || {
        town.api
            .objects()
            .iter()
            .filter(|object| is_ours(object))
            .count()
    };
    assert_eq!(left(), 1, "{place}: closed before its time");
    forward(&town, EMPTIED.after(expires_at)).await;
    assert_eq!(left(), 0, "{place}: open after its time");
    town.close().await;
}

async fn go_on(place: &str, kept: &Kept, request: &Request, how: How) -> &'static str {
    let town = town_at(kept.at);
    let body = furnish(&town, request, kept.body.get());
    let store = town.shelf.behind_the_door();
    put(&*store, kept, request, body).await;
    town.settle().await.unwrap();
    let parts = town.parts().unwrap();
    match how {
        How::Alone => {}
        How::Approved => approve(&parts, &request.id).await,
        How::Done => done(&parts, &request.id).await,
    }
    let mut last = None;
    for _ in 0..LOOKS {
        let page = parts.book.load(&request.id).await.unwrap().unwrap();
        last = Some(page.request.state.word());
        let alarms = alarms(&page.request);
        let next = [alarms.gate, alarms.card].into_iter().flatten().min();
        let Some(next) = next else { break };
        forward(&town, next).await;
    }
    let page = parts.book.load(&request.id).await.unwrap().unwrap();
    assert!(page.request.state.is_final(), "{place}: still {last:?}");
    assert_eq!(
        alarms(&page.request),
        Alarms::default(),
        "{place}: {:?}",
        page.request.state
    );
    let left = town.api.objects();
    assert_eq!(
        left.iter().filter(|object| is_ours(object)).count(),
        0,
        "{place}: something is left open"
    );
    town.settle().await.unwrap();
    assert_recorded(place, &*store, &request.id).await;
    town.close().await;
    page.request.state.word()
}

/// Lets time pass in one leap until shortly before `to`, as on a machine that slept, and then as it goes.
pub(crate) async fn forward(town: &Town, to: Time) {
    const BEFORE: Seconds = Seconds(2);
    let leap = (to - town.now() - BEFORE.delta()).to_std();
    if let Ok(leap) = leap {
        tokio::time::advance(leap).await;
    }
    town.settle().await.unwrap();
}

/// Puts the objects that the document says are in the cluster there, with this version's marks; the document names
/// their new identities.
pub(crate) fn furnish(town: &Town, request: &Request, body: &str) -> String {
    let mut body = body.to_owned();
    let expires_at = match (&request.grant, &request.state) {
        (Some(grant), State::Active { .. } | State::Ending { .. }) => grant.expires_at,
        _ => return body,
    };
    let marks = Marks {
        request: request.id.clone(),
        expires_at,
        requested_by: request.asked.by.to_string(),
        approved_by: "U0LEE".to_owned(),
        reason: String::new(),
        flow: String::new(),
        card: None,
    };
    for object in &request.gate {
        let stored = populate::put(&town.api, dress(&object.object, &object.name, &marks)).unwrap();
        let uid = stored["metadata"]["uid"].as_str().unwrap();
        if let Some(old) = &object.uid {
            body = body.replace(old.as_str(), uid);
        }
    }
    body
}

pub(crate) async fn put(store: &dyn Store, kept: &Kept, request: &Request, body: String) {
    let alarms = alarms(request);
    let finished = request.state.is_final() && alarms == Alarms::default();
    let commit = Commit {
        id: request.id.clone(),
        expected: None,
        commit: CommitId("0f".repeat(16)),
        body,
        standing: if finished {
            Standing::Finished
        } else {
            Standing::Open
        },
        owner: kept.owner.clone(),
        alarms,
        events: kept
            .events
            .iter()
            .map(|event| event.get().to_owned())
            .collect(),
        claim: None,
        seen: None,
        closing: false,
        lasting: false,
    };
    let committed = store.commit(commit).await.unwrap();
    assert!(matches!(committed, Committed::Applied(_)));
}

/// Everybody who was asked agrees, until nobody is waited for; who may not any more is told so.
pub(crate) async fn approve(parts: &Parts, id: &RequestId) {
    for _ in 0..12 {
        let request = parts.book.load(id).await.unwrap().unwrap().request;
        let Some((stage, _)) = request.waiting_stage() else {
            return;
        };
        let voted = |user: &UserId| request.votes.iter().any(|vote| vote.by == *user);
        let crowd = request.crowds.get(stage).map(|crowd| crowd.people.clone());
        let mut moved = false;
        for by in crowd
            .unwrap_or_default()
            .into_iter()
            .filter(|user| !voted(user))
        {
            let command = Command::Approve {
                by: by.clone(),
                face: request.posts.face,
                terms: Terms::default(),
            };
            let changed = parts.decide_for(&request, &by, command).await.unwrap();
            moved = matches!(changed, Changed::Done(_));
            if moved {
                break;
            }
        }
        if !moved {
            return;
        }
    }
}

async fn done(parts: &Parts, id: &RequestId) {
    let request = parts.book.load(id).await.unwrap().unwrap().request;
    let Some(by) = request.requester().cloned() else {
        return;
    };
    let command = Command::Done { by: by.clone() };
    let changed = parts.decide_for(&request, &by, command).await.unwrap();
    let over = !matches!(request.state, State::Active { .. });
    assert!(over || matches!(changed, Changed::Done(_)), "{changed:?}");
}

/// Every event of the document, old and new, is in the ledger in order.
pub(crate) async fn assert_recorded(place: &str, store: &dyn Store, id: &RequestId) {
    for _ in 0..600 {
        let number = store.recorded(std::slice::from_ref(id)).await.unwrap();
        let last = store
            .events(id, 0)
            .await
            .unwrap()
            .last()
            .map_or(0, |(n, _)| *n);
        if number == [last] {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let lines = store.records(0, MAX_READ).await.unwrap();
    let head = store
        .head()
        .await
        .unwrap()
        .head
        .unwrap_or_else(Head::origin);
    let mut check = Check::of(Extent::Store {
        before: Head::origin(),
        head,
    });
    let findings: Vec<_> = lines
        .iter()
        .flat_map(|line| check.record(line.as_bytes()))
        .collect();
    let (_, last) = check.finish();
    assert!(
        findings.is_empty() && last.is_empty(),
        "{place}: {findings:?} {last:?}"
    );
    let events = store.events(id, 0).await.unwrap().len();
    let of_it = lines
        .iter()
        .filter(|line| line.contains(&format!("\"document\":\"{id}\"")));
    assert_eq!(of_it.count(), events, "{place}: the ledger");
}
