//! Storms: the whole bot as two replicas, with people who ask and press at random, in a town where everything
//! breaks at random; afterwards the promises are checked.
//!
//! Everything that happens is drawn from one seed before it begins ([`Plan`]), runs on one thread and on paused
//! time: the same seed gives the same storm, byte for byte. What is right is judged by what an onlooker saw (who
//! pressed what, when objects came and went, what Slack and the ledger hold) and never by the bot's own word
//! alone. Nothing here decides anything for the bot.

mod checks;
pub mod deed;
pub mod fault;
mod faults;
pub mod happened;
mod losses;
pub mod plan;
mod sabotage;
mod shrink;
mod stage;
mod transcript;
mod troubles;

use anyhow::{Context, Result};

pub use fault::Class;
pub use happened::Happened;
pub use plan::Plan;
pub use sabotage::Sabotage;
pub use shrink::shrink;
use stage::Stage;
pub use troubles::Held;

/// What a storm left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aftermath {
    /// What is wrong: promises that were broken, one line each.
    pub wrong: Vec<String>,
    /// What happened, in numbers.
    pub happened: Happened,
    /// What happened, line by line.
    pub transcript: String,
}

/// Lets a storm rage on a runtime of its own, and checks what it left.
///
/// # Errors
/// The town broke down, which is a fault of the town.
pub fn rage(plan: &Plan, sabotage: Option<Sabotage>) -> Result<Aftermath> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .context("starting the runtime")?;
    runtime.block_on(weather(plan, sabotage))
}

async fn weather(plan: &Plan, sabotage: Option<Sabotage>) -> Result<Aftermath> {
    let mut stage = Stage::open(plan).await?;
    if let Some(sabotage) = sabotage {
        sabotage.before(&stage);
    }
    stage.act(plan).await?;
    faults::heal(&mut stage)?;
    if let Some(sabotage) = sabotage {
        sabotage.healed(&stage);
    }
    checks::settle(&mut stage).await?;
    if let Some(sabotage) = sabotage {
        sabotage.after(&mut stage).await?;
    }
    let wrong = checks::all(&mut stage).await?;
    let happened = Happened::of(&stage, plan).await?;
    let transcript = transcript::of(&stage, plan, &wrong);
    stage.town.close().await;
    Ok(Aftermath {
        wrong,
        happened,
        transcript,
    })
}
