//! The Web API: reads a call, checks who calls and how often, and answers as the method does.

pub(super) mod answer;
pub(super) mod args;
mod chat;
mod content;
mod conversations;
pub(super) mod limits;
mod methods;
mod people;
mod views;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};

use super::Slack;
use super::journal::Entry;
use super::serve::{Then, obstruct};
use super::state::State as Town;
use super::tape::Crossing;

use answer::{Refused, reply};
use args::Args;
use methods::{METHODS, Method, Token};

pub(super) use content::{Content, check_text};

/// Bodies longer than this are refused; Slack's own bound is not documented.
pub(super) const MAX_BODY: usize = 1 << 20;

/// The methods that are answered.
#[cfg(test)]
pub(super) fn method_names() -> impl Iterator<Item = &'static str> {
    METHODS.iter().map(|method| method.name)
}

/// `/api/<method>`.
pub(super) async fn call(
    State(slack): State<Slack>,
    Path(name): Path<String>,
    request: Request<Body>,
) -> Response {
    let then = match obstruct(&slack, &name).await {
        Ok(then) => then,
        Err(response) => return response,
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let body = body.to_bytes();
    let (response, then) = slack.with(|town| {
        let query = parts.uri.query().unwrap_or_default();
        let then = match town.faults.take_answer(&name, &[query.as_bytes(), &body]) {
            true => Then::Cut,
            false => then,
        };
        let outcome = run(&slack, town, (&name, &parts, &body));
        slack.tape(Crossing::Answer, &name, || match &outcome {
            Ok(answer) => answer.clone(),
            Err(refused) => refused.body(),
        });
        let error = outcome.as_ref().err().map(|e| e.code().to_owned());
        let response = reply(outcome, &town.setup.scopes);
        town.note(Entry::Call {
            method: name,
            status: response.status().as_u16(),
            error,
        });
        (response, then)
    });
    then.finish(response)
}

fn run(
    slack: &Slack,
    town: &mut Town,
    (name, parts, body): (&str, &http::request::Parts, &[u8]),
) -> Result<Value, Refused> {
    let Some(method) = METHODS.iter().find(|m| m.name == name) else {
        return Err(Refused::UnknownMethod(name.to_owned()));
    };
    let args = Args::read(parts, body, method.json)?;
    slack.tape(Crossing::Call, name, || Value::Object(args.all().clone()));
    authenticate(town, method, &args)?;
    authorise(town, method.scopes)?;
    town.allow_call(name, method.per_minute)?;
    let mut answer = (method.run)(town, &args)?;
    super::wire::set(&mut answer, "ok", json!(true));
    Ok(answer)
}

fn authenticate(town: &Town, method: &Method, args: &Args) -> Result<(), Refused> {
    let token = args.token().ok_or(Refused::Code("not_authed"))?;
    let setup = &town.setup;
    let kind = [
        (&setup.bot_token, Token::Bot),
        (&setup.app_token, Token::App),
    ];
    match kind.into_iter().find(|(known, _)| *known == token) {
        None => Err(Refused::Code("invalid_auth")),
        Some((_, kind)) if method.token == kind => Ok(()),
        Some(_) => Err(Refused::Code("not_allowed_token_type")),
    }
}

/// Any one of the scopes will do; a method without scopes needs none.
fn authorise(town: &Town, scopes: &[&str]) -> Result<(), Refused> {
    let granted = &town.setup.scopes;
    if scopes.is_empty() || scopes.iter().any(|s| granted.contains(*s)) {
        return Ok(());
    }
    Err(Refused::Scope {
        needed: scopes.join(","),
        provided: granted.iter().cloned().collect::<Vec<_>>().join(","),
    })
}
