//! Problems: every answer that is not the one asked for (RFC 9457, `application/problem+json`).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::units::Seconds;

/// The media type of problems.
pub(super) const MEDIA: &str = "application/problem+json";

/// After how long a call makes sense again when something is away.
const AWAY: Seconds = Seconds(5);

/// What went wrong (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem: `urn:drawbridge:` and a word that never changes its meaning.
    #[serde(rename = "type")]
    #[schema(example = "urn:drawbridge:not-allowed")]
    kind: String,
    /// The kind in words.
    #[schema(example = "not allowed")]
    title: &'static str,
    /// The status again.
    #[schema(example = 403)]
    status: u16,
    /// This very problem, for people: lower case, words of theirs in back-ticks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "rule `orders` does not let you ask for this")]
    detail: Option<String>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The request that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "k7m3xq")]
    id: Option<String>,
    /// Where the line could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    spot: Option<Spot>,
    /// The nearest line that could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<String>,
    /// The clusters that there are, where one has to be named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    clusters: Vec<String>,
    #[serde(skip)]
    #[schema(ignore)]
    after: Option<Seconds>,
}

/// A stretch of the line that was sent, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Spot {
    /// The first byte.
    pub start: usize,
    /// The first byte after it.
    pub end: usize,
    /// The line with carets under it, on two lines; credentials are left out.
    pub shown: String,
}

/// The kinds of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Not HTTP or JSON as it is meant.
    Malformed,
    /// Nobody vouches for the token.
    Unauthenticated,
    /// The rules, or whose request it is, forbid it.
    NotAllowed,
    /// There is nothing of this name for this caller.
    NotFound,
    /// The path knows no such method.
    Method,
    /// The request stands where that cannot be done.
    Conflict,
    /// The body is too large.
    TooLarge,
    /// The body is no JSON by its type.
    MediaType,
    /// Read, and not understood.
    NotUnderstood,
    /// The key stands for another call.
    KeyUsed,
    /// Too many calls.
    TooMany,
    /// A fault of ours.
    Fault,
    /// Something that has to be asked does not answer.
    Away,
}

impl Kind {
    /// All of them.
    #[cfg(test)]
    pub(super) const ALL: [Self; 13] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::NotAllowed,
        Self::NotFound,
        Self::Method,
        Self::Conflict,
        Self::TooLarge,
        Self::MediaType,
        Self::NotUnderstood,
        Self::KeyUsed,
        Self::TooMany,
        Self::Fault,
        Self::Away,
    ];

    /// Word, words and status.
    pub(super) const fn meaning(self) -> (&'static str, &'static str, StatusCode) {
        use StatusCode as S;
        match self {
            Self::Malformed => ("malformed", "malformed call", S::BAD_REQUEST),
            Self::Unauthenticated => ("unauthenticated", "not authenticated", S::UNAUTHORIZED),
            Self::NotAllowed => ("not-allowed", "not allowed", S::FORBIDDEN),
            Self::NotFound => ("not-found", "not found", S::NOT_FOUND),
            Self::Method => ("method", "no such method here", S::METHOD_NOT_ALLOWED),
            Self::Conflict => ("conflict", "not possible as it stands", S::CONFLICT),
            Self::TooLarge => ("too-large", "body too large", S::PAYLOAD_TOO_LARGE),
            Self::MediaType => ("media-type", "body is no JSON", S::UNSUPPORTED_MEDIA_TYPE),
            Self::NotUnderstood => ("not-understood", "not understood", S::UNPROCESSABLE_ENTITY),
            Self::KeyUsed => ("key-used", "key used before", S::UNPROCESSABLE_ENTITY),
            Self::TooMany => ("too-many", "too many calls", S::TOO_MANY_REQUESTS),
            Self::Fault => ("fault", "a fault of ours", S::INTERNAL_SERVER_ERROR),
            Self::Away => ("away", "cannot be answered now", S::SERVICE_UNAVAILABLE),
        }
    }
}

impl Problem {
    /// A problem of this kind.
    pub(super) fn of(kind: Kind, detail: impl Into<String>) -> Self {
        let (word, title, status) = kind.meaning();
        Self {
            kind: format!("urn:drawbridge:{word}"),
            title,
            status: status.as_u16(),
            detail: Some(detail.into()),
            hint: None,
            id: None,
            spot: None,
            nearest: None,
            clusters: Vec::new(),
            after: (kind == Kind::Away).then_some(AWAY),
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }

    pub(super) fn about(mut self, id: impl ToString) -> Self {
        self.id = Some(id.to_string());
        self
    }

    pub(super) fn spot(mut self, spot: Spot, nearest: Option<String>) -> Self {
        self.spot = Some(spot);
        self.nearest = nearest;
        self
    }

    pub(super) fn clusters(mut self, clusters: Vec<String>) -> Self {
        self.clusters = clusters;
        self
    }

    /// Makes sense again after this long.
    pub(super) const fn after(mut self, after: Seconds) -> Self {
        self.after = Some(after);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // Strings and numbers alone: they can always be written.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(after) = self.after {
            headers.insert(header::RETRY_AFTER, after.0.max(1).into());
        }
        if status == StatusCode::UNAUTHORIZED {
            let ask = HeaderValue::from_static("Bearer realm=\"drawbridge\"");
            headers.insert(header::WWW_AUTHENTICATE, ask);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        let words: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.meaning().0).collect();
        assert_eq!(words.len(), Kind::ALL.len());
    }

    #[test]
    fn a_problem_says_its_status_twice_and_when_to_come_back() {
        let problem = Problem::of(Kind::TooMany, "slower").after(Seconds(0));
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.headers()["content-type"], MEDIA);
        let challenge = Problem::of(Kind::Unauthenticated, "no").into_response();
        assert!(challenge.headers().contains_key("www-authenticate"));
    }
}
