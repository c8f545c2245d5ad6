//! Script calls: the keys and arguments that each script's header asks for, in its order.

use redis::{Script, ScriptInvocation};

use super::keys;
use super::scripts::Scripts;
use crate::id::{RequestId, Shard};
use crate::store::lane::Millis;
use crate::store::{Alarms, Claim, Commit, Lane, MAX_CLAIMS, MAX_OF_OWNER, PAST, SEEN_FOR, Wants};
use crate::units::{Seconds, Time};

/// A script with its keys and arguments, to be sent as often as needed.
pub(super) struct Call<'a> {
    script: &'a Script,
    keys: Vec<String>,
    args: Vec<String>,
}

impl<'a> Call<'a> {
    /// A call on these keys.
    pub(super) fn on(script: &'a Script, keys: impl IntoIterator<Item = String>) -> Self {
        Self {
            script,
            keys: keys.into_iter().collect(),
            args: Vec::new(),
        }
    }

    /// A call on the alarms of a shard: these keys come first in all scripts that touch them.
    fn on_alarms(script: &'a Script, shard: Shard) -> Self {
        Self::on(script, alarm_keys(shard))
    }

    fn keys(mut self, keys: impl IntoIterator<Item = String>) -> Self {
        self.keys.extend(keys);
        self
    }

    pub(super) fn args(mut self, args: impl IntoIterator<Item = String>) -> Self {
        self.args.extend(args);
        self
    }

    /// The call as the client sends it.
    pub(super) fn invocation(&self) -> ScriptInvocation<'a> {
        let mut invocation = self.script.prepare_invoke();
        for key in &self.keys {
            invocation.key(key);
        }
        for arg in &self.args {
            invocation.arg(arg);
        }
        invocation
    }
}

impl Scripts {
    pub(super) fn commit_call(&self, step: &Commit) -> Call<'_> {
        let script = if step.closing {
            &self.closing_commit
        } else {
            &self.commit
        };
        let shard = step.id.shard();
        let seen = step.seen.as_deref().unwrap_or_default();
        Call::on_alarms(script, shard)
            .keys([
                keys::doc(&step.id),
                keys::events(&step.id),
                keys::open(shard),
                keys::owner(shard, &step.owner),
                keys::seen(shard, seen),
                keys::unrecorded(shard),
            ])
            .args(commit_args(step))
            .args(step.events.iter().cloned())
    }

    pub(super) fn claim_call(&self, shard: Shard, wants: &Wants) -> Call<'_> {
        Call::on_alarms(&self.claim, shard).args(claim_args_of(wants))
    }

    pub(super) fn claim_each_call(&self, wants: &[(Shard, Wants)]) -> Call<'_> {
        let keys = wants.iter().flat_map(|(shard, _)| alarm_keys(*shard));
        let args = wants.iter().flat_map(|(_, wants)| claim_args_of(wants));
        Call::on(&self.claim_each, keys).args(args)
    }

    pub(super) fn renew_call(&self, claim: &Claim, lease: Seconds) -> Call<'_> {
        Call::on_alarms(&self.renew, claim.id.shard())
            .args(claim_args(claim))
            .args([length(lease)])
    }

    pub(super) fn release_call(&self, claim: &Claim, again: Time) -> Call<'_> {
        Call::on(&self.release, release_keys(claim)).args(release_args(claim, again))
    }

    pub(super) fn release_each_call<'a>(
        &self,
        claims: impl Iterator<Item = (&'a Claim, Time)> + Clone,
    ) -> Call<'_> {
        let keys = claims.clone().flat_map(|(claim, _)| release_keys(claim));
        let args = claims.flat_map(|(claim, again)| release_args(claim, again));
        Call::on(&self.release_each, keys).args(args)
    }

    pub(super) fn wake_call(&self, id: &RequestId, lane: Lane) -> Call<'_> {
        Call::on_alarms(&self.wake, id.shard())
            .keys([keys::doc(id)])
            .args([lane.name().to_owned(), id.to_string()])
    }

    pub(super) fn restore_call(&self, id: &RequestId, alarms: &Alarms) -> Call<'_> {
        Call::on_alarms(&self.restore, id.shard())
            .keys([keys::doc(id)])
            .args([id.to_string()])
            .args(Lane::ALL.map(|lane| alarm(alarms, lane)))
    }

    pub(super) fn ping_call(&self, shard: Shard) -> Call<'_> {
        Call::on(&self.ping, [keys::holds(shard)])
    }
}

/// The arguments of a commit that come before its events.
fn commit_args(step: &Commit) -> [String; 13] {
    let (revision, past) = match &step.expected {
        Some(version) => (version.revision.0, version.commit.0.clone()),
        None => (0, String::new()),
    };
    let (lane, token) = match step.claim {
        Some((lane, token)) => (lane.name(), token.0.to_string()),
        None => ("", String::new()),
    };
    let keep_seen = match step.seen {
        Some(_) => length(SEEN_FOR),
        None => "0".to_owned(),
    };
    [
        step.id.to_string(),
        revision.to_string(),
        past,
        step.commit.0.clone(),
        step.body.clone(),
        step.standing.name().to_owned(),
        alarm(&step.alarms, Lane::Gate),
        alarm(&step.alarms, Lane::Card),
        lane.to_owned(),
        token,
        keep_seen,
        PAST.to_string(),
        MAX_OF_OWNER.to_string(),
    ]
}

fn alarm_keys(shard: Shard) -> [String; 3] {
    let [gate, card] = Lane::ALL.map(|lane| keys::due(shard, lane));
    [gate, card, keys::holds(shard)]
}

fn claim_args_of(wants: &Wants) -> [String; 3] {
    let [gate, card] = Lane::ALL.map(|lane| wants.of(lane).min(MAX_CLAIMS).to_string());
    [gate, card, length(wants.lease)]
}

fn claim_args(claim: &Claim) -> [String; 3] {
    let Claim {
        id, lane, token, ..
    } = claim;
    [lane.name().to_owned(), id.to_string(), token.0.to_string()]
}

fn release_keys(claim: &Claim) -> [String; 4] {
    let [gate, card, holds] = alarm_keys(claim.id.shard());
    [gate, card, holds, keys::doc(&claim.id)]
}

fn release_args(claim: &Claim, again: Time) -> [String; 4] {
    let [lane, id, token] = claim_args(claim);
    [lane, id, token, Millis::of_alarm(again).0.to_string()]
}

/// An alarm: milliseconds, or empty.
fn alarm(alarms: &Alarms, lane: Lane) -> String {
    let at = alarms.of(lane).map(Millis::of_alarm);
    at.map(|at| at.0.to_string()).unwrap_or_default()
}

/// A length of time: milliseconds.
fn length(length: Seconds) -> String {
    Millis(0).plus(length).0.to_string()
}
