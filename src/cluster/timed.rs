//! Measures how long opening and closing take, by how they end.

use std::sync::Arc;

use tokio::time::Instant;
use tokio::time::error::Elapsed;

use super::error::ClusterError;
use super::{Applied, Cluster, Withdrawn};
use crate::metrics::{Metrics, Name};

/// Whom it tells.
#[derive(Debug, Clone)]
pub(super) struct Watcher {
    metrics: Arc<Metrics>,
    cluster: Name,
}

impl Watcher {
    pub(super) fn of(cluster: &str, metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            cluster: Name::configured(cluster),
        }
    }
}

impl Cluster {
    /// The same, with what it does told to these metrics.
    #[must_use]
    pub fn observed(mut self, metrics: Arc<Metrics>) -> Self {
        self.watcher = Watcher::of(&self.name, metrics);
        self
    }

    /// The cluster's name as metrics say it.
    pub const fn label(&self) -> &Name {
        &self.watcher.cluster
    }

    pub(super) async fn timed_apply(
        &self,
        applying: impl Future<Output = Result<Applied, ClusterError>> + Send,
    ) -> Result<Applied, ClusterError> {
        let began = Instant::now();
        let applied = applying.await;
        let outcome = applied
            .as_ref()
            .map_or_else(ClusterError::class, |_| "applied");
        let Watcher { metrics, cluster } = &self.watcher;
        metrics.applied(cluster, outcome, began.elapsed());
        applied
    }

    pub(super) async fn timed_withdrawal(
        &self,
        closing: impl Future<Output = Result<Result<Withdrawn, ClusterError>, Elapsed>> + Send,
    ) -> Result<Result<Withdrawn, ClusterError>, Elapsed> {
        let began = Instant::now();
        let closed = closing.await;
        let outcome = match &closed {
            Ok(Ok(withdrawn)) => withdrawn.word(),
            Ok(Err(error)) => error.class(),
            Err(_) => "timeout",
        };
        let Watcher { metrics, cluster } = &self.watcher;
        metrics.withdrew(cluster, outcome, began.elapsed());
        closed
    }
}

impl Withdrawn {
    /// One word for metrics.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::AlreadyGone => "already_gone",
            Self::NotOurs(_) => "not_ours",
            Self::Kept(_) => "kept",
        }
    }
}

impl ClusterError {
    /// One word for metrics.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Away(_) => "away",
            Self::Timeout(_) => "timeout",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden { .. } => "forbidden",
            Self::Denied(_) => "denied",
            Self::Invalid(_) => "invalid",
            Self::Conflict(_) => "conflict",
            Self::Gone => "gone",
            Self::Nowhere(_) => "nowhere",
            Self::Expired => "expired",
            Self::Unreadable(_) => "unreadable",
            Self::Misconfigured(_) => "misconfigured",
        }
    }
}
