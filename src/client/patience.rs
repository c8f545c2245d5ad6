//! How long somebody waits for a server, and how the same call is repeated meanwhile.

use std::time::Duration;

use tokio::time::Instant;

use super::{Contact, Trouble};
use crate::entropy::Entropy;
use crate::retry::Retry;

/// The first pause; each is twice the one before, up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(250);

/// The longest pause that we choose ourselves: a server that is back is found within it.
const LONGEST: Duration = Duration::from_secs(10);

/// An end of waiting.
#[derive(Debug)]
pub struct Patience<'a> {
    until: Instant,
    entropy: &'a Entropy,
    contact: &'a Contact<'a>,
}

impl<'a> Patience<'a> {
    /// From now on for this long; `contact` hears whether the server answers.
    pub fn lasting(length: Duration, entropy: &'a Entropy, contact: &'a Contact<'a>) -> Self {
        Self {
            until: Instant::now() + length,
            entropy,
            contact,
        }
    }

    /// What is left; zero when it is over.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Makes a call until it is answered. It is made at least once, and cut at the end of patience.
    ///
    /// # Errors
    /// What will not pass by itself at once; else the last trouble when patience ends.
    pub async fn persist<T>(
        &self,
        mut call: impl AsyncFnMut() -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let mut pause = FIRST;
        let mut last = Trouble::Late;
        loop {
            match tokio::time::timeout_at(self.until, call()).await {
                Ok(Ok(answer)) => {
                    self.contact.held();
                    return Ok(answer);
                }
                Ok(Err(trouble)) if trouble.retry() == Retry::Never => return Err(trouble),
                Ok(Err(trouble)) => {
                    self.contact.lost(&trouble);
                    last = trouble;
                }
                Err(_) => return Err(last),
            }
            // Between half and the whole: many jobs that lost one server must not come back at once.
            let ours = pause.mul_f64(0.5 + self.entropy.fraction() / 2.0);
            let next = last.pause().map_or(ours, |asked| asked.max(ours));
            if next >= self.left() {
                // One more try at the very end would come without a pause.
                tokio::time::sleep_until(self.until).await;
                return Err(last);
            }
            tokio::time::sleep(next).await;
            pause = (pause * 2).min(LONGEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{News, Problem};
    use super::*;

    fn busy(pause: Option<u64>) -> Trouble {
        Trouble::Said(Problem {
            status: 503,
            pause: pause.map(Duration::from_secs),
            ..Problem::default()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_repeated_with_growing_pauses_until_it_is_answered() {
        let entropy = Entropy::seeded(7);
        let contact = Contact::telling(|_| ());
        let patience = Patience::lasting(Duration::from_secs(60), &entropy, &contact);
        let mut at = Vec::new();
        let start = Instant::now();
        let answered = patience.persist(async || {
            at.push(start.elapsed());
            if at.len() < 9 {
                Err(busy(None))
            } else {
                Ok(at.len())
            }
        });
        assert_eq!(answered.await, Ok(9));
        let pauses: Vec<Duration> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
        for (n, pause) in pauses.iter().enumerate() {
            let whole = (FIRST * 2_u32.pow(u32::try_from(n).unwrap())).min(LONGEST);
            assert!(
                *pause >= whole / 2 && *pause <= whole + Duration::from_millis(1),
                "{pauses:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_asks_for_a_pause_gets_it() {
        let entropy = Entropy::seeded(7);
        let contact = Contact::telling(|_| ());
        let patience = Patience::lasting(Duration::from_secs(60), &entropy, &contact);
        let start = Instant::now();
        let mut calls = 0;
        let answered = patience.persist(async || {
            calls += 1;
            if calls == 1 {
                Err(busy(Some(20)))
            } else {
                Ok(())
            }
        });
        assert_eq!(answered.await, Ok(()));
        assert!(start.elapsed() >= Duration::from_secs(20));
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_and_a_no_is_final() {
        let entropy = Entropy::seeded(7);
        let contact = Contact::telling(|_| ());
        let patience = Patience::lasting(Duration::from_secs(60), &entropy, &contact);
        let start = Instant::now();
        let no: Result<(), _> = patience.persist(async || Err(Trouble::Words)).await;
        assert_eq!((no, start.elapsed()), (Err(Trouble::Words), Duration::ZERO));
        let no: Result<(), _> = patience.persist(async || Err(busy(None))).await;
        assert_eq!(no, Err(busy(None)));
        let patience = Patience::lasting(Duration::from_secs(5), &entropy, &contact);
        let no: Result<(), _> = patience
            .persist(async || std::future::pending().await)
            .await;
        assert_eq!(no, Err(Trouble::Late));
        assert!(start.elapsed() <= Duration::from_secs(66));
    }

    #[tokio::test(start_paused = true)]
    async fn that_a_server_is_away_is_told_at_once_and_once_and_so_is_its_return() {
        let entropy = Entropy::seeded(7);
        let start = Instant::now();
        let told = std::sync::Mutex::new(Vec::new());
        let contact = Contact::telling(|news| {
            told.lock()
                .unwrap()
                .push((news == News::Back, start.elapsed()));
        });
        let patience = Patience::lasting(Duration::from_secs(60), &entropy, &contact);
        let mut calls = 0;
        let answered = patience.persist(async || {
            calls += 1;
            if calls < 6 { Err(busy(None)) } else { Ok(()) }
        });
        assert_eq!(answered.await, Ok(()));
        assert_eq!(patience.persist(async || Ok(())).await, Ok(()));
        let took = start.elapsed();
        assert!(took > Duration::from_secs(2), "{took:?}");
        assert_eq!(
            *told.lock().unwrap(),
            [(false, Duration::ZERO), (true, took)]
        );
    }
}
