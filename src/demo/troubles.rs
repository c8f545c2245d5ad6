//! Breaking things and mending them, by the names that stories use.

use std::sync::atomic::Ordering;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::play::{Play, Stage};
use crate::sim::town::trouble::{TROUBLES, Trouble};

/// What a visitor wants to happen.
#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    r#do: What,
    #[serde(default)]
    what: String,
}

#[derive(Debug, Deserialize)]
enum What {
    #[serde(rename = "kill the bot")]
    Kill,
    #[serde(rename = "start the bot")]
    Start,
    #[serde(rename = "empty the store")]
    Empty,
    #[serde(rename = "break")]
    Break,
    #[serde(rename = "mend")]
    Mend,
}

/// Does it.
///
/// # Errors
/// A sentence for the visitor: it is so already, or nothing has that name.
pub(super) async fn make(stage: &Stage, wish: &Wish) -> Result<()> {
    if !stage.is_embedded() {
        bail!("nothing can be broken here: the cluster or the store is a real one");
    }
    match wish.r#do {
        What::Kill => {
            let mut play = stage.play_mut().await;
            play.town.kill_bot().context("the bot is not running")?;
            play.bot_killed = true;
        }
        What::Start => {
            let mut play = stage.play_mut().await;
            play.town.start_bot().context("the bot is running")?;
            play.bot_killed = false;
            play.woke.store(false, Ordering::Relaxed);
        }
        What::Empty => stage.empty_store().await?,
        What::Break => set(&mut *stage.play_mut().await, &wish.what, true)?,
        What::Mend => set(&mut *stage.play_mut().await, &wish.what, false)?,
    }
    Ok(())
}

fn set(play: &mut Play, name: &str, broken: bool) -> Result<()> {
    let trouble = Trouble::named(name).map_err(anyhow::Error::msg)?;
    play.town.trouble(trouble, broken);
    let name = TROUBLES.iter().find(|(known, ..)| *known == name);
    let name = name.map(|(name, ..)| *name).context("it has no name")?;
    match broken {
        true => drop(play.broken.insert(name)),
        false => drop(play.broken.remove(name)),
    }
    Ok(())
}

/// What is broken now. Troubles that pass are over when the calls they waited for were made.
pub(super) fn still_there(play: &Play) -> Vec<&'static str> {
    let there = |name: &&&'static str| {
        let trouble = Trouble::named(name).ok();
        trouble.is_some_and(|trouble| !trouble.passes() || play.town.waits(trouble))
    };
    play.broken.iter().filter(there).copied().collect()
}
