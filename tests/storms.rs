//! Storms: seeds that once broke a promise, and a few hundred others (`drawbridge simulate --storms` has more).
//!
//! `STORMS_SEED=S STORMS=N cargo test --test storms` lets other ones rage.

#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "which storms are tried is said to the test by its environment"
)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use drawbridge::sim::slack::Fault as SlackFault;
use drawbridge::sim::storm::deed::{Deed, Step};
use drawbridge::sim::storm::fault::Fault;
use drawbridge::sim::storm::{Class, Happened, Plan, Sabotage, rage, shrink};

/// Seeds that are tried here in every run, from the first on; `tests/run` tries ten thousand others, faster.
const FRESH: (u64, u64) = (1_000_000, 50);

#[test]
fn what_once_broke_a_promise_breaks_none_now() {
    let text = std::fs::read_to_string("tests/storms/seeds.txt").unwrap();
    let seeds = text.lines().filter(|line| !line.starts_with('#'));
    let seeds: Vec<u64> = seeds
        .filter_map(|line| line.split_whitespace().next())
        .map(|seed| seed.parse().unwrap())
        .collect();
    assert!(!seeds.is_empty());
    withstand(&drawn(seeds));
}

fn drawn(seeds: impl IntoIterator<Item = u64>) -> Vec<Plan> {
    let seeds = seeds.into_iter();
    seeds.map(|seed| Plan::drawn(seed, &[])).collect()
}

#[test]
fn no_storm_breaks_a_promise() {
    let given = |name, otherwise| {
        let given = std::env::var(name).ok();
        given.map_or(otherwise, |n| n.parse().unwrap())
    };
    let (first, count) = (given("STORMS_SEED", FRESH.0), given("STORMS", FRESH.1));
    println!("storms from seed {first}");
    let mut happened = withstand(&drawn(first..first + count));
    happened.add(&withstand(&rare()));
    println!("{happened}");
    // Objects come and are held by every bound, requests end in every way, and faults of every class are met: a bot
    // that refuses everybody keeps every promise. Other storms may be too few for that.
    if (first, count) == FRESH {
        assert_eq!(happened.missing(), [""; 0]);
    }
}

/// What is rare among fifty storms: a replica, or both, dead at the end of a grant, and a denial.
fn rare() -> Vec<Plan> {
    let dies = |at, n| (at, Deed::Fault(Fault::Dies(n)));
    let starts = |at, n| (at, Deed::Fault(Fault::Starts(n)));
    let both = vec![(3000, agrees()), dies(55_000, 0), dies(56_000, 1)];
    let back = [starts(70_000, 0), starts(71_000, 1)];
    vec![
        made(vec![(3000, agrees()), dies(62_500, 0), starts(80_000, 0)]),
        made(both.into_iter().chain(back).collect()),
        made(vec![
            (3000, presses("lee", "Deny")),
            (5000, Deed::Sends { who: "lee" }),
        ]),
    ]
}

#[test]
fn the_same_seed_is_the_same_storm() {
    for seed in 1..=12 {
        let play = || rage(&Plan::drawn(seed, &[]), None).unwrap();
        let (first, second) = (play(), play());
        assert!(
            first == second,
            "{}\n----\n{}",
            first.transcript,
            second.transcript
        );
    }
}

