//! What a claim tells of how much there is to do.

use crate::id::Shard;
use crate::metrics::Metrics;
use crate::store::{Claims, Lane, MAX_CLAIMS, Wants};
use crate::units::Time;

/// Notes what was left in a shard. A lane that got all it had room for, while the shard has more that is due,
/// has alarms waiting. Of a lane without room the claim says nothing: what was known of it stays.
pub(super) fn note(metrics: &Metrics, shard: Shard, (wants, answer): (&Wants, &Claims), now: Time) {
    metrics.claimed(now);
    let Some(place) = Shard::all().position(|other| other == shard) else {
        return;
    };
    // By the store's clock on both sides; ours may be off.
    let late = answer.next_due.map(|at| answer.now - at);
    let late = late.filter(|late| *late >= chrono::TimeDelta::zero());
    for lane in Lane::ALL {
        let wanted = wants.of(lane).min(MAX_CLAIMS);
        if wanted == 0 {
            continue;
        }
        let got = answer.claims.iter().filter(|claim| claim.lane == lane);
        let full = got.count() >= wanted;
        metrics.waits(lane, place, late.filter(|_| full).map(|late| now - late));
    }
}

#[cfg(test)]
mod tests;
