//! The blocks and their limits. (docs.slack.dev, "Blocks", one page per block)
//!
//! Blocks that the bot has no use for (video, file, carousels …) are not in the catalogue and are
//! refused as unsupported.

use super::elements::{ACCESSORIES, ACTIONS, INPUTS};
use super::shape::Markup::{Any as AnyText, Plain};
use super::shape::{Field, Form, Shape, may, must};

const BLOCK_ID: Field = may("block_id", Form::Words(1, 255));

static SECTION: Shape = Shape {
    name: "section",
    fields: &[
        BLOCK_ID,
        may("text", Form::Text(AnyText, 1, 3000)),
        may("fields", Form::List(1, 10, &Form::Text(AnyText, 1, 2000))),
        may("accessory", Form::OneOf(ACCESSORIES)),
        may("expand", Form::Flag),
    ],
};

static HEADER: Shape = Shape {
    name: "header",
    fields: &[BLOCK_ID, must("text", Form::Text(Plain, 1, 150))],
};

static DIVIDER: Shape = Shape {
    name: "divider",
    fields: &[BLOCK_ID],
};

static PLAIN_IN_CONTEXT: Shape = Shape {
    name: "plain_text",
    fields: &[must("text", Form::Words(1, 2000)), may("emoji", Form::Flag)],
};

static MRKDWN_IN_CONTEXT: Shape = Shape {
    name: "mrkdwn",
    fields: &[
        must("text", Form::Words(1, 2000)),
        may("verbatim", Form::Flag),
    ],
};

static IMAGE_IN_CONTEXT: Shape = Shape {
    name: "image",
    fields: &[
        may("image_url", Form::Words(1, 3000)),
        may("slack_file", Form::Any),
        must("alt_text", Form::Words(1, 2000)),
    ],
};

static CONTEXT: Shape = Shape {
    name: "context",
    fields: &[
        BLOCK_ID,
        must(
            "elements",
            Form::List(
                1,
                10,
                &Form::OneOf(&[&PLAIN_IN_CONTEXT, &MRKDWN_IN_CONTEXT, &IMAGE_IN_CONTEXT]),
            ),
        ),
    ],
};

static ACTIONS_BLOCK: Shape = Shape {
    name: "actions",
    fields: &[
        BLOCK_ID,
        must("elements", Form::List(1, 25, &Form::OneOf(ACTIONS))),
    ],
};

static INPUT: Shape = Shape {
    name: "input",
    fields: &[
        BLOCK_ID,
        must("label", Form::Text(Plain, 1, 2000)),
        must("element", Form::OneOf(INPUTS)),
        may("hint", Form::Text(Plain, 1, 2000)),
        may("optional", Form::Flag),
        may("dispatch_action", Form::Flag),
    ],
};

static IMAGE: Shape = Shape {
    name: "image",
    fields: &[
        BLOCK_ID,
        may("image_url", Form::Words(1, 3000)),
        may("slack_file", Form::Any),
        must("alt_text", Form::Words(1, 2000)),
        may("title", Form::Text(Plain, 1, 2000)),
    ],
};

static RICH_TEXT: Shape = Shape {
    name: "rich_text",
    fields: &[BLOCK_ID, must("elements", Form::List(1, 100, &Form::Any))],
};

static MARKDOWN: Shape = Shape {
    name: "markdown",
    fields: &[BLOCK_ID, must("text", Form::Words(1, 12_000))],
};

static TABLE: Shape = Shape {
    name: "table",
    fields: &[
        BLOCK_ID,
        must("rows", Form::List(1, 100, &Form::List(1, 20, &Form::Any))),
        may("column_settings", Form::List(0, 20, &Form::Any)),
    ],
};

/// What a message, a modal or the home tab may hold.
pub(super) static MESSAGE_BLOCKS: &[&Shape] = &[
    &SECTION,
    &HEADER,
    &DIVIDER,
    &CONTEXT,
    &ACTIONS_BLOCK,
    &INPUT,
    &IMAGE,
    &RICH_TEXT,
    &MARKDOWN,
    &TABLE,
];

/// A modal.
pub(super) static MODAL: Shape = Shape {
    name: "modal",
    fields: &[
        must("title", Form::Text(Plain, 1, 24)),
        must("blocks", Form::List(1, 100, &Form::OneOf(MESSAGE_BLOCKS))),
        may("close", Form::Text(Plain, 1, 24)),
        may("submit", Form::Text(Plain, 1, 24)),
        may("private_metadata", Form::Words(0, 3000)),
        may("callback_id", Form::Words(0, 255)),
        may("external_id", Form::Words(0, 255)),
        may("clear_on_close", Form::Flag),
        may("notify_on_close", Form::Flag),
        may("submit_disabled", Form::Flag),
    ],
};

/// A home tab.
pub(super) static HOME: Shape = Shape {
    name: "home",
    fields: &[
        must("blocks", Form::List(0, 100, &Form::OneOf(MESSAGE_BLOCKS))),
        may("private_metadata", Form::Words(0, 3000)),
        may("callback_id", Form::Words(0, 255)),
        may("external_id", Form::Words(0, 255)),
    ],
};
