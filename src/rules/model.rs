//! Templates and rules as people write them: YAML in the Kubernetes shape, unknown fields refused.
//!
//! These types hold every field of the language, also those that this version cannot act on: such a
//! field is found and refused by `lint`, because a rule that is silently weaker than it was
//! written would open what nobody approved. What judging works with is [`super::set::RuleSet`].

use std::collections::BTreeMap;

use serde::Deserialize;

/// A value together with its spot in the file.
pub type At<T> = serde_saphyr::Spanned<T>;

/// The API version of both kinds.
pub const API_VERSION: &str = "drawbridge.dev/v1alpha1";

/// One YAML document.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document<S> {
    /// [`API_VERSION`].
    pub api_version: Option<At<String>>,
    /// `AccessTemplate` or `AccessRule`.
    pub kind: At<String>,
    /// The name.
    pub metadata: Metadata,
    /// The contents.
    pub spec: S,
}

/// A kind of access with typed inputs.
pub type AccessTemplate = Document<TemplateSpec>;

/// Who may ask for what, who must agree, for how long.
pub type AccessRule = Document<RuleSpec>;

/// The part of Kubernetes' metadata that means something here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Unique among its kind.
    pub name: At<String>,
}

/// What an [`AccessTemplate`] says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateSpec {
    /// One line for lists and forms.
    pub summary: String,
    /// Inputs by name.
    #[serde(default)]
    pub inputs: BTreeMap<String, InputSpec>,
    /// How long access may last.
    pub duration: At<DurationSpec>,
    /// What opens.
    pub gate: At<GateFields>,
    /// Who may use the template; left out: whoever a rule lets ask.
    pub requesters: Option<At<RequestersSpec>>,
}

/// One input of a template.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// `endpoint`, `workload`, `ports`, `cidr` or `string`.
    #[serde(rename = "type")]
    pub kind: At<String>,
    /// Taken when the input is left out.
    pub default: Option<At<String>>,
    /// What the whole of a `string` must match.
    pub pattern: Option<At<String>>,
    /// One line for forms.
    pub description: Option<String>,
}

/// Lengths of time (`30m`, `4h`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DurationSpec {
    /// When none was asked for.
    pub default: At<String>,
    /// The shortest.
    pub min: At<String>,
    /// The longest.
    pub max: At<String>,
}

/// What opens: exactly one of both.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateFields {
    /// A flow that Drawbridge plans NetworkPolicies for.
    pub connect: Option<ConnectSpec>,
    /// Objects as they are to be applied.
    pub objects: Option<At<Vec<At<serde_json::Value>>>>,
}

/// A flow, of inputs (`${from}`) or literal text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectSpec {
    /// The source.
    pub from: At<String>,
    /// The target.
    pub to: At<String>,
    /// Ports on the target; left out: the target's only port.
    pub ports: Option<At<String>>,
}

/// What an [`AccessRule`] says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    /// Which asks this rule governs.
    #[serde(rename = "match")]
    pub matches: At<MatchSpec>,
    /// Who may ask.
    pub requesters: At<RequestersSpec>,
    /// Layers of approval, in order.
    pub stages: Option<At<Vec<At<StageSpec>>>>,
    /// Bounds on what is asked.
    #[serde(default)]
    pub limits: LimitsSpec,
    /// What an ask must carry.
    #[serde(default)]
    pub require: RequireSpec,
    /// Where the card goes.
    pub channel: Option<At<String>>,
    /// Told of opening and end.
    #[serde(default)]
    pub tell: Vec<At<String>>,
    /// May revoke, apart from those who approved.
    #[serde(default)]
    pub revokers: CircleSpec,
    /// How long a stage waits for an answer.
    pub lapse: Option<At<String>>,
    /// When those who have not answered are reminded.
    pub remind: Option<At<String>>,
    /// Whom to ask as well when nobody answers.
    pub escalate: Option<At<EscalateSpec>>,
    /// Who may open at once.
    pub emergency: Option<At<EmergencySpec>>,
    /// What is approved without asking anybody.
    pub auto: Option<At<AutoSpec>>,
    /// The person who answers for what services ask: told in their place, and never one of its approvers.
    pub owner: Option<At<String>>,
    /// Which services may give one approval while Slack is away. It is recorded under the account's name: it
    /// is no person's vote, and has nobody's Slack identity.
    pub offline: Option<At<AccountsSpec>>,
    /// Which services may read every request that the rule governs.
    pub readers: Option<At<AccountsSpec>>,
    /// How asks that belong to an incident differ.
    pub incident: Option<At<IncidentSpec>>,
}

