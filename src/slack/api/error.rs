//! What a failed call to Slack means. Never holds a token, a body or an address with a ticket.

use std::error::Error;
use std::time::Duration;

use slack_morphism::errors::SlackClientError;

/// Pause after a rate limit whose `Retry-After` header is missing.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

/// Why a call failed, by what the caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlackError {
    /// Too many calls; nothing happened.
    #[error("slack asks for fewer calls of {method}")]
    RateLimited {
        /// The Web API method.
        method: &'static str,
        /// When to try again.
        after: Duration,
    },
    /// A write was sent and no usable answer came: it may have happened. Look before repeating it.
    #[error("slack may have done {method}: {cause}")]
    Ambiguous {
        /// The Web API method.
        method: &'static str,
        /// What went wrong.
        cause: String,
    },
    /// Slack cannot be reached, or a read failed; nothing happened.
    #[error("slack is away ({method}): {cause}")]
    Away {
        /// The Web API method.
        method: &'static str,
        /// What went wrong.
        cause: String,
    },
    /// Slack understood and said no; the same call will fail again.
    #[error("slack refused {method}: {code}")]
    Refused {
        /// The Web API method.
        method: &'static str,
        /// Slack's code, such as `channel_not_found`, `not_in_channel` or `invalid_blocks`.
        code: String,
    },
    /// The token is wrong, revoked or of the wrong kind: every call will fail until that is repaired.
    #[error("slack does not accept our token ({method}): {code}")]
    Auth {
        /// The Web API method.
        method: &'static str,
        /// Slack's code, such as `invalid_auth`.
        code: String,
    },
}

/// When the same call makes sense again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// After this long.
    After(Duration),
    /// Later, with back-off.
    Later,
    /// Only after looking whether it happened ([`super::SlackApi::find_posted`]).
    LookFirst,
    /// Never as it is: the call or the installation must change.
    Never,
}

impl SlackError {
    /// When the same call makes sense again.
    pub const fn retry(&self) -> Retry {
        match self {
            Self::RateLimited { after, .. } => Retry::After(*after),
            Self::Away { .. } => Retry::Later,
            Self::Ambiguous { .. } => Retry::LookFirst,
            Self::Refused { .. } | Self::Auth { .. } => Retry::Never,
        }
    }

    /// Whether Slack itself refuses this for good. What a proxy on the way says (`http_…`) passes.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if !code.starts_with("http_"))
    }

    /// One word for metrics.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::Ambiguous { .. } => "ambiguous",
            Self::Away { .. } => "away",
            Self::Refused { .. } => "refused",
            Self::Auth { .. } => "auth",
        }
    }

    /// Slack's code, when it said one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } | Self::Auth { code, .. } => Some(code),
            Self::RateLimited { .. } | Self::Ambiguous { .. } | Self::Away { .. } => None,
        }
    }
}

/// Whether a lost answer matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Asking twice changes nothing.
    Reads,
    /// It may have happened.
    Writes,
}

/// Codes that mean a bad token, from the error tables of `auth.test` and `apps.connections.open`.
const AUTH: [&str; 9] = [
    "account_inactive",
    "ekm_access_denied",
    "forbidden_team",
    "invalid_auth",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "token_expired",
    "token_revoked",
];

/// Codes of a Slack in trouble. Its pages say of the first two that some part may have succeeded.
const TROUBLE: [&str; 3] = ["fatal_error", "internal_error", "service_unavailable"];

/// One call's name and effect: everything needed to say what its failure means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Called {
    pub(super) method: &'static str,
    pub(super) effect: Effect,
}

impl Called {
    /// The call was sent and no usable answer came.
    pub(super) fn unanswered(self, cause: impl Into<String>) -> SlackError {
        let (method, cause) = (self.method, cause.into());
        match self.effect {
            Effect::Reads => SlackError::Away { method, cause },
            Effect::Writes => SlackError::Ambiguous { method, cause },
        }
    }

