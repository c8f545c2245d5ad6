//! Forms, menus and the home tab: which part of the bot a delivery from a screen is for.

use anyhow::Result;

use super::form::{self, Prefill};
use super::{Parts, home, press, small_forms};
use crate::slack::{Ack, Inbound, OnScreen, What};
use crate::view::form::id;

/// Somebody did something on a screen, or opened one.
///
/// # Errors
/// The store, Slack or the cluster could not be asked.
pub(super) async fn received(parts: &Parts, inbound: &Inbound) -> Result<Ack> {
    match &inbound.what {
        What::OpenedHome => {
            home::publish(parts, &inbound.by).await?;
            Ok(Ack::Silent)
        }
        What::Shortcut {
            callback,
            trigger,
            on,
        } if callback == id::ASK => {
            let text = on.as_ref().map(|on| Prefill::Message(on.text.clone()));
            form::open(parts, inbound, trigger, text.unwrap_or(Prefill::Nothing)).await
        }
        What::Pressed {
            action,
            value,
            screen,
            trigger,
        } => {
            pressed(
                parts,
                inbound,
                (action, value),
                (screen, trigger.as_deref()),
            )
            .await
        }
        What::Submitted { screen, .. } if screen.callback == id::ASK => {
            form::submitted(parts, inbound, screen).await
        }
        What::Submitted { screen, .. } => {
            let answer = small_forms::submitted(parts, inbound, screen).await?;
            Ok(answer.unwrap_or(Ack::Silent))
        }
        What::Typed {
            action,
            text,
            screen,
        } => Ok(form::suggest(parts, action, text, screen.as_ref())),
        _ => Ok(Ack::Silent),
    }
}

async fn pressed(
    parts: &Parts,
    inbound: &Inbound,
    (action, value): (&str, &str),
    (screen, trigger): (&OnScreen, Option<&str>),
) -> Result<Ack> {
    match trigger {
        _ if !screen.is_home && screen.callback == id::ASK => {
            form::changed(parts, inbound, action, screen).await
        }
        Some(trigger) if screen.is_home && action == id::ASK => {
            form::open(parts, inbound, trigger, Prefill::Nothing).await
        }
        _ if screen.is_home => at_home(parts, inbound, (action, value), trigger).await,
        _ => Ok(Ack::Silent),
    }
}

/// A button of the home tab: the same code as for a message's button, and the tab as it is then.
///
/// # Errors
/// As a click's. A tab that could not be shown anew is logged: the command was done all the same.
pub(super) async fn at_home(
    parts: &Parts,
    inbound: &Inbound,
    button: (&str, &str),
    trigger: Option<&str>,
) -> Result<Ack> {
    let answer = press::clicked(parts, inbound, button, trigger).await?;
    if let Err(error) = home::publish(parts, &inbound.by).await {
        tracing::warn!(error = %super::causes_of(&error), "the home tab was not shown anew");
    }
    Ok(answer)
}
