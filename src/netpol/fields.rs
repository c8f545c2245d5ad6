//! Fields of objects whose types are not Kubernetes' own, read one by one: what is not known here is
//! named instead of dropped, so that the answer can be *unknown*.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

/// A field that is there; `null` counts as absent, as in the API.
pub(super) fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// A field's text; empty where there is none.
pub(super) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list; none where there is no list.
pub(super) fn items<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A label selector; `None` where it cannot be read or says more than is known here.
pub(super) fn selector(value: &Value) -> Option<LabelSelector> {
    const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];
    if unknown(value, &["matchLabels", "matchExpressions"]).is_some() {
        return None;
    }
    let read: LabelSelector = serde_json::from_value(value.clone()).ok()?;
    let mut expressions = read.match_expressions.iter().flatten();
    let known = expressions.all(|one| OPERATORS.contains(&one.operator.as_str()));
    known.then_some(read)
}

/// The first field that is none of `known`.
pub(super) fn unknown(object: &Value, known: &[&str]) -> Option<String> {
    let fields = object.as_object()?;
    let mut names = fields.iter().filter(|(_, value)| !value.is_null());
    names
        .find(|(name, _)| !known.contains(&name.as_str()))
        .map(|(name, _)| name.clone())
}

/// A port number, 1 to 65535.
pub(super) fn number(value: &Value) -> Option<u16> {
    let number = value.as_u64().and_then(|n| u16::try_from(n).ok());
    number.filter(|n| *n > 0)
}
