//! A Slack message and the builder that keeps Block Kit's limits.
//!
//! Nothing over a limit ever leaves here: over Slack's limit nothing is posted at all, and somebody
//! would wait for ever. Lengths are counted in UTF-16 units, the strictest reading of "characters".

use serde::Serialize;
use sha2::{Digest, Sha256};
use slack_morphism::prelude::{
    SlackActionBlockElement, SlackActionsBlock, SlackBlock, SlackBlockMarkDownText,
    SlackBlockPlainText, SlackContextBlock, SlackContextBlockElement, SlackRichTextBlock,
    SlackRichTextElement, SlackRichTextPreformatted, SlackSectionBlock,
};

use super::button::{Button, ask_form};
use super::markup::Markup;
use super::text::{clip, is_invisible, tidy};

/// Slack's limits for what we use. Block ids are left to Slack: it wants a new one at each update.
pub mod limit {
    /// `text` of a message (`chat.update` refuses more with `msg_too_long`).
    pub const TEXT: usize = 4000;
    /// Blocks of a message.
    pub const BLOCKS: usize = 50;
    /// Text of a section.
    pub const SECTION: usize = 3000;
    /// Elements of a context block.
    pub const CONTEXT: usize = 10;
    /// Text of one context element.
    pub const CONTEXT_TEXT: usize = 2000;
    /// Elements of an actions block.
    pub const ACTIONS: usize = 25;
    /// A button's label.
    pub const BUTTON: usize = 75;
    /// A button's value.
    pub const VALUE: usize = 2000;
    /// Title of a confirmation.
    pub const CONFIRM_TITLE: usize = 100;
    /// Text of a confirmation.
    pub const CONFIRM_TEXT: usize = 300;
    /// Buttons of a confirmation.
    pub const CONFIRM_BUTTON: usize = 30;
    /// Blocks of a form or a home tab.
    pub const VIEW_BLOCKS: usize = 100;
    /// Title and buttons of a form.
    pub const TITLE: usize = 24;
    /// What a form notes for itself (`private_metadata`).
    pub const NOTES: usize = 3000;
    /// An input's label or hint. Ours: Slack allows 2,000, and a label is a few words.
    pub const LABEL: usize = 150;
    /// The grey text of an empty input.
    pub const PLACEHOLDER: usize = 150;
    /// Options of a menu.
    pub const OPTIONS: usize = 100;
    /// Options of radio buttons and checkboxes.
    pub const FEW_OPTIONS: usize = 10;
    /// Text in an input when it is shown first.
    pub const INITIAL: usize = 3000;
    /// Typed text in one piece. Ours, not Slack's: a reason is a sentence, and a card is no page.
    pub const TYPED: usize = 500;
    /// Monospace text in one piece. Ours too: a section's limit.
    pub const MONO: usize = 3000;
}

/// What is sent to Slack: the text for notifications and screen readers, and the blocks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Plain fallback, always present: Slack shows it in notifications (≤ 4,000 characters).
    pub text: String,
    /// Block Kit; empty for a text-only message.
    pub blocks: Vec<SlackBlock>,
}

impl Message {
    /// The same in its shortest form, for when Slack refuses the blocks: the notification text and
    /// the buttons, so that nobody waits for a card that cannot be shown.
    #[must_use]
    pub fn short(&self) -> Self {
        let is_actions = |block: &&SlackBlock| matches!(block, SlackBlock::Actions(_));
        let buttons = self.blocks.iter().filter(is_actions).cloned();
        let text =
            SlackBlockMarkDownText::new(clip(&self.text, limit::SECTION)).with_verbatim(true);
        let line = SlackSectionBlock::new().with_text(text.into());
        Self {
            text: self.text.clone(),
            blocks: std::iter::once(line.into()).chain(buttons).collect(),
        }
    }
}

/// A digest of what a message shows: a post is updated only when it changed. The first 16 hex digits
/// of the SHA-256 of its JSON, whose order of keys is fixed by the types.
pub fn digest(message: &Message) -> String {
    let json = serde_json::to_vec(message).unwrap_or_default();
    let hash = Sha256::digest(json);
    let hex: String = hash.iter().take(8).map(|b| format!("{b:02x}")).collect();
    hex
}

/// A message while it is written.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    blocks: Vec<SlackBlock>,
    buttons: Vec<Button>,
}

impl Draft {
    /// An empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// A paragraph of ours. An empty one is left out.
    #[must_use]
    pub fn line(self, markup: impl Into<Markup>) -> Self {
        let markup = markup.into();
        if markup.is_empty() {
            return self;
        }
        // Verbatim: Slack links no bare names or addresses that stand in it.
        let text =
            SlackBlockMarkDownText::new(markup.clip(limit::SECTION).into()).with_verbatim(true);
        self.block(SlackSectionBlock::new().with_text(text.into()))
    }

    /// A paragraph that holds typed text, after a label of ours. Never markup: Slack shows plain
    /// text as it is, without links, mentions or emoji.
    #[must_use]
    pub fn typed(self, label: &'static str, text: &str) -> Self {
        let text = clip(&tidy(text), limit::TYPED);
        if text.is_empty() {
            return self;
        }
        self.block(SlackSectionBlock::new().with_text(plain(format!("{label}{text}")).into()))
    }

    /// A sentence of ours, in which the words of others stand in back-ticks. Where it is not quite that, it is
    /// shown as typed text: nothing typed is ever markup.
    #[must_use]
    pub fn sentence(self, text: &str) -> Self {
        match spans(&clip(&tidy(text), limit::TYPED)) {
            Some(markup) => self.line(markup),
            None => self.typed("", text),
        }
    }

