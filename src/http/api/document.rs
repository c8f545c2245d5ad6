//! The OpenAPI document, made from the code.

use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi as Document};

/// What all calls have in common.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Drawbridge",
        description = "Time-bound network access to Kubernetes workloads, for services. They ask by the same rules as people, and people approve in Slack.",
    ),
    tags((name = "requests", description = "Requests for network paths.")),
    security(("serviceAccount" = [])),
)]
pub(super) struct Common;

/// The document with how callers say who they are.
pub(super) fn completed(mut document: Document) -> Document {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "A ServiceAccount token for the audience `drawbridge`, or a token of a configured issuer.",
        ))
        .build();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("serviceAccount", SecurityScheme::Http(scheme));
    document
}
