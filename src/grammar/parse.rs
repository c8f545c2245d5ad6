//! The way in: a text becomes a phrase, or an error that says where, why and what instead.

use super::reading::reading;
use super::{ParseError, Phrase, phrase};

/// Reads a phrase.
///
/// Slack's escaping (`-&gt;`) must be undone before, and a mention of the bot taken off. Never
/// panics, and no part of the answer holds a credential that was in the text.
///
/// # Errors
/// The spot in `text`, the reason, what to do next, and the nearest text that would be read.
///
/// ```
/// use drawbridge::grammar::{parse, Phrase};
///
/// let text = "shop/web to orders/db:5432 form 30m";
/// let error = parse(text).unwrap_err();
/// assert_eq!(text.get(error.span.clone()), Some("form"));
/// assert_eq!(error.nearest.as_deref(), Some("shop/web to orders/db:5432 for 30m"));
/// assert!(matches!(parse(error.nearest.as_deref().unwrap()), Ok(Phrase::Ask(_))));
/// ```
pub fn parse(text: &str) -> Result<Phrase, ParseError> {
    reading(text, phrase::read)
}
