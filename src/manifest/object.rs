//! Takes lists apart, reads each object as what its kind says, and checks what the API server would.

use serde_json::Value as Json;

use super::decode::decode;
use super::kinds::{self, Reads};
use super::node::{Node, Value};
use super::problem::{self, Problem};
use super::{Found, Read};
use crate::netpol::check::{self, Wrong, words};
use crate::netpol::snapshot::Extension;
use crate::netpol::{Object, ObjectKey};

/// Deepest nesting of lists in lists; `kubectl` writes one.
const MAX_LISTS: usize = 16;

/// Problems listed for one file. A file with more is no manifest.
const MAX_PROBLEMS: usize = 1000;

/// Reads the objects of one file.
pub(super) struct Walk<'a> {
    file: &'a str,
    read: Read,
    /// Problems beyond [`MAX_PROBLEMS`].
    more: usize,
}

/// `apiVersion` and `kind` of a typed list's items, which need not say them.
#[derive(Clone)]
struct Head {
    api_version: String,
    kind: String,
}

impl<'a> Walk<'a> {
    pub(super) fn new(file: &'a str) -> Self {
        Self {
            file,
            read: Read::default(),
            more: 0,
        }
    }

    /// What was read.
    pub(super) fn finish(mut self) -> Read {
        self.read.problems.sort_by_key(|problem| problem.line);
        if self.more > 0 {
            let message = format!("{} more problems are not listed", self.more);
            let last = Problem::new(self.file, 0, &message);
            self.read.problems.push(last);
        }
        self.read
    }

    /// Notes a problem.
    pub(super) fn problem(&mut self, line: u64, message: &str) {
        if self.read.problems.len() < MAX_PROBLEMS {
            let problem = Problem::new(self.file, line, message);
            self.read.problems.push(problem);
        } else {
            self.more += 1;
        }
    }

    /// Reads a document.
    pub(super) fn document(&mut self, node: Node) {
        self.value(node, None, 0);
    }

    fn value(&mut self, node: Node, list: Option<&Head>, depth: usize) {
        let line = node.line;
        match node.value {
            Value::Null => {}
            _ if depth > MAX_LISTS => {
                let message = format!("lists are nested more than {MAX_LISTS} deep; left out");
                self.problem(line, &message);
            }
            Value::List(items) => {
                for item in items {
                    self.value(item, None, depth + 1);
                }
            }
            Value::Map(_) => self.map(node, list, depth),
            _ => self.problem(line, "this is not an object; left out"),
        }
    }

    fn map(&mut self, mut node: Node, list: Option<&Head>, depth: usize) {
        let Some(head) = self.head(&node, list) else {
            return;
        };
        if let Some((items, inherited)) = take_items(&mut node, &head) {
            for item in items {
                self.value(item, inherited.as_ref(), depth + 1);
            }
            return;
        }
        // What a typed list's items leave out, their types insist on.
        node.set("kind", &head.kind);
        match kinds::reads(kinds::group(&head.api_version), &head.kind) {
            Some(reads) => self.object(node, &head, reads),
            None => self.unknown(node.line, &head),
        }
    }

    /// What the object says it is. A map that says nothing of the kind is some other YAML, unless it
    /// has the parts of an object.
    fn head(&mut self, node: &Node, list: Option<&Head>) -> Option<Head> {
        let own = |field: &str| node.text(field).filter(|text| !text.is_empty());
        let api_version = own("apiVersion").or(list.map(|head| head.api_version.as_str()));
        let kind = own("kind").or(list.map(|head| head.kind.as_str()));
        if let (Some(api_version), Some(kind)) = (api_version, kind) {
            return Some(Head {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
            });
        }
        let looks_like_one = ["apiVersion", "kind", "metadata", "spec"];
        if !looks_like_one.iter().any(|field| node.get(field).is_some()) {
            *self.read.skipped.entry("?".to_owned()).or_default() += 1;
            return None;
        }
        let missing = if kind.is_some() { "apiVersion" } else { "kind" };
        let message = match node.get(missing) {
            Some(_) => format!("`{missing}` must be a text; the object is left out"),
            None => format!("`{missing}` is missing; the object is left out"),
        };
        self.problem(node.line_of(missing), &message);
        None
    }

    fn unknown(&mut self, line: u64, head: &Head) {
        let Head { api_version, kind } = head;
        let words = problem::printable(&format!("{api_version}/{kind}"));
        *self.read.skipped.entry(words).or_default() += 1;
        if let Some((meant, group)) = kinds::meant(kinds::group(api_version), kind) {
            let group = if group.is_empty() { "v1" } else { group };
            let message = format!(
                "there is no kind `{kind}` in `{api_version}`; \
                 probably `{meant}` of `{group}` was meant; left out"
            );
            self.problem(line, &message);
        }
    }

    fn object(&mut self, mut node: Node, head: &Head, reads: Reads) {
        empty_namespace(&mut node);
        let title = given_title(&node, head, reads);
        if !self.is_named(&node, head, &title) {
            return;
        }
        let object = match reads {
            Reads::Typed { api_version, read } => {
                // The types insist on their own version; an older one has the same fields.
                node.set("apiVersion", api_version);
                read(&node)
            }
            Reads::Extension => extension(&node, head).map(|object| (object, Vec::new())),
        };
        match object {
            Ok((object, unknown)) => {
                if matches!(object, Object::Policy(_)) {
                    self.policy(&node, &object, &unknown);
                }
                self.read.objects.push(Found {
                    object,
                    file: self.file.to_owned(),
                    line: node.line,
                });
            }
            Err(error) => {
                let message = format!("{title} is left out: {error}");
                self.problem(error.line.max(1), &message);
            }
        }
    }

