//! The way in for every call: who calls, how often, and a body that is what it says.

use std::error::Error;
use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use http::request::Parts;
use http::{HeaderMap, header};
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;

use super::Api;
use super::door::Shut;
use super::problem::{Kind, Problem};
use crate::app::service::Caller;
use crate::http::listen::network;
use crate::units::{Seconds, Time};

/// Largest body: an ask is a line.
pub(super) const LARGEST: usize = 16 * 1024;

/// Longest key for repeating a call.
pub(super) const LONGEST_KEY: usize = 255;

/// The header with the key under which a call may be repeated.
const KEY: &str = "idempotency-key";

/// A verified caller who does not call too often.
#[derive(Debug)]
pub(super) struct Entry(pub(super) Caller);

impl FromRequestParts<Api> for Entry {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let now = api.parts().clock.now();
        let token = bearer(&parts.headers)?;
        let caller = match api.door().known(token, now) {
            Some(Ok(caller)) => caller,
            // Only who is not known yet costs an API server a question.
            _ => stranger(api, token, &peer(parts)).await?,
        };
        let slower = |after| Problem::of(Kind::TooMany, "you call too often").after(after);
        let identity = caller.account.to_string();
        api.calls().take(&identity, now).map_err(slower)?;
        api.parts().first_look().await;
        Ok(Self(caller))
    }
}

/// Asks whose token it is. The failure is charged before anybody is asked and given back on success,
/// or where there was no turn to ask: who hangs up, or asks while nobody can answer, has cost as much.
async fn stranger(api: &Api, token: &str, peer: &str) -> Result<Caller, Problem> {
    let now = api.parts().clock.now();
    let slower = |after| {
        let detail = "too many tokens from your address were refused";
        Problem::of(Kind::TooMany, detail).after(after)
    };
    let charged = charge(api, (token, peer), now).map_err(slower)?;
    let whose = api.door().whose(token, now).await;
    // Whom nobody was asked about cost nothing either.
    if let (Ok(_) | Err(Shut::Busy), Some(key)) = (&whose, charged) {
        api.failures().give_back(&key);
    }
    match whose {
        Ok(caller) => Ok(caller),
        Err(Shut::Invalid) => Err(unknown(
            "nobody vouches for this token: it is none, has ended, or is for another audience",
        )),
        Err(Shut::Away) => Err(Problem::of(
            Kind::Away,
            "the API server that could vouch for this token does not answer",
        )),
        Err(Shut::Busy) => Err(Problem::of(
            Kind::Away,
            "too many tokens are being verified just now",
        )),
    }
}

/// What the failure was charged to; `None`: to nobody, because this very token was good lately, or because an
/// issuer's keys say whether it is good and nobody has to be asked: every job brings a new one, and strangers
/// behind the same proxy must not keep it out. Where the
/// network has used up its failures, a subject that was good lately has some of its own there: strangers
/// behind the same address do not lock it out, and who only pretends to be it gains no more than these.
fn charge(api: &Api, (token, peer): (&str, &str), now: Time) -> Result<Option<String>, Seconds> {
    let recent = api.door().recent();
    if recent.token(token, now) || api.door().is_of_issuer(token) {
        return Ok(None);
    }
    let Err(after) = api.failures().take(peer, now) else {
        return Ok(Some(peer.to_owned()));
    };
    let subject = recent.subject(token, now).ok_or(after)?;
    let key = format!("{peer} {subject}");
    api.failures().take(&key, now)?;
    Ok(Some(key))
}

fn unknown(detail: &str) -> Problem {
    let hint = "send `Authorization: Bearer …` with a ServiceAccount token for our audience";
    Problem::of(Kind::Unauthenticated, detail).hint(hint.to_owned())
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else {
        return Err(unknown("the call carries no token"));
    };
    let token = value.to_str().ok().and_then(|text| text.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = token
        .map(|(_, token)| token.trim())
        .filter(|t| !t.is_empty());
    token.ok_or_else(|| unknown("the call carries no bearer token"))
}

/// The network that a call came from, as far as the transport told it.
fn peer(parts: &Parts) -> String {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or_else(String::new, |ConnectInfo(address)| network(address.ip()))
}

/// The key under which a call may be repeated.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut all = headers.get_all(KEY).iter();
    let Some(value) = all.next() else {
        return Ok(None);
    };
    let fits = |key: &&str| !key.trim().is_empty() && key.len() <= LONGEST_KEY;
    let key = value.to_str().ok().filter(fits);
    match (key, all.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => Err(Problem::of(
            Kind::Malformed,
            format!("`Idempotency-Key` takes 1 to {LONGEST_KEY} plain characters, once"),
        )),
    }
}

/// A JSON body, and its bytes as they arrived.
#[derive(Debug)]
pub(super) struct Json<T> {
    pub(super) value: T,
    pub(super) sent: Vec<u8>,
}

impl<T: DeserializeOwned> FromRequest<Api> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &Api) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let detail = "the body must be `application/json`";
            return Err(Problem::of(Kind::MediaType, detail));
        }
        let too_large = || {
            let detail = format!("a body has {LARGEST} bytes at most");
            Problem::of(Kind::TooLarge, detail)
        };
        let length = request.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if length.is_some_and(|length| length > LARGEST) {
            return Err(too_large());
        }
        let sent = to_bytes(request.into_body(), LARGEST).await;
        let unread = |error: axum::Error| match error.source() {
            Some(why) if why.is::<LengthLimitError>() => too_large(),
            _ => Problem::of(Kind::Malformed, "the body did not arrive whole in time"),
        };
        let sent = sent.map_err(unread)?.to_vec();
        let value = serde_json::from_slice(&sent).map_err(|error| misread(&error))?;
        Ok(Self { value, sent })
    }
}

/// What is no JSON at all is malformed; JSON of another shape is not understood.
pub(super) fn misread(error: &serde_json::Error) -> Problem {
    if error.is_data() {
        Problem::of(Kind::NotUnderstood, format!("the body: {error}"))
    } else {
        Problem::of(Kind::Malformed, format!("the body is no JSON: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_counts_as_its_network_and_a_mapped_one_as_what_it_maps() {
        for (address, counts_as) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ] {
            assert_eq!(network(address.parse().unwrap()), counts_as, "{address}");
        }
    }
}
