//! Whose token this is: the one place that decides whom to believe.
//!
//! A cluster's API server vouches for its own accounts and for no others: the identity is the cluster with
//! the account, so one of the same name elsewhere is another one. INVARIANT (no broadcast): a token goes only
//! to clusters whose audience it carries; whoever looks after one cluster could use what is sent there. Give
//! every cluster an audience of its own and no token ever reaches another one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::recent::Recent;
use super::token::Claims;
use crate::app::service::Caller;
use crate::cluster::{Cluster, ClusterError, Vouched};
use crate::oidc::{Oidc, Refused, Verified};
use crate::rules::Account;
use crate::secret::Secret;
use crate::units::{Seconds, Time};

/// How long a good answer is remembered: as long as an API server itself goes on believing an account that
/// was deleted.
const GOOD: Seconds = Seconds(10);

/// How long a bad one is.
const BAD: Seconds = Seconds(2);

/// Answers remembered before all that is over is dropped.
const CAPACITY: usize = 2_048;

/// Tokens that one cluster is asked about at once, whoever sends them: what strangers may cost its API server.
const AT_ONCE: usize = 8;

/// How long a further one waits for its turn.
const TURN: std::time::Duration = std::time::Duration::from_secs(2);

/// Verifies tokens.
#[derive(Debug)]
pub struct Doorkeeper {
    kubernetes: Vec<Door>,
    issuers: Oidc,
    known: Mutex<BTreeMap<[u8; 32], Known>>,
    recent: Recent,
}

/// One cluster that vouches for its accounts.
#[derive(Debug)]
struct Door {
    cluster: Arc<Cluster>,
    audience: String,
    /// Its own: a cluster that does not answer keeps nobody of another one waiting.
    turns: Semaphore,
}

#[derive(Debug, Clone)]
struct Known {
    whose: Option<Caller>,
    since: Time,
    until: Time,
}

/// Why nobody was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// Nobody vouches for the token.
    Invalid,
    /// Who could vouch for it does not answer: nothing is known of it.
    Away,
    /// So many are asked about that there was no turn for this one: nothing is known of it.
    Busy,
}

impl Doorkeeper {
    /// Asks these clusters, each for the audience that is configured for it.
    pub fn new<'a>(
        clusters: impl IntoIterator<Item = &'a Arc<Cluster>>,
        audience: impl Fn(&str) -> String,
    ) -> Self {
        let kubernetes = clusters.into_iter().map(|cluster| Door {
            audience: audience(cluster.name()),
            cluster: Arc::clone(cluster),
            turns: Semaphore::new(AT_ONCE),
        });
        Self {
            kubernetes: kubernetes.collect(),
            issuers: Oidc::default(),
            known: Mutex::default(),
            recent: Recent::default(),
        }
    }

    /// Also believes these issuers about jobs outside the clusters.
    pub fn with_issuers(self, issuers: Oidc) -> Self {
        Self { issuers, ..self }
    }

    /// Whose it was a moment ago, without asking anybody. An answer that is from the future does not count:
    /// the clock was set back, and nobody knows how old it is.
    pub fn known(&self, token: &str, now: Time) -> Option<Result<Caller, Shut>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = known
            .get(&digest(token))
            .filter(|entry| entry.since <= now && now < entry.until)?;
        Some(entry.whose.clone().ok_or(Shut::Invalid))
    }

    /// Whose it is.
    ///
    /// # Errors
    /// [`Shut`]; never [`Shut::Invalid`] for want of an answer.
    pub async fn whose(&self, token: &str, now: Time) -> Result<Caller, Shut> {
        if let Some(known) = self.known(token, now) {
            return known;
        }
        let whose = self.verify(token, now).await?;
        if whose.is_some() {
            self.recent.remember(token, now);
        }
        let length = if whose.is_some() { GOOD } else { BAD };
        self.remember(token, &whose, (now, length.after(now)));
        whose.ok_or(Shut::Invalid)
    }

    /// Whether it says that it is of an issuer whose keys we read: nobody has to be asked about it.
    pub(super) fn is_of_issuer(&self, token: &str) -> bool {
        self.issuers.is_asked(token)
    }

    /// Who was vouched for lately.
    pub(super) fn recent(&self) -> &Recent {
        &self.recent
    }

    async fn verify(&self, token: &str, now: Time) -> Result<Option<Caller>, Shut> {
        // An issuer is asked about its own tokens alone, and no cluster ever sees them.
        if let Some(answer) = self.issuers.verify(&Secret::new(token)).await {
            return by_issuer(answer);
        }
        let Some(claims) = Claims::read(token) else {
            return Ok(None);
        };
        self.by_kubernetes(token, &claims, now).await
    }

    /// The first cluster, by name, that vouches for it. One that is away matters only where no other does:
    /// whatever it would say, another one's word about its own account stands.
    async fn by_kubernetes(
        &self,
        token: &str,
        claims: &Claims,
        now: Time,
    ) -> Result<Option<Caller>, Shut> {
        let asked = self.kubernetes.iter();
        let asked = asked.filter(|door| claims.aud.hold(&door.audience));
        let answers = asked.map(async |door| {
            let turn = tokio::time::timeout(TURN, door.turns.acquire()).await;
            let Ok(Ok(_turn)) = turn else {
                return Err(Shut::Busy);
            };
            // Another call with the same token may have had its turn meanwhile.
            if let Some(known) = self.known(token, now) {
                return Ok(known.ok());
            }
            let vouched = door.cluster.whose(token, &door.audience).await;
            let vouched = vouched.map_err(|error| away(door, &error))?;
            Ok(vouched.map(|vouched| caller(door, vouched, claims)))
        });
        let mut shut = None;
        for answer in futures::future::join_all(answers).await {
            match answer {
                Ok(Some(caller)) => return Ok(Some(caller)),
                Ok(None) => {}
                Err(why) => shut = Some(why),
            }
        }
        shut.map_or(Ok(None), Err)
    }

    fn remember(&self, token: &str, whose: &Option<Caller>, (since, until): (Time, Time)) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.retain(|_, entry| entry.since <= since && since < entry.until);
        }
        if known.len() >= CAPACITY {
            known.clear();
        }
        let whose = whose.clone();
        let entry = Known {
            whose,
            since,
            until,
        };
        known.insert(digest(token), entry);
    }
}

