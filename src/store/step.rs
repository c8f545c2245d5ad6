//! What a commit does, as pure functions over one document's row: shared by the memory and SQLite
//! stores. `redis/commit.lua` says the same in Lua; the conformance suite holds the two together.

use super::lane::{LaneState, Millis};
use super::{Alarms, Commit, CommitId, Committed, Lane, PAST, Revision, Standing, Version};
use crate::id::RequestId;

/// Both lanes of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lanes {
    pub(super) gate: LaneState,
    pub(super) card: LaneState,
}

impl Lanes {
    pub(super) fn of(&self, lane: Lane) -> &LaneState {
        match lane {
            Lane::Gate => &self.gate,
            Lane::Card => &self.card,
        }
    }

    pub(super) fn of_mut(&mut self, lane: Lane) -> &mut LaneState {
        match lane {
            Lane::Gate => &mut self.gate,
            Lane::Card => &mut self.card,
        }
    }
}

/// A document with everything that its commits depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) revision: u64,
    /// Commit ids, newest first, at most [`PAST`].
    pub(super) commits: Vec<CommitId>,
    pub(super) body: String,
    pub(super) standing: Standing,
    pub(super) owner: String,
    pub(super) created: Millis,
    pub(super) lanes: Lanes,
}

impl Row {
    /// The version to build on.
    pub(super) fn version(&self) -> Version {
        let newest = self.commits.first().map(|commit| commit.0.clone());
        Version {
            revision: Revision(self.revision),
            commit: CommitId(newest.unwrap_or_default()),
        }
    }

    /// The commits before that version.
    pub(super) fn past(&self) -> Vec<CommitId> {
        self.commits.iter().skip(1).cloned().collect()
    }

    /// The revision that a remembered commit made.
    fn revision_of(&self, commit: &CommitId) -> Option<Revision> {
        let back = self.commits.iter().position(|past| past == commit)?;
        let back = u64::try_from(back).ok()?;
        Some(Revision(self.revision.saturating_sub(back)))
    }
}

/// The answer to a commit that changes nothing; `None`: it is to be done.
///
/// INVARIANT (replay first): a replayed step had ended its own lease and moved the version on, so
/// any other order would call it fenced or in conflict.
pub(super) fn answer(
    row: Option<&Row>,
    seen: Option<&RequestId>,
    step: &Commit,
    now: Millis,
) -> Option<Committed> {
    if let Some(revision) = row.and_then(|row| row.revision_of(&step.commit)) {
        return Some(Committed::AlreadyApplied(revision));
    }
    if let Some((lane, token)) = step.claim {
        let held = row.is_some_and(|row| row.lanes.of(lane).held_by(token, now));
        if !held {
            return Some(Committed::Fenced);
        }
    }
    if let Some(id) = seen {
        return Some(Committed::Duplicate(id.clone()));
    }
    let current = row.map(Row::version);
    (current != step.expected).then_some(Committed::Conflict)
}

/// The row after a commit that [`answer`] let through.
pub(super) fn next(row: Option<Row>, step: &Commit, now: Millis) -> Row {
    let (revision, past, owner, created, mut lanes) = match row {
        Some(row) => (row.revision, row.commits, row.owner, row.created, row.lanes),
        None => (0, Vec::new(), step.owner.clone(), now, Lanes::default()),
    };
    for lane in Lane::ALL {
        let state = lanes.of_mut(lane);
        let alarm = alarm_of(&step.alarms, lane);
        // Nothing outside can concern a finished document any more.
        state.woken &= step.standing == Standing::Open;
        match step.claim {
            Some((claimed, _)) if claimed == lane => state.finish(alarm, now),
            _ => state.set(alarm, now),
        }
    }
    let commits = std::iter::once(step.commit.clone()).chain(past);
    Row {
        revision: revision.saturating_add(1),
        commits: commits.take(PAST).collect(),
        body: step.body.clone(),
        standing: step.standing,
        owner,
        created,
        lanes,
    }
}

fn alarm_of(alarms: &Alarms, lane: Lane) -> Option<Millis> {
    alarms.of(lane).map(Millis::of_alarm)
}
