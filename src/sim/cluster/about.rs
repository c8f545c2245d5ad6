//! What the server says about itself: version, health and the kinds it serves, enough for
//! `kubectl get` to work against it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::kinds::{KINDS, Kind};
use super::reply::Reply;

/// The server that the simulator was compared with.
const VERSION: &str = "v1.36.3";

/// Answers a path that is about the server, as far as it serves kinds.
pub(super) fn answer(path: &str, served: &dyn Fn(&Kind) -> bool) -> Reply {
    let steps: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    match steps.as_slice() {
        ["healthz" | "readyz" | "livez"] => Reply {
            code: 200,
            body: json!("ok"),
        },
        ["version"] => Reply::ok(
            200,
            json!({"major": "1", "minor": "36", "gitVersion": VERSION, "gitCommit": "simulated",
                   "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z",
                   "goVersion": "none", "compiler": "none", "platform": "simulated"}),
        ),
        ["api"] => Reply::ok(
            200,
            json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        ),
        ["api", version] => resources(("", version), served),
        ["apis"] => Reply::ok(200, groups(served)),
        ["apis", group, version] => resources((group, version), served),
        _ => Reply::not_served(),
    }
}

fn groups(served: &dyn Fn(&Kind) -> bool) -> Value {
    let named: BTreeSet<(&str, String)> = KINDS
        .iter()
        .filter(|k| !k.group.is_empty() && served(k))
        .map(|k| (k.group, k.api_version()))
        .collect();
    let mut versions: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (name, api_version) in &named {
        let version = api_version.rsplit('/').next().unwrap_or_default();
        let version = json!({"groupVersion": api_version, "version": version});
        versions.entry(name).or_default().push(version);
    }
    let group = |(name, versions): (&str, Vec<Value>)| json!({"name": name, "preferredVersion": versions.first(), "versions": versions});
    let groups: Vec<Value> = versions.into_iter().map(group).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

fn resources((group, version): (&str, &str), served: &dyn Fn(&Kind) -> bool) -> Reply {
    const VERBS: [&str; 6] = ["create", "delete", "get", "list", "patch", "watch"];
    let here = |k: &&Kind| k.group == group && k.version == version && served(k);
    let resource = |k: &Kind| {
        let short: Vec<&str> = Some(k.short)
            .filter(|s| !s.is_empty())
            .into_iter()
            .collect();
        json!({"name": k.plural, "shortNames": short, "singularName": k.name.to_lowercase(), "kind": k.name,
               "namespaced": k.namespaced, "verbs": VERBS})
    };
    let all: Vec<Value> = KINDS.iter().filter(here).map(resource).collect();
    if all.is_empty() {
        return Reply::not_served();
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    let body = json!({"kind": "APIResourceList", "apiVersion": "v1",
                      "groupVersion": group_version, "resources": all});
    Reply::ok(200, body)
}