    /// The same when there is something.
    #[must_use]
    pub fn maybe_sentence(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.sentence(text),
            None => self,
        }
    }

    /// The same when there is something.
    #[must_use]
    pub fn maybe_typed(self, label: &'static str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.typed(label, text),
            None => self,
        }
    }

    /// A small grey line, with typed words in quotes at its end.
    #[must_use]
    pub fn small(self, markup: impl Into<Markup>, quoted: Option<&str>) -> Self {
        let mut elements: Vec<SlackContextBlockElement> = Vec::new();
        let markup = markup.into();
        if !markup.is_empty() {
            let text = SlackBlockMarkDownText::new(markup.clip(limit::CONTEXT_TEXT).into());
            elements.push(text.with_verbatim(true).into());
        }
        let quoted = clip(&tidy(quoted.unwrap_or_default()), limit::TYPED);
        if !quoted.is_empty() {
            elements.push(plain(format!("“{quoted}”")).into());
        }
        elements.truncate(limit::CONTEXT);
        if elements.is_empty() {
            return self;
        }
        self.block(SlackContextBlock::new(elements))
    }

    /// Monospace text, as it is apart from what cannot be seen. Its spaces and line ends count.
    #[must_use]
    pub fn mono(self, text: &str) -> Self {
        let seen = |c: &char| *c == '\n' || !(c.is_control() || is_invisible(*c));
        let text = clip(&text.chars().filter(seen).collect::<String>(), limit::MONO);
        if text.is_empty() {
            return self;
        }
        let lines = SlackRichTextPreformatted::new(vec![text.into()]);
        let element = SlackRichTextElement::Preformatted(lines);
        self.block(SlackRichTextBlock::new(vec![element]))
    }

    /// One more button in the last line.
    #[must_use]
    pub fn button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }

    /// The same when there is one.
    #[must_use]
    pub fn button_if(self, button: Option<Button>) -> Self {
        match button {
            Some(button) => self.button(button),
            None => self,
        }
    }

    /// The button that opens the ask form, filled in with whatever can be read of a text.
    #[must_use]
    pub(super) fn form_button(self, text: &str) -> Self {
        let button = ask_form("Fill in the form", Some(text));
        self.block(SlackActionsBlock::new(vec![button.into()]))
    }

    /// The finished message. `text` is what notifications and screen readers say.
    pub fn send(self, text: impl Into<Markup>) -> Message {
        let text = String::from(text.into().clip(limit::TEXT));
        let text = if text.is_empty() {
            "Drawbridge".to_owned()
        } else {
            text
        };
        let actions = actions(self.buttons);
        let mut blocks = self.blocks;
        blocks.truncate(limit::BLOCKS - 1);
        blocks.extend(actions);
        Message { text, blocks }
    }

    /// The blocks alone, buttons last, for what is no message.
    pub(super) fn parts(self) -> Vec<SlackBlock> {
        let mut blocks = self.blocks;
        blocks.extend(actions(self.buttons));
        blocks
    }

    fn block(mut self, block: impl Into<SlackBlock>) -> Self {
        self.blocks.push(block.into());
        self
    }
}

/// The sentence with its back-ticked words in monospace; `None` where anything outside them could be read
/// as markup, or a tick stands alone.
fn spans(text: &str) -> Option<Markup> {
    let parts: Vec<&str> = text.split('`').collect();
    // A colon is one only before a blank: `:word:` would be an emoji.
    let plain = |part: &str| {
        !part.contains(['*', '_', '~', '<', '>', '&', '@']) && !part.replace(": ", "").contains(':')
    };
    let ours = parts.iter().step_by(2).all(|part| plain(part));
    if parts.len().is_multiple_of(2) || !ours {
        return None;
    }
    let shown = parts.iter().enumerate().map(|(at, part)| match at % 2 {
        0 => Markup::typed_as_is(part),
        _ => Markup::code(part),
    });
    Some(shown.fold(Markup::default(), |all, part| all + part))
}

fn actions(buttons: Vec<Button>) -> Option<SlackBlock> {
    let elements: Vec<SlackActionBlockElement> = buttons
        .into_iter()
        .take(limit::ACTIONS)
        .map(|button| button.element().into())
        .collect();
    (!elements.is_empty()).then(|| SlackActionsBlock::new(elements).into())
}

pub(super) fn plain(text: String) -> SlackBlockPlainText {
    SlackBlockPlainText::new(text).with_emoji(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(draft: Draft) -> Draft {
        let page = "x".repeat(10_000);
        draft
            .line(Markup::typed(&page))
            .typed("Why: ", &page)
            .small(Markup::typed(&page), Some(&page))
            .mono(&page)
    }

    #[test]
    fn whatever_is_written_the_message_keeps_every_limit() {
        let draft = (0..40).fold(Draft::new(), |draft, _| long(draft));
        let message = draft.send(Markup::typed(&"y".repeat(10_000)));
        assert_eq!(message.blocks.len(), limit::BLOCKS - 1);
        crate::view::tests::assert_within_limits(&message);
    }

    #[test]
    fn nothing_to_say_is_still_a_message() {
        assert_eq!(Draft::new().send(Markup::default()).text, "Drawbridge");
    }

    #[test]
    fn digests_differ_when_and_only_when_messages_do() {
        let one = Draft::new().line("a").send("a");
        assert_eq!(digest(&one), digest(&one.clone()));
        assert_ne!(digest(&one), digest(&Draft::new().line("b").send("a")));
        assert_eq!(digest(&one).len(), 16);
    }
}
