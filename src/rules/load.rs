//! Reads templates and rules from the texts of files. Every problem has its file, line and column.
//!
//! Never reads a file by itself, and never gives back rules that say less than the files: see
//! [`RuleSet`] on sealed sets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::lint::{self, Known};
use super::model::{API_VERSION, AccessRule, AccessTemplate, At};
use super::problem::{Fault, Findings, Place, Problem, Severity, suggest, usable};
use super::set::{Rule, RuleSet, Template};

/// Largest file, in bytes: thousands of rules. What is larger is no rules file.
const MAX_FILE: usize = 1024 * 1024;

/// Longest text of one rule as it is kept, in bytes. Twice as long where every character has to be
/// escaped, it fits into a document of the store, and into a record of the ledger.
pub const MAX_RULE: usize = 64 * 1024;

/// Most rules: a record that names all of them fits into a document of the store.
pub const MAX_RULES: usize = 1_500;

/// The ClusterRole that may be given where the configuration names none.
pub const CLUSTER_ROLE: &str = "view";

/// Reads templates and rules; no namespace label may be inserted into names, and nobody is on call.
pub fn load(files: &[(String, String)]) -> (RuleSet, Vec<Problem>) {
    load_allowing(files, &Allowed::default())
}

/// What the configuration lets rules and templates name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// Namespace labels that names of groups and channels may insert.
    pub label_keys: BTreeSet<String>,
    /// Names of the sources that tell who is on call.
    pub oncall: BTreeSet<String>,
    /// ClusterRoles that objects of templates may give.
    pub cluster_roles: BTreeSet<String>,
}

/// No label, no source, and the one ClusterRole that the manifests let Drawbridge give.
impl Default for Allowed {
    fn default() -> Self {
        Self {
            label_keys: BTreeSet::new(),
            oncall: BTreeSet::new(),
            cluster_roles: [CLUSTER_ROLE.to_owned()].into(),
        }
    }
}

/// Reads templates and rules from named texts, in file-name then document order. Problems come in file
/// order; where one is an error, the set is sealed and opens nothing.
pub fn load_allowing(files: &[(String, String)], allowed: &Allowed) -> (RuleSet, Vec<Problem>) {
    let mut sorted: Vec<&(String, String)> = files.iter().collect();
    sorted.sort();
    let mut problems = Vec::new();
    let mut read = Documents::default();
    for (file, text) in sorted {
        read_file(file, text, &mut read, &mut problems);
    }
    let (templates, names) = check_templates(&read, allowed, &mut problems);
    let known = Known {
        templates: &templates,
        template_names: &names,
        allowed,
    };
    let mut rules = Vec::new();
    for one in &read.rules {
        let mut findings = Findings::new(&one.file, one.before, &mut problems);
        check_size(one, &mut findings);
        rules.extend(lint::rule(
            &one.document,
            one.digest.clone(),
            &known,
            &mut findings,
        ));
    }
    problems.extend(lint::across(&rules, &names));
    problems.extend(lint::unknown(&rules, &templates));
    problems.extend(too_many(&rules));
    problems.sort();
    let sealed = !usable(&problems);
    let texts = read.rules.into_iter().map(|one| (one.digest, one.text));
    let set = RuleSet {
        templates,
        rules,
        sealed,
        texts: texts.collect(),
    };
    (set, problems)
}

/// More rules than one record can name.
fn too_many(rules: &[Rule]) -> Option<Problem> {
    let first = rules.get(MAX_RULES)?;
    Some(Problem {
        place: first.place.clone(),
        severity: Severity::Error,
        message: format!("there are more than {MAX_RULES} rules"),
        hint: Some("let one rule serve many teams: names may be taken from the target".to_owned()),
    })
}

/// What was read, before it is checked.
#[derive(Default)]
struct Documents {
    templates: Vec<Located<AccessTemplate>>,
    rules: Vec<Located<AccessRule>>,
}

/// A document with the file that it is in, and how many lines of the file come before it.
struct Located<D> {
    file: String,
    before: u64,
    /// Its contents as JSON with sorted fields.
    text: String,
    /// SHA-256 of that text.
    digest: String,
    document: D,
}

/// The text of every rule that governs is kept, so it must fit.
fn check_size(one: &Located<AccessRule>, findings: &mut Findings<'_>) {
    if one.text.len() > MAX_RULE {
        let fault = Fault::new(
            format!("the rule is longer than {MAX_RULE} bytes"),
            "name groups instead of many people, or split it",
        );
        findings.error(&one.document.metadata.name, fault);
    }
}

fn check_templates(
    read: &Documents,
    allowed: &Allowed,
    problems: &mut Vec<Problem>,
) -> (BTreeMap<String, Template>, BTreeSet<String>) {
    let mut checked = Vec::new();
    let mut names = BTreeSet::new();
    for one in &read.templates {
        let mut findings = Findings::new(&one.file, one.before, problems);
        names.insert(one.document.metadata.name.value.clone());
        checked.extend(lint::template(&one.document, allowed, &mut findings));
    }
    let named = checked.iter().map(|t| (t.name.as_str(), &t.place));
    problems.extend(lint::duplicates("template", named));
    let templates = checked.into_iter().map(|t| (t.name.clone(), t)).collect();
    (templates, names)
}

