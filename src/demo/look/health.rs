//! What works and what a visitor broke.

use serde::Serialize;

use crate::demo::play::Play;
use crate::demo::troubles;

/// The health section.
#[derive(Debug, Serialize)]
pub(in crate::demo) struct Health {
    bot: &'static str,
    troubles: Vec<&'static str>,
}

pub(in crate::demo) fn look(play: &Play) -> Health {
    Health {
        bot: match play.bot_killed {
            true => "killed",
            false => "running",
        },
        troubles: troubles::still_there(play),
    }
}
