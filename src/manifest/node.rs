//! A document as a tree whose every value knows its line.
//!
//! Plain words are resolved as `kubectl` resolves them (`yes` is a boolean, `1.10` a number), so a
//! label that must be quoted for `kubectl` must be quoted here.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Number;
use serde_saphyr::Spanned;

/// A value and the line it begins at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// From 1.
    pub(super) line: u64,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    /// In the order of the document; keys are unique.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// A field of a map; `None` where it is missing or null.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Map(fields) = &self.value else {
            return None;
        };
        let (_, found) = fields.iter().find(|(name, _)| name == key)?;
        (found.value != Value::Null).then_some(found)
    }

    /// A field that is a text.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is the empty text.
    pub(super) fn is_empty(&self) -> bool {
        matches!(&self.value, Value::Text(text) if text.is_empty())
    }

    /// Sets a field of a map to a text, in its place if it is there.
    pub(super) fn set(&mut self, key: &str, text: &str) {
        let line = self.line;
        let Value::Map(fields) = &mut self.value else {
            return;
        };
        let value = Value::Text(text.to_owned());
        match fields.iter_mut().find(|(name, _)| name == key) {
            Some((_, node)) => node.value = value,
            None => fields.push((key.to_owned(), Self { line, value })),
        }
    }

    /// Adds lines that come before the document.
    pub(super) fn shift(&mut self, lines: u64) {
        self.line += lines;
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.shift(lines)),
            Value::Map(fields) => fields.iter_mut().for_each(|(_, node)| node.shift(lines)),
            _ => {}
        }
    }

    /// The line of the field at a path such as `spec.ingress[0].ports[1].port`, or of the nearest
    /// thing above it that is there.
    pub(super) fn line_of(&self, path: &str) -> u64 {
        let mut node = self;
        for step in path.split(['.', '[']) {
            let item: Option<usize> = step.strip_suffix(']').and_then(|n| n.parse().ok());
            let below = match (&node.value, item) {
                (Value::List(items), Some(item)) => items.get(item),
                _ => node.get(step),
            };
            match below {
                Some(below) => node = below,
                None => break,
            }
        }
        node.line
    }
}

/// As JSON, for what is judged field by field.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(bool) => serializer.serialize_bool(*bool),
            Value::Number(number) => number.serialize(serializer),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items),
            Value::Map(fields) => serializer.collect_map(fields.iter().map(|(k, v)| (k, v))),
        }
    }
}

/// From YAML, whose reader knows every value's line.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Spanned::<Unplaced>::deserialize(deserializer)?;
        let Unplaced(mut node) = read.value;
        node.line = read.referenced.line();
        Ok(node)
    }
}

struct Unplaced(Node);

impl<'de> Deserialize<'de> for Unplaced {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = deserializer.deserialize_any(Build { line: None })?;
        Ok(Self(node))
    }
}

/// Builds a tree.
#[derive(Clone, Copy)]
pub(super) struct Build<'a> {
    /// For JSON, whose reader does not tell lines: the line that has been read up to.
    pub(super) line: Option<&'a Cell<u64>>,
}

impl<'de> DeserializeSeed<'de> for Build<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        match self.line {
            Some(_) => deserializer.deserialize_any(self),
            None => Node::deserialize(deserializer),
        }
    }
}

impl Build<'_> {
    fn node<E>(self, value: Value) -> Result<Node, E> {
        let line = self.line.map(Cell::get).unwrap_or_default();
        Ok(Node { line, value })
    }
}

impl<'de> Visitor<'de> for Build<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        self.node(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        self.node(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        self.node(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        self.node(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("not a finite number"))?;
        self.node(Value::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        self.node(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        self.node(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut list = self.node(Value::Null)?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        list.value = Value::List(items);
        Ok(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut node = self.node(Value::Null)?;
        let mut fields: Vec<(String, Node)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            fields.push((key, map.next_value_seed(self)?));
        }
        if let Some(twice) = repeated(&fields) {
            let message = format!("the field `{twice}` is written twice");
            return Err(de::Error::custom(message));
        }
        node.value = Value::Map(fields);
        Ok(node)
    }
}

fn repeated(fields: &[(String, Node)]) -> Option<&str> {
    let mut seen = BTreeSet::new();
    let mut keys = fields.iter().map(|(key, _)| key.as_str());
    keys.find(|key| !seen.insert(*key))
}
