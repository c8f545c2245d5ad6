//! One token: its head, its signature, its claims. The only place where something of a token counts before its
//! signature was checked is [`head`], which chooses the key.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::{ALLOWED, Issuer, LEEWAY, LONGEST, Refused};
use crate::units::{Seconds, Time};

/// How a token says it is signed.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) algorithm: Algorithm,
    /// The key's id.
    pub(super) key: Option<String>,
}

/// What counts of a token's claims (RFC 7519 §4.1); times are seconds, fractions are allowed.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    pub(super) sub: String,
    aud: Audience,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    pub(super) jti: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Reads how a token is signed.
pub(super) fn head(token: &str) -> Result<Head, Refused> {
    // An algorithm that is not known, `none` among them, cannot be read.
    let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Shape)?;
    if !ALLOWED.contains(&header.alg) {
        return Err(Refused::Algorithm);
    }
    // RFC 7515 §4.1.11: what must be understood and is not, makes a token worthless.
    if header.crit.is_some() || header.enc.is_some() || header.zip.is_some() {
        return Err(Refused::Shape);
    }
    Ok(Head {
        algorithm: header.alg,
        key: header.kid,
    })
}

/// Checks the signature and gives what was signed.
pub(super) fn signed_claims(
    token: &str,
    algorithm: Algorithm,
    key: &DecodingKey,
) -> Result<Claims, Refused> {
    let mut only_the_signature = Validation::new(algorithm);
    // The times are checked against our own clock, the audience more strictly than the crate would.
    only_the_signature.validate_exp = false;
    only_the_signature.validate_aud = false;
    only_the_signature.required_spec_claims.clear();
    let signed = jsonwebtoken::decode::<Claims>(token, key, &only_the_signature);
    signed.map(|signed| signed.claims).map_err(|error| {
        use jsonwebtoken::errors::ErrorKind;
        match error.kind() {
            ErrorKind::Json(_) | ErrorKind::Utf8(_) | ErrorKind::Base64(_) => Refused::Shape,
            _ => Refused::Signature,
        }
    })
}

impl Claims {
    /// Whether it is for us and now; how long it is good for in all.
    pub(super) fn check(&self, issuer: &Issuer, now: Time) -> Result<Seconds, Refused> {
        if self.iss != issuer.issuer {
            return Err(Refused::Shape);
        }
        if !self.aud.is_only(&issuer.audience) {
            return Err(Refused::Audience(issuer.audience.clone()));
        }
        let until = instant(self.exp)?;
        if LEEWAY.after(until) <= now {
            return Err(Refused::Expired);
        }
        let latest = LEEWAY.after(now);
        let made = instant(self.iat)?;
        if made > latest || self.nbf.map(instant).transpose()? > Some(latest) {
            return Err(Refused::TooEarly);
        }
        let lifetime = u64::try_from((until - made).num_seconds());
        let lifetime = lifetime.map(Seconds).map_err(|_| Refused::Shape)?;
        match lifetime <= LONGEST {
            true => Ok(lifetime),
            false => Err(Refused::Lasting),
        }
    }
}

impl Audience {
    /// A token that is also for others could have been handed to us by one of them.
    fn is_only(&self, ours: &str) -> bool {
        match self {
            Self::One(one) => one == ours,
            Self::Many(many) => matches!(many.as_slice(), [one] if one == ours),
        }
    }
}

/// A time of RFC 7519 §2, cut to whole seconds.
fn instant(seconds: f64) -> Result<Time, Refused> {
    // chrono reaches further, but no honest token does: the year 9999.
    if !(0.0..253_402_300_800.0).contains(&seconds) {
        return Err(Refused::Shape);
    }
    let whole = seconds as i64;
    Time::from_timestamp(whole, 0).ok_or(Refused::Shape)
}
