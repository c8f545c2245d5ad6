//! What goes over the wire: asks in, requests out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::service::{Fields, Form};
use crate::request::{End, Request, State};
use crate::units::Time;

/// An ask: a line as people type it, or field by field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged, try_from = "serde_json::Value")]
pub enum NewRequest {
    /// A line.
    Line(AskLine),
    /// Fields.
    Fields(AskFields),
}

/// A line, by the same grammar as in chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskLine {
    /// `self` as the source is the pod that the token is bound to.
    #[schema(
        min_length = 1,
        max_length = 4000,
        example = "self to orders/db:5432 for 30m because INC-42"
    )]
    pub ask: String,
}

/// A template with its inputs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskFields {
    /// The template's name.
    #[schema(min_length = 1, max_length = 63, example = "connect")]
    pub template: String,
    /// Its inputs by name.
    #[serde(default)]
    #[schema(example = json!({"from": "self", "to": "orders/db", "port": "5432"}))]
    pub inputs: BTreeMap<String, String>,
    /// How long it shall be open; left out: the template's default.
    #[schema(example = "30m")]
    pub duration: Option<String>,
    /// Why.
    #[schema(max_length = 500, example = "INC-42 slow queries")]
    pub reason: Option<String>,
    /// Which cluster; needed where there are several.
    #[schema(example = "prod-eu")]
    pub cluster: Option<String>,
}

/// Which of both it is, its first field tells; so each is refused for its own faults.
impl TryFrom<serde_json::Value> for NewRequest {
    type Error = String;

    fn try_from(value: serde_json::Value) -> Result<Self, String> {
        let line = value.get("ask").is_some();
        let read = if line {
            serde_json::from_value(value).map(Self::Line)
        } else {
            serde_json::from_value(value).map(Self::Fields)
        };
        read.map_err(|error| format!("{error}; write `ask`, or `template` and its `inputs`"))
    }
}

impl From<NewRequest> for Form {
    fn from(new: NewRequest) -> Self {
        match new {
            NewRequest::Line(AskLine { ask }) => Self::Line(ask),
            NewRequest::Fields(fields) => Self::Fields(Fields {
                template: fields.template,
                inputs: fields.inputs,
                duration: fields.duration,
                reason: fields.reason,
                cluster: fields.cluster,
            }),
        }
    }
}

/// A request as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Request)]
pub struct View {
    /// Its id.
    #[schema(example = "k7m3xq")]
    pub id: String,
    /// Where it stands.
    pub state: Word,
    /// What was asked, without credentials.
    #[schema(example = "shop/web to orders/db:5432 for 30m because INC-42")]
    pub ask: String,
    /// Source, target and ports, as they were found in the cluster.
    #[schema(example = "shop/web -> orders/db:5432")]
    pub flow: String,
    /// Which cluster.
    #[schema(example = "prod-eu")]
    pub cluster: String,
    /// Who asked: `namespace/name` of a service, with its cluster before it where that is another one; a
    /// Slack id of a person.
    #[schema(example = "ci/deployer")]
    pub requested_by: String,
    /// The Slack id of the person who answers for it, where the rule names one.
    #[schema(example = "U0SAM")]
    pub owner: Option<String>,
    /// The rule that governs it; none where it was refused at once.
    #[schema(example = "orders")]
    pub rule: Option<String>,
    /// The layers of approval, in order.
    pub stages: Vec<Stage>,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it ends, or ended, at the latest; none before it is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Time>,
    /// For how long it is asked, in seconds.
    #[schema(example = 1800)]
    pub duration_seconds: u64,
    /// Why it was asked, as written.
    #[schema(example = "INC-42")]
    pub reason: Option<String>,
    /// How an open path ended: `expired`, `done`, `revoked`, `incident_closed`, `withdrawn`, `removed`.
    #[schema(example = "expired")]
    pub ended: Option<String>,
    /// Why it was refused or denied, failed or was closed early, where somebody said why.
    pub detail: Option<String>,
    /// Where the target answers while it is open, for a first try.
    #[schema(example = json!(["10.0.3.7:5432"]))]
    pub targets: Vec<String>,
}

/// One layer of approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stage {
    /// Its name in the rule.
    #[schema(example = "owners")]
    pub name: String,
    /// How many must approve.
    #[schema(example = 1)]
    pub need: usize,
    /// How many have.
    #[schema(example = 0)]
    pub approved: usize,
    /// Whether it is the one that is waited for.
    pub waiting: bool,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// Waits for approval.
    Pending,
    /// Is being opened.
    Granting,
    /// Is open.
    Active,
    /// Is being closed.
    Ending,
    /// Was open and is closed.
    Ended,
    /// Somebody, or the rules as they are now, said no.
    Denied,
    /// Was taken back.
    Cancelled,
    /// Nobody answered in time.
    Lapsed,
    /// The rules refused it at once.
    Refused,
    /// Could not be opened.
    Failed,
}

