//! People and services, as verified by Slack and Kubernetes. Names and handles are for showing;
//! decisions use ids only.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A Slack user id (`U…` or `W…`), from a verified event, never from a payload that a person can type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub String);

/// A Slack workspace id (`T…`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TeamId(pub String);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who asks: a person in Slack, or a service by its ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Principal {
    /// A person.
    Person(UserId),
    /// A Kubernetes ServiceAccount.
    Service {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

impl Principal {
    /// The person, if it is one.
    pub const fn person(&self) -> Option<&UserId> {
        match self {
            Self::Person(user) => Some(user),
            Self::Service { .. } => None,
        }
    }
}

/// `U0DANA` or `ci/deployer`: the owner key in the store and in marks.
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(user) => user.fmt(f),
            Self::Service { namespace, name } => write!(f, "{namespace}/{name}"),
        }
    }
}

/// Who a service is, seen from nowhere: the same account whichever cluster it asks about.
///
/// A [`Principal::Service`] is seen from the cluster that a path is in: `ci/deployer` is that cluster's own
/// account, `prod-us:ci/deployer` the one of another. So a rule that names `ci/deployer` never means an
/// account of the same name in another cluster. Namespaces and cluster names have no colon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// The cluster whose API server vouches for it; `None`: vouched for by something else, which its
    /// namespace names (`oidc:github`).
    pub cluster: Option<String>,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Account {
    /// The account behind a requester on this cluster; `None` for people.
    pub fn of(principal: &Principal, cluster: &str) -> Option<Self> {
        let Principal::Service { namespace, name } = principal else {
            return None;
        };
        let name = name.clone();
        let (cluster, namespace) = match namespace.split_once(':') {
            None => (Some(cluster.to_owned()), namespace.clone()),
            Some((ELSEWHERE, _)) => (None, namespace.clone()),
            Some((cluster, namespace)) => (Some(cluster.to_owned()), namespace.to_owned()),
        };
        Some(Self {
            cluster,
            namespace,
            name,
        })
    }

    /// How it is called on this cluster: by cards, rules and marks there.
    pub fn within(&self, cluster: &str) -> Principal {
        let namespace = match &self.cluster {
            Some(own) if own != cluster => format!("{own}:{}", self.namespace),
            _ => self.namespace.clone(),
        };
        Principal::Service {
            namespace,
            name: self.name.clone(),
        }
    }

    /// Whether a list of accounts (`ci/deployer`, `prod-us:ci/deployer`) that is written for this cluster
    /// names it.
    pub fn is_in(&self, named: &BTreeSet<String>, cluster: &str) -> bool {
        named.contains(&self.to_string()) || named.contains(&self.within(cluster).to_string())
    }
}

/// What namespaces of accounts begin with that no cluster vouches for: no cluster is called so.
pub const ELSEWHERE: &str = "oidc";

/// `prod-eu:ci/deployer` or `oidc:github/acme`: names one account among those of all clusters.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(cluster) = &self.cluster {
            write!(f, "{cluster}:")?;
        }
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// What Slack says about a person. Only members count for anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// A full member of our workspace.
    Member,
    /// A single- or multi-channel guest (`is_restricted`, `is_ultra_restricted`).
    Guest,
    /// From another organisation, by Slack Connect (`is_stranger`, or another team).
    Stranger,
    /// A bot user.
    Bot,
    /// A deactivated account.
    Deactivated,
}

/// One person as Slack described them just now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// Their workspace.
    pub team: Option<TeamId>,
    /// What to call them where no mention is possible; never used to decide.
    pub name: String,
    /// Their zone, an IANA name such as `Europe/Berlin`.
    pub zone: Option<String>,
    /// Their address, where the bot may read it (`users:read.email`). Personal data: it goes into the
    /// ledger's votes and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether they count.
    pub standing: Standing,
}

impl Person {
    /// Whether a name in a cluster may be this person's, as far as their address tells: it is that, or ends
    /// with it after the prefix that a cluster puts before names (`oidc:lee@example.org`). Letter case is no
    /// difference. Where the address is not known, any name that looks like one may be theirs.
    pub fn may_be(&self, name: &str) -> bool {
        let Some(email) = self.email.as_deref().filter(|email| !email.is_empty()) else {
            return name.contains('@');
        };
        let (name, email) = (name.to_lowercase(), email.to_lowercase());
        let prefix = name.strip_suffix(&email);
        prefix.is_some_and(|prefix| !prefix.ends_with(char::is_alphanumeric))
    }
}
