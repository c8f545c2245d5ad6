//! What a person puts into an element, turned into Slack's shape, and refused where a client would not
//! let them.

use chrono::{NaiveDate, NaiveTime};
use serde_json::{Value, json};

use super::super::cannot::Cannot;
use super::super::people::{Person, Standing};
use super::super::world::{self, World};
use super::{Holds, Kind, text_of};

/// Longest text of an input that says nothing else.
const MAX_TEXT: u64 = 3000;

/// The options that an element lists, those of its groups included.
pub(in super::super) fn options(element: &Value) -> Vec<&Value> {
    let listed = |name: &str| element.get(name).and_then(Value::as_array);
    let grouped = listed("option_groups").into_iter().flatten();
    let grouped = grouped.filter_map(|group| group.get("options")?.as_array());
    grouped.chain(listed("options")).flatten().collect()
}

/// An element that asks a person for a value.
#[derive(Debug)]
pub(in super::super) struct Asked<'a> {
    pub(in super::super) world: &'a World,
    pub(in super::super) person: &'a Person,
    pub(in super::super) element: &'a Value,
    /// What a typeahead has offered them.
    pub(in super::super) suggested: Vec<&'a Value>,
}

fn unfit<T>(text: impl Into<String>) -> Result<T, Cannot> {
    Err(Cannot::Unfit(text.into()))
}