impl Word {
    /// As the document says it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Granting => "granting",
            Self::Active => "active",
            Self::Ending => "ending",
            Self::Ended => "ended",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::Lapsed => "lapsed",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    const fn of(state: &State) -> Self {
        match state {
            State::Pending { .. } => Self::Pending,
            State::Granting { .. } => Self::Granting,
            State::Active { .. } => Self::Active,
            State::Ending { .. } => Self::Ending,
            State::Ended { .. } => Self::Ended,
            State::Denied { .. } => Self::Denied,
            State::Cancelled => Self::Cancelled,
            State::Lapsed => Self::Lapsed,
            State::Refused { .. } => Self::Refused,
            State::Failed { .. } => Self::Failed,
        }
    }
}

/// A page of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page {
    /// The requests: the caller's own, newest first, then open ones of others that it may read.
    pub requests: Vec<View>,
    /// Where to go on; none: there are no more.
    pub next: Option<String>,
}

impl View {
    /// The request as services see it; `targets` are told by whoever looks at the cluster.
    pub fn of(request: &Request, targets: Vec<String>) -> Self {
        let asked = &request.asked;
        let (from, to) = request.path();
        let (ended, detail) = end(&request.state);
        Self {
            id: request.id.to_string(),
            state: Word::of(&request.state),
            ask: asked.text.clone(),
            flow: format!("{from} -> {to}"),
            cluster: asked.cluster.clone(),
            requested_by: asked.by.to_string(),
            owner: request
                .asked
                .by
                .person()
                .is_none()
                .then(|| request.requester().map(ToString::to_string))
                .flatten(),
            rule: request.route.as_ref().map(|route| route.rule.clone()),
            stages: stages(request),
            created_at: asked.at,
            expires_at: request.grant.as_ref().map(|grant| grant.expires_at),
            duration_seconds: request.length().0,
            reason: asked.reason.clone(),
            ended,
            detail,
            targets,
        }
    }
}

fn stages(request: &Request) -> Vec<Stage> {
    let waiting = request.waiting_stage().map(|(stage, _)| stage);
    let offline = request.offline.as_ref().map(|vote| vote.stage);
    let plans = request.stages().iter().enumerate();
    let stages = plans.map(|(at, plan)| Stage {
        name: plan.name.clone(),
        need: plan.need,
        approved: request.votes_for(at).count() + usize::from(offline == Some(at)),
        waiting: waiting == Some(at),
    });
    stages.collect()
}

/// How it ended, and why.
fn end(state: &State) -> (Option<String>, Option<String>) {
    match state {
        State::Ending { why, .. } | State::Ended { why, .. } => {
            let detail = match why {
                End::Revoked { reason, .. } => reason.clone(),
                End::Withdrawn { reason } | End::Failed { reason } => Some(reason.clone()),
                End::Expired | End::Done | End::IncidentClosed | End::Removed => None,
            };
            (Some(why.word().to_owned()), detail)
        }
        State::Denied { reason, .. } => (None, reason.clone()),
        State::Refused { reason, .. } | State::Failed { reason } => (None, Some(reason.clone())),
        State::Pending { .. }
        | State::Granting { .. }
        | State::Active { .. }
        | State::Cancelled
        | State::Lapsed => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<NewRequest, String> {
        serde_json::from_str(text).map_err(|error: serde_json::Error| error.to_string())
    }

    #[test]
    fn an_ask_is_a_line_or_fields_and_nothing_else() {
        assert!(matches!(read(r#"{"ask":"a"}"#), Ok(NewRequest::Line(_))));
        let fields = read(r#"{"template":"connect","inputs":{"from":"self"},"duration":null}"#);
        assert!(matches!(fields, Ok(NewRequest::Fields(_))));
        for (text, why) in [
            (r#"{"ask":"a","reason":"b"}"#, "unknown field `reason`"),
            (r#"{"template":"t","extra":1}"#, "unknown field `extra`"),
            (r#"{"ask":7}"#, "invalid type"),
            (r"{}", "missing field `template`"),
            (r#"["ask"]"#, "invalid"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn every_state_has_the_word_that_the_document_has() {
        for word in ["pending", "granting", "active", "ending", "ended"] {
            let read: Word = serde_json::from_value(word.into()).unwrap();
            assert_eq!(read.word(), word);
        }
    }
}
