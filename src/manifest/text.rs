//! Splits a text into its documents, and each document into trees.
//!
//! Documents are parsed one by one, so a bad one costs only itself. JSON goes to its own reader:
//! it is faster, and YAML does not know all of JSON's escapes.

use std::cell::Cell;
use std::io;

use super::node::{Build, Node};

/// Deepest nesting. Kubernetes' own types stay below 20, schemas of custom resources below 70.
const MAX_DEPTH: usize = 120;

/// What a document may hold beyond what its size explains, through aliases: a bomb of aliases is
/// refused, labels repeated by alias are not.
const REPLAYED: usize = 250_000;

/// Aliases allowed in one document of YAML. Each copies what it names, so their number times the
/// longest text is what a hostile file can make of itself.
const MAX_ALIASES: usize = 10_000;

/// Text that aliases may add to a document, in bytes.
const REPLAYED_BYTES: usize = 16 * 1024 * 1024;

/// One document of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Document<'a> {
    /// Lines of the text before it.
    pub(super) before: u64,
    pub(super) text: &'a str,
}

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// In the whole text, from 1.
    pub(super) line: u64,
    pub(super) message: String,
}

/// The documents of a text that have contents. A line that begins with `---` starts one everywhere in
/// YAML, also inside quotes and blocks, and one that begins with `...` ends it; neither can stand in
/// JSON.
pub(super) fn documents(text: &str) -> Vec<Document<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Vec::new();
    let (mut start, mut before, mut offset) = (0, 0, 0);
    for (number, line) in (0_u64..).zip(text.split_inclusive('\n')) {
        let (from, lines) = match boundary(line) {
            Some(Boundary::Start) => (offset, number),
            Some(Boundary::End) => (offset + line.len(), number + 1),
            None => {
                offset += line.len();
                continue;
            }
        };
        found.extend(document(text, start..offset, before));
        (start, before) = (from, lines);
        offset += line.len();
    }
    found.extend(document(text, start..text.len(), before));
    found
}

enum Boundary {
    Start,
    End,
}

fn boundary(line: &str) -> Option<Boundary> {
    let alone = |rest: &str| rest.is_empty() || rest.starts_with(char::is_whitespace);
    if line.strip_prefix("---").is_some_and(alone) {
        Some(Boundary::Start)
    } else if line.strip_prefix("...").is_some_and(alone) {
        Some(Boundary::End)
    } else {
        None
    }
}

fn document(text: &str, range: std::ops::Range<usize>, before: u64) -> Option<Document<'_>> {
    let text = text.get(range)?;
    text.lines()
        .any(has_contents)
        .then_some(Document { before, text })
}

fn has_contents(line: &str) -> bool {
    // A directive (`%YAML 1.2`) says nothing that we do not assume.
    let directive = line.starts_with('%');
    let line = line.strip_prefix("---").unwrap_or(line).trim();
    !line.is_empty() && !line.starts_with('#') && !directive
}

/// Parses a document and gives its trees to `take`: one of YAML, any number of JSON. Trees before a
/// fault have been given.
pub(super) fn parse(document: &Document<'_>, take: &mut dyn FnMut(Node)) -> Result<(), Fault> {
    let body = document.text.strip_prefix("---").unwrap_or(document.text);
    if !body.trim_start().starts_with(['{', '[']) {
        return yaml(document)
            .map(take)
            .map_err(|fault| hint(document, fault));
    }
    let mut given = false;
    let result = json(body, document.before, &mut |node| {
        given = true;
        take(node);
    });
    match result {
        // It may still be YAML in braces, with bare keys or comments.
        Err(fault) if !given => yaml(document).map(take).map_err(|_| fault),
        result => result,
    }
    .map_err(|fault| hint(document, fault))
}

/// Charts lie beside manifests in many repositories.
fn hint(document: &Document<'_>, mut fault: Fault) -> Fault {
    if document.text.contains("{{") {
        fault.message += "; it looks like a template, which must be rendered first";
    }
    fault
}

fn yaml(document: &Document<'_>) -> Result<Node, Fault> {
    let Document { before, text } = *document;
    match serde_saphyr::from_str_with_options::<Node>(text, options(text.len())) {
        Ok(mut node) => {
            node.shift(before);
            Ok(node)
        }
        Err(error) => Err(Fault {
            line: before + error.location().map_or(1, |at| at.line().max(1)),
            message: message(&error),
        }),
    }
}

/// Limits in proportion to the size of the document, plus a constant for aliases. A byte of YAML
/// makes at most three events (`a:` is a map, two words and the map's end).
fn options(size: usize) -> serde_saphyr::Options {
    let events = size.saturating_mul(3).saturating_add(REPLAYED);
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: events,
            max_events: events,
            max_anchors: MAX_ALIASES,
            max_aliases: MAX_ALIASES,
            max_recorded_anchor_events: events,
            max_total_scalar_bytes: size.saturating_add(REPLAYED_BYTES),
            // One set of labels may well be used by a hundred aliases; what they cost is bounded.
            enforce_alias_anchor_ratio: false,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: REPLAYED,
        },
        // Comments are many and none is read.
        emit_comments: false,
        // As `kubectl` reads file modes.
        legacy_octal_numbers: true,
        with_snippet: false,
    }
}

fn message(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::{Error, MessageFormatter as _};
    match error.without_snippet() {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the field `{key}` is written twice")
        }
        Error::AliasError { error, .. } => message(error),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "it is too deep, or its aliases make too much of it".to_owned()
        }
        other => sentence(&serde_saphyr::UserMessageFormatter.format_message(other)),
    }
}

/// JSON documents one after the other, with or without line ends between them.
fn json(text: &str, before: u64, take: &mut dyn FnMut(Node)) -> Result<(), Fault> {
    let line = Cell::new(before + 1);
    let mut reader = serde_json::Deserializer::from_reader(Lines {
        rest: text.as_bytes(),
        line: &line,
        ended: false,
    });
    while reader.end().is_err() {
        let build = Build { line: Some(&line) };
        match serde::de::DeserializeSeed::deserialize(build, &mut reader) {
            Ok(node) => take(node),
            Err(error) => {
                let words = error.to_string();
                let words = words.split(" at line ").next().unwrap_or_default();
                return Err(Fault {
                    line: line.get(),
                    message: sentence(words),
                });
            }
        }
    }
    Ok(())
}

/// Bytes of a text, read one by one; counts the lines. A line counts as ended only when a byte beyond
/// it is read, because the reader looks one byte ahead.
struct Lines<'a> {
    rest: &'a [u8],
    line: &'a Cell<u64>,
    ended: bool,
}

impl io::Read for Lines<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (Some((byte, rest)), Some(into)) = (self.rest.split_first(), into.first_mut()) else {
            return Ok(0);
        };
        self.line.set(self.line.get() + u64::from(self.ended));
        self.ended = *byte == b'\n';
        self.rest = rest;
        *into = *byte;
        Ok(1)
    }
}

/// Another's message in our form: one line, lower case, no final period.
fn sentence(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut chars = line.trim_end_matches('.').chars();
    match chars.next() {
        // An abbreviation (`YAML`) keeps its letters.
        Some(first) if !chars.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => line.to_owned(),
    }
}
