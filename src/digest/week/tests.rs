//! A week off the ledger: what counts, and what does not.

use std::sync::Arc;

use super::*;
use crate::audit::{Actor, Event, Fact, Head, chain};
use crate::clock::VirtualClock;
use crate::rules::UserId;
use crate::store::memory::MemoryStore;
use crate::store::{Append, Ledger as _};

/// The week that the tests tell of: days are counted from its beginning.
fn day(days: i64) -> Time {
    let from: Time = "2026-11-23T09:00:00Z".parse().unwrap();
    from + TimeDelta::days(days)
}

fn minutes(days: i64, minutes: i64) -> Time {
    day(days) + TimeDelta::minutes(minutes)
}

fn id(number: usize) -> RequestId {
    let letters = b"abcdefghjk";
    let at = |place: usize| char::from(letters[number / place % 10]);
    format!("k7{}{}{}a", at(100), at(10), at(1))
        .parse()
        .unwrap()
}

fn lee() -> Actor {
    Actor::Person(UserId("U0LEE".into()))
}

fn asked(flow: &str) -> Fact {
    Fact::Asked {
        flow: flow.to_owned(),
        cluster: "prod-eu".to_owned(),
        seconds: Seconds(60),
        rule: "orders".to_owned(),
        rule_digest: "d".to_owned(),
        typed_reason: Some("a secret of somebody's".to_owned()),
        template: String::new(),
        stages: Vec::new(),
        extends: None,
    }
}

fn opened() -> Fact {
    let expires_at = day(9);
    Fact::Opened { expires_at }
}

fn denied() -> Fact {
    Fact::Denied {
        because: None,
        typed_reason: None,
        voter: None,
    }
}

fn approved() -> Fact {
    Fact::Approved {
        stage: "orders".to_owned(),
        right: None,
        shortened: None,
        lasts_until: None,
        voter: None,
    }
}

fn automatic() -> Fact {
    let because = String::new();
    Fact::Automatic { because }
}

fn emergency() -> Fact {
    Fact::Emergency {
        skipped: Vec::new(),
        seconds: Seconds(60),
        review_by: day(9),
    }
}

const DB: &str = "shop/web -> orders/db:5432";
const API: &str = "shop/web -> payments/api:8080";

/// What is told of these events: each of a document, by somebody, at a time.
fn told(events: &[(usize, Time, Fact)]) -> Week {
    let mut fold = Fold::new(day(0), day(7));
    for (line, _) in lines(events) {
        fold.take(&serde_json::from_str(&line).unwrap());
    }
    fold.finish()
}

/// Records of them, in one chain.
fn lines(events: &[(usize, Time, Fact)]) -> Vec<(String, Head)> {
    let mut head = Head::origin();
    let linked = (1..).zip(events).map(|(number, (document, at, fact))| {
        let by = match fact {
            Fact::Denied { .. } | Fact::Approved { .. } => lee(),
            _ => Actor::Drawbridge,
        };
        let (at, fact) = (*at, fact.clone());
        let event = serde_json::to_value(Event { at, by, fact }).unwrap();
        let linked = chain::link(&head, Some(&id(*document)), number, event).unwrap();
        head = linked.head.clone();
        (linked.line, linked.head)
    });
    linked.collect()
}

/// A path asked for and opened ten minutes later.
fn used(number: usize, at: Time, flow: &str) -> Vec<(usize, Time, Fact)> {
    let later = at + TimeDelta::minutes(10);
    vec![
        (number, at, asked(flow)),
        (number, later, Fact::Granted),
        (number, later, opened()),
    ]
}

#[test]
fn a_quiet_week_tells_of_nothing() {
    let week = Week {
        from: day(0),
        until: day(7),
        ..Week::default()
    };
    assert_eq!(told(&[]), week);
}

#[test]
fn a_week_has_its_first_instant_and_not_the_one_after() {
    let almost = TimeDelta::milliseconds(1);
    for (at, counted) in [
        (day(0) - almost, 0),
        (day(0), 1),
        (day(7) - almost, 1),
        (day(7), 0),
    ] {
        let refused = Fact::Refused {
            flow: DB.to_owned(),
            cluster: "prod-eu".to_owned(),
            because: String::new(),
            typed_reason: None,
        };
        let week = told(&[(0, at, asked(DB)), (0, at, Fact::Lapsed), (2, at, refused)]);
        let counts = (week.asked, week.lapsed, week.refused);
        assert_eq!(counts, (2 * counted, counted, counted), "{at}");
    }
    // Its end is another week's news.
    let week = told(&[(0, day(6), asked(DB)), (0, day(8), Fact::Lapsed)]);
    assert_eq!((week.asked, week.lapsed, week.waiting), (1, 0, 1));
}

