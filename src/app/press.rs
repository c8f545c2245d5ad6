//! Buttons. Slack lets everybody press what they can see, so every press is judged by who did it.

use anyhow::Result;

use super::small_forms::{self, Opens};
use super::{Parts, command, longer, recall};
use crate::id::RequestId;
use crate::request::{Command, Outcome, Refusal, Request, Terms};
use crate::slack::{Ack, Inbound, What};
use crate::view::{self, Action, replies, say};

/// Somebody pressed a button of ours (or something that looks like one), on a message or in the home
/// tab. With a trigger a form can be opened.
pub(super) async fn clicked(
    parts: &Parts,
    inbound: &Inbound,
    (action, value): (&str, &str),
    trigger: Option<&str>,
) -> Result<Ack> {
    let named = view::parse_value(value).zip(Action::of_id(action));
    let Some(((id, face), action)) = named else {
        return Ok(not_ours(action, value));
    };
    let Some(page) = parts.book.load(&id).await? else {
        return Ok(not_there(parts, inbound, &id).await);
    };
    let request = page.request;
    if face > request.posts.face {
        show_again(parts, &request, face).await?;
        return Ok(Ack::Private(say::unchanged(&Refusal::Stale)));
    }
    let by = inbound.by.clone();
    let command = match action {
        Action::Again => return longer::again(parts, inbound, &request).await,
        Action::More | Action::Extend | Action::Review | Action::Deny => {
            let opens = Opens {
                request: &request,
                face,
                action,
            };
            match small_forms::open(parts, inbound, opens, trigger).await? {
                Some(answer) => return Ok(answer),
                // Without its form a denial is one without a reason: it lets nothing open.
                None => Command::Deny {
                    by,
                    face,
                    reason: None,
                },
            }
        }
        Action::Approve => Command::Approve {
            by,
            face,
            terms: Terms::default(),
        },
        Action::Emergency => Command::Emergency { by },
        Action::Cancel => Command::Cancel { by },
        Action::Done => Command::Done { by },
    };
    command::pressed(parts, inbound, &request, command).await
}

/// A button that this version cannot read.
fn not_ours(action: &str, value: &str) -> Ack {
    if let Some(id) = view::button::of_a_later_version(value) {
        tracing::warn!(%id, action, "a button of a later version");
        return Ack::Private(replies::of_a_later_version(&id));
    }
    tracing::warn!(action, "a button that is not ours");
    Ack::Private(replies::unknown_button())
}

/// A button of a request that the store does not have: its message is looked at, for it may be one that was lost.
async fn not_there(parts: &Parts, inbound: &Inbound, id: &RequestId) -> Ack {
    if let What::Clicked {
        channel,
        message_ts,
        thread,
        ..
    } = &inbound.what
    {
        recall::unknown(parts, id, (channel, message_ts, thread.as_deref())).await;
    }
    Ack::Private(say::unknown(id))
}

/// The picture that was pressed on is newer than the record: forged, or the store went back while nobody
/// here knew of it. Nothing is taken from it (its terms are lost), but every message is brought to what the record
/// says, in a picture newer than the one that was pressed.
async fn show_again(parts: &Parts, request: &Request, pressed: u32) -> Result<()> {
    let again = |request: &Request| -> Result<Outcome, std::convert::Infallible> {
        let mut request = request.clone();
        request.posts.show_after(pressed);
        Ok(Outcome {
            request,
            events: Vec::new(),
        })
    };
    parts.book.change(&request.id, None, again).await?;
    Ok(())
}
