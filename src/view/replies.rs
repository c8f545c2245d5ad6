//! More private answers: about clusters, buttons and gates that no document stands behind.

use super::Markup;
use super::blocks::{Draft, Message};
use super::effect;
use crate::id::RequestId;
use crate::request::Request;
use crate::rules::UserId;

/// A button whose value is not one of ours: forged, or from a program that posts in our name.
pub fn unknown_button() -> Message {
    let text = "This button belongs to no request · nothing changed";
    Draft::new().line(text).send(text)
}

/// Several clusters, and none or an unknown one named: never guessed.
pub fn which_cluster(named: Option<&str>, clusters: &[&String]) -> Message {
    let title = match named {
        Some(_) => "There is no such cluster · nothing was asked",
        None => "Which cluster? · nothing was asked",
    };
    let names = clusters.iter().map(|name| Markup::code(name));
    let list = Markup::from("Add `on` and one of: ") + Markup::list(names, 20);
    Draft::new()
        .line(Markup::from(title).bold())
        .line(list.clone())
        .send(Markup::from(title) + ". " + list)
}

/// The cluster cannot be seen now, so nothing can be planned.
pub fn cluster_away(cluster: &str) -> Message {
    let text = Markup::from("The cluster ") + Markup::code(cluster) + " cannot be read just now";
    let hint = "Nothing was asked. Please try again in a minute";
    Draft::new()
        .line(text.clone().bold())
        .small(hint, None)
        .send(text + ". " + hint)
}

/// A typed command was done; the card shows what follows.
pub fn accepted(command: &str, request: &Request) -> Message {
    let text = match command {
        "cancel" => Markup::from("Cancelled"),
        "done" | "revoke" => Markup::from("Closing"),
        _ => Markup::from("Done"),
    };
    let line = text.bold() + " · " + effect::path(request);
    Draft::new().line(line.clone()).send(line)
}

/// A gate was closed by the reaper, and no document is left that would tell people: all that is known
/// stands on the object.
pub fn reaped(id: &RequestId, flow: &str, requested_by: &str) -> Message {
    let who = Markup::person(&UserId(requested_by.to_owned()));
    let head = Markup::from("Expired and closed").bold() + " · " + Markup::code(flow);
    let note = Markup::from(
        "Its policies are removed. Existing connections may survive. The record \
         of request ",
    ) + Markup::code(id.as_str())
        + " is lost · "
        + who.clone();
    let text = Markup::from("Expired and closed: ") + Markup::code(flow) + " · " + who;
    Draft::new().line(head).small(note, None).send(text)
}
