//! Menus: elements to choose from, and the composition objects in them. (docs.slack.dev, "Select menu
//! element", "Multi-select menu element", "Composition objects")

use super::elements::{ACTION_ID, CONFIRM, FOCUS, PLACEHOLDER};
use super::shape::Markup::Plain;
use super::shape::{Field, Form, Shape, may, must};

static OPTION: Shape = Shape {
    name: "",
    fields: &[
        must("text", Form::Text(Plain, 1, 75)),
        must("value", Form::Words(1, 150)),
        may("description", Form::Text(Plain, 1, 75)),
    ],
};

static OPTION_GROUP: Shape = Shape {
    name: "",
    fields: &[
        must("label", Form::Text(Plain, 1, 75)),
        must("options", Form::List(1, 100, &Form::Part(&OPTION))),
    ],
};

pub(super) static STATIC_SELECT: Shape = Shape {
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

pub(super) static MULTI_STATIC_SELECT: Shape = Shape {
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

pub(super) static EXTERNAL_SELECT: Shape = Shape {
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

pub(super) static MULTI_EXTERNAL_SELECT: Shape = Shape {
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

pub(super) static CONVERSATIONS_SELECT: Shape = Shape {
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

pub(super) static MULTI_CONVERSATIONS_SELECT: Shape = Shape {
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

pub(super) static CHANNELS_SELECT: Shape = Shape {
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

pub(super) static MULTI_CHANNELS_SELECT: Shape = Shape {
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

pub(super) static USERS_SELECT: Shape = Shape {
    name: "users_select",
    fields: &[
        ACTION_ID,
        PLACEHOLDER,
        may("initial_user", Form::Words(1, 255)),
        CONFIRM,
        FOCUS,
    ],
};

pub(super) static MULTI_USERS_SELECT: Shape = Shape {
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
