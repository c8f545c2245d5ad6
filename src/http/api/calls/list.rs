//! Which requests there are for a caller, page by page.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::Api;
use super::super::entry::Entry;
use super::super::problem::{Kind, Problem};
use super::super::shape::{Page, View};
use super::{misasked, trouble};
use crate::app::service::look::{self, Cursor};
use crate::id::{RequestId, Shard};
use crate::request::Request;

/// Requests on one page at most, and where none is named.
const PAGE: usize = 100;
const USUAL_PAGE: usize = 20;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Which {
    /// How many at most, 20 where it is left out. A page may hold fewer though there are more.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The caller's own requests, newest first, then open ones of others that it may read.
#[utoipa::path(
    get,
    path = "/v1/requests",
    operation_id = "list",
    tag = "requests",
    params(Which),
    responses(
        (status = 200, description = "A page. What the rules refused at once is not listed.", body = Page),
        (status = 400, description = "A parameter that is none.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Nobody vouches for the token.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many calls: `Retry-After` says when.", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "A fault of ours.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store or the API server does not answer.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in super::super) async fn list(
    State(api): State<Api>,
    Entry(by): Entry,
    query: Result<Query<Which>, QueryRejection>,
) -> Result<axum::Json<Page>, Problem> {
    let Query(which) = query.map_err(|error| misasked(&error))?;
    let limit = which.limit.unwrap_or(USUAL_PAGE);
    if !(1..=PAGE).contains(&limit) {
        let detail = format!("`limit` is 1 to {PAGE}");
        return Err(Problem::of(Kind::Malformed, detail));
    }
    let from = match which.cursor.as_deref() {
        None => Cursor::Own(None),
        Some(text) => read_cursor(text)
            .ok_or_else(|| Problem::of(Kind::Malformed, "`cursor` is no `next` of a page"))?,
    };
    let listed = look::list(api.parts(), &by, from, limit).await;
    let listed = listed.map_err(|error| trouble(&error))?;
    let shown = |request: &Request| View::of(request, look::targets(api.parts(), request));
    Ok(axum::Json(Page {
        requests: listed.requests.iter().map(shown).collect(),
        next: listed.next.as_ref().map(write_cursor),
    }))
}

fn write_cursor(cursor: &Cursor) -> String {
    let text = |id: &Option<RequestId>| id.as_ref().map(ToString::to_string).unwrap_or_default();
    let plain = match cursor {
        Cursor::Own(after) => format!("own/{}", text(after)),
        Cursor::Others(shard, after) => format!("{}/{}", shard.letter(), text(after)),
    };
    URL_SAFE_NO_PAD.encode(plain)
}

fn read_cursor(text: &str) -> Option<Cursor> {
    let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (place, after) = plain.split_once('/')?;
    let after = match after {
        "" => None,
        id => Some(id.parse().ok()?),
    };
    if place == "own" {
        return Some(Cursor::Own(after));
    }
    let shard = Shard::all().find(|shard| shard.letter().to_string() == place)?;
    Some(Cursor::Others(shard, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        let shard = Shard::all().last().unwrap();
        let id = RequestId::from_draw([1; 5], shard);
        for cursor in [
            Cursor::Own(None),
            Cursor::Own(Some(id.clone())),
            Cursor::Others(shard, None),
            Cursor::Others(shard, Some(id)),
        ] {
            assert_eq!(read_cursor(&write_cursor(&cursor)), Some(cursor));
        }
        for text in ["", "own", "b3du", "%%", "b3duL25vdC1hbi1pZA"] {
            assert_eq!(read_cursor(text), None, "{text}");
        }
    }
}
