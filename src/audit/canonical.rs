//! Canonical JSON (RFC 8785), and which values have one form only.
//!
//! A number in JSON is a double for whoever reads it by RFC 8785: an integer beyond 2⁵³ − 1 would be
//! rounded, and `1.0` would come back as `1`. The ledger therefore holds integers within that bound and
//! no fractions, so that reading a line and writing it again gives the same bytes and the same values.

use serde::Serialize;
use serde_json::Value;

/// The largest integer that every JSON reader keeps: 2⁵³ − 1 (RFC 7493 §2.2).
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// A value that has no place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// An integer that a reader would round, or a fraction.
    #[error("the number `{0}` would not survive: only integers up to 2^53 - 1 do")]
    Number(String),
    /// It cannot be written as JSON.
    #[error("it cannot be written as JSON: {0}")]
    NotJson(String),
    /// An event of a document is numbered from 1; one of the ledger itself has number 0 and no document.
    #[error("an event has the number {0} {kind}", kind = if *.1 { "of a document" } else { "and no document" })]
    Numbering(u64, bool),
}

/// The canonical form. Whether it may be recorded is for [`fits`] to say.
///
/// # Errors
/// [`Unfit::NotJson`].
pub(super) fn canonical(value: &impl Serialize) -> Result<String, Unfit> {
    serde_json_canonicalizer::to_string(value).map_err(|error| Unfit::NotJson(error.to_string()))
}

/// Whether a value comes back unchanged from its canonical form.
///
/// # Errors
/// [`Unfit::Number`] with the first number that would not.
pub fn fits(value: &Value) -> Result<(), Unfit> {
    match value {
        Value::Number(number) if exact(number) => Ok(()),
        Value::Number(number) => Err(Unfit::Number(number.to_string())),
        Value::Array(parts) => parts.iter().try_for_each(fits),
        Value::Object(fields) => fields.values().try_for_each(fits),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// The same value with every number that would not survive as a string: what is applied to a cluster
/// may hold any number, and a ledger that stands still is worse than a number in quotes.
pub fn fitted(value: Value) -> Value {
    match value {
        Value::Number(number) if !exact(&number) => Value::String(number.to_string()),
        Value::Array(parts) => parts.into_iter().map(fitted).collect(),
        Value::Object(fields) => {
            let fields = fields
                .into_iter()
                .map(|(name, field)| (name, fitted(field)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}

fn exact(number: &serde_json::Number) -> bool {
    let small = |n: u64| n <= MAX_INTEGER;
    number.as_u64().is_some_and(small) || number.as_i64().is_some_and(|n| small(n.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_canonical_form_is_that_of_the_rfc() {
        // RFC 8785 §3.2.2 and §3.2.3: escapes, and names sorted by UTF-16 units.
        let value: Value = serde_json::from_str(
            "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7,\"s\":\"\\u20ac$\\u000F\\nA'B\\\"\\\\\\\\\\\"/\"}",
        )
        .unwrap();
        assert_eq!(
            canonical(&value).unwrap(),
            "{\"\\r\":2,\"1\":4,\"s\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\",\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}"
        );
    }

    #[test]
    fn numbers_that_a_reader_would_round_are_refused_and_can_be_put_in_quotes() {
        for (value, refused) in [
            (json!(MAX_INTEGER), None),
            (json!(-(MAX_INTEGER as i64)), None),
            (json!(MAX_INTEGER + 1), Some("9007199254740992")),
            (
                json!({"a": [1, {"b": u64::MAX}]}),
                Some("18446744073709551615"),
            ),
            (json!(i64::MIN), Some("-9223372036854775808")),
            (json!(1.0), Some("1.0")),
            (json!([null, true, "1.5", ""]), None),
        ] {
            let expected = refused.map_or(Ok(()), |n| Err(Unfit::Number(n.to_owned())));
            assert_eq!(fits(&value), expected);
            let fit = fitted(value.clone());
            assert_eq!(fits(&fit), Ok(()));
            assert_eq!(fit == value, refused.is_none());
        }
    }

    /// Any JSON without fractions.
    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".*", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_fits_comes_back_unchanged(value in values()) {
            let value = fitted(value);
            let line = canonical(&value).unwrap();
            let back: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(&back, &value);
            prop_assert_eq!(canonical(&back).unwrap(), line);
        }
    }
}
