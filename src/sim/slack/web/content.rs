//! What a message says: text, blocks and metadata, checked as Slack checks them.

use serde_json::{Value, json};

use super::super::state::State;
use super::super::{blocks, markup, wire};
use super::answer::Refused;
use super::args::Args;

/// Longer text is cut off when it is posted.
const MAX_TEXT: usize = 40_000;
/// Longer text is refused when a message is updated; for posting it is advice.
const ADVISED_TEXT: usize = 4_000;

/// The content of a call that writes a message. `None` means that the argument was not there.
#[derive(Debug, Default)]
pub(in super::super) struct Content {
    pub(in super::super) text: Option<String>,
    pub(in super::super) blocks: Option<Vec<Value>>,
    /// `{}` clears what was there.
    pub(in super::super) metadata: Option<Value>,
}

impl Content {
    pub(super) fn of_call(args: &Args) -> Result<Self, Refused> {
        let markdown = args.text("markdown_text");
        let text = args.text("text");
        let blocks = match args.structure("blocks") {
            None => None,
            Some(Ok(Value::Array(blocks))) => Some(blocks),
            Some(_) => return Err(Refused::Code("invalid_blocks_format")),
        };
        if markdown.is_some() && (text.is_some() || blocks.is_some()) {
            return Err(Refused::Code("markdown_text_conflict"));
        }
        let content = Self {
            text: text
                .or(markdown)
                .map(|t| t.chars().take(MAX_TEXT).collect()),
            blocks,
            metadata: None,
        };
        content.checked()
    }

    /// The same content with the metadata of the call.
    pub(super) fn with_metadata(mut self, args: &Args) -> Result<Self, Refused> {
        self.metadata = metadata(args)?;
        Ok(self)
    }

    /// The content of a JSON document: a response URL's body or a command's answer.
    pub(in super::super) fn of_document(document: &Value) -> Result<Self, Refused> {
        let text = document.get("text").and_then(Value::as_str);
        let blocks = match document.get("blocks") {
            None | Some(Value::Null) => None,
            Some(Value::Array(blocks)) => Some(blocks.clone()),
            Some(_) => return Err(Refused::Code("invalid_blocks_format")),
        };
        let content = Self {
            text: text.filter(|t| !t.is_empty()).map(str::to_owned),
            blocks,
            metadata: None,
        };
        content.checked()
    }

    fn checked(self) -> Result<Self, Refused> {
        let messages = blocks::check_message(self.blocks.as_deref().unwrap_or_default());
        if !messages.is_empty() {
            return Err(Refused::Detailed {
                code: "invalid_blocks",
                messages,
            });
        }
        Ok(self)
    }

    /// Nothing to show.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.text.is_none() && self.blocks.as_ref().is_none_or(Vec::is_empty)
    }

    /// Whether the text is too long for an update.
    pub(super) fn too_long(&self) -> bool {
        let text = self.text.as_deref().unwrap_or_default();
        text.chars().count() > ADVISED_TEXT
    }
}

/// An object with `event_type` and `event_payload`, or `{}` to clear.
fn metadata(args: &Args) -> Result<Option<Value>, Refused> {
    let given = match args.structure("metadata") {
        None => return Ok(None),
        Some(Ok(given)) => given,
        Some(Err(())) => return Err(Refused::Code("invalid_metadata_format")),
    };
    let empty = given.as_object().is_some_and(serde_json::Map::is_empty);
    let typed = given.get("event_type").is_some_and(Value::is_string)
        && given.get("event_payload").is_some_and(Value::is_object);
    if empty || typed {
        Ok(Some(given))
    } else {
        Err(Refused::Code("invalid_metadata_schema"))
    }
}

/// Complains about text that Slack lets pass: references to nobody, unescaped brackets, blocks
/// without the text that notifications and screen readers show.
pub(in super::super) fn check_text(town: &mut State, content: &Content) {
    let mut found = Vec::new();
    if content.text.is_none() && !content.is_empty() {
        found.push("blocks without text: notifications and screen readers have nothing".to_owned());
    }
    if content.too_long() {
        found.push(format!("text longer than {ADVISED_TEXT} characters"));
    }
    let mut texts: Vec<&str> = content.text.as_deref().into_iter().collect();
    for block in content.blocks.iter().flatten() {
        blocks::markup_in(block, &mut texts);
    }
    for text in texts {
        found.extend(markup::faults(&town.world, text));
    }
    for complaint in found {
        town.complain(complaint);
    }
}

/// Slack warns when blocks come without text.
pub(super) fn warn_without_text(content: &Content, answer: &mut Value) {
    if content.text.is_none() {
        let warning = "missing_text_in_message";
        wire::set(answer, "warning", json!(warning));
        wire::set(answer, "response_metadata", json!({"warnings": [warning]}));
    }
}
