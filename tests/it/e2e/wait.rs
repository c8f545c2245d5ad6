//! Waiting for levels, with limits for what must come.

use std::time::Duration;

use drawbridge::clock::{Clock, SystemClock};
use drawbridge::reaper::bounds;
use drawbridge::units::Time;

/// A bound for a broken test, not a pace: whatever is waited for without a promise comes far sooner.
pub(crate) const SOON: Duration = Duration::from_secs(45);

/// How long an object may outlive its time [C]: normally, when a replica was lost, when Redis is away
/// or was emptied, and counted from the API server's return.
pub(crate) const NORMALLY: Duration = bounds::NORMALLY.std();
pub(crate) const REPLICA_LOST: Duration = bounds::REPLICA_LOST.std();
pub(crate) const REDIS_AWAY: Duration = bounds::STORE_AWAY.std();
pub(crate) const API_BACK: Duration = bounds::API_BACK.std();

/// How long an object may outlive its time while every answer over a link takes half a second: a
/// closing is one delete, or, where that answer is lost or no plain word, a look, a delete and a look (README, failure
/// table).
pub(crate) const SLOW_LINK: Duration = Duration::from_secs(5);

/// How soon everything works again after a link or a server does (README, failure table).
pub(crate) const RECOVERED: Duration = Duration::from_secs(15);

/// How soon a Socket Mode connection that went silent is known to be dead and replaced.
pub(crate) const SOCKET_REPLACED: Duration = Duration::from_secs(45);

/// How long a person may wait for the first answer [C].
pub(crate) const ANSWER: Duration = Duration::from_secs(3);

/// What the harness may add to a promise: the test learns of a deletion by a watch of its own, and
/// shares two busy cores with the bot, the servers and the other tests.
pub(crate) const SLACK: Duration = Duration::from_millis(500);

/// How often a level is looked at that nobody tells us of.
const LOOK: Duration = Duration::from_millis(20);

/// The time of this machine, which bot and servers share.
pub(crate) fn now() -> Time {
    SystemClock.now()
}

/// The answer, which must come within `limit`.
pub(crate) async fn within<T>(limit: Duration, what: &str, answer: impl Future<Output = T>) -> T {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer,
        Err(_) => panic!("not within {limit:?}: {what}"),
    }
}

/// Looks until there is an answer.
pub(crate) async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until an instant has come: for what must have happened by then, or must not.
pub(crate) async fn reached(at: Time) {
    SystemClock.sleep_until(at).await;
}
