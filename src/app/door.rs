//! Who may talk to the bot at all. Asked before anything is read, planned or answered: what a guest or
//! somebody from another organisation types tells them nothing about clusters, rules or requests.

use anyhow::Result;

use super::fresh::FRESH;
use super::{Parts, home, refusals};
use crate::request::Refusal;
use crate::rules::{Person, Standing};
use crate::slack::{Ack, Inbound, What};
use crate::view::form::id;
use crate::view::say;

/// Why somebody is not let in.
const MEMBERS_ONLY: &str = "only full members of this workspace can use Drawbridge";

/// The answer to somebody who may not; `None`: come in.
///
/// Presses of a message's buttons are let in whatever the account, apart from those that open forms:
/// each is judged by the core, which says why it does not count. A workspace that is not the person's
/// own is a stranger's in both cases.
///
/// # Errors
/// Slack could not be asked: nobody is let in on doubt.
pub(super) async fn turned_away(parts: &Parts, inbound: &Inbound) -> Result<Option<Ack>> {
    let standing = standing_of(parts, inbound).await?;
    let member = standing == Some(Standing::Member);
    let no = match &inbound.what {
        _ if member => None,
        // A form shows more than the message whose button opens it.
        What::Clicked { action, .. } if opens_a_form(action) => Some(not_you(standing)),
        What::Clicked { .. } if standing != Some(Standing::Stranger) => None,
        What::Clicked { .. } => {
            let refusal = Refusal::DoesNotCount { standing };
            Some(Ack::Private(say::unchanged(&refusal)))
        }
        What::OpenedHome => {
            home::publish_closed(parts, &inbound.by).await?;
            Some(Ack::Silent)
        }
        What::Typed { .. } => Some(Ack::Options(Vec::new())),
        What::Said { .. }
        | What::Pressed { .. }
        | What::Submitted { .. }
        | What::Shortcut { .. }
        | What::Archived { .. } => Some(not_you(standing)),
    };
    if no.is_some() {
        refusals::not_let_in(parts, inbound, MEMBERS_ONLY).await?;
    }
    Ok(no)
}

fn opens_a_form(action: &str) -> bool {
    [id::ASK, id::MORE, id::EXTEND, id::REVIEW].contains(&action)
}

fn not_you(standing: Option<Standing>) -> Ack {
    tracing::info!(?standing, "turned away");
    Ack::Private(say::refused(
        MEMBERS_ONLY,
        Some("ask a colleague who is one"),
    ))
}

/// What Slack says of whoever did this.
///
/// # Errors
/// Slack could not be asked.
pub(super) async fn standing_of(parts: &Parts, inbound: &Inbound) -> Result<Option<Standing>> {
    let person = parts.directory.person(&inbound.by, FRESH).await?;
    Ok(standing(person.as_deref(), inbound))
}

/// What Slack says of the person, seen from where the delivery came from: the same id in another
/// workspace is somebody else.
fn standing(person: Option<&Person>, inbound: &Inbound) -> Option<Standing> {
    let person = person?;
    let elsewhere = match (&inbound.team, &person.team) {
        (Some(from), Some(home)) => from != home,
        _ => false,
    };
    Some(if elsewhere {
        Standing::Stranger
    } else {
        person.standing
    })
}
