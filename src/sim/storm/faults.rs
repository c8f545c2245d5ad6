//! Breaks the town as a plan says, tells what is broken, and makes everything work again.

use anyhow::{Context, Result};

use super::fault::{Far, Fault};
use super::stage::Stage;
use super::troubles::Signs;
use crate::sim::town::Town;
use crate::sim::town::links::{Links, Way};
use crate::sim::town::shelf::WentBack;

/// How many replicas a storm has.
const REPLICAS: usize = 2;

/// How many calls met a fault that waited for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counted {
    /// To the store.
    pub(super) slips: u64,
    /// To the API server.
    pub(super) calls: u64,
}

impl Counted {
    /// Until now.
    fn of(town: &Town) -> Self {
        let links = (0..REPLICAS).filter_map(|n| town.links(n).ok());
        Self {
            slips: links.map(Links::slipped).sum(),
            calls: town.api.faults_met(),
        }
    }
}

/// Something breaks, or works again.
pub(super) fn happen(stage: &mut Stage, fault: &Fault) -> Result<()> {
    let town = &stage.town;
    let is_there = !matches!(fault, Fault::GoesBack(_)) || town.shelf.has_copy();
    if fault.is_met_at_once() && is_there {
        stage.met.insert(fault.class());
    }
    match fault {
        Fault::Dies(n) => town.kill_replica(*n)?,
        Fault::DiesAfter(n, touches) => town.links(*n)?.burn(*touches),
        Fault::Starts(n) => {
            town.links(*n)?.burn(0);
            town.start_replica(*n)?;
        }
        Fault::Line(whom, far, way) => {
            for n in (0..REPLICAS).filter(|n| whom.is_none_or(|one| one == *n)) {
                let links = town.links(n)?;
                let line = match far {
                    Far::Store => &links.store,
                    Far::Api => &links.api,
                    Far::Slack => &links.slack,
                };
                line.set(*way);
            }
        }
        Fault::Store(n, slip, times) => town.links(*n)?.slip(*slip, *times),
        Fault::StoreAway(away) => town.shelf.be_away(*away),
        Fault::StoreFull(full) => town.shelf.be_full(*full),
        Fault::Copied(_) => town.shelf.keep_copy()?,
        Fault::GoesBack(_) if !is_there => {}
        Fault::GoesBack(_) => {
            let change = town.shelf.go_back()?;
            lose(stage, &change);
        }
        Fault::Emptied => {
            let change = town.shelf.empty(town.clock());
            lose(stage, &change.context("it is not in memory")?);
        }
        Fault::Slack(method, times, fault) => town.slack.fail_next(method, *times, fault),
        Fault::SlackAway(away) => town.slack.be_away(*away),
        Fault::SocketsBreak => town.slack.drop_sockets(),
        Fault::Deliveries(times, mishap) => town.slack.fail_deliveries(*times, *mishap),
        Fault::Twice(times) => town.slack.deliver_twice(*times),
        Fault::Cluster(times, on, fault) => town.api.fail_next(*times, *on, *fault),
        Fault::ClusterAway(away) => town.api.away(*away),
        Fault::WatchesBreak => {
            town.api.compact();
            town.api.drop_watches();
        }
    }
    Ok(())
}

/// The store holds something else.
fn lose(stage: &mut Stage, change: &WentBack) {
    let now = stage.town.now();
    stage.losses.note(now, &change.held, &change.holds);
    stage.troubles.lost_at(now);
}

/// What is broken now, or was since it was looked at last: a fault that waits for a call breaks nothing before that.
pub(super) fn signs(town: &Town, counted: &mut Counted) -> Signs {
    let before = std::mem::replace(counted, Counted::of(town));
    let mut signs = Signs {
        store: town.shelf.is_away() || counted.slips > before.slips,
        api: town.api.is_away() || counted.calls > before.calls,
        lost: false,
        died: false,
        nobody: true,
    };
    let mut reached = false;
    for links in (0..REPLICAS).filter_map(|n| Some((n, town.links(n).ok()?))) {
        let (n, links) = links;
        let lives = town.lives(n);
        let reaches = lives && links.api.way() == Way::Whole;
        signs.nobody &= !lives;
        signs.died |= !lives;
        signs.lost |= !reaches;
        signs.store |= links.store.way() != Way::Whole;
        reached |= reaches;
    }
    signs.api |= !reached && !signs.nobody;
    signs
}

/// Everything works again.
pub(super) fn heal(stage: &mut Stage) -> Result<()> {
    let town = &stage.town;
    town.shelf.be_away(false);
    town.shelf.be_full(false);
    town.slack.be_away(false);
    town.slack.heal();
    town.api.away(false);
    town.api.heal();
    for n in 0..REPLICAS {
        town.links(n)?.mend();
        town.start_replica(n)?;
    }
    stage.look();
    Ok(())
}
