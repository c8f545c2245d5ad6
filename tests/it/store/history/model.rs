//! The contract as plainly as it can be written, without a store's care for speed or space.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use drawbridge::id::RequestId;
use drawbridge::store::{
    Alarms, Claim, Commit, CommitId, Committed, Lane, PAST, Record, Revision, Standing, Token,
    Version, Wants,
};
use drawbridge::units::{Seconds, Time};

/// A lane: what is asked of it, and who has it.
#[derive(Debug, Clone, Default)]
struct LaneModel {
    /// The alarm, when nobody holds the lane.
    alarm: Option<Time>,
    /// The last holder, and until when.
    holder: Option<(Token, Time)>,
    attempts: u32,
    /// What others asked for during a hold.
    meanwhile: Option<Time>,
    woken: bool,
}

/// A document with its whole past.
#[derive(Debug)]
pub(super) struct Document {
    steps: Vec<Commit>,
    pub(super) events: Vec<String>,
    lanes: BTreeMap<Lane, LaneModel>,
}

/// All documents.
#[derive(Debug)]
pub(super) struct Model {
    /// The one instant of the history.
    pub(super) now: Time,
    pub(super) documents: BTreeMap<RequestId, Document>,
    pub(super) seen: BTreeMap<String, RequestId>,
}

/// Whether an instant is the expected one. What the store's own clock gave can only be about it.
pub(super) fn is_about(got: Time, expected: Time, now: Time) -> bool {
    let own_clock = [now, now + TimeDelta::seconds(3600)];
    if own_clock.contains(&expected) {
        (expected - TimeDelta::milliseconds(1)..expected + TimeDelta::seconds(600)).contains(&got)
    } else {
        got >= expected && got - expected < TimeDelta::milliseconds(1)
    }
}

impl LaneModel {
    fn held(&self, now: Time) -> bool {
        self.holder.is_some_and(|(_, until)| until > now)
    }

    fn held_by(&self, token: Token, now: Time) -> bool {
        self.held(now) && self.holder.is_some_and(|(holder, _)| holder == token)
    }

    /// When the lane can be claimed.
    fn rings(&self, now: Time) -> Option<Time> {
        match self.holder {
            Some((_, until)) if self.held(now) => Some(until),
            _ => self.alarm,
        }
    }

    fn let_go(&mut self, alarm: Option<Time>, now: Time) {
        self.holder = None;
        self.meanwhile = None;
        self.alarm = match (self.woken, alarm) {
            (true, alarm) => Some(alarm.unwrap_or(now).min(now)),
            (false, alarm) => alarm,
        };
        if self.alarm.is_none() {
            self.attempts = 0;
        }
    }
}

impl Document {
    fn last(&self) -> &Commit {
        self.steps.last().unwrap()
    }

    pub(super) fn version(&self) -> Version {
        Version {
            revision: Revision(self.steps.len() as u64),
            commit: self.last().commit.clone(),
        }
    }

    fn past(&self) -> Vec<CommitId> {
        let before = self.steps.iter().rev().skip(1);
        let before = before.map(|step| step.commit.clone());
        before.take(PAST - 1).collect()
    }

    pub(super) fn record(&self, id: &RequestId) -> Record {
        Record {
            id: id.clone(),
            version: self.version(),
            past: self.past(),
            body: self.last().body.clone(),
            standing: self.last().standing,
        }
    }

    fn is_open(&self) -> bool {
        self.last().standing == Standing::Open
    }

    /// The revision that a commit made, if it is remembered.
    fn remembers(&self, commit: &CommitId) -> Option<u64> {
        let position = self.steps.iter().position(|step| step.commit == *commit)?;
        let remembered = position + PAST >= self.steps.len();
        remembered.then_some(position as u64 + 1)
    }
}

impl Model {
    pub(super) fn at(now: Time) -> Self {
        Self {
            now,
            documents: BTreeMap::new(),
            seen: BTreeMap::new(),
        }
    }

    fn lane(&mut self, id: &RequestId, lane: Lane) -> Option<&mut LaneModel> {
        self.documents.get_mut(id)?.lanes.get_mut(&lane)
    }

    fn answer(&self, step: &Commit) -> Option<Committed> {
        let document = self.documents.get(&step.id);
        if let Some(n) = document.and_then(|d| d.remembers(&step.commit)) {
            return Some(Committed::AlreadyApplied(Revision(n)));
        }
        if let Some((lane, token)) = step.claim {
            let held = document.is_some_and(|d| d.lanes[&lane].held_by(token, self.now));
            if !held {
                return Some(Committed::Fenced);
            }
        }
        if let Some(id) = step.seen.as_ref().and_then(|key| self.seen.get(key)) {
            return Some(Committed::Duplicate(id.clone()));
        }
        (document.map(Document::version) != step.expected).then_some(Committed::Conflict)
    }

