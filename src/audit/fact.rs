//! What can be recorded. New facts are added at the end; old ones never change their meaning, and fields
//! that came later have a default, so that every later version reads what an earlier one wrote.

use serde::{Deserialize, Serialize};

use crate::id::RequestId;
use crate::rules::{TeamId, UserId};
use crate::units::{Seconds, Time};

/// Somebody who approved or refused, as Slack described them at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Voter {
    /// Their workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// Their e-mail address; `None` where the bot may not read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What they were called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A rule as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRef {
    /// Its name.
    pub name: String,
    /// SHA-256 of its text, see [`Fact::RuleKept`].
    pub digest: String,
}

/// A setting as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingRef {
    /// Its name.
    pub name: String,
    /// SHA-256 of its value, of a file: of its text; hex.
    pub digest: String,
}

/// The facts that are recorded. New ones are added at the end; old ones never change their meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Fact {
    /// A request was made and waits for approval.
    Asked {
        /// What was asked, canonical.
        flow: String,
        /// Which cluster.
        cluster: String,
        /// For how long.
        seconds: Seconds,
        /// Governing rule.
        rule: String,
        /// SHA-256 of the rule's text.
        rule_digest: String,
        /// Why, as typed.
        typed_reason: Option<String>,
        /// Which template.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        template: String,
        /// The layers of approval that it has to pass, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stages: Vec<String>,
        /// The request that it lengthens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        extends: Option<RequestId>,
    },
    /// A request was refused at once, by a rule or a fact.
    Refused {
        /// What was asked, canonical.
        flow: String,
        /// Which cluster.
        cluster: String,
        /// The sentence that the person was shown.
        because: String,
        /// Why they asked, as typed.
        typed_reason: Option<String>,
    },
    /// One approver agreed.
    Approved {
        /// Name of the stage the vote fills.
        stage: String,
        /// By what right, where it is not the person's own: `stands in for U0LEE`, `escalated`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        right: Option<String>,
        /// For how long, where that is less than asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shortened: Option<Seconds>,
        /// Until when it also counts for the same requester and path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasts_until: Option<Time>,
        /// Who that was, as they were then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        voter: Option<Voter>,
    },
    /// The last stage is filled: opening begins.
    Granted,
    /// An approver said no, or the rules changed to no.
    Denied {
        /// Why, where a reason was given by the rules.
        because: Option<String>,
        /// Why, as typed by the approver.
        typed_reason: Option<String>,
        /// Who that was, as they were then; `None`: the rules, or the end of what it would lengthen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        voter: Option<Voter>,
    },
    /// The requester took the request back.
    Cancelled,
    /// Nobody answered in time.
    Lapsed,
    /// Those who had not answered were reminded.
    Reminded,
    /// An attempt to open began; objects expire at `expires_at` whatever happens.
    Attempted {
        /// The end written on the objects.
        expires_at: Time,
        /// `namespace/name` of each object.
        objects: Vec<String>,
        /// What was applied: `namespace`, `name` and `spec` of each object, without marks. Of other objects than
        /// NetworkPolicies also `apiVersion` and `kind`, and what they hold in place of `spec`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        policies: Vec<serde_json::Value>,
    },
    /// The path is open, verified in the cluster.
    Opened {
        /// When it ends.
        expires_at: Time,
    },
    /// An attempt to open failed.
    NotOpened {
        /// What went wrong, for operators.
        problem: String,
    },
    /// The requester was warned of the coming end.
    Warned,
    /// The path is to be closed.
    Closing {
        /// Why.
        why: String,
        /// As typed by the person who ended it.
        typed_reason: Option<String>,
    },
    /// Closing did not succeed yet; it goes on.
    NotClosed {
        /// What went wrong, for operators.
        problem: String,
    },
    /// Everything of this request is gone from the cluster.
    Closed {
        /// Why.
        why: String,
    },
    /// The rule approved by itself.
    Automatic {
        /// Within which limits.
        because: String,
    },
    /// An approval that was given before counted for this request too.
    Recalled {
        /// Name of the stage it fills.
        stage: String,
        /// Who gave it. Not `by` on the wire: that is who did what the event tells of.
        #[serde(rename = "given_by")]
        by: UserId,
        /// The request on which it was given.
        on: RequestId,
    },
    /// An approver took back that their approval counts for later asks.
    Forgotten,
    /// Nobody answered: the next circle was asked too.
    Escalated {
        /// Whom.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        asked: Vec<UserId>,
    },
    /// Somebody opened at once; these stages were skipped.
    Emergency {
        /// Names of the stages.
        skipped: Vec<String>,
        /// For how long.
        seconds: Seconds,
        /// Until when a review is demanded.
        review_by: Time,
    },
    /// The review of an emergency was asked for again.
    Chased,
    /// The review of an emergency was given.
    Reviewed {
        /// What they found, as typed.
        typed_words: Option<String>,
    },
    /// The review of an emergency was asked for in vain.
    Unreviewed,
    /// Another request goes on after this one's end.
    Extended {
        /// Which. Not `by` on the wire: that is who did what the event tells of.
        #[serde(rename = "extension")]
        by: RequestId,
        /// Until when.
        until: Time,
    },
    /// Somebody is away, and somebody stands in.
    Away {
        /// Who stands in.
        to: UserId,
        /// Until when.
        until: Time,
    },
    /// Somebody is back before their time.
    Back,
    /// An incident was opened in a channel.
    IncidentOpened {
        /// The channel.
        channel: String,
        /// What it is about, as typed.
        typed_title: Option<String>,
    },
    /// An incident was closed: what was opened for it ends.
    IncidentClosed {
        /// The channel.
        channel: String,
    },
    /// The open path was judged again, and what is not as approved has changed.
    Observed {
        /// All of it now, one line for each part; empty: all is as approved again.
        findings: Vec<String>,
    },
    /// A layer of approval was reached, and its people were asked.
    StageReached {
        /// Its name.
        stage: String,
        /// Who may fill it, the requester left out.
        asked: Vec<UserId>,
    },
    /// A service account that the rule names for the time when Slack is down agreed.
    ApprovedOffline {
        /// Name of the stage the vote fills.
        stage: String,
        /// The account, `namespace/name`.
        account: String,
        /// The token's own id.
        token_id: String,
        /// For how long.
        seconds: Seconds,
    },
    /// The text of a rule that governed for the first time.
    RuleKept {
        /// Its name.
        rule: String,
        /// SHA-256 of the text, hex.
        digest: String,
        /// The text: JSON with sorted fields.
        #[serde(default)]
        typed_text: String,
    },
    /// Other rules are in force.
    RulesChanged {
        /// All of them, in the order in which they are tried.
        rules: Vec<RuleRef>,
    },
    /// Objects were deleted from the cluster alone, without the work of a request.
    Reaped {
        /// Which cluster.
        cluster: String,
        /// `namespace/name` of each.
        objects: Vec<String>,
        /// The request written on them; none where nothing readable is.
        request: Option<RequestId>,
        /// Why.
        because: String,
    },
    /// The store forgot later changes of the request: a failover to an older copy, a restored backup.
    WentBack {
        /// The word of the state that is known to have been.
        was: String,
        /// The last revision that is known to have been.
        revision: u64,
    },
    /// The store lost events of a request that are recorded; what follows took their numbers.
    EventsLost {
        /// The request.
        request: RequestId,
        /// The number of the last of its events that is what it was.
        kept: u64,
        /// The number of the last one that was recorded.
        recorded: u64,
    },
    /// The store lost the newest records: the chain goes on from an earlier one.
    LedgerWentBack {
        /// The number of the newest record that is known to have been.
        seq: u64,
        /// Its hash.
        hash: String,
    },
    /// The ledger began: the first record of a chain.
    LedgerBegun {
        /// Random, so that a ledger begun anew is another one.
        chain: String,
    },
    /// The newest record was signed, and the signed head handed out.
    HeadSigned {
        /// Its number.
        seq: u64,
        /// Its hash.
        hash: String,
        /// Which public key verifies it, hex.
        key: String,
        /// The signed head as it was handed out: replicas and later processes know it by its signature.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<String>,
    },
    /// Records older than the retention were dropped.
    Trimmed {
        /// The number of the last of them.
        seq: u64,
        /// Its hash: the record after it begins with it.
        hash: String,
        /// Of which chain: the record that said so may be among the dropped ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chain: Option<String>,
    },
    /// An ask was refused before it was a request: what it names is not there, or who asked may not.
    TurnedAway {
        /// What was asked, as typed; empty where nothing was.
        #[serde(default)]
        typed_ask: String,
        /// The sentence that they were shown; it repeats their words.
        #[serde(default)]
        typed_because: String,
    },
    /// Somebody tried on a request what they may not do; nothing changed.
    Forbidden {
        /// The request.
        request: RequestId,
        /// What: `approve`, `revoke`, …
        attempt: String,
        /// The sentence that they were shown.
        because: String,
    },
    /// Drawbridge runs with other settings, or is another version.
    Configured {
        /// Its version.
        version: String,
        /// Every setting that is no secret, by name.
        settings: Vec<SettingRef>,
    },
}
