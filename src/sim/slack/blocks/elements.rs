//! The interactive elements and composition objects with their limits. (docs.slack.dev, "Block
//! elements", "Composition objects")

use super::menus::{
    CHANNELS_SELECT, CONVERSATIONS_SELECT, EXTERNAL_SELECT, MULTI_CHANNELS_SELECT,
    MULTI_CONVERSATIONS_SELECT, MULTI_EXTERNAL_SELECT, MULTI_STATIC_SELECT, MULTI_USERS_SELECT,
    STATIC_SELECT, USERS_SELECT,
};
use super::shape::Markup::{Any as AnyText, Plain};
use super::shape::{Field, Form, Shape, may, must};

pub(super) const ACTION_ID: Field = may("action_id", Form::Words(1, 255));
pub(super) const CONFIRM: Field = may("confirm", Form::Part(&CONFIRMATION));
pub(super) const FOCUS: Field = may("focus_on_load", Form::Flag);
pub(super) const PLACEHOLDER: Field = may("placeholder", Form::Text(Plain, 1, 150));
const STYLE: Form = Form::Choice(&["primary", "danger"]);

static CONFIRMATION: Shape = Shape {
    name: "",
    fields: &[
        must("title", Form::Text(Plain, 1, 100)),
        must("text", Form::Text(AnyText, 1, 300)),
        must("confirm", Form::Text(Plain, 1, 30)),
        must("deny", Form::Text(Plain, 1, 30)),
        may("style", STYLE),
    ],
};

/// Options of radio buttons and checkboxes may be `mrkdwn`.
static RICH_OPTION: Shape = Shape {
    name: "",
    fields: &[
        must("text", Form::Text(AnyText, 1, 75)),
        must("value", Form::Words(1, 150)),
        may("description", Form::Text(AnyText, 1, 75)),
    ],
};

static OVERFLOW_OPTION: Shape = Shape {
    name: "",
    fields: &[
        must("text", Form::Text(Plain, 1, 75)),
        must("value", Form::Words(1, 150)),
        may("description", Form::Text(Plain, 1, 75)),
        may("url", Form::Words(1, 3000)),
    ],
};

static BUTTON: Shape = Shape {
    name: "button",
    fields: &[
        ACTION_ID,
        must("text", Form::Text(Plain, 1, 75)),
        may("value", Form::Words(0, 2000)),
        may("url", Form::Words(1, 3000)),
        may("style", STYLE),
        CONFIRM,
        may("accessibility_label", Form::Words(1, 75)),
    ],
};

static OVERFLOW: Shape = Shape {
    name: "overflow",
    fields: &[
        ACTION_ID,
        must("options", Form::List(1, 5, &Form::Part(&OVERFLOW_OPTION))),
        CONFIRM,
    ],
};

static RADIO_BUTTONS: Shape = Shape {
    name: "radio_buttons",
    fields: &[
        ACTION_ID,
        must("options", Form::List(1, 10, &Form::Part(&RICH_OPTION))),
        may("initial_option", Form::Part(&RICH_OPTION)),
        CONFIRM,
        FOCUS,
    ],
};

static CHECKBOXES: Shape = Shape {
    name: "checkboxes",
    fields: &[
        ACTION_ID,
        must("options", Form::List(1, 10, &Form::Part(&RICH_OPTION))),
        may(
            "initial_options",
            Form::List(1, 10, &Form::Part(&RICH_OPTION)),
        ),
        CONFIRM,
        FOCUS,
    ],
};

static DATETIMEPICKER: Shape = Shape {
    name: "datetimepicker",
    fields: &[
        ACTION_ID,
        may(
            "initial_date_time",
            Form::Whole(1_000_000_000, 9_999_999_999),
        ),
        CONFIRM,
        FOCUS,
    ],
};

static TIMEPICKER: Shape = Shape {
    name: "timepicker",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("initial_time", Form::Words(5, 5)),
        may("timezone", Form::Words(1, 255)),
        CONFIRM,
        FOCUS,
    ],
};

