//! Signed HTTP: the other way in, for those who do not use Socket Mode.
//!
//! Three routes, one per kind of delivery. Every body is verified as it arrived, before a byte of it
//! is understood; nothing about a refused request is logged but the reason.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::deliver::{Answer, Body, Deliverer, Delivery, Kind};
use crate::clock::Clock;
use crate::secret::Secret;

mod signature;
#[cfg(test)]
mod tests;

use self::signature::Signatures;

/// Largest body, in bytes. Slack's are a few kilobytes; the largest by far is a message shortcut on a message of
/// 40,000 characters, which comes twice and takes 100 KiB and more in a form. Whoever signs nothing can have us
/// hold as much.
pub const LARGEST_BODY: usize = 256 * 1024;

#[derive(Clone)]
struct Gate {
    signatures: Signatures,
    deliverer: Deliverer,
    clock: Arc<dyn Clock>,
}

/// The routes `/slack/events`, `/slack/interactions` and `/slack/commands`.
///
/// Answers: 200 acknowledged, 400 not Slack's form, 401 not signed by Slack within five minutes, 413
/// too large, 503 not taken (Slack repeats events).
pub fn routes(secret: &Secret, deliverer: Deliverer, clock: Arc<dyn Clock>) -> Router {
    let gate = Gate {
        signatures: Signatures::new(secret),
        deliverer,
        clock,
    };
    Router::new()
        .route("/slack/events", post(events))
        .route("/slack/interactions", post(interactions))
        .route("/slack/commands", post(commands))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(gate)
}

async fn events(State(gate): State<Gate>, headers: HeaderMap, body: Bytes) -> Response {
    let payload = match gate.open(&headers, &body, |text| serde_json::from_str(text).ok()) {
        Ok(payload) => payload,
        Err(refused) => return refused.into_response(),
    };
    if payload.get("type").and_then(Value::as_str) == Some("url_verification") {
        let challenge = payload.get("challenge").and_then(Value::as_str);
        return challenge.unwrap_or_default().to_owned().into_response();
    }
    // A repetition is treated as any delivery: it may be the only one that arrived.
    if let Some(attempt) = headers.get("x-slack-retry-num") {
        let reason = headers.get("x-slack-retry-reason");
        tracing::info!(?attempt, ?reason, "Slack repeats a delivery");
    }
    gate.take(Kind::Event, payload).await
}

async fn interactions(State(gate): State<Gate>, headers: HeaderMap, body: Bytes) -> Response {
    match gate.open(&headers, &body, payload_field) {
        Ok(payload) => gate.take(Kind::Interaction, payload).await,
        Err(refused) => refused.into_response(),
    }
}

async fn commands(State(gate): State<Gate>, headers: HeaderMap, body: Bytes) -> Response {
    match gate.open(&headers, &body, |text| Some(form(text))) {
        Ok(payload) => gate.take(Kind::Command, payload).await,
        Err(refused) => refused.into_response(),
    }
}

impl Gate {
    /// Verifies a body and only then reads it.
    fn open(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
        read: impl FnOnce(&str) -> Option<Value>,
    ) -> Result<Value, StatusCode> {
        let refuse = |status: StatusCode, why: &str| {
            self.deliverer.tally().refused.add();
            tracing::warn!(why, "a request that claims to be Slack's was refused");
            status
        };
        let text = std::str::from_utf8(body).map_err(|_| {
            refuse(
                StatusCode::UNAUTHORIZED,
                "not UTF-8, so not signed by Slack",
            )
        })?;
        self.signatures
            .check(headers, text, self.clock.now())
            .map_err(|why| refuse(StatusCode::UNAUTHORIZED, &why.to_string()))?;
        read(text).ok_or_else(|| refuse(StatusCode::BAD_REQUEST, "not in Slack's form"))
    }

    async fn take(&self, kind: Kind, payload: Value) -> Response {
        let delivery = Delivery {
            kind,
            payload,
            envelope: None,
        };
        match self.deliverer.take(delivery).await {
            Answer::Empty => StatusCode::OK.into_response(),
            Answer::With(ack, _) => match Body::of(&ack) {
                Some(body) => Json(body).into_response(),
                None => StatusCode::OK.into_response(),
            },
            Answer::Withheld => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }
}

/// A form as an object of strings, the shape that Socket Mode gives commands.
fn form(text: &str) -> Value {
    let pairs = form_urlencoded::parse(text.as_bytes()).into_owned();
    let fields: Map<String, Value> = pairs.map(|(k, v)| (k, Value::String(v))).collect();
    Value::Object(fields)
}

/// Interactions come as JSON in one field of a form.
fn payload_field(text: &str) -> Option<Value> {
    form_urlencoded::parse(text.as_bytes())
        .find(|(name, _)| name == "payload")
        .and_then(|(_, json)| serde_json::from_str(&json).ok())
}
