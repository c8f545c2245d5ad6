//! The interactive elements and composition objects with their limits. (docs.slack.dev, "Block
//! elements", "Composition objects")

use super::shape::Markup::{Any as AnyText, Plain};
use super::shape::{Field, Form, Shape, may, must};

const ACTION_ID: Field = may("action_id", Form::Words(1, 255));
const CONFIRM: Field = may("confirm", Form::Part(&CONFIRMATION));
const FOCUS: Field = may("focus_on_load", Form::Flag);
const PLACEHOLDER: Field = may("placeholder", Form::Text(Plain, 1, 150));
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

static OPTION: Shape = Shape {
    name: "",
    fields: &[
        must("text", Form::Text(Plain, 1, 75)),
        must("value", Form::Words(1, 150)),
        may("description", Form::Text(Plain, 1, 75)),
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

static OPTION_GROUP: Shape = Shape {
    name: "",
    fields: &[
        must("label", Form::Text(Plain, 1, 75)),
        must("options", Form::List(1, 100, &Form::Part(&OPTION))),
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

static STATIC_SELECT: Shape = Shape {
    name: "static_select",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("options", Form::List(1, 100, &Form::Part(&OPTION))),
        may(
            "option_groups",
            Form::List(1, 100, &Form::Part(&OPTION_GROUP)),
        ),
        may("initial_option", Form::Part(&OPTION)),
        CONFIRM,
        FOCUS,
    ],
};

static MULTI_STATIC_SELECT: Shape = Shape {
    name: "multi_static_select",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("options", Form::List(1, 100, &Form::Part(&OPTION))),
        may(
            "option_groups",
            Form::List(1, 100, &Form::Part(&OPTION_GROUP)),
        ),
        may("initial_options", Form::List(1, 100, &Form::Part(&OPTION))),
        may("max_selected_items", Form::Whole(1, 100)),
        CONFIRM,
        FOCUS,
    ],
};

static EXTERNAL_SELECT: Shape = Shape {
    name: "external_select",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("initial_option", Form::Part(&OPTION)),
        may("min_query_length", Form::Whole(0, 100)),
        CONFIRM,
        FOCUS,
    ],
};

static MULTI_EXTERNAL_SELECT: Shape = Shape {
    name: "multi_external_select",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("initial_options", Form::List(1, 100, &Form::Part(&OPTION))),
        may("min_query_length", Form::Whole(0, 100)),
        may("max_selected_items", Form::Whole(1, 100)),
        CONFIRM,
        FOCUS,
    ],
};

const CURRENT: Field = may("default_to_current_conversation", Form::Flag);
const FILTER: Field = may("filter", Form::Part(&CONVERSATION_FILTER));
/// Only in modals, and only for one conversation.
const RESPONSE_URL: Field = may("response_url_enabled", Form::Flag);

static CONVERSATION_FILTER: Shape = Shape {
    name: "",
    fields: &[
        may(
            "include",
            Form::List(1, 4, &Form::Choice(&["im", "mpim", "private", "public"])),
        ),
        may("exclude_external_shared_channels", Form::Flag),
        may("exclude_bot_users", Form::Flag),
    ],
};

static CONVERSATIONS_SELECT: Shape = Shape {
    name: "conversations_select",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("initial_conversation", Form::Words(1, 255)),
        CURRENT,
        FILTER,
        RESPONSE_URL,
        CONFIRM,
        FOCUS,
    ],
};

static MULTI_CONVERSATIONS_SELECT: Shape = Shape {
    name: "multi_conversations_select",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may(
            "initial_conversations",
            Form::List(1, 100, &Form::Words(1, 255)),
        ),
        may("max_selected_items", Form::Whole(1, 100)),
        CURRENT,
        FILTER,
        CONFIRM,
        FOCUS,
    ],
};

static CHANNELS_SELECT: Shape = Shape {
    name: "channels_select",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("initial_channel", Form::Words(1, 255)),
        RESPONSE_URL,
        CONFIRM,
        FOCUS,
    ],
};

static MULTI_CHANNELS_SELECT: Shape = Shape {
    name: "multi_channels_select",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("initial_channels", Form::List(1, 100, &Form::Words(1, 255))),
        may("max_selected_items", Form::Whole(1, 100)),
        CONFIRM,
        FOCUS,
    ],
};

static USERS_SELECT: Shape = Shape {
    name: "users_select",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("initial_user", Form::Words(1, 255)),
        CONFIRM,
        FOCUS,
    ],
};

static MULTI_USERS_SELECT: Shape = Shape {
    name: "multi_users_select",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("initial_users", Form::List(1, 100, &Form::Words(1, 255))),
        may("max_selected_items", Form::Whole(1, 100)),
        CONFIRM,
        FOCUS,
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
    &EXTERNAL_SELECT,
    &USERS_SELECT,
    &CONVERSATIONS_SELECT,
    &CHANNELS_SELECT,
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

/// What a typeahead may be answered with.
pub(super) static SUGGESTIONS: Shape = Shape {
    name: "",
    fields: &[
        may("options", Form::List(0, 100, &Form::Part(&OPTION))),
        may(
            "option_groups",
            Form::List(0, 100, &Form::Part(&OPTION_GROUP)),
        ),
    ],
};
