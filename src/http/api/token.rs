//! What a token says of itself. None of it is believed here: it tells whom to ask, and is used only once
//! somebody has vouched for the whole token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::units::Seconds;

/// Longest token that is looked at: a ServiceAccount's is about a kilobyte.
pub(super) const LONGEST: usize = 8 * 1024;

/// The claims that are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// Who made it.
    pub iss: String,
    /// Whose it is.
    pub sub: String,
    /// For whom it is meant.
    pub aud: Audiences,
    /// When it was made, in seconds since 1970.
    pub iat: Option<i64>,
    /// When it ends.
    pub exp: Option<i64>,
    /// Its own id.
    pub jti: Option<String>,
}

/// One audience, or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Audiences {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Default for Audiences {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Audiences {
    /// Whether this one is among them.
    pub fn hold(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(all) => all.iter().any(|one| one == audience),
        }
    }
}

impl Claims {
    /// Reads them; `None`: this is no signed token.
    pub fn read(token: &str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        let mut parts = token.split('.');
        let (_, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if signature.is_empty() || parts.next().is_some() {
            return None;
        }
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        serde_json::from_slice(&payload).ok()
    }

    /// How long it is good for in all; `None`: it does not say, or does not end.
    pub fn lifetime(&self) -> Option<Seconds> {
        let length = self.exp?.checked_sub(self.iat?)?;
        u64::try_from(length).ok().map(Seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn a_token_tells_for_whom_it_is_and_how_long() {
        let one = Claims::read(&token(r#"{"aud":"drawbridge","iat":100,"exp":700}"#)).unwrap();
        assert!(one.aud.hold("drawbridge") && !one.aud.hold("kubernetes"));
        assert_eq!(one.lifetime(), Some(Seconds(600)));
        let many = Claims::read(&token(r#"{"aud":["a","drawbridge"],"iat":100}"#)).unwrap();
        assert!(many.aud.hold("drawbridge"));
        assert_eq!(many.lifetime(), None, "it does not end");
        let odd = Claims::read(&token(r#"{"iat":700,"exp":100}"#)).unwrap();
        assert_eq!(odd.lifetime(), None);
    }

    #[test]
    fn what_is_no_signed_token_says_nothing() {
        let huge = token(&format!(r#"{{"sub":"{}"}}"#, "x".repeat(LONGEST)));
        for text in [
            "",
            "a.b",
            "a.b.c.d",
            "e30.e30.",
            "e30.!!.c2ln",
            "static-token",
            &huge,
        ] {
            assert_eq!(Claims::read(text), None, "{text}");
        }
    }
}
