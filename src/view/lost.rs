//! What people read when the store has no second copy yet, or went back and lost something. Said plainly:
//! nothing here guesses what the lost record held.

use super::blocks::{Draft, Message};
use super::markup::Markup;
use crate::id::RequestId;

/// What they did is recorded, in one copy only.
pub fn uncopied(id: &RequestId) -> Message {
    let title = Markup::from("Recorded, but not safe yet");
    Draft::new()
        .line(title.clone().bold() + " · " + Markup::code(id.as_str()))
        .sentence(
            "The store has no second copy of this at the moment, so a failure could still undo it",
        )
        .small(
            "Nothing opens before there is one. Its card shows what becomes of it",
            None,
        )
        .send(title)
}

/// In place of a message about a request that the store has lost.
pub fn card(id: &RequestId) -> Message {
    let title = Markup::from("The record of this request is lost");
    Draft::new()
        .line(title.clone().bold() + " · " + Markup::code(id.as_str()))
        .small(CLOSES, None)
        .send(title)
}

/// To whoever asked: their request is lost, and what to do next.
pub fn told(id: &RequestId, (from, to): &(String, String)) -> Message {
    let title = Markup::from("Your request was lost in a failure of the store");
    let path = Markup::code(&format!("{from} → {to}"));
    Draft::new()
        .line(title.clone().bold() + "\n" + path + " · " + Markup::code(id.as_str()))
        .small(Markup::from(CLOSES) + ". Please ask again", None)
        .send(title)
}

/// True whatever was lost: every object carries its own end.
const CLOSES: &str = "If it was open, it closes at its own end";