#[test]
fn every_promise_is_seen_to_break() {
    // Faults end with the last deed: here after the end of the grant.
    let end = (90_000, Deed::Sends { who: "kim" });
    let granted = made(vec![(3000, agrees()), end.clone()]);
    let waiting = made(vec![end.clone()]);
    // Or before that, and the store has forgotten what is open.
    let emptied = made(vec![
        (3000, agrees()),
        (20_000, Deed::Fault(Fault::Emptied)),
    ]);
    let class = Class::Failover;
    let forgotten = made(vec![
        (2500, Deed::Fault(Fault::Copied(class))),
        (3000, agrees()),
        (20_000, Deed::Fault(Fault::GoesBack(class))),
        end,
    ]);
    for plan in [&granted, &waiting, &emptied, &forgotten] {
        assert_eq!(rage(plan, None).unwrap().wrong, [""; 0]);
    }
    for sabotage in Sabotage::ALL {
        let (plan, words): (_, &[&str]) = match sabotage {
            Sabotage::NoClosing => (&granted, &["longer than it may"]),
            Sabotage::NeverClosing => (&granted, &["does not settle", "is still there"]),
            Sabotage::ForgedApproval => (&granted, &["without the approvals"]),
            Sabotage::ForgottenApproval => (&forgotten, &["without the approvals"]),
            Sabotage::Forsaken => (&waiting, &["nobody looks at it again", "is not posted"]),
            Sabotage::SecretLoss => (&granted, &["is gone from a store"]),
            Sabotage::LostEvent => (&granted, &["the ledger tells"]),
            Sabotage::Unrecorded => (&granted, &["does not catch up"]),
            Sabotage::BrokenChain => (&granted, &["of the ledger is broken"]),
            Sabotage::StaleMessage => (&granted, &["is not as the request is"]),
            Sabotage::PostedTwice => (&granted, &["was posted twice"]),
            Sabotage::NobodyTold => (&emptied, &["nobody was told"]),
            Sabotage::ForeignChange => (&granted, &["what is not its own"]),
        };
        let wrong = rage(plan, Some(sabotage)).unwrap().wrong;
        for words in words {
            let seen = wrong.iter().any(|line| line.contains(words));
            assert!(seen, "{sabotage:?}, {words}: {wrong:?}");
        }
    }
}

/// One of those who are on call agrees to what was asked last.
fn agrees() -> Deed {
    presses("lee", "Approve")
}

fn presses(who: &'static str, label: &'static str) -> Deed {
    Deed::Presses {
        who,
        label,
        nth: 0,
        times: 1,
        old: false,
    }
}

/// A storm of our own making: dana asks at once, and this happens.
fn made(steps: Vec<(u64, Deed)>) -> Plan {
    let text = "shop/web to orders/db:5432 for 1m because INC-42".to_owned();
    let asks = Deed::Says { who: "dana", text };
    let steps = std::iter::once((1000, asks)).chain(steps);
    let mut steps: Vec<Step> = steps.map(|(at, deed)| Step { at, deed }).collect();
    steps.sort_by_key(|step| step.at);
    Plan {
        seed: 7,
        clocks: Default::default(),
        steps,
    }
}

#[test]
fn a_search_that_fails_does_not_mean_that_the_message_is_absent() {
    let fail = |method, times, fault| Deed::Fault(Fault::Slack(method, times, fault));
    for search in [
        SlackFault::Cut,
        SlackFault::RateLimited(Some(2)),
        SlackFault::ServerError,
    ] {
        let plan = made(vec![
            (500, fail("chat.postMessage", 3, SlackFault::CutAfter)),
            (600, fail("conversations.history", 6, search)),
        ]);
        assert_eq!(rage(&plan, None).unwrap().wrong, [""; 0]);
    }
}

#[test]
fn a_storm_is_shrunk_to_what_breaks_a_promise() {
    let idle = |at, who| (at, Deed::Sends { who });
    let noise = Deed::Fault(Fault::SocketsBreak);
    let steps = vec![
        idle(500, "kim"),
        (2000, noise.clone()),
        (3000, agrees()),
        (4000, noise),
        idle(5000, "gus"),
        idle(90_000, "eve"),
    ];
    let plan = made(steps);
    assert_eq!(shrink(&plan, None).unwrap(), None, "nothing is broken");
    let found = shrink(&plan, Some(Sabotage::ForgedApproval)).unwrap();
    let (shortest, after) = found.unwrap();
    assert_eq!(shortest, made(vec![(3000, agrees())]));
    assert!(
        after.wrong[0].contains("without the approvals"),
        "{after:?}"
    );
}

/// Lets storms rage on all cores and says what happened; every broken promise is told.
fn withstand(plans: &[Plan]) -> Happened {
    let (next, broken) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let happened = Mutex::new(Happened::default());
    let work = || {
        while let Some(plan) = usize::try_from(next.fetch_add(1, Ordering::SeqCst))
            .ok()
            .and_then(|n| plans.get(n))
        {
            let after = rage(plan, None);
            let wrong = after.map_or_else(
                |e| vec![format!("{e:#}")],
                |after| {
                    happened.lock().unwrap().add(&after.happened);
                    after.wrong
                },
            );
            if !wrong.is_empty() {
                broken
                    .lock()
                    .unwrap()
                    .push(format!("seed {}: {}", plan.seed, wrong.join("; ")));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let broken = broken.into_inner().unwrap();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    happened.into_inner().unwrap()
}
