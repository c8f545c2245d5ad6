//! From a request's path and query to what it asks for.

use std::collections::BTreeMap;

use http::{Method, header, request::Parts};

use super::kinds::Kind;

/// What a request does, in RBAC's verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// One object.
    Get,
    /// Many.
    List,
    /// A stream of changes.
    Watch,
    /// POST.
    Create,
    /// PUT.
    Update,
    /// Server-side apply.
    Apply,
    /// Merge patch.
    Merge,
    /// DELETE of one.
    Delete,
}

impl Verb {
    /// RBAC's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Apply | Self::Merge => "patch",
            Self::Delete => "delete",
        }
    }
}

/// What a path means.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// Objects of a kind.
    Objects(Call),
    /// `tokenreviews`, `selfsubjectaccessreviews`, `selfsubjectreviews`: answered, not stored. The
    /// resource's name.
    Review(&'static str),
    /// Discovery, version and health: the path.
    About(String),
    /// Nothing that is served.
    Nothing,
}

/// A call about objects.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) verb: Verb,
    pub(super) kind: &'static Kind,
    /// `None`: all, or the kind has none.
    pub(super) namespace: Option<String>,
    /// Empty for collections.
    pub(super) name: String,
    pub(super) query: BTreeMap<String, String>,
}

impl Call {
    pub(super) fn query(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.query("dryRun") == "All"
    }
}

/// Reads a request's head.
pub(super) fn read(parts: &Parts) -> Target {
    let path = parts.uri.path();
    let steps: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let (group, version, rest) = match steps.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return Target::About(path.to_owned()),
    };
    if let Some(review) = review(group, rest, &parts.method) {
        return Target::Review(review);
    }
    let (namespace, plural, name) = match rest {
        // The namespace itself is an object too.
        ["namespaces", name] => (None, "namespaces", *name),
        ["namespaces", namespace, plural] => (Some(*namespace), *plural, ""),
        ["namespaces", namespace, plural, name] => (Some(*namespace), *plural, *name),
        [plural] => (None, *plural, ""),
        [plural, name] => (None, *plural, *name),
        _ => return Target::Nothing,
    };
    let Some(kind) = Kind::at(group, version, plural) else {
        return Target::Nothing;
    };
    let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let query: BTreeMap<String, String> = pairs.into_owned().collect();
    match verb(parts, name, &query) {
        Some(verb) => Target::Objects(Call {
            verb,
            kind,
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
            query,
        }),
        None => Target::Nothing,
    }
}

fn review(group: &str, rest: &[&str], method: &Method) -> Option<&'static str> {
    match (group, rest) {
        _ if method != Method::POST => None,
        ("authentication.k8s.io", ["tokenreviews"]) => Some("tokenreviews"),
        ("authentication.k8s.io", ["selfsubjectreviews"]) => Some("selfsubjectreviews"),
        ("authorization.k8s.io", ["selfsubjectaccessreviews"]) => Some("selfsubjectaccessreviews"),
        _ => None,
    }
}

fn verb(parts: &Parts, name: &str, query: &BTreeMap<String, String>) -> Option<Verb> {
    let watches = query.get("watch").is_some_and(|w| w == "true" || w == "1");
    let content = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    match (&parts.method, name.is_empty()) {
        (&Method::GET, true) if watches => Some(Verb::Watch),
        (&Method::GET, true) => Some(Verb::List),
        (&Method::GET, false) => Some(Verb::Get),
        (&Method::POST, true) => Some(Verb::Create),
        (&Method::PUT, false) => Some(Verb::Update),
        (&Method::DELETE, false) => Some(Verb::Delete),
        (&Method::PATCH, false) => match content.unwrap_or_default() {
            "application/apply-patch+yaml" => Some(Verb::Apply),
            "application/merge-patch+json" | "application/strategic-merge-patch+json" => {
                Some(Verb::Merge)
            }
            _ => None,
        },
        _ => None,
    }
}
