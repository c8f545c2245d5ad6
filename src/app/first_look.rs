//! A process that has just started does not see its clusters yet. What reaches it in that moment waits for the
//! first look instead of being told that a cluster is away.

use std::time::Duration;

use futures::future::join_all;
use tokio::sync::OnceCell;

use super::Parts;

/// Longest wait, once in a process's life: what a cluster that does not answer at all may cost those who come first.
const LONGEST: Duration = Duration::from_secs(3);

/// Whether the first look is over.
#[derive(Debug, Default)]
pub struct FirstLook(OnceCell<()>);

impl Parts {
    /// Waits until every cluster was read once, or is known not to answer. Immediate ever after.
    pub async fn first_look(&self) {
        let looking = async {
            let all = join_all(self.clusters.values().map(|cluster| cluster.first_look()));
            if tokio::time::timeout(LONGEST, all).await.is_err() {
                tracing::warn!("begins to work without having seen all clusters");
            }
        };
        self.first_look.0.get_or_init(|| looking).await;
    }
}