    /// Whether the object has a name. One without, or with one that would not stay on its line in what
    /// is printed, is left out; one with a name that only the API server would refuse is read.
    fn is_named(&mut self, node: &Node, head: &Head, title: &str) -> bool {
        let metadata = node.get("metadata");
        let Some(name) = metadata
            .and_then(|m| m.get("name"))
            .filter(|n| !n.is_empty())
        else {
            let message = format!("a `{}` without `metadata.name` is left out", head.kind);
            self.problem(node.line_of("metadata.name"), &message);
            return false;
        };
        let namespace = metadata.and_then(|m| m.get("namespace"));
        for (field, word) in [("name", Some(name)), ("namespace", namespace)] {
            // A word that is no text is the reader's to refuse: it knows what it found instead.
            let Some(Value::Text(text)) = word.map(|word| &word.value) else {
                continue;
            };
            let line = node.line_of(&format!("metadata.{field}"));
            if !text.chars().all(|c| c.is_ascii_graphic() && c != '/') {
                let message = format!("{title} is left out: `metadata.{field}` is not a name");
                self.problem(line, &message);
                return false;
            }
            if text.len() > 253 || !words::is_subdomain(text) {
                let message = format!(
                    "{title}: `metadata.{field}`: must be lower case letters, digits, `-` or `.`, \
                     with a letter or digit at both ends"
                );
                self.problem(line, &message);
            }
        }
        true
    }

    /// Notes what the API server would refuse in a policy.
    fn policy(&mut self, node: &Node, object: &Object, unknown: &[String]) {
        let title = title(object);
        // Metadata has lost fields over the years, and policies their status: nobody misses them.
        let matters = |path: &&String| !path.starts_with("metadata.") && *path != "status";
        for path in unknown.iter().filter(matters) {
            let message = format!("{title}: `{path}`: there is no such field; it is not read");
            self.problem(node.line_of(path), &message);
        }
        let Ok(json) = serde_json::to_value(node) else {
            return;
        };
        for fault in check::faults(&json) {
            let message = format!("{title}: `{}`: {}", fault.field, wording(&fault.wrong));
            self.problem(node.line_of(&fault.field), &message);
        }
    }
}

/// The items of a list, with what they need not say themselves; `None` where it is no list.
fn take_items(node: &mut Node, head: &Head) -> Option<(Vec<Node>, Option<Head>)> {
    let of = head.kind.strip_suffix("List")?;
    let Value::Map(fields) = &mut node.value else {
        return None;
    };
    let items = fields.iter_mut().find(|(name, _)| name == "items");
    let items = match items.map(|(_, node)| std::mem::replace(&mut node.value, Value::Null)) {
        Some(Value::List(items)) => items,
        Some(Value::Null) => Vec::new(),
        None if of.is_empty() => Vec::new(),
        _ => return None,
    };
    let typed = (!of.is_empty()).then(|| Head {
        api_version: head.api_version.clone(),
        kind: of.to_owned(),
    });
    Some((items, typed))
}

/// An empty namespace means the same as a missing one.
fn empty_namespace(node: &mut Node) {
    let Value::Map(fields) = &mut node.value else {
        return;
    };
    let metadata = fields.iter_mut().find(|(name, _)| name == "metadata");
    if let Some((_, metadata)) = metadata
        && metadata.text("namespace") == Some("")
        && let Value::Map(fields) = &mut metadata.value
    {
        fields.retain(|(name, _)| name != "namespace");
    }
}

fn extension(node: &Node, head: &Head) -> Result<Object, super::decode::DecodeError> {
    let metadata = node.get("metadata").map(decode).transpose();
    let metadata = metadata.map_err(|error| error.below("metadata"))?;
    let body = decode::<Json>(node)?.object;
    Ok(Object::Extension(Box::new(Extension {
        group: kinds::group(&head.api_version).to_owned(),
        kind: head.kind.clone(),
        metadata: metadata.map(|m| m.object).unwrap_or_default(),
        body,
    })))
}

/// As problems name an object that is not read yet.
fn given_title(node: &Node, head: &Head, reads: Reads) -> String {
    let metadata = node.get("metadata");
    let text = |field: &str| metadata.and_then(|m| m.text(field));
    let kind = &head.kind;
    let namespaced = matches!(reads, Reads::Typed { .. }) && kind != "Namespace";
    let default = namespaced.then_some("default");
    match (text("namespace").or(default), text("name")) {
        (_, None) => format!("a `{kind}`"),
        (None, Some(name)) => format!("`{kind}` `{name}`"),
        (Some(namespace), Some(name)) => format!("`{kind}` `{namespace}/{name}`"),
    }
}

/// `` `NetworkPolicy` `orders/web` ``, as problems name objects.
pub(super) fn title(object: &Object) -> String {
    let ObjectKey {
        kind,
        namespace,
        name,
    } = object.key();
    match (object, namespace.as_str()) {
        (_, "") => format!("`{kind}` `{name}`"),
        (Object::Extension(o), _) if o.metadata.namespace.is_none() => {
            format!("`{kind}` `{name}`")
        }
        _ => format!("`{kind}` `{namespace}/{name}`"),
    }
}

fn wording(wrong: &Wrong) -> String {
    match wrong {
        Wrong::Invalid { value, why } => format!("`{}`: {why}", plain(value)),
        Wrong::Required { why: "" } => "is missing".to_owned(),
        Wrong::Required { why } | Wrong::Forbidden { why } => (*why).to_owned(),
        Wrong::Unsupported { value, supported } => {
            let list: Vec<String> = supported.iter().map(|one| format!("`{one}`")).collect();
            format!("`{}`: must be one of {}", plain(value), list.join(", "))
        }
    }
}

/// A value as its author wrote it, without quotes.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
