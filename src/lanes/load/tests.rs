//! What is known to wait after a claim.

use super::*;
use crate::id::RequestId;
use crate::store::{Claim, Token};
use crate::units::Seconds;

const NOW: u64 = 100;

fn at(seconds: u64) -> Time {
    Seconds(seconds).after("2026-11-24T03:00:00Z".parse().unwrap())
}

/// Depth and age of a lane after an answer that has so many claims of it, when so many were wanted.
fn after(lane: Lane, wanted: usize, got: usize, next_due: Option<u64>) -> (String, String) {
    let metrics = Metrics::default();
    let shard = Shard::of_key("x");
    let claim = |n: usize| Claim {
        id: RequestId::from_draw([n as u8; 5], shard),
        lane,
        token: Token(n as u64),
        attempt: 1,
        due: at(NOW),
    };
    let wants = Wants {
        gate: if lane == Lane::Gate { wanted } else { 0 },
        card: if lane == Lane::Card { wanted } else { 0 },
        lease: Seconds(3),
    };
    let answer = Claims {
        now: at(NOW),
        claims: (0..got).map(claim).collect(),
        next_due: next_due.map(at),
    };
    // Our clock is a minute ahead of the store's.
    let ours = at(NOW + 60);
    note(&metrics, shard, (&wants, &answer), ours);
    let text = metrics.scrape(ours).unwrap();
    let value = |name: &str| {
        let series = format!("drawbridge_lane_{name}{{lane=\"{}\"}} ", lane.name());
        text.lines()
            .find_map(|line| line.strip_prefix(&series))
            .unwrap()
            .to_owned()
    };
    (value("depth"), value("oldest_seconds"))
}

#[test]
fn what_a_full_lane_could_not_take_waits_and_what_is_not_due_does_not() {
    for (wanted, got, next_due, depth, age) in [
        // It got all it wanted, and more has been due for 30 s by the store's clock.
        (2, 2, Some(NOW - 30), "1", "30.0"),
        // More is due, but of the other lane: this one had room.
        (2, 1, Some(NOW - 30), "0", "0.0"),
        (2, 2, Some(NOW + 30), "0", "0.0"),
        (2, 2, None, "0", "0.0"),
    ] {
        for lane in Lane::ALL {
            let told = after(lane, wanted, got, next_due);
            assert_eq!(
                told,
                (depth.to_owned(), age.to_owned()),
                "{wanted} {got} {next_due:?}"
            );
        }
    }
}
