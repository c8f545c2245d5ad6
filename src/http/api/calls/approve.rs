//! Approving while Slack is away.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};

use super::super::Api;
use super::super::entry::Entry;
use super::super::problem::{Kind, Problem};
use super::super::shape::View;
use super::{id_of, not_found, shown, trouble};
use crate::app::service::offline::{self, Approval};
use crate::request::Refusal;

/// Approves a waiting request while Slack is away. Only an account that its rule names in `offline`, with a
/// token that ends within an hour of its making; at most once for a request, and for the rule's longest
/// emergency (30 minutes where it has none).
#[utoipa::path(
    post,
    path = "/v1/requests/{id}/approve",
    operation_id = "approve",
    tag = "requests",
    params(("id" = String, Path, description = "The request's id.", example = "k7m3xq")),
    responses(
        (status = 200, description = "Counted.", body = View),
        (status = 401, description = "Nobody vouches for the token.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The rule does not name the caller, its token lasts too long, or it asked itself.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or none that the caller may see.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Slack answers, it does not wait any more, or it has such an approval already.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many calls: `Retry-After` says when.", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "A fault of ours.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store or the API server does not answer.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in super::super) async fn approve(
    State(api): State<Api>,
    Entry(by): Entry,
    path: Result<Path<String>, PathRejection>,
) -> Result<axum::Json<View>, Problem> {
    let id = id_of(path)?;
    let approval = offline::approve(api.parts(), &by, &id).await;
    match approval.map_err(|error| trouble(&error))? {
        Approval::Given(request) => Ok(shown(&api, &request)),
        Approval::Refused(refusal) => {
            let kind = match refusal {
                Refusal::NotOffline { .. } | Refusal::LongToken | Refusal::OwnRequest => {
                    Kind::NotAllowed
                }
                _ => Kind::Conflict,
            };
            let hint = refusal.hint();
            Err(Problem::of(kind, refusal.to_string()).hint(hint).about(&id))
        }
        Approval::Unknown => Err(not_found()),
    }
}