fn by_issuer(answer: Result<Verified, Refused>) -> Result<Option<Caller>, Shut> {
    match answer {
        Ok(verified) => Ok(Some(Caller {
            account: verified.who,
            pod: None,
            token_id: verified.token_id,
            lifetime: Some(verified.lifetime),
        })),
        Err(Refused::Away(_)) => Err(Shut::Away),
        Err(why) => {
            tracing::info!(%why, "an issuer's token does not count");
            Ok(None)
        }
    }
}

fn away(door: &Door, error: &ClusterError) -> Shut {
    let cluster = door.cluster.name();
    let error = crate::app::causes(error);
    tracing::warn!(cluster, error, "a token could not be reviewed");
    Shut::Away
}

/// The claims are the token's own: they count where they name whom the cluster vouches for.
fn caller(door: &Door, vouched: Vouched, claims: &Claims) -> Caller {
    let subject = format!(
        "system:serviceaccount:{}:{}",
        vouched.namespace, vouched.name
    );
    let claims = Some(claims).filter(|claims| claims.sub == subject);
    Caller {
        token_id: vouched.token_id.or_else(|| claims?.jti.clone()),
        lifetime: claims.and_then(Claims::lifetime),
        pod: vouched.pod,
        account: Account {
            cluster: Some(door.cluster.name().to_owned()),
            namespace: vouched.namespace,
            name: vouched.name,
        },
    }
}

/// Tokens themselves are not kept.
fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(seconds: i64) -> Time {
        Time::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn an_answer_counts_for_its_time_and_not_when_the_clock_is_set_back() {
        let door = Doorkeeper::new([], |_| String::new());
        let caller = Caller {
            account: Account {
                cluster: None,
                namespace: "ci".to_owned(),
                name: "deployer".to_owned(),
            },
            pod: None,
            token_id: None,
            lifetime: None,
        };
        door.remember("token", &Some(caller), (at(100), at(110)));
        for (seconds, counts) in [
            (0, false),
            (99, false),
            (100, true),
            (109, true),
            (110, false),
        ] {
            let known = door.known("token", at(seconds));
            assert_eq!(known.is_some(), counts, "{seconds}");
        }
        assert!(door.known("another", at(100)).is_none());
    }

    #[tokio::test]
    async fn no_number_of_tokens_takes_more_than_its_memory() {
        let door = Doorkeeper::new([], |_| String::new());
        for token in 0..3 * CAPACITY {
            let answer = door
                .whose(&format!("token-{token}"), Time::UNIX_EPOCH)
                .await;
            assert_eq!(answer.unwrap_err(), Shut::Invalid);
            assert!(door.known.lock().unwrap().len() <= CAPACITY, "{token}");
        }
    }
}