static DATEPICKER: Shape = Shape {
    name: "datepicker",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("initial_date", Form::Words(10, 10)),
        CONFIRM,
        FOCUS,
    ],
};

/// When an input tells the app what is typed.
static DISPATCH: Shape = Shape {
    name: "",
    fields: &[may(
        "trigger_actions_on",
        Form::List(
            1,
            2,
            &Form::Choice(&["on_enter_pressed", "on_character_entered"]),
        ),
    )],
};

static PLAIN_TEXT_INPUT: Shape = Shape {
    name: "plain_text_input",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("initial_value", Form::Words(0, 3000)),
        may("multiline", Form::Flag),
        may("min_length", Form::Whole(0, 3000)),
        may("max_length", Form::Whole(1, 3000)),
        may("dispatch_action_config", Form::Part(&DISPATCH)),
        FOCUS,
    ],
};

static NUMBER_INPUT: Shape = Shape {
    name: "number_input",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        must("is_decimal_allowed", Form::Flag),
        may("initial_value", Form::Words(0, 255)),
        may("min_value", Form::Words(1, 255)),
        may("max_value", Form::Words(1, 255)),
        may("dispatch_action_config", Form::Part(&DISPATCH)),
        FOCUS,
    ],
};

static IMAGE_ELEMENT: Shape = Shape {
    name: "image",
    fields: &[
        may("image_url", Form::Words(1, 3000)),
        may("slack_file", Form::Any),
        must("alt_text", Form::Words(1, 2000)),
    ],
};

/// What an actions block may hold.
pub(super) static ACTIONS: &[&Shape] = &[
    &BUTTON,
    &STATIC_SELECT,
    &MULTI_STATIC_SELECT,
    &EXTERNAL_SELECT,
    &MULTI_EXTERNAL_SELECT,
    &USERS_SELECT,
    &MULTI_USERS_SELECT,
    &CONVERSATIONS_SELECT,
    &MULTI_CONVERSATIONS_SELECT,
    &CHANNELS_SELECT,
    &MULTI_CHANNELS_SELECT,
    &OVERFLOW,
    &RADIO_BUTTONS,
    &CHECKBOXES,
    &DATEPICKER,
    &TIMEPICKER,
    &DATETIMEPICKER,
];

/// What may stand beside a section.
pub(super) static ACCESSORIES: &[&Shape] = &[
    &BUTTON,
    &IMAGE_ELEMENT,
    &STATIC_SELECT,
    &MULTI_STATIC_SELECT,
    &EXTERNAL_SELECT,
    &MULTI_EXTERNAL_SELECT,
    &USERS_SELECT,
    &MULTI_USERS_SELECT,
    &CONVERSATIONS_SELECT,
    &MULTI_CONVERSATIONS_SELECT,
    &CHANNELS_SELECT,
    &MULTI_CHANNELS_SELECT,
    &OVERFLOW,
    &RADIO_BUTTONS,
    &CHECKBOXES,
    &DATEPICKER,
    &TIMEPICKER,
];

/// What an input block may hold.
pub(super) static INPUTS: &[&Shape] = &[
    &PLAIN_TEXT_INPUT,
    &NUMBER_INPUT,
    &STATIC_SELECT,
    &MULTI_STATIC_SELECT,
    &EXTERNAL_SELECT,
    &MULTI_EXTERNAL_SELECT,
    &USERS_SELECT,
    &MULTI_USERS_SELECT,
    &CONVERSATIONS_SELECT,
    &MULTI_CONVERSATIONS_SELECT,
    &CHANNELS_SELECT,
    &MULTI_CHANNELS_SELECT,
    &RADIO_BUTTONS,
    &CHECKBOXES,
    &DATEPICKER,
    &TIMEPICKER,
    &DATETIMEPICKER,
];
