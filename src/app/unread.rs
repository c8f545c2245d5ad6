//! Why an ask became no request: it means nothing, or cannot be told yet.

use crate::request::create::Sentence;
use crate::view::{Message, replies, say};

/// Why an ask did not become a request.
pub(super) enum Stop {
    /// Whoever asked is told; there is no request, because nothing was asked for yet.
    Tell(Unread),
    /// The world could not be asked.
    Trouble(anyhow::Error),
}

/// What was asked is not there, or cannot be told yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It means nothing, in the words of whoever asked.
    Sentence(Sentence),
    /// There are several clusters, and none or an unknown one was named.
    WhichCluster {
        /// The one that was named.
        named: Option<String>,
        /// Those that there are.
        clusters: Vec<String>,
    },
    /// This cluster cannot be looked at now.
    ClusterAway(String),
}

impl Unread {
    pub(super) fn sentence(message: impl Into<String>, hint: Option<String>) -> Self {
        Self::Sentence(Sentence {
            message: message.into(),
            hint,
        })
    }

    /// As people read it in Slack.
    pub(super) fn message(&self) -> Message {
        match self {
            Self::Sentence(Sentence { message, hint }) => say::refused(message, hint.as_deref()),
            Self::WhichCluster { named, clusters } => {
                let clusters: Vec<&String> = clusters.iter().collect();
                replies::which_cluster(named.as_deref(), &clusters)
            }
            Self::ClusterAway(cluster) => replies::cluster_away(cluster),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Trouble(error.into())
    }
}
