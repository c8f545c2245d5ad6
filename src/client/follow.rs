//! Waiting for what becomes of a request.

use std::time::Duration;

use tokio::time::Instant;

use super::{Answer, Client, Contact, Hold, Patience, ROUND, State, Trouble};

/// Two looks are at least this far apart, also where a server does not hold its answers back.
const PACE: Duration = Duration::from_secs(1);

/// The same for an open path that a command uses: nobody waits for the news.
const REST: Duration = Duration::from_secs(5);

/// Waits until the path is open or the request is over; `seen` hears of every look.
///
/// Cancel safe: the request is as the server has it.
///
/// # Errors
/// The last trouble when patience ended, [`Trouble::Late`] where there was none; what will not pass by itself
/// at once.
pub async fn until_decided(
    client: &Client,
    id: &str,
    patience: &Patience<'_>,
    mut seen: impl FnMut(&Answer),
) -> Result<Answer, Trouble> {
    loop {
        let began = Instant::now();
        let look = async || {
            let hold = Hold {
                until: State::Active,
                longest: round(patience),
            };
            client.look(id, hold).await
        };
        let answer = patience.persist(look).await?;
        seen(&answer);
        if answer.told.is_open() || answer.told.state.is_over() {
            return Ok(answer);
        }
        if patience.left().is_zero() {
            return Err(Trouble::Late);
        }
        tokio::time::sleep_until(began + PACE.min(patience.left())).await;
    }
}

/// Waits until an open path is no longer open, however long that takes. A server that is away is asked again;
/// `contact` hears of that.
///
/// Cancel safe.
pub async fn closing(client: &Client, id: &str, contact: &Contact<'_>) -> Answer {
    let hold = Hold {
        until: State::Ended,
        longest: ROUND,
    };
    loop {
        let began = Instant::now();
        match client.look(id, hold).await {
            Ok(answer) => {
                contact.held();
                if answer.told.state.is_over() {
                    return answer;
                }
            }
            Err(trouble) => contact.lost(&trouble),
        }
        tokio::time::sleep_until(began + REST).await;
    }
}

/// Whole seconds, at least one.
fn round(patience: &Patience<'_>) -> Duration {
    Duration::from_secs(patience.left().min(ROUND).as_secs().max(1))
}
