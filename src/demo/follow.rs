//! Keeps the board current: looks at cheap counters many times a second, and draws anew what may have
//! changed.

use tokio_util::sync::CancellationToken;

use super::board::Section;
use super::look;
use super::play::{Play, Stage};
use crate::units::{Seconds, Time};

/// The clock is sent again when this much of the town's time has passed.
const CLOCK: Seconds = Seconds(1);

/// What the board was last drawn from.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
struct Seen {
    slack: u64,
    cluster: u64,
    store: u64,
    /// Whether the cluster could be read.
    read: bool,
}

/// Follows the stage's town, and the one after it.
pub(super) async fn follow(stage: Stage, stop: CancellationToken) {
    let mut ticks = stage.pace().ticks();
    let mut drawn: Option<(u64, Seen)> = None;
    let mut clock_at: Option<Time> = None;
    loop {
        let play = stage.play().await;
        let town = play.number;
        let now = look_at(&play);
        let before = drawn
            .filter(|(known, _)| *known == town)
            .map(|(_, seen)| seen);
        if before != Some(now) {
            draw(&stage, &play, (before, now)).await;
            drawn = Some((town, now));
        }
        let at = play.town.now();
        if before.is_none_or(|seen| seen.store != now.store)
            || clock_at.is_none_or(|shown| at - shown >= CLOCK.delta())
        {
            let clock = look::clock::look(&stage, &play).await;
            stage.board().put(Section::Clock, &clock);
            clock_at = Some(at);
        }
        stage
            .board()
            .put(Section::Health, &look::health::look(&play));
        drop(play);
        tokio::select! {
            told = ticks.changed() => if told.is_err() { return },
            () = stop.cancelled() => return,
        }
    }
}

fn look_at(play: &Play) -> Seen {
    Seen {
        slack: *play.town.slack.follow().borrow(),
        cluster: *play.eyes.changes().borrow(),
        store: play.town.shelf.writes(),
        read: play.eyes.snapshot().is_ok() && play.eyes.troubles().is_empty(),
    }
}

async fn draw(stage: &Stage, play: &Play, (before, now): (Option<Seen>, Seen)) {
    let board = stage.board();
    let differs = |field: fn(&Seen) -> u64| before.is_none_or(|seen| field(&seen) != field(&now));
    if differs(|seen| seen.slack) {
        board.put(Section::Town, &look::workspace::look(stage, play));
        board.put(Section::Screens, &look::workspace::screens(play));
        board.follow_messages();
    }
    if differs(|seen| seen.cluster) || before.is_none_or(|seen| seen.read != now.read) {
        let cluster = look::cluster::look(stage, play).await;
        board.put(Section::Cluster, &cluster);
    }
    if differs(|seen| seen.store) {
        let mut ledger = play.ledger.lock().await;
        ledger.read(play).await;
        board.put(Section::Ledger, &*ledger);
    }
}