#[test]
fn every_outcome_is_counted_once() {
    let mut events = used(0, day(1), DB);
    // Opened again after an attempt that was renewed: one opening.
    events.push((0, day(2), opened()));
    events.extend(used(1, day(2), API));
    events.insert(events.len() - 2, (1, day(2), automatic()));
    events.push((2, day(3), asked(DB)));
    events.push((2, minutes(3, 4), denied()));
    events.push((3, day(3), asked(DB)));
    events.push((3, day(4), Fact::Lapsed));
    let week = told(&events);
    assert_eq!(
        (
            week.asked,
            week.opened,
            week.denied,
            week.lapsed,
            week.automatic
        ),
        (4, 2, 1, 1, 1)
    );
}

#[test]
fn half_of_the_decisions_of_people_took_that_long_or_less() {
    let mut events = Vec::new();
    for (number, wait) in [1, 2, 30, 400].into_iter().enumerate() {
        events.push((number, day(1), asked(DB)));
        if number == 1 {
            events.push((number, minutes(1, wait), denied()));
        } else {
            events.push((number, minutes(1, wait), approved()));
            events.push((number, minutes(1, wait), Fact::Granted));
        }
    }
    assert_eq!(told(&events).decision, Some(Seconds::minutes(2)));
    // Neither a rule's nor an emergency's: nobody was waited for.
    let of_nobody = [
        (8, day(1), asked(DB)),
        (8, day(1), automatic()),
        (8, day(1), Fact::Granted),
        (9, day(1), asked(DB)),
        (9, day(1), emergency()),
        (9, day(1), Fact::Granted),
    ];
    assert_eq!(told(&of_nobody).decision, None);
}

#[test]
fn emergencies_wait_for_their_review_when_they_were_open() {
    let mut events = Vec::new();
    for number in 0..3 {
        events.push((number, day(-3), asked(DB)));
        events.push((number, day(-3), emergency()));
    }
    for number in 0..3 {
        events.push((number, day(-3), opened()));
    }
    events.push((1, day(2), Fact::Reviewed { typed_words: None }));
    // After the week: of the next one.
    events.push((2, day(8), Fact::Reviewed { typed_words: None }));
    let week = told(&events);
    assert_eq!(week.unreviewed, [id(0), id(2)]);
    assert_eq!(week.emergencies, 0, "they were of the week before");
}

#[test]
fn the_busiest_paths_come_first() {
    let mut events = used(0, day(1), API);
    events.extend(used(1, day(1), DB));
    events.extend(used(2, day(2), DB));
    events.extend(used(3, day(-2), API));
    let busiest = told(&events).busiest;
    let busiest: Vec<_> = busiest.iter().map(|p| (p.flow.as_str(), p.times)).collect();
    assert_eq!(busiest, [(DB, 2), (API, 1)]);
}

#[test]
fn a_habit_is_told_in_the_week_in_which_it_becomes_one() {
    let on = |days: &[i64]| -> Vec<(String, u64)> {
        let uses = days.iter().enumerate();
        let events: Vec<_> = uses.flat_map(|(n, at)| used(n, day(*at), DB)).collect();
        let habits = told(&events).habits.into_iter();
        habits.map(|path| (path.flow, path.times)).collect()
    };
    assert_eq!(on(&[-10, -3, 2]), [(DB.to_owned(), 3)]);
    assert_eq!(on(&[-10, 2, 2]), [], "two days only");
    assert_eq!(on(&[-20, -10, -3, 2]), [], "it was one before");
    assert_eq!(on(&[-26, -3, 2]), [], "too long ago");
}

/// A chain of these events, in memory.
async fn chain_of(events: Vec<(usize, Time, Fact)>) -> MemoryStore {
    let store = MemoryStore::new(Arc::new(VirtualClock::starting_at(day(9))));
    let mut after = Head::origin();
    for (line, head) in lines(&events) {
        let step = Append {
            after,
            records: vec![line],
            head: head.clone(),
            recorded: Vec::new(),
        };
        store.append(step).await.unwrap();
        after = head;
    }
    store
}

#[tokio::test(start_paused = true)]
async fn a_week_is_found_in_a_long_chain() {
    let mut events: Vec<_> = (0..700).flat_map(|n| used(n, day(-400), API)).collect();
    let old = events.len() as u64;
    events.extend(used(800, day(1), DB));
    let store = chain_of(events).await;
    let first = before(&store, day(0) - MONTH).await.unwrap();
    assert_eq!(first, old, "nothing of last year is read");
    let week = read(&store, day(0), day(7)).await.unwrap();
    assert_eq!((week.asked, week.opened), (1, 1));
    let all = read(&store, day(-401), day(-399)).await.unwrap();
    assert_eq!((all.asked, all.opened), (700, 700));
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_has_not_begun_is_a_quiet_week() {
    let store = chain_of(Vec::new()).await;
    let week = read(&store, day(0), day(7)).await.unwrap();
    assert_eq!(week, told(&[]));
}