impl Asked<'_> {
    /// What people say, as the value that it stands for: the label of an option, a person's or a
    /// channel's name. Several are parted by commas where several can be chosen.
    pub(in super::super) fn spoken(&self, text: &str) -> Value {
        match Kind::of(self.element) {
            Some(kind) if kind.several => text
                .split(',')
                .map(|part| self.named(kind, part.trim()))
                .collect(),
            Some(kind) => self.named(kind, text),
            None => json!(text),
        }
    }

    /// A value in Slack's shape, in people's words.
    pub(in super::super) fn as_read(&self, value: &Value) -> String {
        match value {
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.as_read(item)).collect();
                items.join(", ")
            }
            Value::Object(_) => {
                let label = value.pointer("/text/text").and_then(Value::as_str);
                label.unwrap_or_default().to_owned()
            }
            value => {
                let text = plain(value).unwrap_or_default();
                match Kind::of(self.element).map(|kind| kind.holds) {
                    Some(Holds::Person) => {
                        let person = self.world.person(&text);
                        person.map_or(text, |person| format!("@{}", person.name))
                    }
                    Some(Holds::Conversation | Holds::Channel) => {
                        let channel = self.world.channel(&text);
                        channel.map_or(text, |channel| format!("#{}", channel.name))
                    }
                    _ => text,
                }
            }
        }
    }

    fn named(&self, kind: &Kind, text: &str) -> Value {
        let id = match kind.holds {
            Holds::Choice => {
                let mut there = self.offered().into_iter();
                let option = there.find(|o| o.pointer("/text/text") == Some(&json!(text)));
                option.map(|option| text_of(option, "value"))
            }
            Holds::Person => self.world.person(text).map(|person| person.id.as_str()),
            Holds::Conversation | Holds::Channel => {
                self.world.channel(text).map(|channel| channel.id.as_str())
            }
            _ => None,
        };
        json!(id.unwrap_or(text))
    }

    /// The value in Slack's shape: an option for its `value`, a text for a text. `null` empties.
    pub(in super::super) fn take(&self, kind: &Kind, given: &Value) -> Result<Value, Cannot> {
        if !kind.several {
            return match given {
                Value::Null if kind.name != super::OVERFLOW => Ok(Value::Null),
                given => self.one(kind, given),
            };
        }
        let items = match given {
            Value::Null => &[],
            Value::Array(items) => items.as_slice(),
            _ => return unfit("several can be chosen here: give a list"),
        };
        let most = self
            .element
            .get("max_selected_items")
            .and_then(Value::as_u64);
        if most.is_some_and(|most| items.len() as u64 > most) {
            return unfit(format!(
                "no more than {} can be chosen",
                most.unwrap_or_default()
            ));
        }
        let mut taken = Vec::new();
        for item in items {
            let item = self.one(kind, item)?;
            if taken.contains(&item) {
                return unfit("the same was chosen twice");
            }
            taken.push(item);
        }
        Ok(Value::Array(taken))
    }

    fn one(&self, kind: &Kind, given: &Value) -> Result<Value, Cannot> {
        let Some(text) = plain(given) else {
            return unfit("a text is expected here");
        };
        match kind.holds {
            Holds::Text => self.text(&text),
            Holds::Number => self.number(&text),
            Holds::Choice => self.option(&text),
            Holds::Person => self.person(&text),
            Holds::Conversation => self.conversation(&text, true),
            Holds::Channel => self.conversation(&text, false),
            Holds::Date => match NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
                Ok(date) => Ok(json!(date.format("%Y-%m-%d").to_string())),
                Err(_) => unfit(format!("`{text}` is no date such as 2026-01-05")),
            },
            Holds::Time => match NaiveTime::parse_from_str(&text, "%H:%M") {
                Ok(time) => Ok(json!(time.format("%H:%M").to_string())),
                Err(_) => unfit(format!("`{text}` is no time such as 09:30")),
            },
            Holds::Moment => match text.parse::<i64>() {
                Ok(seconds) if text.len() == 10 => Ok(json!(seconds)),
                _ => unfit(format!("`{text}` is no time in seconds since 1970")),
            },
        }
    }

    fn text(&self, text: &str) -> Result<Value, Cannot> {
        let most = self.element.get("max_length").and_then(Value::as_u64);
        let most = most.unwrap_or(MAX_TEXT);
        let length = text.encode_utf16().count() as u64;
        match length {
            // An emptied input is as good as one that was never filled in.
            0 => Ok(Value::Null),
            n if n > most => unfit(format!("the text is longer than {most} characters")),
            _ => Ok(json!(text)),
        }
    }

    fn number(&self, text: &str) -> Result<Value, Cannot> {
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let decimal = self.element.get("is_decimal_allowed") == Some(&json!(true));
        let whole = text.parse::<i64>().is_ok();
        let Some(number) = text.parse::<f64>().ok().filter(|n| n.is_finite()) else {
            return unfit(format!("`{text}` is no number"));
        };
        if !decimal && !whole {
            return unfit(format!("`{text}` is no whole number"));
        }
        let bound = |name: &str| text_of(self.element, name).parse::<f64>().ok();
        if bound("min_value").is_some_and(|min| number < min) {
            return unfit(format!("`{text}` is too small"));
        }
        if bound("max_value").is_some_and(|max| number > max) {
            return unfit(format!("`{text}` is too large"));
        }
        Ok(json!(text))
    }

    fn option(&self, value: &str) -> Result<Value, Cannot> {
        let there = self.offered();
        match there.iter().find(|o| text_of(o, "value") == value) {
            Some(option) => Ok((*option).clone()),
            None => Err(Cannot::NotOffered {
                value: value.to_owned(),
                there: there
                    .iter()
                    .map(|o| text_of(o, "value").to_owned())
                    .collect(),
            }),
        }
    }

    /// The options that the element lists; of a menu that the app fills, those that it offered, and
    /// those that the menu begins with.
    fn offered(&self) -> Vec<&Value> {
        let mut there = options(self.element);
        if there.is_empty() {
            let one = self.element.get("initial_option");
            let several = self.element.get("initial_options");
            let several = several.and_then(Value::as_array).into_iter().flatten();
            there.extend(self.suggested.iter().copied().chain(one).chain(several));
        }
        there
    }

    fn person(&self, id: &str) -> Result<Value, Cannot> {
        let offered = |p: &&Person| p.id == id && p.standing != Standing::Deactivated;
        match self.world.people.iter().find(offered) {
            Some(person) => Ok(json!(person.id)),
            None => Err(Cannot::NoPerson(id.to_owned())),
        }
    }

    /// Channels are the public ones. Conversations are also private and direct ones that the person is
    /// in, as far as the element's filter lets them through.
    fn conversation(&self, id: &str, any: bool) -> Result<Value, Cannot> {
        let include = self.element.pointer("/filter/include");
        let include = include.and_then(Value::as_array);
        let let_through = |word: &str| include.is_none_or(|all| all.contains(&json!(word)));
        let offered = self.world.channels.iter().find(|channel| {
            let inside = any && channel.members.contains(&self.person.id);
            let seen = match &channel.kind {
                world::Kind::Public => let_through("public"),
                world::Kind::Private => inside && let_through("private"),
                world::Kind::Direct(_) => inside && let_through("im"),
            };
            channel.id == id && !channel.archived && seen
        });
        match offered {
            Some(channel) => Ok(json!(channel.id)),
            None => Err(Cannot::NoChannel(id.to_owned())),
        }
    }
}

/// A text, or a number in words.
fn plain(given: &Value) -> Option<String> {
    match given {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
