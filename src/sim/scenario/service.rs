//! Services in a story: they call the bot's HTTP API with tokens of the town's cluster, as a client would, and
//! what they are answered stands in the transcript.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::stage::Stage;
use super::story::Act;
use crate::http::api::door::Doorkeeper;
use crate::http::api::{Api, router};

/// Whom tokens must be for, as where nothing else is configured.
const AUDIENCE: &str = "drawbridge";

/// For one answer: a bot that dies meanwhile gives none.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two tries, and how many there are: as a client repeats what was not answered.
const PAUSE: Duration = Duration::from_secs(1);
const TRIES: usize = 20;

/// Largest answer.
const LARGEST: usize = 1024 * 1024;

/// What services were answered.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Whom, and what, one line each, oldest first.
    all: Vec<(String, String)>,
    /// How many of them a scene has shown.
    shown: usize,
}

impl Answers {
    /// What a scene has to show: one entry an answer.
    pub(super) fn news(&mut self) -> Vec<Vec<String>> {
        let new = self.all.iter().skip(self.shown);
        let new = new.map(|(who, line)| vec![format!("+ answer to {who}"), format!("    {line}")]);
        let new = new.collect();
        self.shown = self.all.len();
        new
    }

    /// The newest answer to a service.
    pub(super) fn newest(&self, who: &str) -> Option<&str> {
        let mut newest = self.all.iter().rev();
        newest.find_map(|(to, line)| (to == who).then_some(line.as_str()))
    }
}

impl Stage {
    /// Rules for services, and what they call.
    pub(super) async fn serve(&mut self, act: &Act) -> Result<()> {
        match act {
            Act::Serve { rule, who, owner } => {
                let owner = self.town.slack.person(owner);
                let owner = owner.context("nobody is called so")?.id;
                let fields = json!({"requesters": {"serviceAccounts": [who]}, "owner": owner});
                let change = fields.to_string();
                self.town.change_rules(|rules| rules.change(rule, &change))
            }
            Act::Ask { who, text } => {
                let body = json!({"ask": self.expand(text)?}).to_string();
                self.call(who, "/v1/requests", body).await
            }
            Act::Done { who, id } => {
                let path = format!("/v1/requests/{}/done", self.expand(id)?);
                self.call(who, &path, String::new()).await
            }
            other => bail!("not about a service: {other:?}"),
        }
    }

    /// Calls until there is an answer that is one, under one key.
    async fn call(&mut self, who: &str, path: &str, body: String) -> Result<()> {
        let (namespace, name) = who.split_once('/').context("write NAMESPACE/NAME")?;
        let token = self.town.api.issue_token(namespace, name, AUDIENCE);
        let key = format!("call-{}", self.answers.all.len());
        self.acted_at = self.town.now();
        let mut answered = "no answer".to_owned();
        for _ in 0..TRIES {
            let request = Request::builder()
                .method(Method::POST)
                .uri(path)
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .header(header::CONTENT_TYPE, "application/json")
                .header("Idempotency-Key", &key)
                .body(Body::from(body.clone()))?;
            if let Some((status, line)) = self.send(request).await? {
                answered = line;
                if !status.is_server_error() {
                    break;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.answers.all.push((who.to_owned(), answered));
        Ok(())
    }

    /// `None`: nobody answers.
    async fn send(&self, request: Request<Body>) -> Result<Option<(StatusCode, String)>> {
        let Some(parts) = self.town.parts() else {
            return Ok(None);
        };
        let door = Doorkeeper::new(parts.clusters.values(), |_| AUDIENCE.to_owned());
        let router = router(Api::new(parts, door, CancellationToken::new()));
        let Ok(answer) = tokio::time::timeout(PATIENCE, router.oneshot(request)).await else {
            return Ok(None);
        };
        let (head, body) = answer?.into_parts();
        let body: Value = serde_json::from_slice(&to_bytes(body, LARGEST).await?)?;
        Ok(Some((head.status, line(head.status, &body))))
    }
}

/// An answer on one line.
fn line(status: StatusCode, body: &Value) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let status = status.as_u16();
    match body.get("state") {
        Some(_) => format!(
            "{status} {} {}: {}",
            text("id"),
            text("state"),
            text("flow")
        ),
        None => format!("{status} {}: {}", text("title"), text("detail")),
    }
}
