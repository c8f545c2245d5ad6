//! Records as others read them: JSON Lines without what people typed, and CSV for spreadsheets.
//!
//! A whole record as JSON Lines is its own line ([`Record::line`]); nothing here is needed for that.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Record;
use super::canonical::{Unfit, canonical};
use crate::id::RequestId;

/// Whether texts that people typed (fields named `typed_…`) are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// They are.
    Kept,
    /// They are left out: then nothing can be verified, and each line says so.
    LeftOut,
}

/// The beginning of the names of fields that hold what people typed.
const TYPED: &str = "typed_";

/// A record without what people typed: it has no hashes, because none of them would be right.
#[derive(Serialize)]
struct Shortened<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<&'a RequestId>,
    event: Value,
    number: u64,
    seq: u64,
    verifiable: bool,
}

/// The record's line without what people typed, with `"verifiable":false`.
///
/// # Errors
/// [`Unfit`]: nothing that was read from JSON.
pub fn without_typed(record: &Record) -> Result<String, Unfit> {
    canonical(&Shortened {
        document: record.document.as_ref(),
        event: untyped(&record.event),
        number: record.number,
        seq: record.seq,
        verifiable: false,
    })
}

/// The value without fields named `typed_…`, at any depth.
fn untyped(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !name.starts_with(TYPED));
            let kept = kept.map(|(name, field)| (name.clone(), untyped(field)));
            Value::Object(kept.collect())
        }
        Value::Array(parts) => parts.iter().map(untyped).collect(),
        other => other.clone(),
    }
}

/// The first row of the CSV; its last name says whether what people typed is in the cells below.
///
/// # Errors
/// The writer of CSV cannot go on: not with memory to write to.
pub fn csv_names(typed: Typed) -> Result<String, csv::Error> {
    let rest = match typed {
        Typed::Kept => "rest",
        Typed::LeftOut => "rest_without_typed",
    };
    row(&["seq", "at", "by", "event", "document", "number", rest].map(str::to_owned))
}

/// The record as a row of the CSV: what every event has, and the rest of it as JSON.
///
/// # Errors
/// As [`csv_names`].
pub fn csv_row(record: &Record, typed: Typed) -> Result<String, csv::Error> {
    let event = match typed {
        Typed::Kept => record.event.clone(),
        Typed::LeftOut => untyped(&record.event),
    };
    let mut fields = match event {
        Value::Object(fields) => fields,
        other => Map::from_iter([("event".to_owned(), other)]),
    };
    let mut take = |name: &str| fields.remove(name).unwrap_or(Value::Null);
    let (at, by, event) = (take("at"), take("by"), take("event"));
    let document = record.document.as_ref().map(RequestId::to_string);
    row(&[
        record.seq.to_string(),
        plain(at),
        whom(by),
        plain(event),
        document.unwrap_or_default(),
        record.number.to_string(),
        Value::Object(fields).to_string(),
    ])
}

/// `{"person":"U0DANA"}` as `U0DANA`: a service has a slash, and Drawbridge is a word.
fn whom(by: Value) -> String {
    match by {
        Value::Object(fields) => fields.into_values().map(plain).collect(),
        other => plain(other),
    }
}

fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Every cell in quotes: then a separator of another country inside a cell begins no new one.
fn row(cells: &[String; 7]) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(cells.iter().map(|cell| defused(cell)))?;
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A cell that a spreadsheet would take for a formula gets an apostrophe before it, as OWASP advises
/// ("CSV Injection").
fn defused(cell: &str) -> String {
    const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if cell.starts_with(FORMULA) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::audit::Head;
    use crate::audit::chain::link;

    fn record(event: Value) -> Record {
        let id = "k7m3xq".parse().unwrap();
        link(&Head::origin(), Some(&id), 3, event).unwrap().record
    }

    #[test]
    fn a_row_holds_what_every_event_has_and_the_rest_as_json() {
        let asked = record(json!({
            "at": "2026-03-02T09:00:00Z", "by": {"person": "U0DANA"}, "event": "asked",
            "flow": "shop/web to orders/db:5432", "typed_reason": "INC-42 \"slow\"",
        }));
        assert_eq!(
            csv_row(&asked, Typed::Kept).unwrap(),
            "\"1\",\"2026-03-02T09:00:00Z\",\"U0DANA\",\"asked\",\"k7m3xq\",\"3\",\
             \"{\"\"flow\"\":\"\"shop/web to orders/db:5432\"\",\"\"typed_reason\"\":\"\"INC-42 \\\"\"slow\\\"\"\"\"}\"\r\n"
        );
        assert_eq!(
            csv_names(Typed::Kept).unwrap(),
            "\"seq\",\"at\",\"by\",\"event\",\"document\",\"number\",\"rest\"\r\n"
        );
        let shorter = csv_row(&asked, Typed::LeftOut).unwrap();
        assert!(
            !shorter.contains("slow") && shorter.contains("flow"),
            "{shorter}"
        );
        assert!(
            csv_names(Typed::LeftOut)
                .unwrap()
                .contains("rest_without_typed")
        );
    }

    #[test]
    fn typed_texts_are_left_out_at_any_depth_and_the_line_says_so() {
        let deep = record(json!({
            "event": "x", "typed_a": "secret", "list": [{"typed_b": "secret", "c": 1}],
        }));
        assert_eq!(
            without_typed(&deep).unwrap(),
            "{\"document\":\"k7m3xq\",\"event\":{\"event\":\"x\",\"list\":[{\"c\":1}]},\
             \"number\":3,\"seq\":1,\"verifiable\":false}"
        );
    }

    #[test]
    fn every_fact_is_still_read_where_typed_texts_are_left_out() {
        use crate::audit::Event;
        use crate::audit::samples::{event, facts};

        for fact in facts() {
            let kind = serde_json::to_value(event(1, fact)).unwrap();
            let told = record(kind.clone());
            let line: Value = serde_json::from_str(&without_typed(&told).unwrap()).unwrap();
            let read: Event = serde_json::from_value(line["event"].clone())
                .unwrap_or_else(|error| panic!("{}: {error}", kind["event"]));
            assert_eq!(serde_json::to_value(&read).unwrap()["event"], kind["event"]);
        }
    }

    proptest! {
        #[test]
        fn no_cell_is_a_formula_and_every_cell_comes_back(
            start in prop::sample::select(vec!["=", "+", "-", "@", "\t", "\r", "\n", "＝", "", "a", "'", "\""]),
            rest in "(?s).*",
        ) {
            let text = format!("{start}{rest}");
            let by = json!({"event": text, "at": text, "by": text});
            let row = csv_row(&record(by), Typed::Kept).unwrap();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(row.as_bytes());
            let cells = reader.records().next().unwrap().unwrap();
            prop_assert_eq!(cells.len(), 7);
            for cell in &cells {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']));
            }
            prop_assert_eq!(cells[3].strip_prefix('\'').filter(|bare| *bare == text).unwrap_or(&cells[3]), &text);
        }
    }
}
