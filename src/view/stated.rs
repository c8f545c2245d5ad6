//! Objects that a template states, in words and whole. What they give is not computed, so an approver reads
//! what they say.

use super::blocks::Draft;
use super::markup::Markup;
use super::text::middle;
use crate::netpol::{Said, StatedObject};
use crate::objects::{LONGEST_SHOWN, as_yaml};
use crate::request::Request;

/// Parts of one object's sentence before the rest is counted. More than any object has: nothing that an
/// approval covers may be left out.
const MOST_PARTS: usize = 64;

/// Letters of a digest that people compare.
const DIGEST: usize = 12;

/// What is applied, a paragraph for each object: none may push another out of sight.
pub(super) fn applies(draft: Draft, objects: &[StatedObject]) -> Draft {
    let namespace = objects.first().map_or("", |object| &object.namespace);
    let head = Markup::from("Applies as written in ") + Markup::code(namespace) + ":";
    let honest = Markup::from("What this gives is ") + Markup::from("not computed").bold();
    objects
        .iter()
        .map(|object| Markup::from("• ") + sentence(object))
        .fold(draft.line(head), Draft::line)
        .line(honest + "; it ends with the objects")
}

/// `RoleBinding: ClusterRole view for dana@example.com`
fn sentence(object: &StatedObject) -> Markup {
    let parts = object.says.iter().take(MOST_PARTS).map(|said| match said {
        Said::Words(words) => Markup::typed(words),
        Said::Typed(text) => Markup::code(text),
    });
    let more = match object.says.len().saturating_sub(MOST_PARTS) {
        0 => Markup::default(),
        more => Markup::from(" and ") + more + " more",
    };
    Markup::typed(&object.kind) + ": " + Markup::join(parts, " ") + more
}

/// Each object whole, with its digest: for those who want to read what they approve, or compare it with what
/// the cluster has.
pub(super) fn whole(draft: Draft, request: &Request) -> Draft {
    request.effect.stated.iter().fold(draft, |draft, object| {
        let digest: String = object.digest.chars().take(DIGEST).collect();
        let head = Markup::typed(&object.kind).bold() + " · digest " + Markup::code(&digest);
        draft
            .line(head)
            .mono(&middle(&as_yaml(&object.whole), LONGEST_SHOWN))
    })
}