    pub(super) fn commit(&mut self, step: &Commit) -> Committed {
        if let Some(answer) = self.answer(step) {
            return answer;
        }
        let now = self.now;
        let document = self
            .documents
            .entry(step.id.clone())
            .or_insert_with(|| Document {
                steps: Vec::new(),
                events: Vec::new(),
                lanes: Lane::ALL.map(|lane| (lane, LaneModel::default())).into(),
            });
        document.steps.push(step.clone());
        document.events.extend(step.events.iter().cloned());
        for (lane, state) in &mut document.lanes {
            let alarm = step.alarms.of(*lane);
            if step.standing == Standing::Finished {
                state.woken = false;
            }
            if step.claim.is_some_and(|(claimed, _)| claimed == *lane) {
                state.attempts = 0;
                state.let_go(alarm, now);
            } else if state.held(now) {
                state.meanwhile = alarm;
            } else {
                state.let_go(alarm, now);
            }
        }
        if let Some(key) = &step.seen {
            self.seen.insert(key.clone(), step.id.clone());
        }
        Committed::Applied(Revision(self.documents[&step.id].steps.len() as u64))
    }

    /// What is claimed of a lane, by id: id, attempt and due. Tokens are the store's to choose.
    pub(super) fn claim(
        &mut self,
        lane: Lane,
        wants: &Wants,
        got: &[&Claim],
    ) -> Vec<(RequestId, u32, Time)> {
        let now = self.now;
        let mut claimed = Vec::new();
        if wants.of(lane) == 0 {
            return claimed;
        }
        for (id, document) in &mut self.documents {
            let state = document.lanes.get_mut(&lane).unwrap();
            let Some(due) = state.rings(now).filter(|due| *due <= now) else {
                continue;
            };
            let token = got
                .iter()
                .find(|claim| claim.id == *id)
                .map(|claim| claim.token);
            let until = wants.lease.after(now);
            *state = LaneModel {
                alarm: Some(until),
                holder: token.map(|token| (token, until)),
                attempts: state.attempts + 1,
                ..LaneModel::default()
            };
            claimed.push((id.clone(), state.attempts, due));
        }
        claimed
    }

    pub(super) fn next_due(&self, wants: &Wants) -> Option<Time> {
        let lanes = self.documents.values().flat_map(|document| &document.lanes);
        let wanted = lanes.filter(|(lane, _)| wants.of(**lane) > 0);
        wanted.filter_map(|(_, state)| state.rings(self.now)).min()
    }

    pub(super) fn renew(&mut self, claim: &Claim, lease: Seconds) -> bool {
        let now = self.now;
        let state = self.lane(&claim.id, claim.lane).unwrap();
        let held = state.held_by(claim.token, now);
        if let (true, Some((_, until))) = (held, &mut state.holder) {
            *until = lease.after(now).max(*until);
            state.alarm = Some(*until);
        }
        held
    }

    pub(super) fn release(&mut self, claim: &Claim, again: Time) -> bool {
        let now = self.now;
        let state = self.lane(&claim.id, claim.lane).unwrap();
        let held = state.held_by(claim.token, now);
        if held {
            let at = state
                .meanwhile
                .map_or(again, |meanwhile| meanwhile.min(again));
            state.let_go(Some(at), now);
        }
        held
    }

    pub(super) fn wake(&mut self, id: &RequestId, lane: Lane) {
        let now = self.now;
        if !self.documents.get(id).is_some_and(Document::is_open) {
            return;
        }
        let state = self.lane(id, lane).unwrap();
        state.woken = true;
        if !state.held(now) {
            state.let_go(state.alarm, now);
        }
    }

    pub(super) fn restore(&mut self, id: &RequestId, alarms: &Alarms) -> usize {
        let now = self.now;
        if !self.documents.get(id).is_some_and(Document::is_open) {
            return 0;
        }
        let mut set = 0;
        for lane in Lane::ALL {
            let state = self.lane(id, lane).unwrap();
            if let (Some(at), None) = (alarms.of(lane), state.rings(now)) {
                state.let_go(Some(at), now);
                set += 1;
            }
        }
        set
    }

    pub(super) fn open(&self) -> Vec<RequestId> {
        let open = self
            .documents
            .iter()
            .filter(|(_, document)| document.is_open());
        open.map(|(id, _)| id.clone()).collect()
    }

    /// All of them wait for the ledger: nothing takes from it here.
    pub(super) fn with_events(&self) -> Vec<RequestId> {
        let told = self.documents.iter().filter(|(_, d)| !d.events.is_empty());
        told.map(|(id, _)| id.clone()).collect()
    }

    /// By id: what is newer is the store's clock's to say.
    pub(super) fn of_owner(&self, owner: &str) -> Vec<RequestId> {
        let of = self
            .documents
            .iter()
            .filter(|(_, d)| d.steps[0].owner == owner);
        of.map(|(id, _)| id.clone()).collect()
    }
}
