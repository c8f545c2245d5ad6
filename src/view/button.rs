//! Buttons: what each is called, how Slack names it to us, and what its value says.

use slack_morphism::SlackActionId;
use slack_morphism::prelude::{
    SlackBlockButtonElement, SlackBlockButtonStyle, SlackBlockConfirmItem, SlackBlockPlainText,
};

use super::blocks::limit;
use super::form::id;
use super::text::clip;
use crate::id::RequestId;
use crate::request::Request;

/// What a button does. The labels are a contract (DESIGN §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// An approver agrees.
    Approve,
    /// An approver says no.
    Deny,
    /// An approver looks closer, and may approve for less.
    More,
    /// Somebody whom the rule names opens at once.
    Emergency,
    /// The requester takes a waiting request back.
    Cancel,
    /// The requester needs the path no more.
    Done,
    /// The requester needs it for longer.
    Extend,
    /// The requester asks the same again.
    Again,
    /// Somebody has looked at what an emergency opened.
    Review,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 9] = [
        Self::Approve,
        Self::Deny,
        Self::More,
        Self::Emergency,
        Self::Cancel,
        Self::Done,
        Self::Extend,
        Self::Again,
        Self::Review,
    ];

    /// The `action_id` that Slack sends back.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::More => "more",
            Self::Emergency => "emergency",
            Self::Cancel => "cancel",
            Self::Done => "done",
            Self::Extend => "extend",
            Self::Again => "again",
            Self::Review => "review",
        }
    }

    /// What people read on it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::Deny => "Deny",
            Self::More => "More",
            Self::Emergency => "Emergency",
            Self::Cancel => "Cancel",
            Self::Done => "I'm done",
            Self::Extend => "Extend",
            Self::Again => "Ask again",
            Self::Review => "Reviewed",
        }
    }

    /// The title of the question that is asked back.
    const fn asks_back(self) -> &'static str {
        match self {
            Self::Emergency => "Open without approval?",
            _ => "Please look twice",
        }
    }

    /// The action that a click's `action_id` names, if it is one of ours.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.id() == id)
    }

    const fn style(self) -> Option<SlackBlockButtonStyle> {
        match self {
            Self::Approve => Some(SlackBlockButtonStyle::Primary),
            Self::Deny => Some(SlackBlockButtonStyle::Danger),
            Self::More
            | Self::Emergency
            | Self::Cancel
            | Self::Done
            | Self::Extend
            | Self::Again
            | Self::Review => None,
        }
    }
}

/// A button on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    action: Action,
    value: String,
    confirm: Option<String>,
}

impl Button {
    /// A button for a request as it stands. Decisions carry the face they were shown at; the others
    /// carry the face of the last offer, which stays, so that messages need no update when other
    /// things change.
    pub fn new(action: Action, request: &Request) -> Self {
        let face = match action {
            Action::Approve | Action::Deny | Action::More => request.posts.face,
            Action::Emergency
            | Action::Cancel
            | Action::Done
            | Action::Extend
            | Action::Again
            | Action::Review => request.posts.offered,
        };
        Self {
            action,
            value: format!("{}.{face}", request.id),
            confirm: None,
        }
    }

    /// Asks back before it counts, with these words.
    #[must_use]
    pub fn confirm(mut self, question: &str) -> Self {
        self.confirm = Some(question.to_owned());
        self
    }

    /// The Block Kit element.
    pub(super) fn element(self) -> SlackBlockButtonElement {
        let plain = |text: &str, max| SlackBlockPlainText::new(clip(text, max)).into();
        let mut element = SlackBlockButtonElement::new(plain(self.action.label(), limit::BUTTON));
        element.action_id = Some(SlackActionId(self.action.id().to_owned()));
        element.value = Some(clip(&self.value, limit::VALUE));
        element.style = self.action.style();
        element.confirm = self.confirm.map(|question| {
            SlackBlockConfirmItem::new(
                plain(self.action.asks_back(), limit::CONFIRM_TITLE),
                SlackBlockPlainText::new(clip(&question, limit::CONFIRM_TEXT)).into(),
                plain(self.action.label(), limit::CONFIRM_BUTTON),
                plain("Back", limit::CONFIRM_BUTTON),
            )
        });
        element
    }
}

/// The button that opens the ask form; with a text, filled in with whatever can be read of that.
pub(super) fn ask_form(label: &str, text: Option<&str>) -> SlackBlockButtonElement {
    let label = SlackBlockPlainText::new(clip(label, limit::BUTTON)).with_emoji(false);
    let mut element = SlackBlockButtonElement::new(label.into());
    element.action_id = Some(SlackActionId(id::ASK.to_owned()));
    element.value = text.map(|text| clip(text, limit::VALUE));
    element
}

/// Reads a button's value, `<id>.<face>`. The value may be forged: it only says which request and
/// which picture are meant, never who may do what.
pub fn parse_value(value: &str) -> Option<(RequestId, u32)> {
    let (id, face) = value.split_once('.')?;
    let digits = !face.is_empty() && face.bytes().all(|b| b.is_ascii_digit());
    let face = digits.then(|| face.parse().ok()).flatten()?;
    Some((id.parse().ok()?, face))
}

/// The request of a button that a later version made: one whose value says more than an id and a picture begins with
/// its version (`2:k7m3xq.7…`), so that no earlier one takes it for its own.
pub fn of_a_later_version(value: &str) -> Option<RequestId> {
    let (version, rest) = value.split_once(':')?;
    version.parse().ok().filter(|version: &u16| *version > 1)?;
    let (id, _more) = rest.split_once('.')?;
    id.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_of_a_later_version_names_its_request_and_means_nothing() {
        let id: RequestId = "k7m3xa".parse().unwrap();
        for (value, of) in [
            ("2:k7m3xa.7.b", Some(&id)),
            ("65535:k7m3xa.", Some(&id)),
            ("1:k7m3xa.7", None),
            ("k7m3xa.7.b", None),
            ("2:nobody.7", None),
        ] {
            assert_eq!(of_a_later_version(value).as_ref(), of, "{value}");
            assert_eq!(parse_value(value), None);
        }
    }

    #[test]
    fn the_labels_are_the_contract() {
        let labels: Vec<_> = Action::ALL.iter().map(|a| (a.id(), a.label())).collect();
        assert_eq!(
            labels,
            [
                ("approve", "Approve"),
                ("deny", "Deny"),
                ("more", "More"),
                ("emergency", "Emergency"),
                ("cancel", "Cancel"),
                ("done", "I'm done"),
                ("extend", "Extend"),
                ("again", "Ask again"),
                ("review", "Reviewed"),
            ]
        );
        for action in Action::ALL {
            assert_eq!(Action::of_id(action.id()), Some(action));
            // Slack shows about 30 characters of a label, whatever the limit.
            assert!(action.label().len() <= 30);
        }
        assert_eq!(Action::of_id("Approve"), None);
    }

    #[test]
    fn a_value_is_an_id_and_a_face_and_nothing_else() {
        let id: RequestId = "k7m3xa".parse().unwrap();
        assert_eq!(parse_value("k7m3xa.12"), Some((id.clone(), 12)));
        assert_eq!(parse_value("K7M3XA.0"), Some((id, 0)));
        for forged in [
            "",
            ".",
            "k7m3xa",
            "k7m3xa.",
            "k7m3xa.+1",
            "k7m3xa.-1",
            "k7m3xa.1.2",
            "k7m3xa. 1",
            "k7m3xa.4294967296",
            "../../x.1",
            "k7m3x0.1",
            "k7m3xa.٣",
        ] {
            assert_eq!(parse_value(forged), None, "{forged}");
        }
    }
}
