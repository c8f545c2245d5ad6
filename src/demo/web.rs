//! The page's routes: its files, its stream, and what a visitor does.

use std::time::Duration;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::play::Stage;
use super::{acts, files, guard, live, look, troubles};
use crate::grammar::length;

/// The longest that a visitor can hurry at once.
const MOST: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn router(stage: Stage, key: Option<String>) -> Router {
    Router::new()
        .route(
            "/town/live",
            get(async |State(stage): State<Stage>| live::stream(stage.board().watch())),
        )
        .route("/town/do", post(act))
        .route("/town/clock", post(clock))
        .route("/town/trouble", post(trouble))
        .route("/town/again", post(again))
        .fallback(get(files::serve))
        .layer(middleware::from_fn_with_state(
            guard::Key(key),
            guard::guard,
        ))
        .with_state(stage)
}

/// How an act ends: with what it found, or with a sentence for the visitor.
type Ended = Result<Json<Value>, Sorry>;

/// Something that could not be done, and why.
struct Sorry(StatusCode, String);

impl IntoResponse for Sorry {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

impl From<anyhow::Error> for Sorry {
    fn from(error: anyhow::Error) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}"))
    }
}

impl From<JsonRejection> for Sorry {
    fn from(error: JsonRejection) -> Self {
        Self(error.status(), error.body_text())
    }
}

fn done(more: Option<Map<String, Value>>) -> Ended {
    let mut answer = more.unwrap_or_default();
    answer.insert("ok".to_owned(), json!(true));
    Ok(Json(Value::Object(answer)))
}

async fn act(State(stage): State<Stage>, given: Result<Json<acts::Given>, JsonRejection>) -> Ended {
    let Json(given) = given?;
    done(acts::perform(&stage, given).await?)
}

/// How far the town's time is to go.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Hurry {
    Advance(String),
    Next {},
}

async fn clock(State(stage): State<Stage>, given: Result<Json<Hurry>, JsonRejection>) -> Ended {
    let Json(hurry) = given?;
    let passed = match hurry {
        Hurry::Advance(text) => {
            let length = length::read(&text).map_err(|error| anyhow::anyhow!("{error}"))?;
            stage.advance(Duration::from_secs(length.0).min(MOST)).await
        }
        Hurry::Next {} => {
            let next = look::clock::next(&*stage.play().await).await;
            let next =
                next.ok_or_else(|| anyhow::anyhow!("nothing is due: ask for something first"))?;
            stage.advance_to(next.at).await
        }
    };
    if !passed {
        return Err(anyhow::anyhow!("time is the machine's here: a real server keeps it").into());
    }
    done(None)
}

async fn trouble(
    State(stage): State<Stage>,
    given: Result<Json<troubles::Wish>, JsonRejection>,
) -> Ended {
    let Json(wish) = given?;
    troubles::make(&stage, &wish).await?;
    done(None)
}

async fn again(State(stage): State<Stage>) -> Ended {
    stage.begin_again().await?;
    done(None)
}
