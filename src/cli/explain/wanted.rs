//! What was typed after `explain`: the ask in any of its forms, and who asks.

use std::collections::BTreeMap;

use super::Given;
use crate::grammar::{self, Asking, Length, Phrase, Terms};
use crate::rules::group::{channel_key, oncall_key, roll_key};
use crate::rules::{self, Principal, UserId};
use crate::units::{Seconds, Time};

/// An ask in the form of its template.
pub(super) struct Wanted {
    pub(super) template: String,
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) terms: Terms,
    at_once: bool,
}

impl Wanted {
    /// Reads it as the bot does.
    pub(super) fn read(given: &Given) -> Result<Self, String> {
        let phrase = grammar::parse(&given.ask).map_err(|error| error.to_string())?;
        let (asking, at_once) = match phrase {
            Phrase::Ask(ask) => (Asking::Plain(ask), given.emergency),
            Phrase::Using(ask) => (Asking::Using(ask), given.emergency),
            Phrase::Emergency(asking) => (asking, true),
            _ => return Err("this is no ask; write `shop/web to orders/db:5432`".to_owned()),
        };
        Ok(match asking {
            Asking::Plain(ask) => Self {
                template: rules::fill::PLAIN.to_owned(),
                inputs: rules::plain_inputs(&ask),
                terms: ask.terms,
                at_once,
            },
            Asking::Using(ask) => Self {
                template: ask.template,
                inputs: ask.inputs,
                terms: ask.terms,
                at_once,
            },
        })
    }

    /// The cluster that was named, in the ask or beside it.
    pub(super) fn cluster<'a>(&'a self, given: &'a Given) -> Result<Option<&'a str>, String> {
        match (&self.terms.cluster, &given.cluster) {
            (Some(asked), Some(beside)) if asked != beside => Err(format!(
                "the ask names the cluster `{asked}`, and `--cluster` says `{beside}`"
            )),
            (asked, beside) => Ok(asked.as_deref().or(beside.as_deref())),
        }
    }

    /// For how long; *until* is taken for UTC, because whose clock is meant is not known here.
    pub(super) fn duration(&self, default: Seconds, now: Time) -> Seconds {
        match self.terms.length {
            None => default,
            Some(Length::For(seconds)) => seconds,
            Some(Length::Until { hour, minute }) => grammar::until(hour, minute, now, None),
        }
    }

    /// Whether its length is *until* a time of day.
    pub(super) const fn names_a_clock(&self) -> bool {
        matches!(self.terms.length, Some(Length::Until { .. }))
    }

    /// Who wants it at once, where that is wanted.
    pub(super) fn emergency(&self, who: &Principal) -> Result<Option<UserId>, &'static str> {
        match who {
            _ if !self.at_once => Ok(None),
            Principal::Person(user) => Ok(Some(user.clone())),
            Principal::Service { .. } => {
                Err("a service opens nothing at once: emergencies are for people")
            }
        }
    }
}

/// A message with its hint.
pub(super) fn hinted(message: &str, hint: Option<&str>) -> String {
    match hint {
        Some(hint) => format!("{message}; {hint}"),
        None => message.to_owned(),
    }
}

/// Reads who asks.
pub(super) fn who(text: &str) -> Result<Principal, String> {
    if let Some((namespace, name)) = text.split_once('/') {
        if is_kubernetes_name(namespace) && is_kubernetes_name(name) {
            let (namespace, name) = (namespace.to_owned(), name.to_owned());
            return Ok(Principal::Service { namespace, name });
        }
    } else if is_member_id(text) {
        return Ok(Principal::Person(UserId(text.to_owned())));
    }
    Err(
        "write a Slack member id such as `U0DANA` (in Slack: profile, copy member ID), or a \
         ServiceAccount as `namespace/name`"
            .to_owned(),
    )
}

fn is_kubernetes_name(name: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    !name.is_empty() && name.bytes().all(is_part)
}

fn is_member_id(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    text.len() > 2 && text.starts_with(['U', 'W']) && text.bytes().all(is_part)
}

/// Reads a group as the key by which rolls know it.
pub(super) fn group(text: &str) -> Result<String, String> {
    let (bare, key) = if let Some(source) = text.strip_prefix("oncall:") {
        (source, oncall_key(source))
    } else if let Some(channel) = text.strip_prefix('#') {
        (channel, channel_key(text))
    } else {
        (text.trim_start_matches('@'), roll_key(text))
    };
    if bare.is_empty() || bare.contains(char::is_whitespace) {
        return Err("write `@group`, `#channel` or `oncall:NAME`".to_owned());
    }
    Ok(key)
}
