//! A small schema language: what a JSON value has to look like, as data.

use serde_json::Value;

/// What is wrong, in Slack's words.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<String>);

impl Report {
    pub(super) fn add(&mut self, what: impl AsRef<str>, pointer: &str) {
        let what = what.as_ref();
        self.0
            .push(format!("[ERROR] {what} [json-pointer:{pointer}]"));
    }

    pub(super) fn messages(self) -> Vec<String> {
        self.0
    }
}

/// Which text objects are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    /// `plain_text` only.
    Plain,
    /// `plain_text` or `mrkdwn`.
    Any,
}

/// What a value has to look like.
#[derive(Debug)]
pub(super) enum Form {
    /// A string of so many characters.
    Words(usize, usize),
    /// A text object with so many characters.
    Text(Markup, usize, usize),
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number in these bounds.
    Whole(i64, i64),
    /// So many items of a form.
    List(usize, usize, &'static Form),
    /// An object of this shape.
    Part(&'static Shape),
    /// An object of one of these shapes, told apart by `type`.
    OneOf(&'static [&'static Shape]),
    /// Anything: what the bot does not use is not modelled in depth.
    Any,
}

/// A field of an object.
#[derive(Debug)]
pub(super) struct Field {
    name: &'static str,
    needed: bool,
    form: Form,
}

/// A field that has to be there.
pub(super) const fn must(name: &'static str, form: Form) -> Field {
    Field {
        name,
        needed: true,
        form,
    }
}

/// A field that may be there.
pub(super) const fn may(name: &'static str, form: Form) -> Field {
    Field {
        name,
        needed: false,
        form,
    }
}

/// An object with these fields and no others. Its `name` is its `type`; without one it has no `type`.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

impl Form {
    /// Reports what is wrong with a value.
    pub(super) fn check(&self, value: &Value, at: &str, report: &mut Report) {
        match self {
            Self::Words(min, max) => match value.as_str() {
                Some(text) => check_length(text, *min, *max, at, report),
                None => report.add("must provide a string", at),
            },
            Self::Text(markup, min, max) => check_text(*markup, (*min, *max), value, at, report),
            Self::Choice(words) => {
                if !value.as_str().is_some_and(|word| words.contains(&word)) {
                    report.add("must be a valid enum value", at);
                }
            }
            Self::Flag => {
                if !value.is_boolean() {
                    report.add("must provide a boolean", at);
                }
            }
            Self::Whole(min, max) => {
                if !value.as_i64().is_some_and(|n| (*min..=*max).contains(&n)) {
                    report.add(format!("must be a number from {min} to {max}"), at);
                }
            }
            Self::List(min, max, form) => check_list(form, (*min, *max), value, at, report),
            Self::Part(shape) => shape.check(value, at, report),
            Self::OneOf(shapes) => check_one_of(shapes, value, at, report),
            Self::Any => {}
        }
    }
}

/// Slack counts UTF-16 units, as JavaScript does.
fn check_length(text: &str, min: usize, max: usize, at: &str, report: &mut Report) {
    let length = text.encode_utf16().count();
    if length < min {
        report.add(
            format!("must be more than {} characters", min.saturating_sub(1)),
            at,
        );
    }
    if length > max {
        report.add(format!("must be less than {} characters", max + 1), at);
    }
}

static PLAIN: &[Field] = &[may("text", Form::Any), may("emoji", Form::Flag)];
static MRKDWN: &[Field] = &[may("text", Form::Any), may("verbatim", Form::Flag)];
static PLAIN_TEXT: Shape = Shape {
    name: "plain_text",
    fields: PLAIN,
};
static MRKDWN_TEXT: Shape = Shape {
    name: "mrkdwn",
    fields: MRKDWN,
};

fn check_text(
    markup: Markup,
    (min, max): (usize, usize),
    value: &Value,
    at: &str,
    report: &mut Report,
) {
    let kinds: &[&Shape] = match markup {
        Markup::Plain => &[&PLAIN_TEXT],
        Markup::Any => &[&PLAIN_TEXT, &MRKDWN_TEXT],
    };
    check_one_of(kinds, value, at, report);
    match value.get("text").and_then(Value::as_str) {
        Some(text) => check_length(text, min, max, &format!("{at}/text"), report),
        None => report.add("missing required field: text", at),
    }
}

fn check_list(
    form: &Form,
    (min, max): (usize, usize),
    value: &Value,
    at: &str,
    report: &mut Report,
) {
    let Some(items) = value.as_array() else {
        return report.add("must provide an array", at);
    };
    if items.len() < min {
        report.add(format!("no less than {min} items allowed"), at);
    }
    if items.len() > max {
        report.add(format!("no more than {max} items allowed"), at);
    }
    for (n, item) in items.iter().enumerate() {
        form.check(item, &format!("{at}/{n}"), report);
    }
}

fn check_one_of(shapes: &[&Shape], value: &Value, at: &str, report: &mut Report) {
    let Some(kind) = value.get("type").and_then(Value::as_str) else {
        return report.add("missing required field: type", at);
    };
    match shapes.iter().find(|shape| shape.name == kind) {
        Some(shape) => shape.check(value, at, report),
        None => report.add(format!("unsupported type: {kind}"), &format!("{at}/type")),
    }
}

impl Shape {
    fn check(&self, value: &Value, at: &str, report: &mut Report) {
        let Some(fields) = value.as_object() else {
            return report.add("must provide an object", at);
        };
        for field in self.fields {
            match fields.get(field.name) {
                Some(value) => field
                    .form
                    .check(value, &format!("{at}/{}", field.name), report),
                None if field.needed => {
                    report.add(format!("missing required field: {}", field.name), at);
                }
                None => {}
            }
        }
        let known = |name: &str| {
            (name == "type" && !self.name.is_empty()) || self.fields.iter().any(|f| f.name == name)
        };
        for name in fields.keys().filter(|name| !known(name)) {
            report.add(format!("invalid additional property: {name}"), at);
        }
    }
}
