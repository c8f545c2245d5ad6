//! Slack and the on-call sources, asked from the command line. Changes nothing and posts nothing.

use std::io;
use std::sync::Arc;

use crate::clock::{Clock, SystemClock};
use crate::config::online::Online;
use crate::oncall::OnCall;
use crate::slack::{Directory, SlackApi, SlackError, Wire};
use crate::units::Seconds;

/// How old an answer may be: everything is read once.
pub(super) const ONCE: Seconds = Seconds::hours(1);

/// How often Slack is waited for before it counts as away: a few minutes in all.
const TRIES: usize = 20;

/// Asks a question on a runtime of its own.
///
/// # Errors
/// There can be no runtime.
pub(super) fn ask<T>(
    online: &Online,
    question: impl AsyncFnOnce(&Directory, &SlackApi) -> T,
) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(async {
        let wire = Wire::tcp();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let on_call = OnCall::new(&online.on_call, &wire, &clock);
        let api = Arc::new(SlackApi::new(&online.slack, wire));
        let directory = Directory::with_on_call(Arc::clone(&api), on_call);
        question(&directory, &api).await
    }))
}

/// Asks again whenever Slack asks for fewer calls, as late as it wants.
///
/// # Errors
/// As the question's.
pub(super) async fn patient<T>(
    ask: impl AsyncFn() -> Result<T, SlackError>,
) -> Result<T, SlackError> {
    let mut tries = 1;
    loop {
        match ask().await {
            Err(SlackError::RateLimited { after, .. }) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(after).await;
            }
            answer => return answer,
        }
    }
}
