//! A tree turned into one of Kubernetes' types. An error knows the path of its field; so does every
//! field that the type does not have.

use std::cell::RefCell;
use std::fmt;
use std::slice;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::node::{Node, Value};

/// What was decoded.
#[derive(Debug)]
pub(super) struct Decoded<T> {
    pub(super) object: T,
    /// Paths of fields that the type does not have.
    pub(super) unknown: Vec<String>,
}

/// Why a tree is not of the type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DecodeError {
    /// `spec.containers[0].ports`; empty for the whole.
    pub(super) path: String,
    /// From 1; 0 until it is known.
    pub(super) line: u64,
    pub(super) message: String,
}

impl DecodeError {
    /// The same, where the tree is a field of another.
    pub(super) fn below(mut self, field: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => field.to_owned(),
            path => format!("{field}.{path}"),
        };
        self
    }
}

/// Reads a tree as a `T`.
pub(super) fn decode<T: DeserializeOwned>(node: &Node) -> Result<Decoded<T>, DecodeError> {
    let unknown = RefCell::new(Vec::new());
    let object = T::deserialize(Decoder {
        node,
        path: Path::Root,
        unknown: &unknown,
    })?;
    let unknown = unknown.into_inner();
    Ok(Decoded { object, unknown })
}

/// The way from the root, as it lies on the stack while decoding.
#[derive(Clone, Copy)]
enum Path<'p> {
    Root,
    Field(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(above, name) => write!(f, "{above}.{name}"),
            Self::Item(above, index) => write!(f, "{above}[{index}]"),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "`{path}`: {}", self.message),
        }
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self {
            path: String::new(),
            line: 0,
            // Serde's word for it is `unit value`, which nobody writes into a manifest.
            message: message.to_string().replace("unit value", "null"),
        }
    }
}

#[derive(Clone, Copy)]
struct Decoder<'de, 'p> {
    node: &'de Node,
    path: Path<'p>,
    unknown: &'p RefCell<Vec<String>>,
}

impl Decoder<'_, '_> {
    /// Gives an error its place, unless it arose deeper and has one.
    fn place<T>(self, result: Result<T, DecodeError>) -> Result<T, DecodeError> {
        result.map_err(|error| match error.line {
            0 => DecodeError {
                path: self.path.to_string(),
                line: self.node.line,
                ..error
            },
            _ => error,
        })
    }
}

impl<'de> Deserializer<'de> for Decoder<'de, '_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let result = match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(*bool),
            // Numbers as serde_json resolves them: whole ones first.
            Value::Number(number) => number.deserialize_any(visitor).map_err(de::Error::custom),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visitor.visit_seq(Items {
                above: &self,
                items: items.iter().enumerate(),
            }),
            Value::Map(fields) => visitor.visit_map(Fields {
                above: &self,
                fields: fields.iter(),
                next: None,
            }),
        };
        self.place(result)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    /// Kubernetes' types ask for this where they do not have the field.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.unknown.borrow_mut().push(self.path.to_string());
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier
    }
}

struct Items<'de, 'p> {
    above: &'p Decoder<'de, 'p>,
    items: std::iter::Enumerate<slice::Iter<'de, Node>>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = DecodeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        let Some((index, node)) = self.items.next() else {
            return Ok(None);
        };
        let below = Decoder {
            node,
            path: Path::Item(&self.above.path, index),
            unknown: self.above.unknown,
        };
        seed.deserialize(below).map(Some)
    }
}

struct Fields<'de, 'p> {
    above: &'p Decoder<'de, 'p>,
    fields: slice::Iter<'de, (String, Node)>,
    next: Option<&'de (String, Node)>,
}

impl<'de> MapAccess<'de> for Fields<'de, '_> {
    type Error = DecodeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        self.next = self.fields.next();
        let key = self.next.map(|(key, _)| StrDeserializer::new(key));
        key.map(|key| seed.deserialize(key)).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, DecodeError> {
        let (key, node) = self
            .next
            .take()
            .ok_or_else(|| de::Error::custom("a value without its key"))?;
        let below = Decoder {
            node,
            path: Path::Field(&self.above.path, key),
            unknown: self.above.unknown,
        };
        // Placed here too: a newtype (a time stamp) finds its fault after its text was read.
        below.place(seed.deserialize(below))
    }
}
