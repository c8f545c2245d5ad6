//! Counts and spans that follow from commits, driven through the core only.

use proptest::prelude::*;

use super::*;
use crate::clock::VirtualClock;
use crate::metrics::{ASKS, DECISIONS, ENDS, VOTES};
use crate::request::fixtures::{
    DANA, LEE, Town, applied, approve, at, attempt, dana_asks, deny, start, user,
};
use crate::request::{Command, End, Request};

/// An observer whose clock stands at the fixtures' first instant.
fn observer() -> Observer {
    Observer {
        metrics: Arc::default(),
        traces: Traces::default(),
        clock: Arc::new(VirtualClock::starting_at(start())),
    }
}

/// Every sample of a counter that is not zero, without the help lines.
fn counted(observer: &Observer) -> Vec<String> {
    let text = observer.metrics.scrape(start()).unwrap();
    let counters = [
        "drawbridge_asks_total",
        "drawbridge_requests_total",
        "drawbridge_votes_total",
    ];
    let samples = text
        .lines()
        .filter(|line| counters.iter().any(|name| line.starts_with(name)) && !line.ends_with(" 0"));
    let mut samples: Vec<String> = samples.map(str::to_owned).collect();
    samples.sort();
    samples
}

/// Commits every step of a life that is told as commands at seconds.
fn live(observer: &Observer, town: Town, steps: Vec<(u64, Command)>) -> Request {
    let created = town.outcome();
    observer.committed(None, &created);
    let mut request = created.request;
    for (second, command) in steps {
        let outcome = request.try_at(second, command).unwrap();
        observer.committed(Some(&request), &outcome);
        request = outcome.request;
    }
    request
}

#[tokio::test(start_paused = true)]
async fn a_life_is_counted_once_from_ask_to_end() {
    let observer = observer();
    let asked = dana_asks().request();
    let problem = "away".to_owned();
    let steps = vec![
        (60, approve(LEE, &asked)),
        (60, attempt()),
        (61, applied()),
        (1860, Command::Expire),
        (1860, Command::NotWithdrawn { problem }),
        (1861, Command::Withdrawn),
    ];
    live(&observer, dana_asks(), steps);
    assert_eq!(
        counted(&observer),
        [
            "drawbridge_asks_total{verdict=\"waiting\"} 1",
            "drawbridge_requests_total{outcome=\"expired\"} 1",
            "drawbridge_votes_total{kind=\"approved\"} 1",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_follows_an_end_is_no_second_end() {
    let observer = observer();
    let asked = dana_asks().request();
    let denied = live(&observer, dana_asks(), vec![(60, deny(LEE, &asked))]);
    // Posts are committed on a request that is over.
    let outcome = Outcome {
        request: denied.clone(),
        events: Vec::new(),
    };
    observer.committed(Some(&denied), &outcome);
    assert_eq!(
        counted(&observer),
        [
            "drawbridge_asks_total{verdict=\"waiting\"} 1",
            "drawbridge_requests_total{outcome=\"denied\"} 1",
            "drawbridge_votes_total{kind=\"denied\"} 1",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_time_to_a_decision_counts_from_the_ask() {
    let observer = observer();
    let by = user(DANA);
    live(&observer, dana_asks(), vec![(60, Command::Cancel { by })]);
    let text = observer.metrics.scrape(start()).unwrap();
    let count = "drawbridge_decision_seconds_count{decision=\"cancelled\"} 1";
    assert!(text.contains(count), "{text}");
}

#[test]
fn every_end_has_a_word_that_is_there_from_the_start() {
    let reason = String::new;
    let ends = [
        End::Expired,
        End::Done,
        End::Revoked {
            by: user(LEE),
            reason: None,
        },
        End::IncidentClosed,
        End::Withdrawn { reason: reason() },
        End::Removed,
    ];
    for why in ends {
        let state = State::Ended { why, at: at(0) };
        assert!(ENDS.contains(&end(&state).unwrap()), "{state:?}");
    }
    let finals = [
        State::Denied {
            by: None,
            reason: None,
        },
        State::Cancelled,
        State::Lapsed,
        State::Refused {
            reason: reason(),
            hint: None,
        },
        State::Failed { reason: reason() },
    ];
    for state in finals {
        assert!(ENDS.contains(&end(&state).unwrap()), "{state:?}");
    }
}

proptest! {
    /// Whatever people type, a scrape shows the same series.
    #[test]
    fn no_label_is_made_of_what_people_type(
        reason in "\\PC{1,40}", text in "\\PC{0,40}", label in "[a-z]{3,12}/[a-z]{3,12}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time().start_paused(true).build().unwrap();
        let _inside = runtime.enter();
        let series = |town: Town| {
            let observer = observer();
            let asked = town.clone().request();
            live(&observer, town, vec![(60, deny(LEE, &asked))]);
            let scraped = observer.metrics.scrape(start()).unwrap();
            let lines = scraped.lines().filter(|line| line.starts_with("drawbridge_"));
            let names = lines.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()));
            names.collect::<Vec<String>>()
        };
        let plain = series(dana_asks());
        let typed = series(dana_asks().because(&reason).with_asked(|asked| {
            asked.text = text;
            asked.flow.to.label = label;
        }));
        prop_assert_eq!(plain.iter().collect::<std::collections::BTreeSet<_>>(),
            typed.iter().collect::<std::collections::BTreeSet<_>>());
    }
}

#[test]
fn the_words_of_counters_are_told_by_somebody() {
    // Words without a teller would be series that stay at zero for ever.
    let told = include_str!("../observe.rs");
    for word in ASKS.iter().chain(DECISIONS).chain(VOTES) {
        assert!(told.contains(&format!("\"{word}\"")), "{word}");
    }
}
