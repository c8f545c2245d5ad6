//! Asks the store what `doctor` judges.

use std::sync::Arc;

use crate::clock::{Clock, SystemClock};
use crate::config::StoreChoice;
use crate::doctor::redis::{Observed, Server, judge, sqlite};
use crate::doctor::{Answer, Finding, No};
use crate::store::redis::{ACL, RedisStore, Vitals, refusal};
use crate::store::sqlite::SqliteStore;
use crate::store::{Store as _, StoreError};
use crate::units::Time;

/// Asks and judges.
pub(super) async fn findings(choice: &StoreChoice) -> Vec<Finding> {
    match choice {
        StoreChoice::Sqlite(path) => {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            // Only read, and never made: a bot may be serving from it.
            let opened = path
                .exists()
                .then(|| answer(SqliteStore::open_read_only(path, clock).map(drop)));
            sqlite(opened.as_ref(), &path.display().to_string())
        }
        StoreChoice::Redis(url) => {
            let store = match RedisStore::connect(url.expose()) {
                Ok(store) => store,
                Err(error) => return judge(&unseen(&error)),
            };
            judge(&observe(&store).await)
        }
    }
}

async fn observe(store: &RedisStore) -> Observed {
    let scripts = answer(store.ping().await);
    let before = SystemClock.now();
    let vitals = answer(store.vitals().await);
    let after = SystemClock.now();
    let server = |vitals| server(vitals, before, after);
    Observed {
        scripts,
        servers: vitals.map(|all| all.into_iter().map(server).collect()),
        acl: ACL.to_owned(),
    }
}

fn unseen(error: &StoreError) -> Observed {
    let no = No::Refused(error.to_string());
    Observed {
        scripts: Err(no.clone()),
        servers: Err(no),
        acl: ACL.to_owned(),
    }
}

fn server(vitals: Vitals, before: Time, after: Time) -> Server {
    let skew = vitals.seconds.map(|at| skew(at, before, after));
    Server {
        name: vitals.name,
        info: vitals.info,
        skew,
        user: vitals.user,
        refused: vitals.refused,
    }
}

/// How far a clock that showed `at` some time between the two is off at least.
fn skew(at: u64, before: Time, after: Time) -> u64 {
    let seconds = |time: Time| u64::try_from(time.timestamp()).unwrap_or_default();
    let early = seconds(before).saturating_sub(at);
    early.max(at.saturating_sub(seconds(after)))
}

fn answer<T>(asked: Result<T, StoreError>) -> Answer<T> {
    asked.map_err(|error| match (refusal(&error), error) {
        (Some(words), _) => No::Refused(words),
        (None, StoreError::Away(why)) => No::Away(format!("{why:#}")),
        (None, StoreError::Full(why)) => No::Refused(format!("the store is full: {why:#}")),
        (None, other) => No::Refused(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_within_the_two_looks_is_in_step() {
        let at = |seconds| Time::from_timestamp(seconds, 0).unwrap();
        for (shown, expected) in [(100, 0), (103, 0), (93, 7), (110, 7)] {
            assert_eq!(skew(shown, at(100), at(103)), expected, "{shown}");
        }
    }
}