/// Which asks a rule governs: all of these must hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchSpec {
    /// Template names; `*` stands for any text.
    pub templates: At<Vec<At<String>>>,
    /// Cluster names; `*` stands for any text. Left out: every cluster.
    pub clusters: Option<At<Vec<At<String>>>>,
    /// A CEL condition.
    pub when: Option<At<String>>,
}

/// Who may ask. Nobody, unless named.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestersSpec {
    /// People.
    #[serde(default)]
    pub slack: CircleSpec,
    /// Services, as `namespace/name`.
    #[serde(default)]
    pub service_accounts: Vec<At<String>>,
}

/// Some people, as written: handles and channels may hold `${…}`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircleSpec {
    /// User group handles.
    #[serde(default)]
    pub usergroups: Vec<At<String>>,
    /// Slack user ids.
    #[serde(default)]
    pub users: Vec<At<String>>,
    /// Channels whose members are meant.
    #[serde(default)]
    pub channels: Vec<At<String>>,
    /// Configured sources that tell who is on call.
    #[serde(default)]
    pub oncall: Vec<At<String>>,
    /// Roles of [`IncidentSpec::roles`]; only in stages of an incident.
    #[serde(default)]
    pub roles: Vec<At<String>>,
}

impl CircleSpec {
    /// Whether it names nobody.
    pub const fn is_empty(&self) -> bool {
        self.usergroups.is_empty()
            && self.users.is_empty()
            && self.channels.is_empty()
            && self.oncall.is_empty()
            && self.roles.is_empty()
    }
}

/// One layer of approval.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageSpec {
    /// Shown on the card; unique in its rule.
    pub name: At<String>,
    /// Who may fill it.
    pub from: CircleSpec,
    /// How many distinct people must.
    pub need: Option<At<usize>>,
    /// A CEL condition; left out: always.
    pub when: Option<At<String>>,
    /// May approve, but are not pinged.
    #[serde(default)]
    pub quiet: Vec<At<String>>,
    /// How long an approver may let the same requester and flow pass again.
    pub repeat: Option<At<String>>,
}

/// Bounds on what is asked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitsSpec {
    /// The longest grant.
    pub max: Option<At<String>>,
    /// How many unfinished requests a requester may have.
    pub open: Option<At<usize>>,
    /// How many requests a requester may make within a minute.
    pub per_minute: Option<At<usize>>,
}

/// What an ask must carry.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequireSpec {
    /// A regular expression that the reason must contain a match of.
    pub reason: Option<At<String>>,
}

/// Whom to ask when nobody answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalateSpec {
    /// Since the stage began.
    pub after: At<String>,
    /// The next circle.
    pub to: CircleSpec,
}

/// Who may open at once.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmergencySpec {
    /// Who may.
    pub by: CircleSpec,
    /// For how long at most.
    pub max: At<String>,
    /// The channel that hears of it.
    pub tell: At<String>,
    /// Until when a review is demanded.
    pub review: At<String>,
}

/// What is approved without asking anybody: where all that is written holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoSpec {
    /// A CEL condition.
    pub when: Option<At<String>>,
    /// The longest grant.
    pub max: Option<At<String>>,
    /// How many a requester may get on one calendar day.
    pub per_day: Option<At<usize>>,
    /// At which times.
    pub hours: Option<At<HoursSpec>>,
    /// How many extensions of one path; left out: none.
    pub extensions: Option<At<usize>>,
}

/// Times of the week.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursSpec {
    /// The first minute, `09:00`.
    pub from: At<String>,
    /// The first minute after, `18:00`.
    pub to: At<String>,
    /// An IANA zone.
    pub zone: At<String>,
    /// `mon` to `sun`; left out: every day.
    pub days: Option<At<Vec<At<String>>>>,
}

/// Some services.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccountsSpec {
    /// As `namespace/name`; of another cluster than the path's as `cluster:namespace/name`.
    pub service_accounts: Vec<At<String>>,
}

/// How asks that belong to an incident differ.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentSpec {
    /// Layers of approval there, instead of the rule's.
    pub stages: At<Vec<At<StageSpec>>>,
    /// People by role, such as `commander`.
    #[serde(default)]
    pub roles: BTreeMap<String, At<CircleSpec>>,
}
