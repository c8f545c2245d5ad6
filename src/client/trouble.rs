//! Why a call gave no good answer, and what that means for the next.

use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::retry::Retry;

/// Longest pause that a server may ask for.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// The media type of problems (RFC 9457).
const MEDIA: &str = "application/problem+json";

/// What every type of a Drawbridge's problems begins with.
const KINDS: &str = "urn:drawbridge:";

/// Why a call gave no good answer. Never holds a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The token cannot be read.
    #[error("the token cannot be read: {0}")]
    Token(String),
    /// What was given is no request's id.
    #[error("`{0}` is not the id of a request")]
    NoId(String),
    /// What was given cannot be sent.
    #[error("this cannot be sent: {0}")]
    Unsendable(&'static str),
    /// The server did not answer in time.
    #[error("no answer in time")]
    Late,
    /// No connection: refused, no such name, no TLS. Of this call nothing was sent.
    #[error("no connection to `{origin}`: {why}")]
    Unconnected {
        /// Scheme, host and port.
        origin: String,
        /// What the system or the TLS library says.
        why: String,
    },
    /// The connection broke after something was sent.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The answer is something else than a request.
    #[error("{0}")]
    Said(Problem),
    /// The answer cannot be understood.
    #[error("the answer is not a Drawbridge's")]
    Words,
}

/// What is wrong: a Drawbridge says it (RFC 9457), or another program on the way answers instead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problem {
    /// The status.
    pub status: u16,
    /// Whether a Drawbridge says it. A proxy's page tells nothing of the request.
    pub ours: bool,
    /// In words; nothing where a Drawbridge gave none.
    pub words: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The request that it is about, where it names one.
    pub id: Option<String>,
    /// How long to wait before the next call, where the server says so.
    pub pause: Option<Duration>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.words.as_str() {
            "" if self.ours => write!(f, "the server answered with HTTP {}", self.status),
            "" => write!(f, "the answer is not a Drawbridge's: HTTP {}", self.status),
            words => f.write_str(words),
        }
    }
}

impl Problem {
    /// Reads what a server says is wrong; of another program's page (a proxy's) only the status.
    pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Written {
            #[serde(rename = "type")]
            kind: String,
            title: Option<String>,
            detail: Option<String>,
            hint: Option<String>,
            id: Option<String>,
        }
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let media = header(CONTENT_TYPE).and_then(|media| media.split(';').next());
        let media = media.unwrap_or_default().trim();
        let written: Option<Written> = serde_json::from_slice(body).ok();
        let written = written
            .filter(|written| media.eq_ignore_ascii_case(MEDIA) && written.kind.starts_with(KINDS));
        let seconds = header(RETRY_AFTER).and_then(|text| text.parse().ok());
        let said = Self {
            status: status.as_u16(),
            pause: seconds.map(|seconds| Duration::from_secs(seconds).min(MAX_PAUSE)),
            ..Self::default()
        };
        match written {
            None => said,
            Some(written) => Self {
                ours: true,
                words: written.detail.or(written.title).unwrap_or_default(),
                hint: written.hint,
                id: written.id,
                ..said
            },
        }
    }
}

