//! Selectors of pods in the objects of a template: bounded, and in words.

use serde_json::Value;

use super::shape::{Fault, Look, entries, exactly, literal, only, shown};

/// The label that every namespace has, with its name.
pub(super) const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Labels by which Cilium tells namespaces and policies apart: not for the subject of a gate, which is in the
/// namespace of its object.
const CILIUMS_OWN: [&str; 2] = ["io.kubernetes.pod.namespace", "io.cilium.k8s"];

/// Longest key of a label: a prefix, `/`, a name; and `k8s:` before it.
const MAX_KEY: usize = 253 + 1 + 63 + 4;

/// A selector that means some pods: it demands a label, so that it is never everything. `what` names it.
pub(super) fn pods(value: &Value, what: &str, look: Look<'_>) -> Result<(), Fault> {
    if look.is_open(value) {
        return Ok(());
    }
    only(value, what, &["matchLabels", "matchExpressions"])?;
    let mut demands = false;
    if let Some(labels) = value.get("matchLabels") {
        demands = self::labels(labels, what, look)?;
    }
    if let Some(expressions) = value.get("matchExpressions") {
        for expression in entries(Some(expressions), "matchExpressions")? {
            demands |= self::expression(expression, look)?;
        }
    }
    if demands {
        return Ok(());
    }
    Err(Fault::new(
        format!("`{what}` selects every pod of the namespace"),
        "name pods by a label that they have",
    ))
}

/// The same for Cilium, whose labels may begin with `k8s:`; at least one of them is in `matchLabels`.
pub(super) fn endpoints(value: &Value, what: &str, look: Look<'_>) -> Result<(), Fault> {
    if look.is_open(value) {
        return Ok(());
    }
    pods(value, what, look)?;
    let labels = value.get("matchLabels").and_then(Value::as_object);
    let keys: Vec<&String> = labels
        .into_iter()
        .flat_map(|labels| labels.keys())
        .collect();
    if keys.is_empty() {
        return Err(Fault::plain(format!("`{what}` needs `matchLabels`")));
    }
    let expressions = value.get("matchExpressions").and_then(Value::as_array);
    let others = expressions.into_iter().flatten();
    let others = others.filter_map(|one| one.get("key").and_then(Value::as_str));
    let mut all = keys.into_iter().map(String::as_str).chain(others);
    let foreign = |key: &&str| {
        CILIUMS_OWN
            .iter()
            .any(|own| plain_key(key).starts_with(own))
    };
    match all.find(foreign) {
        None => Ok(()),
        Some(key) => Err(Fault::new(
            format!("`{what}` cannot hold `{key}`"),
            "it selects in the namespace of its object, by the labels of pods",
        )),
    }
}

/// A namespace by its name, which is the only sure way to mean one.
pub(super) fn namespace(value: &Value, look: Look<'_>) -> Result<(), Fault> {
    if look.is_open(value) {
        return Ok(());
    }
    let by_name = Fault::new(
        "`namespaceSelector` names one namespace",
        format!("write `matchLabels: {{{NAMESPACE_NAME}: orders}}`"),
    );
    exactly(value, "namespaceSelector", &["matchLabels"]).map_err(|_| by_name.clone())?;
    let labels = value.get("matchLabels").unwrap_or(&Value::Null);
    exactly(labels, "matchLabels", &[NAMESPACE_NAME]).map_err(|_| by_name.clone())?;
    match labels.get(NAMESPACE_NAME) {
        Some(name) if look.is_open(name) => Ok(()),
        Some(Value::String(name)) if super::shape::is_dns_label(name) => Ok(()),
        _ => Err(by_name),
    }
}

/// Whether there is one at all.
fn labels(value: &Value, what: &str, look: Look<'_>) -> Result<bool, Fault> {
    let Some(labels) = value.as_object() else {
        return Err(Fault::plain(format!(
            "`matchLabels` of `{what}` are labels with their values"
        )));
    };
    for (key, value) in labels {
        self::key(key)?;
        self::value(value, look)?;
    }
    Ok(!labels.is_empty())
}

/// Whether it demands a label (and does not only exclude some).
fn expression(value: &Value, look: Look<'_>) -> Result<bool, Fault> {
    let fields = only(value, "matchExpressions", &["key", "operator", "values"])?;
    let field = |name: &str| fields.get(name).unwrap_or(&Value::Null);
    self::key(literal(field("key"), "key")?)?;
    let operator = literal(field("operator"), "operator")?;
    match operator {
        "In" | "NotIn" => {
            for one in entries(fields.get("values"), "values")? {
                self::value(one, look)?;
            }
        }
        "Exists" | "DoesNotExist" if !fields.contains_key("values") => {}
        _ => {
            return Err(Fault::plain(format!(
                "`{operator}` is not an operator with these values"
            )));
        }
    }
    Ok(matches!(operator, "In" | "Exists"))
}

fn key(key: &str) -> Result<(), Fault> {
    let plain = plain_key(key);
    let fits = |c: u8| c.is_ascii_alphanumeric() || b"-_./".contains(&c);
    if !plain.is_empty() && key.len() <= MAX_KEY && plain.bytes().all(fits) {
        return Ok(());
    }
    let shown = shown(&Value::from(key));
    Err(Fault::plain(format!("`{shown}` is not the key of a label")))
}

fn value(value: &Value, look: Look<'_>) -> Result<(), Fault> {
    let fits = |c: u8| c.is_ascii_alphanumeric() || b"-_.".contains(&c);
    match value.as_str() {
        Some(_) if look.is_open(value) => Ok(()),
        Some(text) if text.len() <= 63 && text.bytes().all(fits) => Ok(()),
        _ => Err(Fault::plain(format!(
            "`{}` is not the value of a label",
            shown(value)
        ))),
    }
}

/// A label's key without the source that Cilium writes before it.
pub(super) fn plain_key(key: &str) -> &str {
    key.strip_prefix("k8s:").unwrap_or(key)
}

/// `app=web,tier in (a,b)`: a selector in words.
pub(super) fn words(selector: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let labels = selector.get("matchLabels").and_then(Value::as_object);
    let labels = labels.into_iter().flatten();
    let mut parts: Vec<String> = labels
        .map(|(key, value)| format!("{}={}", plain_key(key), text(value)))
        .collect();
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    for one in expressions.into_iter().flatten() {
        let field = |name: &str| one.get(name).map(text).unwrap_or_default();
        let values = one.get("values").and_then(Value::as_array);
        let values: Vec<String> = values.into_iter().flatten().map(text).collect();
        let key = field("key");
        parts.push(match field("operator").as_str() {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} not in ({})", values.join(",")),
            "Exists" => key,
            _ => format!("!{key}"),
        });
    }
    parts.join(",")
}

/// The selector with labels as Kubernetes has them.
pub(super) fn plain(selector: &Value) -> Value {
    let mut plain = selector.clone();
    if let Some(labels) = plain.get_mut("matchLabels").and_then(Value::as_object_mut) {
        let keys: Vec<String> = labels.keys().cloned().collect();
        for key in keys {
            if let Some(value) = labels.remove(&key) {
                labels.insert(plain_key(&key).to_owned(), value);
            }
        }
    }
    let expressions = plain.get_mut("matchExpressions");
    for one in expressions
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let key = one.get("key").and_then(Value::as_str).map(plain_key);
        let key = key.map(Value::from);
        if let (Some(key), Some(fields)) = (key, one.as_object_mut()) {
            fields.insert("key".to_owned(), key);
        }
    }
    plain
}
