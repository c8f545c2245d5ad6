//! Who is on call, asked over HTTP from sources that the configuration names.
//!
//! # Contract with a source
//! `GET` of its URL with `Accept: application/json` and, where a token is configured, `Authorization:
//! Bearer`. A good answer is status 200, content type `application/json`, at most 64 KiB, and one JSON
//! object with exactly one of
//!
//! ```json
//! {"users": ["U0LEE", "U0MIA"]}
//! ```
//! ```json
//! {"emails": ["lee@example.org"]}
//! ```
//!
//! of at most 50 entries: Slack user ids, or addresses of people in Slack. Empty means that nobody is on
//! call. Anything else is no answer: other fields, other statuses, redirects (never followed), and an
//! exchange that takes longer than the configured time-out.
//!
//! # Guarantees
//! One request at a time per source. A good answer is used for the source's `cache`. When there is no
//! newer one, it is used until it is [`STALE`] old; then there is no answer, and whoever asked uses the
//! fallback or nobody. After a failure the source rests for [`REST`], so that a slow one does not delay
//! every click. Time is the [`Clock`]'s.
//!
//! It decides nothing: whether somebody counts is for [`crate::rules`] to say. It must never print a token.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy::connect::Connect;
use tokio::sync::Mutex;
use url::Url;

use crate::clock::Clock;
use crate::documents::Documents;
use crate::rules::UserId;
use crate::secret::Secret;
use crate::units::{Seconds, Time};

mod answer;
mod exchange;
#[cfg(test)]
mod tests;

pub use exchange::NoAnswer;

/// The oldest answer that is used when a source gives none: a shift may have changed since.
pub const STALE: Seconds = Seconds::minutes(15);

/// How long a source that gave no answer is not asked again.
pub const REST: Seconds = Seconds(5);

/// One source as it is configured.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    /// What is asked: `https`, or `http` on a loopback address.
    pub url: Url,
    /// Sent as `Authorization: Bearer`.
    pub token: Option<Secret>,
    /// For the whole exchange, 1 s to 5 s.
    pub timeout: Duration,
    /// How long a good answer is used, 10 s to 1 h.
    pub cache: Seconds,
    /// A user group (`@orders-oncall`) to ask when there is no answer.
    pub fallback: Option<String>,
}

/// Without what stands behind the host: a path or a query can hold a key.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("at", &self.url.origin().ascii_serialization())
            .field("token", &self.token)
            .field("timeout", &self.timeout)
            .field("cache", &self.cache)
            .field("fallback", &self.fallback)
            .finish()
    }
}

/// Whom a source named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// By Slack user id.
    Users(BTreeSet<UserId>),
    /// By address, lower case; Slack knows whose they are.
    Emails(BTreeSet<String>),
}

/// All sources. The default has none.
#[derive(Debug, Default)]
pub struct OnCall(BTreeMap<String, Desk>);

/// One source, and what is known from it.
#[derive(Debug)]
struct Desk {
    source: Source,
    documents: Documents,
    clock: Arc<dyn Clock>,
    /// Held while asking: one request at a time, whose answer all who wait share.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    good: Option<(Listed, Time)>,
    failed: Option<Time>,
}

impl OnCall {
    /// Sources by name, asked over this connector, which must refuse to send a token in the clear
    /// ([`crate::slack`]'s wire does).
    pub fn new<C>(sources: &BTreeMap<String, Source>, connector: &C, clock: &Arc<dyn Clock>) -> Self
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        let desk = |source: &Source| Desk {
            source: source.clone(),
            documents: Documents::over(connector.clone()),
            clock: Arc::clone(clock),
            known: Mutex::default(),
        };
        let desks = sources.iter().map(|(name, s)| (name.clone(), desk(s)));
        Self(desks.collect())
    }

    /// Whether there is a source of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The user group to ask when there is no answer.
    pub fn fallback(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.source.fallback.as_deref()
    }

    /// Whoever is on call, by the rules of age above; `None`: there is no source of this name, or no answer
    /// that may be used.
    ///
    /// Cancel safe: a cancelled ask is as good as none.
    pub async fn read(&self, name: &str) -> Option<Listed> {
        let desk = self.0.get(name)?;
        let mut known = desk.known.lock().await;
        let now = desk.clock.now();
        if let Some((listed, at)) = &known.good
            && within(*at, now, desk.source.cache)
        {
            return Some(listed.clone());
        }
        if !known.failed.is_some_and(|at| within(at, now, REST)) {
            match exchange::ask(&desk.documents, &desk.source).await {
                Ok(listed) => {
                    // As old as the question: the answer says nothing of what happened since.
                    known.good = Some((listed.clone(), now));
                    known.failed = None;
                    return Some(listed);
                }
                Err(why) => {
                    tracing::warn!(source = name, %why, "no answer to who is on call");
                    known.failed = Some(desk.clock.now());
                }
            }
        }
        let now = desk.clock.now();
        let (listed, at) = known.good.as_ref()?;
        within(*at, now, STALE).then(|| listed.clone())
    }

    /// Asks a source now, whatever is remembered; `None`: there is none of this name.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn ask(&self, name: &str) -> Option<Result<Listed, NoAnswer>> {
        let desk = self.0.get(name)?;
        let _one_at_a_time = desk.known.lock().await;
        Some(exchange::ask(&desk.documents, &desk.source).await)
    }
}

/// Whether `at` is at most this long ago. What lies ahead (a clock was set back) is not.
fn within(at: Time, now: Time, age: Seconds) -> bool {
    at <= now && now < age.after(at)
}