fn read_file(file: &str, text: &str, read: &mut Documents, problems: &mut Vec<Problem>) {
    if text.len() > MAX_FILE {
        let place = Place {
            file: file.to_owned(),
            line: 0,
            column: 0,
        };
        let fault = Fault::plain(format!("the file is larger than {MAX_FILE} bytes"));
        Findings::new(file, 0, problems).push(place, Severity::Error, fault);
        return;
    }
    for (before, document) in documents(text) {
        let mut findings = Findings::new(file, before, problems);
        read_document(document, &mut findings, read);
    }
}

/// The part of a document that tells what the rest must be.
#[derive(serde::Deserialize)]
struct Head {
    kind: Option<At<String>>,
}

fn read_document(text: &str, findings: &mut Findings<'_>, read: &mut Documents) {
    let Some(head) = yaml::<Head>(text, findings) else {
        return;
    };
    let kind = head.kind.as_ref().map(|kind| kind.value.as_str());
    match (kind, &head.kind) {
        (Some("AccessTemplate"), _) => read.templates.extend(located(text, findings)),
        (Some("AccessRule"), _) => read.rules.extend(located(text, findings)),
        (Some(other), Some(at)) => {
            let fault = Fault {
                message: format!("`{other}` is not a kind known here"),
                hint: suggest(other, ["AccessTemplate", "AccessRule"]),
            };
            findings.error(at, fault);
        }
        _ => {
            let blank = text.lines().take_while(|line| !has_contents(line)).count();
            let place = findings.place_at(blank as u64 + 1, 1);
            let hint = format!("write `apiVersion: {API_VERSION}` and `kind: AccessRule`");
            findings.push(
                place,
                Severity::Error,
                Fault::new("`kind` is missing", hint),
            );
        }
    }
}

fn located<D: DeserializeOwned>(text: &str, findings: &mut Findings<'_>) -> Option<Located<D>> {
    let document = yaml::<D>(text, findings)?;
    let contents = yaml::<serde_json::Value>(text, findings)?;
    let (file, before) = findings.origin();
    // JSON with sorted fields: layout and comments do not count.
    let text = contents.to_string();
    Some(Located {
        file,
        before,
        digest: digest(&text),
        text,
        document,
    })
}

/// SHA-256 of a text, hex.
fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().fold(String::new(), |mut hex, byte| {
        // Writing into a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Limits of YAML that we read, rules and configuration alike: none of our files comes near, so that a crafted one
/// (aliases of aliases, a thousand brackets) is refused before it costs anything.
pub fn budget() -> serde_saphyr::Budget {
    let mut bounds = serde_saphyr::Budget::default();
    bounds.max_depth = 32;
    bounds.flow_nesting_limit = 32;
    bounds.max_nodes = 20_000;
    bounds.max_events = 50_000;
    bounds.max_anchors = 50;
    bounds.max_aliases = 200;
    bounds.max_recorded_anchor_events = 20_000;
    bounds.max_documents = 1;
    bounds
}

/// Parses one document within [`budget`].
fn yaml<D: DeserializeOwned>(text: &str, findings: &mut Findings<'_>) -> Option<D> {
    let options = serde_saphyr::options! {
        budget: Some(budget()),
        merge_keys: serde_saphyr::MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options(text, options) {
        Ok(document) => Some(document),
        Err(error) => {
            let spot = error.location().map(|at| (at.line(), at.column()));
            let (line, column) = spot.unwrap_or((1, 1));
            let place = findings.place_at(line, column);
            findings.push(place, Severity::Error, yaml_fault(&error));
            None
        }
    }
}

fn yaml_fault(error: &serde_saphyr::Error) -> Fault {
    use serde_saphyr::{Error, MessageFormatter as _};
    match error.without_snippet() {
        Error::SerdeUnknownField {
            field, expected, ..
        } => Fault {
            message: format!("there is no field `{field}` here"),
            hint: suggest(field, expected.iter().copied()),
        },
        Error::SerdeMissingField { field, .. } => Fault::new(
            format!("the field `{field}` is missing"),
            "add it to the block that this line ends or stands in",
        ),
        Error::InvalidScalar { ty, .. } if ty.starts_with('u') => {
            Fault::plain("a whole number is expected here")
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            Fault::plain(format!("the field `{key}` is written twice"))
        }
        Error::Budget { .. } => Fault::new(
            "the document is too deep or too large",
            "split it, and write values out instead of aliases",
        ),
        other => {
            let text = serde_saphyr::UserMessageFormatter.format_message(other);
            Fault::plain(sentence(&text))
        }
    }
}

/// Another's message in our form: one line, lower case, no final period.
fn sentence(text: &str) -> String {
    let line = text
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    let mut chars = line.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// Splits a file into its documents, each with the number of lines before it. A line that begins with
/// `---` starts a document everywhere in YAML, also inside quotes and blocks; each part keeps its
/// own so that columns stay right. Parts without contents are left out.
fn documents(text: &str) -> Vec<(u64, &str)> {
    let mut starts = vec![(0_u64, 0_usize)];
    let mut offset = 0;
    for (number, line) in (0_u64..).zip(text.split_inclusive('\n')) {
        let marker = line.strip_prefix("---");
        if marker.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
            starts.push((number, offset));
        }
        offset += line.len();
    }
    let ends = starts.iter().skip(1).map(|(_, at)| *at).chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|((before, start), end)| Some((*before, text.get(*start..end)?)))
        .filter(|(_, part)| part.lines().any(has_contents))
        .collect()
}

fn has_contents(line: &str) -> bool {
    let line = line.strip_prefix("---").unwrap_or(line).trim();
    !line.is_empty() && !line.starts_with('#') && line != "..."
}

#[cfg(test)]
mod tests;
