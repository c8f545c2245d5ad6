//! The file that names several clusters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;

use crate::cluster::{Place, Scope};
use crate::rules::people::ELSEWHERE;

/// One cluster and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClusterChoice {
    /// What people call it: `on prod-eu`.
    pub name: String,
    /// A context of the kubeconfig; `None`: the current one, or the pod's service account.
    #[serde(default)]
    pub context: Option<String>,
    /// A file with a bearer token, read again as it changes; replaces the context's credentials. Needs
    /// the context, which says where the cluster is.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// The audience that services' tokens for this cluster must have.
    #[serde(default)]
    pub audience: Option<String>,
    /// The namespaces that are read, 1 to 50, where the whole cluster may not be; `None`: all.
    #[serde(default)]
    pub namespaces: Option<Vec<String>>,
}

/// Whether Kubernetes takes this for a namespace's name: a DNS label.
fn is_namespace(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let inner = name.strip_prefix('-').is_none() && name.strip_suffix('-').is_none();
    (1..=63).contains(&name.len()) && name.chars().all(plain) && inner
}

/// Most namespaces that one cluster is read in: each costs ten watches.
const MOST_NAMESPACES: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    clusters: Vec<ClusterChoice>,
}

impl ClusterChoice {
    /// The only cluster where no file names others.
    pub fn default_one() -> Self {
        Self {
            name: "default".to_owned(),
            context: None,
            token_file: None,
            audience: None,
            namespaces: None,
        }
    }

    /// Which part of the cluster is read.
    pub fn scope(&self) -> Scope {
        Scope::of(self.namespaces.as_deref())
    }

    /// What is wrong with the namespaces that are named, as the rest of a sentence.
    fn wrong_namespaces(&self) -> Option<String> {
        let names = self.namespaces.as_ref()?;
        if !(1..=MOST_NAMESPACES).contains(&names.len()) {
            let (own, most) = (&self.name, MOST_NAMESPACES);
            return Some(format!(
                "names {} namespaces for `{own}`: 1 to {most}",
                names.len()
            ));
        }
        let mut seen = BTreeSet::new();
        names.iter().find_map(|name| {
            if !is_namespace(name) {
                Some(format!(
                    "names a namespace `{name}` for `{}`: use a-z, 0-9 and -",
                    self.name
                ))
            } else if !seen.insert(name) {
                Some(format!(
                    "names the namespace `{name}` twice for `{}`",
                    self.name
                ))
            } else {
                None
            }
        })
    }
}

/// The audience where none is configured (DESIGN §8).
const AUDIENCE: &str = "drawbridge";

impl super::Config {
    /// The audience that tokens of this cluster's services must have.
    pub fn audience(&self, cluster: &str) -> String {
        let choice = self.clusters.iter().find(|choice| choice.name == cluster);
        choice.map_or(AUDIENCE, audience).to_owned()
    }
}

fn audience(choice: &ClusterChoice) -> &str {
    choice.audience.as_deref().unwrap_or(AUDIENCE)
}

/// What is said where two clusters share an audience: each token is shown to the API servers of both, and
/// whoever reads it at one could use it as the other's.
pub fn shared_audience(clusters: &[ClusterChoice]) -> Option<String> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    clusters.iter().find_map(|cluster| {
        let first = seen.insert(audience(cluster), &cluster.name)?;
        Some(format!(
            "`{first}` and `{}` share the audience `{}`: a service's token is shown to the API servers of \
             both, and whoever reads it at one could use it; give each cluster an `audience` of its own",
            cluster.name,
            audience(cluster)
        ))
    })
}

impl ClusterChoice {
    /// Where the cluster is found: `KUBECONFIG`'s files, else the pod's service account.
    pub fn place(&self, env: &BTreeMap<String, String>) -> Place {
        let files: Vec<PathBuf> = env
            .get("KUBECONFIG")
            .map(|list| {
                list.split(':')
                    .filter(|f| !f.is_empty())
                    .map(PathBuf::from)
                    .collect()
            })
            .unwrap_or_default();
        if files.is_empty() && self.context.is_none() {
            return Place::InCluster;
        }
        Place::Kubeconfig {
            files,
            context: self.context.clone(),
            token_file: self.token_file.clone(),
        }
    }
}

/// Reads the file.
///
/// # Errors
/// A sentence that begins after the variable's name.
pub fn parse(text: &str) -> Result<Vec<ClusterChoice>, String> {
    let file: File =
        super::file::yaml(text).map_err(|error| format!("is not as documented: {error}"))?;
    if file.clusters.is_empty() {
        return Err("names no cluster".to_owned());
    }
    let mut names = BTreeSet::new();
    let mut contexts = BTreeSet::new();
    for cluster in &file.clusters {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if cluster.name.is_empty() || !cluster.name.chars().all(plain) {
            return Err(format!(
                "names a cluster `{}`: use a-z, 0-9 and -",
                cluster.name
            ));
        }
        if cluster.name == ELSEWHERE {
            return Err(format!(
                "names a cluster `{ELSEWHERE}`: that word is for identities outside of clusters"
            ));
        }
        if cluster.token_file.is_some() && cluster.context.is_none() {
            return Err(format!(
                "names a token file for `{}` without the context that says where the cluster is",
                cluster.name
            ));
        }
        if let Some(wrong) = cluster.wrong_namespaces() {
            return Err(wrong);
        }
        if !contexts.insert(&cluster.context) {
            return Err(format!(
                "gives `{}` the context of another cluster: a gate would open in the wrong one",
                cluster.name
            ));
        }
        if !names.insert(&cluster.name) {
            return Err(format!("names the cluster `{}` twice", cluster.name));
        }
    }
    Ok(file.clusters)
}
