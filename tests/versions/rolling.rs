//! Two versions side by side on one store: a later one's documents, written beside this one's.
//!
//! There is no earlier release to put beside this one, so the test plays the later version: it writes what this one does
//! not know, and takes its claims from the same store.

use std::sync::Arc;

use chrono::TimeDelta;
use drawbridge::cli::simulate::paused_runtime;
use drawbridge::id::{RequestId, Shard};
use drawbridge::request::{Request, State, alarms};
use drawbridge::sim::town::{Plan, Times, Town};
use drawbridge::store::memory::MemoryStore;
use drawbridge::store::{
    Claim, Commit, CommitId, Committed, MAX_READ, Record, Standing, Store, Wants,
};
use drawbridge::units::Seconds;
use drawbridge::written;
use serde_json::{Value, json};

use super::corpus::{Kept, documents};
use super::going_on::{approve, assert_recorded, forward, furnish, put};

/// How long after its end a gate may be there (README, failure table).
const ON_TIME: TimeDelta = TimeDelta::seconds(2);

/// A stored request in such a state.
fn stored(is: fn(&State) -> bool) -> (Kept, Request) {
    let all = documents().into_iter().map(|(_, kept)| kept);
    let mut read = all.filter_map(|kept| {
        let request = written::read::<Request>(kept.body.get()).ok()?.value;
        Some((kept, request))
    });
    let fits =
        |(_, request): &(Kept, Request)| is(&request.state) && request.asked.extends.is_none();
    read.find(fits).unwrap()
}

fn pending() -> (Kept, Request) {
    stored(|state| matches!(state, State::Pending { stage: 0, .. }))
}

/// A town at the time of the document, with the document as `change` makes it.
async fn town_with(
    kept: &Kept,
    request: &Request,
    change: impl FnOnce(&mut Value),
) -> (Town, Arc<dyn Store>, String) {
    let plan = Plan {
        times: Times::From(kept.at),
        ..Plan::of_stories(7, Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)))))
    };
    let town = Town::wake(&plan).unwrap();
    let mut body: Value = serde_json::from_str(&furnish(&town, request, kept.body.get())).unwrap();
    change(&mut body);
    let store = town.shelf.behind_the_door();
    let body = body.to_string();
    put(&*store, kept, request, body.clone()).await;
    (town, store, body)
}

async fn pass(town: &Town, time: Seconds) {
    forward(town, time.after(town.now())).await;
    town.settle().await.unwrap();
}

fn left_steps(town: &Town) -> u64 {
    let parts = town.parts().unwrap();
    let page = parts.metrics.scrape(town.now()).unwrap();
    let left = page
        .lines()
        .filter(|line| line.contains("outcome=\"left\""));
    left.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum()
}

async fn record(store: &dyn Store, id: &RequestId) -> Record {
    store.load(id).await.unwrap().unwrap()
}

#[test]
fn what_a_later_version_noted_in_a_request_survives_all_that_this_one_does() {
    paused_runtime().unwrap().block_on(async {
        let (kept, request) = pending();
        let (town, store, _) = town_with(&kept, &request, |body| {
            body["mood"] = json!({"calm": [1, 2]});
            body["asked"]["ticket"] = json!("T-1");
            body["route"]["color"] = json!("green");
            body["posts"]["list"][0]["pinned"] = json!(true);
            body["state"]["nudged"] = json!(3);
        })
        .await;
        town.settle().await.unwrap();
        let parts = town.parts().unwrap();
        approve(&parts, &request.id).await;
        town.settle().await.unwrap();
        for _ in 0..3 {
            pass(&town, Seconds::hours(3)).await;
        }
        let now: Value = serde_json::from_str(&record(&*store, &request.id).await.body).unwrap();
        assert_eq!(now["state"]["is"], "ended", "{}", now["state"]);
        assert_eq!(now["mood"], json!({"calm": [1, 2]}));
        assert_eq!(now["asked"]["ticket"], "T-1");
        assert_eq!(now["route"]["color"], "green");
        assert_eq!(now["posts"]["list"][0]["pinned"], true);
        // It belonged to the state that is over.
        assert_eq!(now["state"].get("nudged"), None);
        assert_eq!(left_steps(&town), 0);
        assert_recorded("with unknown fields", &*store, &request.id).await;
        town.close().await;
    });
}

/// A request of a later version: nothing of it changes, and its gate closes all the same.
fn is_left_alone(change: fn(&mut Value)) {
    paused_runtime().unwrap().block_on(async {
        let (kept, request) = stored(|state| matches!(state, State::Active { .. }));
        let (town, store, body) = town_with(&kept, &request, change).await;
        town.settle().await.unwrap();
        let before = record(&*store, &request.id).await;
        let end = request.grant.as_ref().unwrap().expires_at;
        let open = town.gates.lives();
        assert!(!open.is_empty(), "the gate is open");
        forward(&town, end).await;
        tokio::time::sleep(Seconds(20).std()).await;
        let lives = town.gates.lives();
        let late = lives.iter().map(|life| life.gone_at.map(|gone| gone - end));
        let late: Vec<Option<TimeDelta>> = late.collect();
        let on_time = TimeDelta::zero()..=ON_TIME;
        let fits = |late: &Option<TimeDelta>| late.is_some_and(|late| on_time.contains(&late));
        assert!(late.iter().all(fits), "{late:?}");
        let after = record(&*store, &request.id).await;
        assert_eq!((after.version, after.body), (before.version, body));
        assert!(left_steps(&town) > 0, "nobody was told");
        assert_eq!(
            store.events(&request.id, 0).await.unwrap().len(),
            kept.events.len()
        );
        town.close().await;
    });
}

