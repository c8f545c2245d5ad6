//! Who jobs outside the clusters are, by the signed tokens of their issuers (OpenID Connect): GitHub
//! Actions, GitLab CI, a company's own.
//!
//! # Guarantees
//! A token counts only when all of this holds: its `iss` is exactly a configured issuer's; its only
//! audience is exactly the configured one; it is signed by a key that this issuer publishes now, with an
//! algorithm of [`ALLOWED`] (never a shared secret, never `none`); it is not expired, was not made in the
//! future and is not for later, each with [`LEEWAY`]; it is good for [`LONGEST`] at most; and one of the issuer's
//! patterns fits its `sub` ([`Pattern`] says exactly how). Whatever else it claims counts for nothing.
//!
//! Keys are read from the issuer over `https` (`http` only on a loopback address, and never because an issuer
//! with `https` says so), without redirects, bounded in time and size. They are read again after [`FRESH`], and for a key id that is not among them, at most once
//! a [`REST`]. While the issuer is away its last keys are used until they are [`STALE`] old.
//!
//! # Never
//! It decides nothing about access: whoever is verified is a name that rules may name. It never prints a token,
//! and never asks an address that a token names.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper_util::client::legacy::connect::Connect;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use url::Url;

use crate::clock::Clock;
use crate::retry::Retry;
use crate::rules::Account;
use crate::rules::people::ELSEWHERE;
use crate::secret::Secret;
use crate::units::Seconds;

mod exchange;
mod keys;
mod subject;
#[cfg(test)]
mod tests;
mod token;

pub use exchange::NoKeys;
pub use subject::Pattern;

use keys::KeyRing;

/// What a token may be signed with: public keys only. A shared secret would let everybody who can check a
/// token make one.
pub const ALLOWED: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// How far an issuer's clock may be from ours.
pub const LEEWAY: Seconds = Seconds(60);

/// Longest that a token may be good for, from its making to its end: a job's tokens live for minutes, GitLab's for
/// as long as the job may run. One that was made to last is a password.
pub const LONGEST: Seconds = Seconds::hours(24);

/// How long keys are used without asking whether there are newer ones.
pub const FRESH: Seconds = Seconds::hours(1);

/// The oldest keys that are used when the issuer does not answer.
pub const STALE: Seconds = Seconds::hours(24);

/// How long an issuer is left alone after an exchange with it ended: forged tokens must not make us flood it.
pub const REST: Seconds = Seconds(60);

/// The same where it gave no answer and we have no keys at all.
pub const RETRY: Seconds = Seconds(5);

/// Longest token that is looked at, in bytes; GitHub's take about 2,000.
const MAX_TOKEN: usize = 16 * 1024;

/// One issuer as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Exactly what its tokens call it: `https://token.actions.githubusercontent.com`.
    pub issuer: String,
    /// Exactly what its tokens must be for.
    pub audience: String,
    /// Whom it may name; the first that fits counts.
    pub subjects: Vec<Subject>,
    /// Where its keys are; `None`: its discovery document says so.
    pub jwks: Option<Url>,
}

/// Subjects of an issuer, and who they are to rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Which.
    pub pattern: Pattern,
    /// The name that rules use: `oidc:<issuer>/<this>`.
    pub name: String,
}

/// Somebody whose token was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who: `oidc:github/shop-deployer`.
    pub who: Account,
    /// The token's `sub`, for the record: which repository and branch it really was.
    pub subject: String,
    /// The token's own id (`jti`), for the ledger.
    pub token_id: Option<String>,
    /// How long the token is good for in all, from its making to its end.
    pub lifetime: Seconds,
}

/// Why a token does not count. Never holds a part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No token that can be read, or more than one reading of it.
    #[error("it is no signed token (JWT)")]
    Shape,
    /// Signed with something that is not allowed.
    #[error("it is not signed with an allowed algorithm")]
    Algorithm,
    /// Signed with a key that the issuer does not publish.
    #[error("the issuer does not publish the key that it is signed with")]
    Key,
    /// The signature is not the key's.
    #[error("its signature is wrong")]
    Signature,
    /// For somebody else, or also for somebody else.
    #[error("it is not for the audience `{0}` alone")]
    Audience(String),
    /// Its time is over.
    #[error("it is expired")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet")]
    TooEarly,
    /// Made to last.
    #[error("it is good for longer than {} h", LONGEST.0 / 3_600)]
    Lasting,
    /// No pattern fits.
    #[error("no subject that is configured for its issuer fits it")]
    Subject,
    /// The issuer's keys cannot be read.
    #[error("the keys of its issuer cannot be read: {0}")]
    Away(NoKeys),
}

impl Refused {
    /// Whether the same token may pass later.
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Away(_) => Retry::Later,
            _ => Retry::Never,
        }
    }
}

/// All issuers. The default has none.
#[derive(Debug, Default)]
pub struct Oidc(BTreeMap<String, Desk>);

#[derive(Debug)]
struct Desk {
    issuer: Issuer,
    keys: KeyRing,
    clock: Arc<dyn Clock>,
}

impl Oidc {
    /// Issuers by the name that rules use, asked over this connector, which must refuse to leave the machine
    /// without TLS ([`crate::slack`]'s wire does).
    pub fn new<C>(issuers: &BTreeMap<String, Issuer>, connector: &C, clock: &Arc<dyn Clock>) -> Self
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        let desk = |issuer: &Issuer| Desk {
            issuer: issuer.clone(),
            keys: KeyRing::new(issuer, connector.clone(), Arc::clone(clock)),
            clock: Arc::clone(clock),
        };
        let desks = issuers.iter().map(|(name, i)| (name.clone(), desk(i)));
        Self(desks.collect())
    }

    /// Whether a token says that it is of an issuer that is configured here.
    pub fn is_asked(&self, token: &str) -> bool {
        self.desk(token).is_some()
    }

    fn desk(&self, token: &str) -> Option<(&String, &Desk)> {
        let claimed = claimed_issuer(token)?;
        self.0.iter().find(|(_, d)| d.issuer.issuer == claimed)
    }

    /// Checks a token. `None`: it is of no issuer that is configured here (it may be a ServiceAccount's).
    ///
    /// Cancel safe. Takes as long as an exchange with the issuer where its keys have to be read.
    ///
    /// # Errors
    /// Why it does not count; [`Refused::Away`] may pass later.
    pub async fn verify(&self, token: &Secret) -> Option<Result<Verified, Refused>> {
        let (name, desk) = self.desk(token.expose())?;
        Some(desk.verify(name, token.expose()).await)
    }
}

impl Desk {
    async fn verify(&self, name: &str, token: &str) -> Result<Verified, Refused> {
        let head = token::head(token)?;
        let key = self.keys.find(&head).await?;
        let claims = token::signed_claims(token, head.algorithm, &key)?;
        let lifetime = claims.check(&self.issuer, self.clock.now())?;
        let fits = |subject: &&Subject| subject.pattern.fits(&claims.sub);
        let subject = self.issuer.subjects.iter().find(fits);
        let subject = subject.ok_or(Refused::Subject)?;
        Ok(Verified {
            who: Account {
                cluster: None,
                namespace: format!("{ELSEWHERE}:{name}"),
                name: subject.name.clone(),
            },
            subject: claims.sub,
            token_id: claims.jti,
            lifetime,
        })
    }
}

/// Whose token it says it is, before anything of it was checked: only to choose who checks it.
fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: String,
    }
    if token.len() > MAX_TOKEN {
        return None;
    }
    let claimed = jsonwebtoken::dangerous::insecure_decode_claims::<Claimed>(token);
    claimed.ok().map(|claimed| claimed.iss)
}
