//! What a call is answered with: `ok`, or one of Slack's documented error codes.

use std::collections::BTreeSet;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Refused {
    /// A plain error code.
    Code(&'static str),
    /// An error code with what exactly is wrong.
    Detailed {
        code: &'static str,
        messages: Vec<String>,
    },
    /// The token lacks a scope.
    Scope { needed: String, provided: String },
    /// Too many calls; wait that many seconds. Slack has been seen to leave the header out.
    Slow(Option<u64>),
    /// No such method.
    UnknownMethod(String),
}

impl Refused {
    /// A call without an argument that the method requires.
    pub(super) fn missing(argument: &str) -> Self {
        Self::Detailed {
            code: "invalid_arguments",
            messages: vec![format!("[ERROR] missing required field: {argument}")],
        }
    }

    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Code(code) | Self::Detailed { code, .. } => code,
            Self::Scope { .. } => "missing_scope",
            Self::Slow(_) => "ratelimited",
            Self::UnknownMethod(_) => "unknown_method",
        }
    }

    /// The answer's body.
    pub(in super::super) fn body(&self) -> Value {
        let mut body = json!({"ok": false, "error": self.code()});
        let more = match self {
            Self::Code(_) | Self::Slow(_) => return body,
            Self::Detailed { messages, .. } => {
                let errors: Vec<_> = messages
                    .iter()
                    .map(|m| m.trim_start_matches("[ERROR] "))
                    .collect();
                json!({"errors": errors, "response_metadata": {"messages": messages}})
            }
            Self::Scope { needed, provided } => json!({"needed": needed, "provided": provided}),
            Self::UnknownMethod(name) => json!({"req_method": name}),
        };
        for (name, value) in more.as_object().into_iter().flatten() {
            super::super::wire::set(&mut body, name, value.clone());
        }
        body
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = Json(self.body()).into_response();
        if let Self::Slow(seconds) = self {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            if let Some(seconds) = seconds {
                response.headers_mut().insert("retry-after", seconds.into());
            }
        }
        response
    }
}

/// The HTTP response; like Slack's it names the scopes of the token.
pub(super) fn reply(outcome: Result<Value, Refused>, scopes: &BTreeSet<String>) -> Response {
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let mut response = match outcome {
        Ok(answer) => Json(answer).into_response(),
        Err(refused) => refused.into_response(),
    };
    if let Ok(scopes) = HeaderValue::from_str(&scopes.join(",")) {
        response.headers_mut().insert("x-oauth-scopes", scopes);
    }
    response
}
