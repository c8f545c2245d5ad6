//! The keys that an issuer publishes, and when they are read again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use hyper_util::client::legacy::connect::Connect;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use tokio_util::task::TaskTracker;
use url::Url;

use super::exchange::{self, NoKeys};
use super::token::Head;
use super::{FRESH, Issuer, REST, RETRY, Refused, STALE};
use crate::clock::Clock;
use crate::documents::Documents;
use crate::units::{Seconds, Time};

/// Most keys of one issuer that are looked at; GitHub has two, large identity providers about ten.
const MAX_KEYS: usize = 100;

/// Size of an RSA modulus in bytes: shorter ones can be broken (NIST SP 800-131A), longer ones only cost time.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// A fetch as those see it who wait for it.
type Fetch = Shared<BoxFuture<'static, Result<(), NoKeys>>>;

/// The keys of one issuer.
#[derive(Debug)]
pub(super) struct KeyRing {
    ring: Arc<Ring>,
    /// Fetches. Nobody waits for them at shutdown: they are bounded, and keep nothing that outlives it.
    fetches: TaskTracker,
}

/// What a fetch needs, and what it finds.
#[derive(Debug)]
struct Ring {
    issuer: String,
    jwks: Option<Url>,
    documents: Documents,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    keys: Option<(Arc<Vec<Jwk>>, Time)>,
    /// The fetch that is under way: one at a time, and a token whose key is known does not wait for it.
    fetch: Option<Fetch>,
    /// When the last fetch ended, well or not.
    ended: Option<Time>,
}

/// What is needed of a discovery document (OpenID Connect Discovery 1.0 §3).
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: Url,
}

/// A key set (RFC 7517 §5). A key that cannot be read is passed over, as §5 demands.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

impl KeyRing {
    pub(super) fn new<C>(issuer: &Issuer, connector: C, clock: Arc<dyn Clock>) -> Self
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        let ring = Ring {
            issuer: issuer.issuer.clone(),
            jwks: issuer.jwks.clone(),
            documents: Documents::over(connector),
            clock,
            known: Mutex::default(),
        };
        Self {
            ring: Arc::new(ring),
            fetches: TaskTracker::new(),
        }
    }

    /// The key that a token says it is signed with.
    pub(super) async fn find(&self, head: &Head) -> Result<DecodingKey, Refused> {
        let now = || self.ring.clock.now();
        if let Some((keys, at)) = self.ring.keys()
            && within(at, now(), FRESH)
            && let Some(key) = pick(&keys, head)
        {
            return Ok(key);
        }
        let failed = match self.fetch() {
            Some(fetch) => fetch.await.err(),
            None => None,
        };
        match self.ring.keys() {
            Some((keys, at)) if within(at, now(), STALE) => pick(&keys, head).ok_or(Refused::Key),
            _ => Err(Refused::Away(failed.unwrap_or(NoKeys::Resting))),
        }
    }

    /// The fetch that is under way, or a new one; `None`: the issuer is left alone now.
    ///
    /// INVARIANT (nobody stops a fetch): it runs by itself, so that a caller who hangs up, again and again,
    /// keeps no newer keys from anybody.
    fn fetch(&self) -> Option<Fetch> {
        let now = self.ring.clock.now();
        let mut known = self.ring.known();
        // One that ended without taking itself away has broken down.
        if let Some(fetch) = known.fetch.as_ref().filter(|fetch| fetch.peek().is_none()) {
            return Some(fetch.clone());
        }
        let rest = if known.keys.is_some() { REST } else { RETRY };
        if known.ended.is_some_and(|at| within(at, now, rest)) {
            return None;
        }
        let ring = Arc::clone(&self.ring);
        let fetch = self.fetches.spawn(async move { ring.refresh().await });
        let fetch = fetch.map(|ended| ended.unwrap_or(Err(NoKeys::Unreachable)));
        let fetch = fetch.boxed().shared();
        known.fetch = Some(fetch.clone());
        Some(fetch)
    }
}

impl Ring {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keys(&self) -> Option<(Arc<Vec<Jwk>>, Time)> {
        self.known().keys.clone()
    }

