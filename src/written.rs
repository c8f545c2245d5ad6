//! What is written today and read by other versions: which format a document says it has, and what becomes of the
//! parts that this version does not know.
//!
//! Two versions run side by side while an update rolls, and an update may be taken back. So:
//!
//! - **Older documents** are read by every later version: fields that came later have a default.
//! - **Unknown fields** of a document whose format this version reads are kept: they are written back wherever the
//!   part that they belong to is still there. What may be passed over in this way is added without a new format.
//! - **Later documents** (a format above [`FORMAT`], or a word where none is known) are left to who wrote them:
//!   never acted on, never written. A version that gives a document a meaning which earlier ones must not pass over
//!   writes the higher format into *that* document, and into no other.
//!
//! Nothing stays open meanwhile: the end of every gate is on its objects, and the reaper asks no document.
//!
//! Events and ledger records need no such care here: they are kept and linked as they were written, whatever this
//! version knows of them (`audit::Record::event`).
//!
//! Pure. It must never change what a known field says.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The format that this version writes, and the latest that it reads. A document without one has the first.
pub const FORMAT: u16 = 1;

/// Fields that say which of several shapes an object has: what stood in another shape is not carried over.
const SHAPES: [&str; 5] = ["is", "why", "note", "event", "kind"];

/// Fields by which an element of a list is known when others came or went.
const NAMES: [&str; 6] = ["id", "key", "uid", "name", "by", "who"];

/// A document as it was read.
#[derive(Debug, Clone)]
pub struct Read<T> {
    /// What this version knows of it.
    pub value: T,
    /// The rest.
    pub rest: Rest,
}

/// What stands in a document beside what this version knows: given back to [`write()`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rest(Option<Part>);

/// The unknown parts of one value.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    /// Of an object: its shape, fields that are unknown, and known ones with something unknown inside.
    Fields {
        shape: Option<Value>,
        unknown: Map<String, Value>,
        inside: BTreeMap<String, Part>,
    },
    /// Of a list: the place, what was known of the element, and what was not.
    Elements(Vec<(usize, Value, Part)>),
}

/// Why a document is not read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// A later version wrote it, and says that this one must leave it alone.
    #[error("it has the format {0}, written by a later version")]
    Later(u64),
    /// It is damaged, or holds a word that only a later version knows.
    #[error(transparent)]
    Unknown(#[from] serde_json::Error),
}

/// What can be told of a document before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outside {
    /// Its format.
    pub format: u64,
    /// Whether it is a note and no request.
    pub is_note: bool,
}

/// Looks at a document from outside; what is no object at all is a damaged request of the first format.
pub fn look(text: &str) -> Outside {
    #[derive(Default, serde::Deserialize)]
    struct Seen {
        #[serde(default)]
        format: Option<Value>,
        #[serde(default)]
        note: Option<serde::de::IgnoredAny>,
    }
    let seen: Seen = serde_json::from_str(text).unwrap_or_default();
    let format = match seen.format {
        None | Some(Value::Null) => 1,
        // A format that is no number is one that nobody of today wrote.
        Some(format) => format.as_u64().unwrap_or(u64::MAX),
    };
    Outside {
        format,
        is_note: seen.note.is_some(),
    }
}

/// Reads a document.
///
/// # Errors
/// [`Unread`]: leave it alone.
pub fn read<T: DeserializeOwned + Serialize>(text: &str) -> Result<Read<T>, Unread> {
    let outside = look(text);
    if outside.format > u64::from(FORMAT) {
        return Err(Unread::Later(outside.format));
    }
    let value: T = serde_json::from_str(text)?;
    // Nearly every document was written by this very version, and reads back byte for byte.
    let rest = if serde_json::to_string(&value)? == text {
        Rest::default()
    } else {
        let whole: Value = serde_json::from_str(text)?;
        Rest(unknown(&whole, &serde_json::to_value(&value)?))
    };
    Ok(Read { value, rest })
}

/// Writes a document, with what was unknown in the one that it comes from.
///
/// # Errors
/// The value is none that JSON can hold.
pub fn write<T: Serialize>(value: &T, rest: &Rest) -> Result<String, serde_json::Error> {
    let Some(part) = &rest.0 else {
        return serde_json::to_string(value);
    };
    let mut whole = serde_json::to_value(value)?;
    put_back(&mut whole, part);
    serde_json::to_string(&whole)
}

impl Rest {
    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// What is in `whole` and not in `known`.
fn unknown(whole: &Value, known: &Value) -> Option<Part> {
    match (whole, known) {
        (Value::Object(whole), Value::Object(known)) => {
            let mut unread = Map::new();
            let mut inside = BTreeMap::new();
            for (field, value) in whole {
                match known.get(field) {
                    None => drop(unread.insert(field.clone(), value.clone())),
                    Some(read) => inside.extend(unknown(value, read).map(|p| (field.clone(), p))),
                }
            }
            let none = unread.is_empty() && inside.is_empty();
            (!none).then(|| Part::Fields {
                shape: shape(known),
                unknown: unread,
                inside,
            })
        }
        (Value::Array(whole), Value::Array(known)) if whole.len() == known.len() => {
            let pairs = whole.iter().zip(known).enumerate();
            let parts = pairs
                .filter_map(|(at, (value, read))| Some((at, read.clone(), unknown(value, read)?)));
            let parts: Vec<_> = parts.collect();
            (!parts.is_empty()).then_some(Part::Elements(parts))
        }
        _ => None,
    }
}

fn put_back(value: &mut Value, part: &Part) {
    match (value, part) {
        (
            Value::Object(fields),
            Part::Fields {
                shape: was,
                unknown,
                inside,
            },
        ) if shape(fields) == *was => {
            for (field, value) in unknown {
                fields.entry(field.clone()).or_insert_with(|| value.clone());
            }
            for (field, part) in inside {
                if let Some(value) = fields.get_mut(field) {
                    put_back(value, part);
                }
            }
        }
        (Value::Array(list), Part::Elements(parts)) => {
            for (at, known, part) in parts {
                if let Some(element) = place(list, *at, known) {
                    put_back(element, part);
                }
            }
        }
        _ => {}
    }
}

/// Where an element of a list is now: in its place, or wherever one of its name is.
fn place<'l>(list: &'l mut [Value], at: usize, known: &Value) -> Option<&'l mut Value> {
    let is_it = |now: &Value| now == known || (name(now).is_some() && name(now) == name(known));
    let stayed = list.get(at).is_some_and(is_it);
    let now = if stayed {
        Some(at)
    } else {
        list.iter().position(is_it)
    };
    // An element without a name that was changed where it stands is the same one.
    list.get_mut(now.or(name(known).is_none().then_some(at))?)
}

fn shape(fields: &Map<String, Value>) -> Option<Value> {
    let shape = SHAPES.iter().find_map(|field| fields.get(*field));
    shape.filter(|shape| shape.is_string()).cloned()
}

fn name(element: &Value) -> Option<&Value> {
    NAMES.iter().find_map(|field| element.get(field))
}

#[cfg(test)]
mod tests;
