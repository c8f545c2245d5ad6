//! Judges a cluster: who we are there, what we may do and should not be able to, whether the admission
//! policies hold us, and whether anything enforces NetworkPolicies.

use std::collections::BTreeSet;

use super::{About, Answer, Area, Finding, No, State, listed};

mod enforcement;
pub mod kinds;

/// The oldest minor version of Kubernetes 1 whose admission policies are stable.
const OLDEST_MINOR: u64 = 30;

/// A permission that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// `list pods`.
    pub words: String,
    /// The ClusterRole that holds it.
    pub role: &'static str,
    /// Whether the bot works without it, with fewer answers.
    pub optional: bool,
}

/// A namespace where we may do something to NetworkPolicies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opted {
    /// Its name.
    pub namespace: String,
    /// Verbs that the grant role has and we have not.
    pub missing: Vec<&'static str>,
}

/// A gate that was shown to the API server without being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// What is wrong with it; `None`: nothing, it must be taken.
    pub wrong: Option<&'static str>,
    /// Whether it was taken.
    pub taken: Answer<()>,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The cluster's name, as people say it.
    pub cluster: String,
    /// The server's version, `v1.36.3`.
    pub version: Answer<String>,
    /// Whom the server takes us for.
    pub account: Answer<String>,
    /// Cluster-wide permissions that lack; or why they cannot be asked about.
    pub missing: Answer<Vec<Right>>,
    /// Namespaces that opted in, out of so many that were asked about and so many there are.
    pub opted: Answer<(Vec<Opted>, usize, usize)>,
    /// Permissions that we have and do not need.
    pub needless: Answer<Vec<String>>,
    /// Gates that were rehearsed, in the first namespace that opted in; none where there is none.
    pub rehearsed: Vec<Rehearsed>,
    /// Names of the DaemonSets that run; none where they cannot be read.
    pub agents: Option<BTreeSet<String>>,
    /// Kinds that templates in force state, NetworkPolicy left out.
    pub stated: Vec<kinds::Stated>,
}

impl Observed {
    /// Whether we are there as a program. A person's rights say nothing about the bot's.
    fn as_program(&self) -> bool {
        let account = self.account.as_deref();
        account.is_ok_and(|name| name.starts_with("system:serviceaccount:"))
    }
}

const IN_ITS_POD: &str =
    "run it as the bot: `kubectl -n drawbridge exec deploy/drawbridge -- drawbridge doctor`";

/// Judges it. Without an answer at all nothing else can be told.
pub fn judge(seen: &Observed) -> Vec<Finding> {
    let about = About::new(Area::Kubernetes, &seen.cluster);
    let mut found = vec![version(&about, &seen.version)];
    if found.iter().any(|f| f.state == State::Fail) && seen.version.is_err() {
        return found;
    }
    found.push(account(&about, seen));
    found.extend(rights(&about, &seen.missing));
    found.extend(opted(&about, &seen.opted));
    found.push(needless(&about, seen));
    found.extend(admission(&about, seen));
    found.extend(kinds::judge(&about, &seen.stated));
    found.extend(enforcement::judge(&about, seen.agents.as_ref()));
    found
}

fn version(about: &About, version: &Answer<String>) -> Finding {
    const CHECK: &str = "version";
    let text = match version {
        Ok(text) => text,
        Err(no) => {
            let mend = "see `KUBECONFIG` or `DRAWBRIDGE_CLUSTERS`, the credentials, and whether the network lets the bot \
                        reach the API server";
            return about.fail(CHECK, no.to_string(), mend);
        }
    };
    // `v1.30.4`, `v1.31.2-eks-1a2b3c`, `v1.29+`.
    let minor = text.split('.').nth(1).map(|minor| {
        let digits = minor.chars().take_while(char::is_ascii_digit);
        digits.collect::<String>()
    });
    match minor.and_then(|minor| minor.parse::<u64>().ok()) {
        Some(minor) if minor >= OLDEST_MINOR => about.ok(CHECK, text.as_str()),
        Some(_) => about.fail(
            CHECK,
            format!("{text}: admission policies are stable only since 1.{OLDEST_MINOR}"),
            format!("upgrade the cluster to 1.{OLDEST_MINOR} or later"),
        ),
        None => about.unknown(
            CHECK,
            format!("`{text}` is no version that is understood"),
            format!("Kubernetes 1.{OLDEST_MINOR} or later is needed"),
        ),
    }
}

fn account(about: &About, seen: &Observed) -> Finding {
    const CHECK: &str = "account";
    match &seen.account {
        Ok(name) if seen.as_program() => about.ok(CHECK, format!("`{name}`")),
        Ok(name) => about.warn(
            CHECK,
            format!(
                "`{name}` is no ServiceAccount: what follows is about its rights, not the bot's"
            ),
            IN_ITS_POD,
        ),
        Err(no) => about.unknown(CHECK, no.to_string(), IN_ITS_POD),
    }
}

