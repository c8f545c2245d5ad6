//! A screen while it is written: text and inputs in order, kept within Slack's limits.

use slack_morphism::prelude::{
    SlackBlock, SlackBlockPlainTextOnly, SlackCallbackId, SlackHomeView, SlackModalView, SlackView,
};

use super::super::blocks::{Draft, limit, plain};
use super::super::screen::Screen;
use super::super::text::{clip, units};
use super::field::Field;

/// A screen while it is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Sheet {
    blocks: Vec<SlackBlock>,
    asks: bool,
}

impl Sheet {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Paragraphs and buttons.
    pub(super) fn text(mut self, draft: Draft) -> Self {
        self.blocks.extend(draft.parts());
        self
    }

    /// A block as it is.
    pub(super) fn block(mut self, block: SlackBlock) -> Self {
        self.blocks.push(block);
        self
    }

    /// An input.
    pub(super) fn field(mut self, field: Field) -> Self {
        self.blocks.push(field.block());
        self.asks = true;
        self
    }

    /// The same when there is one.
    pub(super) fn maybe_field(self, field: Option<Field>) -> Self {
        match field {
            Some(field) => self.field(field),
            None => self,
        }
    }

    /// The finished form. It has a button to send it off when it asks for something.
    pub(super) fn form(self, callback: &str, notes: &str, words: &Words) -> Screen {
        let submit = self.asks.then(|| only(words.submit));
        let mut view = SlackModalView::new(only(words.title), self.within());
        view.submit = submit;
        view.close = Some(only(words.close));
        view.callback_id = Some(SlackCallbackId(callback.to_owned()));
        // Cut notes would be read as others; without them the form says that it is forgotten.
        let fits = units(notes) <= limit::NOTES && !notes.is_empty();
        view.private_metadata = fits.then(|| notes.to_owned());
        Screen(SlackView::Modal(view))
    }

    /// The finished home tab.
    pub(super) fn home(self) -> Screen {
        Screen(SlackView::Home(SlackHomeView::new(self.within())))
    }

    fn within(self) -> Vec<SlackBlock> {
        let mut blocks = self.blocks;
        blocks.truncate(limit::VIEW_BLOCKS);
        blocks
    }
}

/// What stands around a form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    /// At most 24 characters.
    pub(super) title: &'static str,
    /// Sends it off.
    pub(super) submit: &'static str,
    /// Closes it.
    pub(super) close: &'static str,
}

fn only(text: &str) -> SlackBlockPlainTextOnly {
    plain(clip(text, limit::TITLE)).into()
}
