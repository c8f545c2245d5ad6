//! More messages that no document stands behind: about clusters, buttons, lost gates and broken rules.

use super::Markup;
use super::blocks::{Draft, Message};
use super::effect;
use crate::id::RequestId;
use crate::request::Request;
use crate::rules::UserId;

/// Corrections shown of one form; no form has as many inputs.
const SHOWN: usize = 20;

/// A button whose value is not one of ours: forged, or from a program that posts in our name.
pub fn unknown_button() -> Message {
    let text = "This button belongs to no request · nothing changed";
    Draft::new().line(text).send(text)
}

/// Somebody sends more than is worked on in turn. Said once in a while.
pub fn too_fast() -> Message {
    let text = "You ask faster than I can work: nothing was done with the rest. Please wait for the answers and ask again";
    Draft::new().line(text).send(text)
}

/// A button or command about a request that a later version of the bot wrote: the update is rolling, and the other
/// replica answers for it.
pub fn of_a_later_version(id: &RequestId) -> Message {
    let text = Markup::from("A newer version of me looks after request ")
        + Markup::code(id.as_str())
        + "; nothing was changed. Please try again in a minute";
    Draft::new().line(text.clone()).send(text)
}

/// What had to be corrected in a form that was closed before it could be marked there.
pub fn wrong_too_late<'a>(why: impl Iterator<Item = &'a str>) -> Message {
    let title = "Your form was closed before it was checked · nothing changed";
    why.take(SHOWN)
        .fold(
            Draft::new().line(Markup::from(title).bold()),
            |draft, why| draft.typed("• ", why),
        )
        .small("Please open it again", None)
        .send(title)
}

/// The next step of a form that was closed before that could be shown.
pub fn form_too_late() -> Message {
    let title = "Your form was closed before its answer came";
    let hint = "Please open it again to go on";
    Draft::new()
        .line(Markup::from(title).bold())
        .small(hint, None)
        .send(Markup::from(title) + ". " + hint)
}

/// The form could not be opened: the text says the same.
pub fn type_it() -> Message {
    let title = "The form could not be opened in time · nothing was asked";
    Draft::new()
        .line(Markup::from(title).bold())
        .line("Please try again, or type it")
        .mono("/access shop/web to orders/db:5432 for 30m because INC-42")
        .send(title)
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
        "forget" => Markup::from("Later asks are asked again"),
        "review" => Markup::from("Reviewed"),
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
        "What it opened is removed. Existing connections may survive. The record \
         of request ",
    ) + Markup::code(id.as_str())
        + " is lost · "
        + who.clone();
    let text = Markup::from("Expired and closed: ") + Markup::code(flow) + " · " + who;
    Draft::new().line(head).small(note, None).send(text)
}

/// Most problems of broken rules shown in one message; `drawbridge check` shows all.
const PROBLEMS: usize = 5;

/// The rules were changed and are broken. The problems hold what their author wrote.
pub fn rules_broken(problems: &[String]) -> Message {
    let title = "The changed rules are broken · the last good ones stay in force";
    let shown: Vec<&str> = problems.iter().take(PROBLEMS).map(String::as_str).collect();
    let first = problems.first().map(String::as_str).unwrap_or_default();
    Draft::new()
        .line(Markup::from(title).bold())
        .mono(&shown.join("\n"))
        .small("`drawbridge check` shows every problem", None)
        .send(Markup::from(title) + ": " + Markup::typed(first))
}

/// The rules were broken and are good again.
pub fn rules_mended(digest: &str) -> Message {
    let title = Markup::from("The rules are good again · the changed ones are in force");
    Draft::new()
        .line(title.clone().bold())
        .small(Markup::code(digest), None)
        .send(title)
}