impl Trouble {
    /// Whether the same call may succeed later. Another program's page is not the Drawbridge's last word, whatever
    /// its status; that the server is elsewhere stays so.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Late | Self::Unconnected { .. } | Self::Unreachable(_) => Retry::Later,
            Self::Said(problem) => match problem.status {
                300..=399 => Retry::Never,
                408 | 425 | 429 | 500 | 502 | 503 | 504 => Retry::Later,
                _ if problem.ours => Retry::Never,
                _ => Retry::Later,
            },
            Self::Token(_) | Self::NoId(_) | Self::Unsendable(_) | Self::Words => Retry::Never,
        }
    }

    /// Whether a call that was sent may have been carried out all the same. Where a server says that it is busy
    /// it was not; where it says that it failed, or a proxy does, it may have been. A proxy says with 408 also that
    /// the server behind it took too long.
    pub fn in_doubt(&self) -> bool {
        match self {
            Self::Late | Self::Unreachable(_) | Self::Words => true,
            Self::Said(problem) => match problem.status {
                408 => !problem.ours,
                300..=499 => false,
                _ => true,
            },
            Self::Token(_) | Self::NoId(_) | Self::Unsendable(_) | Self::Unconnected { .. } => {
                false
            }
        }
    }

    /// Whether it says for certain what became of every ask under the same key: it is a no, and names the request
    /// that the key stands for. A no without one tells of this call only: the rules may have changed since another.
    pub fn settles(&self) -> bool {
        match self {
            Self::Said(problem) => problem.id.is_some() && !self.in_doubt(),
            _ => false,
        }
    }

    /// The pause that the server asked for.
    pub(super) fn pause(&self) -> Option<Duration> {
        match self {
            Self::Said(problem) => problem.pause,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// An answer of this type.
    fn said(status: u16, media: &'static str, body: &str) -> Trouble {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7200"));
        let status = StatusCode::from_u16(status).unwrap();
        Trouble::Said(Problem::read(status, &headers, body.as_bytes()))
    }

    fn ours(status: u16) -> Trouble {
        said(status, MEDIA, r#"{"type":"urn:drawbridge:some-kind"}"#)
    }

    fn page(status: u16) -> Trouble {
        said(status, "text/html", "<html>")
    }

    #[test]
    fn a_problem_is_read_and_a_proxys_page_is_not() {
        let body = r#"{"type":"urn:drawbridge:too-many","title":"Too many","detail":"too many asks",
            "hint":"ask less","id":"k7m3xq"}"#;
        let written = Problem {
            status: 429,
            ours: true,
            words: "too many asks".to_owned(),
            hint: Some("ask less".to_owned()),
            id: Some("k7m3xq".to_owned()),
            pause: Some(MAX_PAUSE),
        };
        for media in [MEDIA, "Application/Problem+JSON; charset=utf-8"] {
            assert_eq!(said(429, media, body), Trouble::Said(written.clone()));
        }
        let foreign = Problem {
            status: 429,
            pause: Some(MAX_PAUSE),
            ..Problem::default()
        };
        for (media, body) in [
            ("text/html", "<html>"),
            ("application/json", body),
            // It broke off.
            (MEDIA, &body[..40]),
            // Another program's problem.
            (MEDIA, r#"{"type":"about:blank","detail":"no route"}"#),
            (MEDIA, r#"{"detail":"no route"}"#),
        ] {
            assert_eq!(said(429, media, body), Trouble::Said(foreign.clone()));
        }
        assert_eq!(
            page(502).to_string(),
            "the answer is not a Drawbridge's: HTTP 502"
        );
        assert_eq!(ours(502).to_string(), "the server answered with HTTP 502");
    }

    #[test]
    fn only_a_drawbridges_own_no_is_final() {
        for status in [400, 401, 403, 404, 405, 409, 413, 422, 501] {
            assert_eq!(ours(status).retry(), Retry::Never, "{status}");
            assert_eq!(page(status).retry(), Retry::Later, "{status}");
        }
        for status in [408, 429, 500, 502, 503, 504] {
            assert_eq!(ours(status).retry(), Retry::Later, "{status}");
            assert_eq!(page(status).retry(), Retry::Later, "{status}");
        }
        assert_eq!(page(307).retry(), Retry::Never, "it will not pass");
    }

    #[test]
    fn only_what_may_have_been_carried_out_is_in_doubt() {
        let unconnected = Trouble::Unconnected {
            origin: "http://localhost:1".to_owned(),
            why: "refused".to_owned(),
        };
        for (trouble, in_doubt) in [
            (Trouble::Late, true),
            (Trouble::Unreachable("it broke off".to_owned()), true),
            (Trouble::Words, true),
            (page(204), true),
            (page(502), true),
            (page(504), true),
            (page(408), true),
            (ours(503), true),
            (ours(408), false),
            (ours(429), false),
            (page(429), false),
            (ours(401), false),
            (ours(403), false),
            (page(403), false),
            (page(404), false),
            (page(302), false),
            (unconnected, false),
            (Trouble::Token(String::new()), false),
        ] {
            assert_eq!(trouble.in_doubt(), in_doubt, "{trouble:?}");
        }
    }

    #[test]
    fn a_no_that_names_the_request_is_certain() {
        let body = r#"{"type":"urn:drawbridge:some-kind","id":"k7m3xq"}"#;
        for (trouble, settles) in [
            (said(403, MEDIA, body), true),
            (ours(403), false),
            (said(403, "text/html", body), false),
            // It may or may not have been done.
            (said(503, MEDIA, body), false),
            (Trouble::Words, false),
        ] {
            assert_eq!(trouble.settles(), settles, "{trouble:?}");
        }
    }
}
