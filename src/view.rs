//! A request, a verdict and a reach, turned into what people read: how everything is said and laid out. The
//! sentences of refusals and of the rules' reasons come with them.
//!
//! Pure. [`render`] depends on the document and the post only, never on the time: posts are rendered
//! again when the document changes and updated when their [`digest`] did. Everything a person typed
//! is escaped or shown as plain text; nothing typed is ever markup ([`markup`]).

pub mod blocks;
pub mod button;
mod card;
pub mod desk;
mod effect;
pub mod form;
pub mod lost;
pub mod markup;
mod notice;
mod outcome;
pub mod replies;
pub mod say;
pub mod screen;
mod stages;
mod stated;
pub mod summary;
pub mod text;
pub mod week;

#[cfg(test)]
pub(crate) mod tests;

pub use blocks::{Draft, Message, digest};
pub use button::{Action, Button, parse_value};
pub use markup::Markup;
pub use screen::{Choice, Screen};

use crate::request::{Post, Request, Subject};

/// What a post shows now.
pub fn render(request: &Request, post: &Post) -> Message {
    match &post.subject {
        Subject::Card(audience) => card::render(request, *audience, &post.to),
        Subject::Notice(notice, audience) => notice::Scene {
            request,
            audience: *audience,
            to: &post.to,
            key: post.key,
        }
        .render(notice),
    }
}