    /// Reads the keys, keeps them, and notes the end: the issuer is left alone from then on, not from the
    /// beginning, which for a slow issuer would be no pause.
    async fn refresh(&self) -> Result<(), NoKeys> {
        let began = self.clock.now();
        let read = self.fetch().await;
        if let Err(why) = &read {
            tracing::warn!(issuer = self.issuer, %why, "an issuer's keys cannot be read");
        }
        let ended = self.clock.now();
        let mut known = self.known();
        known.ended = Some(ended);
        known.fetch = None;
        let keys = read?;
        known.keys = Some((Arc::new(keys), began));
        Ok(())
    }

    async fn fetch(&self) -> Result<Vec<Jwk>, NoKeys> {
        let url = match &self.jwks {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        let set: KeySet = exchange::read(&self.documents, &url).await?;
        let keys = set.keys.into_iter().take(MAX_KEYS);
        let keys = keys.filter_map(|key| serde_json::from_value(key).ok());
        let keys: Vec<Jwk> = keys.filter(may_check).collect();
        match keys.is_empty() {
            true => Err(NoKeys::Shape("it holds no key that could check a token")),
            false => Ok(keys),
        }
    }

    async fn discover(&self) -> Result<Url, NoKeys> {
        let place = self.issuer.trim_end_matches('/');
        let place = format!("{place}/.well-known/openid-configuration");
        let place = Url::parse(&place).map_err(|_| NoKeys::Shape("its address is none"))?;
        let found: Discovery = exchange::read(&self.documents, &place).await?;
        // Discovery §4.3: whoever speaks for another issuer speaks for none.
        if found.issuer != self.issuer {
            return Err(NoKeys::Shape("it speaks for another issuer"));
        }
        // Keys in the clear could be anybody's; only an issuer that is itself asked without TLS, which the
        // configuration allows on a loopback address alone, may publish them so.
        let clear = found.jwks_uri.scheme() != "https";
        if clear && !self.issuer.starts_with("http://") {
            return Err(NoKeys::Shape("it does not publish its keys over TLS"));
        }
        Ok(found.jwks_uri)
    }
}

/// The key for a token: by its id; without one only where there is no choice.
fn pick(keys: &[Jwk], head: &Head) -> Option<DecodingKey> {
    let fits = |key: &&Jwk| suits(key, head.algorithm);
    let named = |key: &&Jwk| match &head.key {
        Some(id) => key.common.key_id.as_ref() == Some(id),
        None => true,
    };
    let mut fitting = keys.iter().filter(named).filter(fits);
    let first = fitting.next()?;
    if fitting.next().is_some() {
        return None;
    }
    DecodingKey::from_jwk(first).ok()
}

/// Whether a published key may check tokens at all: a public key for signatures, strong enough.
fn may_check(key: &Jwk) -> bool {
    let signs = matches!(
        key.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    );
    let strong = match &key.algorithm {
        AlgorithmParameters::RSA(rsa) => URL_SAFE_NO_PAD
            .decode(&rsa.n)
            .is_ok_and(|n| RSA_BYTES.contains(&n.len()) && n.first() != Some(&0)),
        AlgorithmParameters::EllipticCurve(_) | AlgorithmParameters::OctetKeyPair(_) => true,
        _ => false,
    };
    signs && strong
}

/// INVARIANT (a key's own algorithm): a token cannot choose how a key is used.
fn suits(key: &Jwk, algorithm: Algorithm) -> bool {
    let own = key.common.key_algorithm;
    let own_fits = own.is_none_or(|own| own == algorithm.into());
    let kind_fits = match (&key.algorithm, algorithm) {
        (
            AlgorithmParameters::RSA(_),
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512,
        ) => true,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => {
            key.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) => {
            key.curve == EllipticCurve::P384
        }
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => {
            key.curve == EllipticCurve::Ed25519
        }
        _ => false,
    };
    own_fits && kind_fits
}

/// Whether `at` is at most this long ago. What lies ahead (a clock was set back) is not.
fn within(at: Time, now: Time, age: Seconds) -> bool {
    at <= now && now < age.after(at)
}
