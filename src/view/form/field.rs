//! An input of a form. Its block id is its action id.

use slack_morphism::SlackActionId;
use slack_morphism::prelude::{
    SlackBlockCheckboxesElement, SlackBlockChoiceItem, SlackBlockExternalSelectElement,
    SlackBlockId, SlackBlockPlainTextInputElement, SlackBlockPlainTextOnly,
    SlackBlockRadioButtonsElement, SlackBlockStaticSelectElement, SlackBlockText, SlackInputBlock,
    SlackInputBlockElement,
};

use super::super::blocks::{limit, plain};
use super::super::screen::Choice;
use super::super::text::{clip, tidy};

/// An input.
#[derive(Debug, Clone)]
pub(super) struct Field {
    id: String,
    label: String,
    hint: Option<String>,
    optional: bool,
    dispatches: bool,
    element: SlackInputBlockElement,
}

/// What a text input begins with and takes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lines<'a> {
    /// Most characters.
    pub(super) most: usize,
    /// More than one line.
    pub(super) many: bool,
    /// In it at first.
    pub(super) initial: Option<&'a str>,
    /// Shown while it is empty.
    pub(super) placeholder: Option<&'a str>,
}

impl Field {
    /// A text.
    pub(super) fn text(id: &str, label: &str, lines: Lines<'_>) -> Self {
        let most = lines.most.min(limit::INITIAL);
        let mut element = SlackBlockPlainTextInputElement::new();
        element.action_id = Some(SlackActionId(id.to_owned()));
        element.multiline = Some(lines.many);
        element.max_length = u64::try_from(most).ok();
        let initial = lines.initial.filter(|text| !tidy(text).is_empty());
        element.initial_value = initial.map(|text| clip(&tidy(text), most));
        element.placeholder = lines.placeholder.and_then(placeholder);
        Self::of(id, label, element.into())
    }

    /// One of a list, which opens. `initial` is a value; one that is not in the list is left out.
    pub(super) fn menu(id: &str, label: &str, choices: &[Choice], initial: Option<&str>) -> Self {
        let mut element = SlackBlockStaticSelectElement::new();
        element.action_id = Some(SlackActionId(id.to_owned()));
        let within = choices.get(..limit::OPTIONS).unwrap_or(choices);
        element.options = Some(within.iter().map(option).collect());
        element.initial_option = within.iter().find(|c| is(c, initial)).map(option);
        Self::of(id, label, element.into())
    }

    /// One of a few, all in sight.
    pub(super) fn few(id: &str, label: &str, choices: &[Choice], initial: Option<&str>) -> Self {
        let within = choices.get(..limit::FEW_OPTIONS).unwrap_or(choices);
        let mut element =
            SlackBlockRadioButtonsElement::new(within.iter().map(text_option).collect());
        element.action_id = Some(SlackActionId(id.to_owned()));
        element.initial_option = within.iter().find(|c| is(c, initial)).map(text_option);
        Self::of(id, label, SlackInputBlockElement::RadioButtons(element))
    }

    /// Yes or nothing.
    pub(super) fn tick(id: &str, label: &str, choice: &Choice) -> Self {
        let mut element = SlackBlockCheckboxesElement::new(vec![text_option(choice)]);
        element.action_id = Some(SlackActionId(id.to_owned()));
        Self::of(id, label, SlackInputBlockElement::Checkboxes(element)).optional()
    }

    /// One of what the bot finds for what is typed.
    pub(super) fn search(id: &str, label: &str, initial: Option<&Choice>) -> Self {
        let mut element = SlackBlockExternalSelectElement::new();
        element.action_id = Some(SlackActionId(id.to_owned()));
        element.initial_option = initial.map(option);
        element.min_query_length = Some(0);
        element.placeholder = placeholder("Type to search");
        Self::of(id, label, element.into())
    }

    fn of(id: &str, label: &str, element: SlackInputBlockElement) -> Self {
        Self {
            id: id.to_owned(),
            label: label.to_owned(),
            hint: None,
            optional: false,
            dispatches: false,
            element,
        }
    }

    /// A small line below it.
    pub(super) fn hint(mut self, hint: &str) -> Self {
        // Plain text: back-ticks would be seen as they are.
        self.hint = Some(hint.replace('`', ""));
        self
    }

    /// May stay empty.
    pub(super) const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Tells the bot when it changes.
    pub(super) const fn dispatches(mut self) -> Self {
        self.dispatches = true;
        self
    }

    pub(super) fn block(self) -> slack_morphism::prelude::SlackBlock {
        let text = |text: &str| plain(clip(&tidy(text), limit::LABEL));
        let label = match tidy(&self.label) {
            empty if empty.is_empty() => "?".to_owned(),
            label => label,
        };
        let mut block = SlackInputBlock::new(text(&label).into(), self.element);
        block.block_id = Some(SlackBlockId(self.id));
        let hint = self.hint.filter(|hint| !tidy(hint).is_empty());
        block.hint = hint.map(|hint| text(&hint).into());
        block.optional = Some(self.optional);
        block.dispatch_action = self.dispatches.then_some(true);
        block.into()
    }
}

fn is(choice: &Choice, initial: Option<&str>) -> bool {
    initial == Some(choice.value.as_str())
}

fn placeholder(text: &str) -> Option<SlackBlockPlainTextOnly> {
    let text = clip(&tidy(text), limit::PLACEHOLDER);
    (!text.is_empty()).then(|| plain(text).into())
}

fn option(choice: &Choice) -> SlackBlockChoiceItem<SlackBlockPlainTextOnly> {
    SlackBlockChoiceItem::new(plain(choice.label.clone()).into(), choice.value.clone())
}

fn text_option(choice: &Choice) -> SlackBlockChoiceItem<SlackBlockText> {
    SlackBlockChoiceItem::new(plain(choice.label.clone()).into(), choice.value.clone())
}