fn rights(about: &About, missing: &Answer<Vec<Right>>) -> Vec<Finding> {
    const CHECK: &str = "permissions";
    let missing = match missing {
        Ok(missing) => missing,
        Err(no) => {
            let mend = "everybody may ask for themselves by `system:basic-user`: see that its binding is there";
            return vec![about.unknown(CHECK, no.to_string(), mend)];
        }
    };
    let line = |right: &Right| {
        let why = format!("may not {}", right.words);
        let mend = format!(
            "bind the ClusterRole `{}` of `manifests/rbac.yaml` in the cluster",
            right.role
        );
        if right.optional {
            about.warn(CHECK, why, mend)
        } else {
            about.fail(CHECK, why, mend)
        }
    };
    if missing.is_empty() {
        vec![about.ok(CHECK, "everything that is read can be read")]
    } else {
        missing.iter().map(line).collect()
    }
}

fn opted(about: &About, opted: &Answer<(Vec<Opted>, usize, usize)>) -> Vec<Finding> {
    const CHECK: &str = "namespaces";
    const MEND: &str =
        "bind `drawbridge-grant` there: `kubectl apply -n NAMESPACE -f manifests/opt-in.yaml`";
    let (opted, asked, all) = match opted {
        Ok(counts) => counts,
        Err(no) => return vec![about.unknown(CHECK, no.to_string(), MEND)],
    };
    let mut found = Vec::new();
    for part in opted.iter().filter(|opted| !opted.missing.is_empty()) {
        let why = format!(
            "in `{}` it may not {} NetworkPolicies",
            part.namespace,
            listed(&part.missing)
        );
        found.push(about.fail(CHECK, why, MEND));
    }
    let whole: Vec<&str> = opted
        .iter()
        .filter(|opted| opted.missing.is_empty())
        .map(|opted| opted.namespace.as_str())
        .collect();
    if opted.is_empty() {
        let why = format!("none of {asked} lets us open paths");
        found.push(about.warn(CHECK, why, MEND));
    } else if !whole.is_empty() {
        let first: Vec<&str> = whole.iter().take(5).copied().collect();
        let more = match whole.len().saturating_sub(first.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let why = format!("paths can be opened in {}{more}", first.join(", "));
        found.push(about.ok(CHECK, why));
    }
    if asked < all {
        let why = format!("only {asked} of {all} namespaces were asked about");
        found.push(about.unknown(
            CHECK,
            why,
            "`kubectl get rolebindings -A` shows who opted in",
        ));
    }
    found
}

fn needless(about: &About, seen: &Observed) -> Finding {
    const CHECK: &str = "nothing more";
    match &seen.needless {
        Err(no) => about.unknown(CHECK, no.to_string(), IN_ITS_POD),
        Ok(needless) if needless.is_empty() => {
            about.ok(CHECK, "nothing that could do harm is permitted")
        }
        Ok(needless) => {
            let words: Vec<&str> = needless.iter().map(String::as_str).collect();
            let why = format!("may also {}", listed(&words));
            if seen.as_program() {
                let mend = "find and remove the binding: `kubectl auth can-i --list --as ACCOUNT` shows all its rights";
                about.fail(CHECK, why, mend)
            } else {
                about.warn(CHECK, why, IN_ITS_POD)
            }
        }
    }
}

fn admission(about: &About, seen: &Observed) -> Vec<Finding> {
    const CHECK: &str = "admission";
    const MEND: &str =
        "apply the admission policies of `manifests/` and see that they name the bot's account";
    if !seen.as_program() {
        let why = "the policies bind the bot's account, and this is another one";
        return vec![about.unknown(CHECK, why, IN_ITS_POD)];
    }
    if seen.rehearsed.is_empty() {
        let why = "no namespace opted in where a gate could be rehearsed";
        let mend = "let one opt in, then run `drawbridge doctor` again";
        return vec![about.unknown(CHECK, why, mend)];
    }
    let mut found = Vec::new();
    for gate in &seen.rehearsed {
        match (&gate.wrong, &gate.taken) {
            (None, Ok(())) | (Some(_), Err(No::Refused(_))) => {}
            (None, Err(No::Refused(words))) => found.push(about.fail(
                CHECK,
                format!("a gate as the bot makes them is refused: {words}"),
                "change the policy that refuses it; people cannot open anything here",
            )),
            (Some(wrong), Ok(())) => {
                found.push(about.fail(CHECK, format!("a gate {wrong} would be taken"), MEND));
            }
            (_, Err(away @ No::Away(_))) => {
                let mend = "run `drawbridge doctor` again when the API server answers";
                found.push(about.unknown(CHECK, away.to_string(), mend));
            }
        }
    }
    if found.is_empty() {
        let bad = seen.rehearsed.iter().filter(|gate| gate.wrong.is_some());
        let why = format!(
            "gates as the bot makes them are taken, {} bad ones are refused",
            bad.count()
        );
        found.push(about.ok(CHECK, why));
    }
    found
}

#[cfg(test)]
mod tests;