    /// Sorts what the client reports.
    pub(super) fn failed(self, error: SlackClientError) -> SlackError {
        match error {
            SlackClientError::ApiError(said) => self.refused(said.code),
            SlackClientError::RateLimitError(said) => self.limited(said.retry_after),
            SlackClientError::HttpError(said) if said.status_code.is_client_error() => {
                SlackError::Refused {
                    method: self.method,
                    code: format!("http_{}", said.status_code.as_u16()),
                }
            }
            SlackClientError::HttpError(said) => {
                self.unanswered(format!("HTTP {}", said.status_code.as_u16()))
            }
            SlackClientError::HttpProtocolError(said) => self.broken(said.cause.as_deref()),
            SlackClientError::ProtocolError(_) => {
                self.unanswered("an answer that is no JSON of ours")
            }
            SlackClientError::EndOfStream(_)
            | SlackClientError::SystemError(_)
            | SlackClientError::SocketModeProtocolError(_) => {
                self.unanswered("the answer broke off")
            }
        }
    }

    fn refused(self, code: String) -> SlackError {
        let method = self.method;
        match code.as_str() {
            "ratelimited" | "rate_limited" => self.limited(None),
            known if TROUBLE.contains(&known) => self.unanswered(known),
            known if AUTH.contains(&known) => SlackError::Auth { method, code },
            _ => SlackError::Refused { method, code },
        }
    }

    fn limited(self, after: Option<Duration>) -> SlackError {
        SlackError::RateLimited {
            method: self.method,
            after: after.unwrap_or(DEFAULT_PAUSE),
        }
    }

    /// The connection failed: before anything was sent, or after.
    fn broken(self, cause: Option<&(dyn Error + Send + Sync + 'static)>) -> SlackError {
        let hyper = cause.and_then(|c| c.downcast_ref::<hyper_util::client::legacy::Error>());
        let method = self.method;
        match hyper {
            Some(error) if error.is_connect() => SlackError::Away {
                method,
                cause: chain(error),
            },
            Some(error) => self.unanswered(chain(error)),
            // A malformed address or header: nothing was sent, and nothing will be.
            None => SlackError::Refused {
                method,
                code: "malformed_request".to_owned(),
            },
        }
    }
}

/// An error and what caused it, in one line.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |e| (*e).source());
    let lines: Vec<String> = causes.map(ToString::to_string).collect();
    lines.join(": ")
}

#[cfg(test)]
mod tests {
    use slack_morphism::errors::{SlackClientApiError, SlackClientHttpError, SlackRateLimitError};

    use super::*;

    const POST: Called = Called {
        method: "chat.postMessage",
        effect: Effect::Writes,
    };
    const READ: Called = Called {
        method: "users.info",
        effect: Effect::Reads,
    };

    fn said(code: &str) -> SlackClientError {
        SlackClientError::ApiError(SlackClientApiError::new(code.to_owned()))
    }

    #[test]
    fn each_answer_of_slack_says_when_to_try_again() {
        let http = |n| {
            let status = http::StatusCode::from_u16(n).unwrap();
            SlackClientError::HttpError(SlackClientHttpError::new(status))
        };
        for (error, called, expected) in [
            (said("channel_not_found"), POST, Retry::Never),
            (said("msg_too_long"), POST, Retry::Never),
            (said("invalid_auth"), POST, Retry::Never),
            (said("internal_error"), POST, Retry::LookFirst),
            (said("internal_error"), READ, Retry::Later),
            (said("ratelimited"), POST, Retry::After(DEFAULT_PAUSE)),
            (http(503), POST, Retry::LookFirst),
            (http(503), READ, Retry::Later),
            (http(404), POST, Retry::Never),
        ] {
            assert_eq!(called.failed(error).retry(), expected);
        }
    }

    #[test]
    fn a_rate_limit_keeps_slacks_own_pause() {
        let limit = SlackRateLimitError::new().with_retry_after(Duration::from_secs(30));
        let error = POST.failed(SlackClientError::RateLimitError(limit));
        assert_eq!(error.retry(), Retry::After(Duration::from_secs(30)));
    }

    #[test]
    fn bad_tokens_are_told_apart_from_refusals() {
        assert!(matches!(
            POST.failed(said("token_revoked")),
            SlackError::Auth { .. }
        ));
        assert!(matches!(
            POST.failed(said("missing_scope")),
            SlackError::Refused { .. }
        ));
    }
}