#[test]
fn a_request_of_a_later_format_is_left_alone_and_its_gate_closes_on_time() {
    is_left_alone(|body| body["format"] = json!(2));
}

#[test]
fn a_request_in_an_unknown_state_is_left_alone_and_its_gate_closes_on_time() {
    is_left_alone(|body| body["state"] = json!({"is": "paused", "until": "2026-01-05T10:00:00Z"}));
}

#[test]
fn a_request_that_wants_an_unknown_message_is_left_alone_and_its_gate_closes_on_time() {
    is_left_alone(|body| {
        let post = json!({"key": 99, "subject": {"poem": "requester"}, "to": {"person": "U0DANA"}, "status": "due"});
        body["posts"]["list"].as_array_mut().unwrap().push(post);
    });
}

/// The later version's turn: the claim on the request's gate.
async fn its_turn(store: &dyn Store, id: &RequestId) -> Option<Claim> {
    let wants = Wants {
        gate: 100,
        card: 0,
        lease: Seconds(3),
    };
    for _ in 0..2_000 {
        for shard in Shard::all() {
            let claims = store.claim(shard, wants).await.unwrap().claims;
            if let Some(mine) = claims.into_iter().find(|claim| claim.id == *id) {
                return Some(mine);
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    None
}

#[test]
fn the_version_that_reads_a_request_gets_it_and_both_go_on() {
    paused_runtime().unwrap().block_on(async {
        let (kept, request) = pending();
        let (town, store, body) =
            town_with(&kept, &request, |body| body["format"] = json!(2)).await;
        town.settle().await.unwrap();
        let began = town.now();
        // Due at once, as a lapse would be.
        store
            .wake(&request.id, drawbridge::lane::Lane::Gate)
            .await
            .unwrap();
        let claim = its_turn(&*store, &request.id)
            .await
            .expect("never its turn");
        assert!(town.now() - began < TimeDelta::seconds(10));
        // It takes back what it no longer needs: from here on this version reads it.
        let mut whole: Value = serde_json::from_str(&body).unwrap();
        whole["format"] = json!(1);
        let version = record(&*store, &request.id).await.version;
        let step = Commit {
            id: request.id.clone(),
            expected: Some(version),
            commit: CommitId("1e".repeat(16)),
            body: whole.to_string(),
            standing: Standing::Open,
            owner: kept.owner.clone(),
            alarms: alarms(&request),
            events: vec![
                json!({"at": town.now(), "by": "drawbridge", "event": "thawed", "degrees": 3})
                    .to_string(),
            ],
            claim: Some((claim.lane, claim.token)),
            seen: None,
            closing: false,
            lasting: false,
        };
        assert!(matches!(
            store.commit(step).await.unwrap(),
            Committed::Applied(_)
        ));
        for _ in 0..6 {
            pass(&town, Seconds::hours(8)).await;
        }
        let parts = town.parts().unwrap();
        let now = parts.book.load(&request.id).await.unwrap().unwrap().request;
        assert!(now.state.is_final(), "{:?}", now.state);
        // An event that this version does not know is in the ledger as it was written.
        assert_recorded("with an unknown event", &*store, &request.id).await;
        let lines = store.records(0, MAX_READ).await.unwrap();
        assert_eq!(
            lines
                .iter()
                .filter(|line| line.contains("\"degrees\":3"))
                .count(),
            1
        );
        town.close().await;
    });
}

#[test]
fn a_click_on_a_request_of_a_later_version_says_so_and_others_go_on() {
    paused_runtime().unwrap().block_on(async {
        let (kept, request) = pending();
        let (town, store, body) =
            town_with(&kept, &request, |body| body["format"] = json!(2)).await;
        town.settle().await.unwrap();
        let said = |part: &str| {
            town.slack
                .seen_by("dana")
                .iter()
                .any(|seen| seen.says(part))
        };
        // What whoever asked does otherwise goes on: their list leaves out what this version does not read.
        town.slack.dm("dana", "mine").unwrap();
        town.settle().await.unwrap();
        let seen = town.slack.seen_by("dana");
        let message = seen
            .iter()
            .rev()
            .find(|seen| seen.author != "dana")
            .unwrap()
            .at
            .clone();
        let value = format!("{}.{}", request.id, request.posts.face);
        town.slack
            .forge("dana", &message, "cancel", &value)
            .unwrap();
        town.settle().await.unwrap();
        assert!(said("A newer version of me looks after request"));
        // A button of a later version means nothing, and says whose it is.
        let value = format!("2:{}.1.x", request.id);
        town.slack
            .forge("dana", &message, "approve", &value)
            .unwrap();
        town.settle().await.unwrap();
        assert_eq!(record(&*store, &request.id).await.body, body);
        assert!(!said("Sorry, this did not work") && !said("belongs to no request"));
        town.close().await;
    });
}
