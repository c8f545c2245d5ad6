//! Nothing is forgotten: the ledger is one chain that holds every event once.

use anyhow::Result;

use crate::sim::scenario::ledger;
use crate::sim::storm::stage::Stage;

/// What is wrong with the ledger. Of documents of which the store lost something it may also tell what was lost,
/// and nothing else.
pub(super) async fn check(stage: &Stage) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    if !ledger::caught_up(&*stage.store).await? {
        wrong.push("the ledger does not catch up with what happened".to_owned());
    }
    let documents = stage.town.shelf.documents();
    let lost = stage.losses.ever_forgotten();
    wrong.extend(ledger::compare(&*stage.store, &documents, &lost).await?);
    Ok(wrong)
}
