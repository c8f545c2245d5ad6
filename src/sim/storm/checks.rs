//! What must hold after every storm, whatever it was: the promises of DESIGN §1.

mod ledger;
mod lives;
mod settled;
mod surfaces;
mod votes;

use anyhow::Result;

use super::stage::Stage;

pub(super) use settled::{PACE, settle};

/// What is wrong, one line each.
pub(super) async fn all(stage: &mut Stage) -> Result<Vec<String>> {
    stage.compare_others();
    let mut wrong = std::mem::take(&mut stage.wrong);
    wrong.extend(stage.town.slack.complaints());
    wrong.extend(lives::check(stage));
    wrong.extend(votes::check(stage));
    wrong.extend(settled::check(stage).await?);
    wrong.extend(surfaces::check(stage).await?);
    wrong.extend(surfaces::untold(stage));
    // Last: it may take some of the town's time.
    wrong.extend(ledger::check(stage).await?);
    wrong.sort();
    wrong.dedup();
    Ok(wrong)
}
