//! Whether a connection to a target succeeds: the network may enforce a policy some seconds after the API server
//! has it.

use std::time::Duration;

use futures::future::join_all;
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

/// How long a target may take at most. Common network plug-ins need a second or two.
pub const SETTLING: Duration = Duration::from_secs(30);

/// How often a target is tried.
const EVERY: Duration = Duration::from_secs(1);

/// Longest for one try: a packet that is dropped is not answered.
const ONE: Duration = Duration::from_secs(3);

/// Targets that could not be reached, and what happened at the last try of each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no connection to {}", .0.join(", "))]
pub struct Unreached(pub Vec<String>);

/// Connects to every target (`HOST:PORT`, TCP) within this long; nothing is sent.
///
/// # Errors
/// The targets that did not answer.
pub async fn reach(targets: &[String], limit: Duration) -> Result<(), Unreached> {
    let tried = join_all(targets.iter().map(|target| reach_one(target, limit))).await;
    let silent: Vec<String> = tried.into_iter().filter_map(Result::err).collect();
    match silent.is_empty() {
        true => Ok(()),
        false => Err(Unreached(silent)),
    }
}

async fn reach_one(target: &str, limit: Duration) -> Result<(), String> {
    let mut ticks = interval(EVERY);
    let mut last = "no answer".to_owned();
    let tries = async {
        loop {
            ticks.tick().await;
            match timeout(ONE, TcpStream::connect(target)).await {
                Ok(Ok(_)) => return,
                Ok(Err(why)) => last = why.to_string(),
                Err(_) => "no answer".clone_into(&mut last),
            }
        }
    };
    let reached = timeout(limit, tries).await;
    reached.map_err(|_| format!("`{target}` ({last})"))
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_target_that_refuses_is_tried_for_as_long_as_was_said_and_no_longer() {
        // Bound, then closed: nothing listens there.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let target = closed.local_addr().unwrap().to_string();
        drop(closed);
        let limit = Duration::from_millis(1300);
        let start = Instant::now();
        let unreached = reach(std::slice::from_ref(&target), limit).await;
        let took = start.elapsed();
        assert!(took >= limit && took < limit + EVERY, "{took:?}");
        let said = unreached.unwrap_err().to_string();
        let expected = format!("no connection to `{target}` (Connection refused");
        assert!(said.starts_with(&expected), "{said}");
    }
}
