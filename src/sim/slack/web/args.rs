//! A call's arguments: from the query, a form, or JSON where the method takes it.

use http::request::Parts;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::answer::Refused;

/// The arguments of one call.
#[derive(Debug, Default)]
pub(in super::super) struct Args {
    values: Map<String, Value>,
    bearer: Option<String>,
}

impl Args {
    /// Reads them. A JSON body is passed over by methods that do not take JSON, as Slack passes over
    /// it: whatever was in it is then missing.
    pub(super) fn read(parts: &Parts, body: &[u8], takes_json: bool) -> Result<Self, Refused> {
        let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
        let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let mut args = Self {
            values: Map::new(),
            bearer: bearer.map(str::to_owned),
        };
        args.take_form(parts.uri.query().unwrap_or_default().as_bytes());
        let content_type = header("content-type").unwrap_or_default();
        match content_type.split(';').next().unwrap_or_default().trim() {
            // Official clients say JSON and send nothing when there are no arguments.
            "application/json" if takes_json && !body.is_empty() => args.take_json(body)?,
            "application/x-www-form-urlencoded" => args.take_form(body),
            _ => {}
        }
        Ok(args)
    }

    fn take_form(&mut self, form: &[u8]) {
        for (name, value) in form_urlencoded::parse(form) {
            let value = Value::String(value.into_owned());
            self.values.insert(name.into_owned(), value);
        }
    }

    fn take_json(&mut self, body: &[u8]) -> Result<(), Refused> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(values)) => {
                self.values.extend(values);
                // In JSON bodies a token is not looked for.
                self.values.remove("token");
                Ok(())
            }
            Ok(_) => Err(Refused::Code("json_not_object")),
            Err(_) => Err(Refused::Code("invalid_json")),
        }
    }

    /// The token: from the header, or from a form.
    pub(super) fn token(&self) -> Option<&str> {
        self.bearer.as_deref().or_else(|| self.text("token"))
    }

    /// All of them, as they were sent.
    pub(super) fn all(&self) -> &Map<String, Value> {
        &self.values
    }

    /// A text argument. Empty is as good as absent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    /// A text argument that the method requires.
    pub(super) fn needed(&self, name: &str) -> Result<&str, Refused> {
        self.text(name).ok_or_else(|| Refused::missing(name))
    }

    /// A flag: JSON's own, or one of the words a form can hold.
    pub(super) fn flag(&self, name: &str) -> bool {
        match self.values.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(word)) => matches!(word.as_str(), "true" | "1"),
            Some(Value::Number(n)) => n.as_i64() == Some(1),
            _ => false,
        }
    }

    /// A number, as JSON or in words.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        match self.values.get(name)? {
            Value::Number(n) => usize::try_from(n.as_u64()?).ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A structured argument: JSON, or JSON in a string. `Some(Err)` when it is neither.
    pub(super) fn structure(&self, name: &str) -> Option<Result<Value, ()>> {
        match self.values.get(name)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(serde_json::from_str(text).map_err(|_| ())),
            value => Some(Ok(value.clone())),
        }
    }
}
