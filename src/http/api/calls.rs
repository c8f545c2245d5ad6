//! The calls themselves.

pub(super) mod approve;
pub(super) mod list;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::entry::{Entry, Json, key};
use super::problem::{Kind, Problem, Spot};
use super::shape::{NewRequest, View, Word};
use crate::app::service::end::{self, Done};
use crate::app::service::look::{self, Wait};
use crate::app::service::{self, Answer, Call, Caller, Fault, UNSEEN};
use crate::app::unread::Unread;
use crate::id::RequestId;
use crate::request::{Request, State as Stands};
use crate::units::Seconds;

/// Longest wait of one call: proxies cut longer ones.
const LONGEST_WAIT: Seconds = Seconds(120);

/// The wait where none is named.
const WAIT: Seconds = Seconds(60);

/// Asks for a path.
#[utoipa::path(
    post,
    path = "/v1/requests",
    operation_id = "ask",
    tag = "requests",
    request_body(content = NewRequest, description = "At most 16 KiB."),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same call with the same key makes no second request for 24 h; another call with it is refused.", min_length = 1, max_length = 255)),
    responses(
        (status = 201, description = "Asked; it may be open already.", body = View, headers(("Location" = String, description = "The request."))),
        (status = 200, description = "Asked before with the same key: as it stands now.", body = View),
        (status = 400, description = "No JSON, or a key that is none.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody vouches for the token.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The rules refuse it, which is on record: `id` names it. Or they name the caller nowhere among those who may ask: without `id`.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is larger than 16 KiB.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is no `application/json`.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not understood, with the spot; a cluster has to be named; or the key was used for another call.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many calls: `Retry-After` says when.", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "A fault of ours.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store, Slack or the API server does not answer.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn ask(
    State(api): State<Api>,
    Entry(by): Entry,
    headers: HeaderMap,
    Json { value, sent }: Json<NewRequest>,
) -> Result<Response, Problem> {
    let call = Call {
        by,
        key: key(&headers)?,
        form: NewRequest::into(value),
        sent,
    };
    match service::ask::ask(api.parts(), call).await {
        Ok(Answer::New(request)) => answer(&api, StatusCode::CREATED, &request),
        Ok(Answer::Before(request)) => answer(&api, StatusCode::OK, &request),
        Ok(Answer::OtherCall) => Err(Problem::of(
            Kind::KeyUsed,
            "this `Idempotency-Key` was used for another call",
        )
        .hint("draw a new key for every ask".to_owned())),
        Err(fault) => Err(faulty(fault)),
    }
}

/// A request that the rules refused is one that nobody may open: not allowed, and on record.
fn answer(api: &Api, status: StatusCode, request: &Request) -> Result<Response, Problem> {
    if let Stands::Refused { reason, hint } = &request.state {
        return Err(Problem::of(Kind::NotAllowed, reason.clone())
            .hint(hint.clone())
            .about(&request.id));
    }
    let mut response = (status, shown(api, request)).into_response();
    if status == StatusCode::CREATED
        && let Ok(place) = HeaderValue::from_str(&format!("/v1/requests/{}", request.id))
    {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

fn shown(api: &Api, request: &Request) -> axum::Json<View> {
    axum::Json(View::of(request, look::targets(api.parts(), request)))
}

fn faulty(fault: Fault) -> Problem {
    match fault {
        Fault::Unnamed => Problem::of(Kind::NotAllowed, "this account may not ask for anything"),
        Fault::Line { error, line } => {
            let spot = Spot {
                start: error.span.start,
                end: error.span.end,
                shown: error.pointing(&line),
            };
            Problem::of(Kind::NotUnderstood, error.message)
                .hint(error.hint)
                .spot(spot, error.nearest)
        }
        Fault::Unread(Unread::Sentence(sentence)) | Fault::Refused(sentence) => {
            Problem::of(Kind::NotUnderstood, sentence.message).hint(sentence.hint)
        }
        Fault::Unread(Unread::WhichCluster { named, clusters }) => {
            let detail = match named {
                Some(name) => format!("there is no cluster `{}`", name.replace('`', "'")),
                None => "which cluster? there are several".to_owned(),
            };
            Problem::of(Kind::NotUnderstood, detail)
                .hint("name one of `clusters`".to_owned())
                .clusters(clusters)
        }
        Fault::Unread(Unread::ClusterAway(cluster)) => Problem::of(
            Kind::Away,
            format!("the cluster `{cluster}` cannot be looked at just now"),
        ),
        Fault::Trouble(error) => trouble(&error),
    }
}

/// What could not be asked or done. Only what certainly was not done is called so.
fn trouble(error: &anyhow::Error) -> Problem {
    use crate::app::BookError;
    tracing::error!(error = %crate::app::causes_of(error), "a call was not answered");
    let book = error.downcast_ref::<BookError>();
    match book {
        Some(BookError::Later { id, .. }) => {
            let detail =
                "a newer version of the bot looks after this request: try again in a minute";
            Problem::of(Kind::Away, detail).about(id)
        }
        Some(BookError::Unreadable { .. } | BookError::Unwritable(_)) => {
            Problem::of(Kind::Fault, "a document could not be read or written")
        }
        Some(BookError::Uncertain { id, .. } | BookError::Uncopied { id }) => {
            let hint = "look at it, or repeat the call with the same `Idempotency-Key`";
            let detail = match book {
                Some(BookError::Uncopied { .. }) => {
                    "it is done, but the store has no second copy of it yet: nothing opens before"
                }
                _ => "it may or may not have been done: the store did not answer",
            };
            Problem::of(Kind::Away, detail)
                .hint(hint.to_owned())
                .about(id)
        }
        Some(_) => Problem::of(Kind::Away, "the store does not answer"),
        None => Problem::of(
            Kind::Away,
            "something that has to be asked (Slack, the store, a cluster) does not answer",
        ),
    }
}

/// The request of the path.
fn id_of(path: Result<Path<String>, PathRejection>) -> Result<RequestId, Problem> {
    let named = path.ok().and_then(|Path(text)| text.parse().ok());
    named.ok_or_else(not_found)
}

fn not_found() -> Problem {
    Problem::of(Kind::NotFound, UNSEEN)
}

/// What is waited for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Waits {
    /// Answers as soon as the request is in this state or in a final one.
    #[param(inline)]
    wait: Option<Word>,
    /// Answers after this time whatever the state, `60s` where it is left out; `120s` at most.
    #[param(example = "60s", pattern = "^([1-9]|[1-9][0-9]|1[01][0-9]|120)s$")]
    timeout: Option<String>,
}

/// One request; with `wait`, as soon as it has moved.
#[utoipa::path(
    get,
    path = "/v1/requests/{id}",
    operation_id = "show",
    tag = "requests",
    params(("id" = String, Path, description = "The request's id.", example = "k7m3xq"), Waits),
    responses(
        (status = 200, description = "The request as it stands.", body = View),
        (status = 400, description = "A parameter that is none.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody vouches for the token.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or none that the caller may see.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many calls: `Retry-After` says when.", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "A fault of ours.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store or the API server does not answer.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    State(api): State<Api>,
    Entry(by): Entry,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<Waits>, QueryRejection>,
) -> Result<axum::Json<View>, Problem> {
    let id = id_of(path)?;
    let Query(waits) = query.map_err(|error| misasked(&error))?;
    let found = match (waits.wait, waits.timeout) {
        (Some(state), timeout) => waited(&api, &by, id, (state, timeout)).await?,
        (None, None) => look::one(api.parts(), &by, &id)
            .await
            .map_err(|error| trouble(&error))?,
        (None, Some(_)) => {
            let detail = "`timeout` is for how long to `wait`: name the state too";
            return Err(Problem::of(Kind::Malformed, detail));
        }
    };
    let request = found.ok_or_else(not_found)?;
    Ok(shown(&api, &request))
}

async fn waited(
    api: &Api,
    by: &Caller,
    id: RequestId,
    (state, timeout): (Word, Option<String>),
) -> Result<Option<Request>, Problem> {
    let length = timeout.as_deref().map_or(Some(WAIT), wait_length);
    let length = length.ok_or_else(|| {
        let detail = format!("`timeout` is `1s` to `{}s`", LONGEST_WAIT.0);
        Problem::of(Kind::Malformed, detail)
    })?;
    let room = api.waits().begin(&by.account.to_string());
    let _room = room.ok_or_else(|| {
        Problem::of(Kind::TooMany, "too many of your calls are waiting").after(WAIT)
    })?;
    let wait = Wait {
        id,
        state: state.word(),
        until: length.after(api.parts().clock.now()),
    };
    look::wait(api.parts(), by, &wait, api.stop())
        .await
        .map_err(|error| trouble(&error))
}

/// `1s` to `120s`, written as the document says and in no other way.
fn wait_length(text: &str) -> Option<Seconds> {
    let digits = text.strip_suffix('s')?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    let length = Seconds(digits.parse().ok().filter(|_| plain)?);
    (length <= LONGEST_WAIT).then_some(length)
}

fn misasked(error: &QueryRejection) -> Problem {
    Problem::of(Kind::Malformed, error.body_text())
}

/// The path is needed no more: what waits is taken back, what is open is closed, what is over stays so.
#[utoipa::path(
    post,
    path = "/v1/requests/{id}/done",
    operation_id = "done",
    tag = "requests",
    params(("id" = String, Path, description = "The request's id.", example = "k7m3xq")),
    responses(
        (status = 200, description = "Over, or being closed.", body = View),
        (status = 401, description = "Nobody vouches for the token.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else asked for it.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or none that the caller may see.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many calls: `Retry-After` says when.", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "A fault of ours.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store or the API server does not answer.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn done(
    State(api): State<Api>,
    Entry(by): Entry,
    path: Result<Path<String>, PathRejection>,
) -> Result<axum::Json<View>, Problem> {
    let id = id_of(path)?;
    let done = end::done(api.parts(), &by, &id).await;
    match done.map_err(|error| trouble(&error))? {
        Done::Over(request) => Ok(shown(&api, &request)),
        Done::NotYours => Err(Problem::of(Kind::NotAllowed, end::NOT_YOURS).about(&id)),
        Done::Unknown => Err(not_found()),
    }
}
