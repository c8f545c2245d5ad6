//! What Slack shows besides messages: forms (modals) and home tabs, ready to be sent, and the choices
//! of a typeahead.
//!
//! The forms themselves are written elsewhere; this only names what the wire carries. Nothing here
//! knows how a screen is sent.

use serde::Serialize;
use slack_morphism::prelude::SlackView;

use super::text::{clip, tidy};

/// Longest label of an option, in UTF-16 units.
const LABEL: usize = 75;

/// Longest value of an option, in UTF-16 units.
const VALUE: usize = 150;

/// A modal or a home tab, ready to be sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Screen(pub SlackView);

impl Screen {
    /// A form, and no home tab.
    pub const fn is_form(&self) -> bool {
        matches!(self.0, SlackView::Modal(_))
    }
}

/// What a typeahead offers: one option.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Choice {
    /// What people read (1 to 75 UTF-16 units, plain text).
    pub label: String,
    /// What comes back when it is chosen (at most 150 UTF-16 units).
    pub value: String,
}

impl Choice {
    /// An option within Slack's limits. A longer label is cut with `…`; a longer value too, so what
    /// looks it up finds nothing: keep values short. An empty label becomes the value.
    pub fn new(label: &str, value: &str) -> Self {
        let value = clip(value, VALUE);
        let label = match tidy(label) {
            empty if empty.is_empty() => value.as_str().to_owned(),
            label => label,
        };
        Self {
            label: clip(&label, LABEL),
            value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::units;
    use super::*;

    #[test]
    fn a_choice_keeps_slacks_limits() {
        let long = Choice::new(&"𝒳".repeat(80), &"v".repeat(200));
        assert!(units(&long.label) <= LABEL && units(&long.value) <= VALUE);
        assert_eq!(Choice::new(" a\n b\u{202e} ", "x").label, "a b");
        assert_eq!(Choice::new("\u{200b}", "shop/web").label, "shop/web");
    }
}
