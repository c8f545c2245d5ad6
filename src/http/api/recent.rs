//! Who was vouched for lately: they are let in where others from the same network have failed too often.
//!
//! Never says who somebody is: whoever is found here is asked about all the same.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::token::Claims;
use crate::units::{Seconds, Time};

/// How long that counts.
const LATELY: Seconds = Seconds::minutes(10);

/// Traces kept; at the bound the oldest goes. Only who was vouched for leaves any.
const CAPACITY: usize = 4_096;

/// What somebody who was vouched for leaves. Tokens themselves are not kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Trace {
    /// The digest of the token: nobody else can have it.
    Token([u8; 32]),
    /// Issuer and subject: everybody can write them into a token, so they are a hint.
    Subject(String),
}

/// When each trace was last left.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<BTreeMap<Trace, Time>>);

impl Recent {
    /// This token was vouched for.
    pub(super) fn remember(&self, token: &str, now: Time) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let subject = subject(token).map(Trace::Subject);
        for trace in [Some(of_token(token)), subject].into_iter().flatten() {
            let full =
                |all: &BTreeMap<Trace, Time>| all.len() >= CAPACITY && !all.contains_key(&trace);
            if full(&all) {
                all.retain(|_, since| lately(*since, now));
            }
            if full(&all) {
                let oldest = all.iter().min_by_key(|(_, since)| **since);
                if let Some(oldest) = oldest.map(|(trace, _)| trace.clone()) {
                    all.remove(&oldest);
                }
            }
            all.insert(trace, now);
        }
    }

    /// Whether this very token was.
    pub(super) fn token(&self, token: &str, now: Time) -> bool {
        self.holds(&of_token(token), now)
    }

    /// Whose it says it is, where a token of theirs was: a hint, for the sender may lie.
    pub(super) fn subject(&self, token: &str, now: Time) -> Option<String> {
        let subject = subject(token)?;
        self.holds(&Trace::Subject(subject.clone()), now)
            .then_some(subject)
    }

    fn holds(&self, trace: &Trace, now: Time) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(trace).is_some_and(|since| lately(*since, now))
    }
}

fn lately(since: Time, now: Time) -> bool {
    since <= now && now < LATELY.after(since)
}

fn of_token(token: &str) -> Trace {
    Trace::Token(Sha256::digest(token.as_bytes()).into())
}

fn subject(token: &str) -> Option<String> {
    let claims = Claims::read(token)?;
    (!claims.sub.is_empty()).then(|| format!("{:?} {:?}", claims.iss, claims.sub))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use chrono::TimeDelta;

    use super::*;

    fn at(seconds: i64) -> Time {
        Time::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn token(issuer: &str, subject: &str, signature: &str) -> String {
        let claims = format!(r#"{{"iss":"{issuer}","sub":"{subject}"}}"#);
        format!("e30.{}.{signature}", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_and_its_subject_are_known_for_ten_minutes() {
        let recent = Recent::default();
        let (good, next) = (token("here", "ci", "YQ"), token("here", "ci", "Yg"));
        let (other, far) = (token("here", "cd", "YQ"), token("there", "ci", "YQ"));
        recent.remember(&good, at(100));
        let table = [
            (&good, 100, true, true),
            (&good, 699, true, true),
            (&good, 700, false, false),
            (&good, 99, false, false),
            (&next, 100, false, true),
            (&other, 100, false, false),
            (&far, 100, false, false),
        ];
        for (sent, seconds, same, hint) in table {
            assert_eq!(recent.token(sent, at(seconds)), same, "{sent} {seconds}");
            let found = recent.subject(sent, at(seconds)).is_some();
            assert_eq!(found, hint, "{sent} {seconds}");
        }
        let bare = recent.subject(&good, at(100)).unwrap();
        assert!(!recent.token(&bare, at(100)), "a subject is no token");
    }

    #[test]
    fn the_memory_is_bounded_and_the_oldest_goes() {
        let recent = Recent::default();
        recent.remember("first", at(0));
        for number in 0..CAPACITY {
            recent.remember(&number.to_string(), at(1));
        }
        assert_eq!(recent.0.lock().unwrap().len(), CAPACITY);
        assert!(!recent.token("first", at(1)));
        assert!(recent.token("7", at(1)));
    }
}
