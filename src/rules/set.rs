//! Templates and rules, checked and ready to judge by: what is left of the files once
//! `lint` found nothing wrong with them.

mod slots;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::condition::Condition;
use super::group::{channel_key, oncall_key, roll_key};
use super::people::{Account, UserId};
use super::problem::Place;
use super::text::Text;
use super::who::{Circle, Glob};
use crate::grammar::{Endpoint, Ports};
use crate::units::Seconds;

pub use slots::Slots;
pub(super) use ways::{Auto, Emergency, Escalate, Limits};

/// All templates, and all rules in the order in which they are tried.
///
/// INVARIANT (sealed): a set that was loaded with errors opens nothing. Leaving a broken rule out
/// instead would let the next one govern, which may be weaker.
#[derive(Debug, Default)]
pub struct RuleSet {
    pub(super) templates: BTreeMap<String, Template>,
    pub(super) rules: Vec<Rule>,
    pub(super) sealed: bool,
    /// Texts of rules by their digest.
    pub(super) texts: BTreeMap<String, String>,
}

impl RuleSet {
    /// The template of this name.
    pub fn template(&self, name: &str) -> Option<&Template> {
        self.templates.get(name)
    }

    /// All templates by name.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.templates.values()
    }

    /// All rules, in the order in which they are tried.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of this name.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// The text whose SHA-256 is this digest: a rule's contents as JSON with sorted fields. At most
    /// [`MAX_RULE`](super::load::MAX_RULE) bytes in a set that opens anything.
    pub fn text_of(&self, digest: &str) -> Option<&str> {
        self.texts.get(digest).map(String::as_str)
    }

    /// Whether the set had errors and therefore opens nothing.
    pub const fn sealed(&self) -> bool {
        self.sealed
    }

    /// Every user group, channel and on-call source that rules and templates name outright, as keys of
    /// [`super::Roll::groups`]. What is named from an ask's ends comes with [`super::judge::needs`].
    pub fn groups_named(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for circle in self.circles() {
            keys.extend(circle.handles.iter().filter_map(Text::fixed).map(roll_key));
            let channels = circle.channels.iter().filter_map(Text::fixed);
            keys.extend(channels.map(channel_key));
            keys.extend(circle.oncall.iter().map(|source| oncall_key(source)));
        }
        keys
    }

    /// Every person that rules and templates name by id.
    pub fn users_named(&self) -> BTreeSet<UserId> {
        let quiet = self
            .rules
            .iter()
            .flat_map(Rule::all_stages)
            .flat_map(|stage| &stage.quiet);
        self.circles()
            .flat_map(|circle| &circle.users)
            .chain(quiet)
            .cloned()
            .collect()
    }

    fn circles(&self) -> impl Iterator<Item = &Circle> {
        let restricted = self
            .templates
            .values()
            .filter_map(|t| t.requesters.as_ref());
        self.rules
            .iter()
            .flat_map(Rule::circles)
            .chain(restricted.map(|requesters| &requesters.people))
    }
}

/// A kind of access.
#[derive(Debug, Clone)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// One line for lists and forms.
    pub summary: String,
    /// Inputs by name.
    pub inputs: BTreeMap<String, Input>,
    /// How long access may last.
    pub bounds: Bounds,
    pub(super) gate: Gate,
    /// Who may use it; `None`: whoever a rule lets ask.
    pub(super) requesters: Option<Requesters>,
    pub(super) place: Place,
}

/// How long access may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// When none was asked for.
    pub default: Seconds,
    /// The shortest.
    pub min: Seconds,
    /// The longest.
    pub max: Seconds,
}

/// One input of a template.
#[derive(Debug, Clone)]
pub struct Input {
    /// What it must be.
    pub kind: InputKind,
    /// Taken when it is left out; already of the right kind.
    pub default: Option<String>,
    /// One line for forms.
    pub description: Option<String>,
    /// What the whole of a text must match.
    pub(super) pattern: Option<Regex>,
}

/// Types of inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputKind {
    /// A workload, pods by labels, or addresses.
    Endpoint,
    /// Something inside the cluster.
    Workload,
    /// Ports on the target. May always be left out: the target's only port is meant then.
    Ports,
    /// An address or a block of addresses.
    Cidr,
    /// Text.
    String,
}

impl InputKind {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::Endpoint,
        Self::Workload,
        Self::Ports,
        Self::Cidr,
        Self::String,
    ];

    /// As it is written in a template.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Workload => "workload",
            Self::Ports => "ports",
            Self::Cidr => "cidr",
            Self::String => "string",
        }
    }

    /// What to type for it.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Endpoint => "shop/web` or `203.0.113.7",
            Self::Workload => "shop/web",
            Self::Ports => "5432` or `8080,53/udp",
            Self::Cidr => "203.0.113.7` or `203.0.113.0/24",
            Self::String => "text",
        }
    }
}

/// What a template opens.
#[derive(Debug, Clone)]
pub(super) enum Gate {
    Connect {
        from: Slot<Endpoint>,
        to: Slot<Endpoint>,
        ports: Option<Slot<Ports>>,
    },
    Objects {
        objects: Vec<serde_json::Value>,
        /// Which ClusterRoles may be given.
        cluster_roles: BTreeSet<String>,
    },
}

/// A value that is written in the template, or an input's.
#[derive(Debug, Clone)]
pub(super) enum Slot<T> {
    Literal(T),
    Input(String),
}

impl<T> Slot<T> {
    fn input(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Input(name) => Some(name),
        }
    }
}

/// Who may ask for what, who must agree, for how long.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// SHA-256 of its contents, hex; comments, layout and the order of fields do not count.
    pub digest: String,
    /// Where its name stands.
    pub place: Place,
    pub(super) templates: Vec<Glob>,
    pub(super) clusters: Vec<Glob>,
    pub(super) when: Option<Condition>,
    pub(super) requesters: Requesters,
    pub(super) stages: Vec<Stage>,
    /// The stages of an ask that belongs to an incident, where they differ.
    pub(super) incident: Option<Vec<Stage>>,
    pub(super) limits: Limits,
    pub(super) reason: Option<Regex>,
    pub(super) channel: Option<Text>,
    pub(super) tell: Vec<Text>,
    pub(super) revokers: Circle,
    pub(super) lapse: Seconds,
    pub(super) remind: Option<Seconds>,
    pub(super) escalate: Option<Escalate>,
    pub(super) emergency: Option<Emergency>,
    pub(super) auto: Option<Auto>,
    /// Who answers for what services ask.
    pub(super) owner: Option<UserId>,
    /// Which services may give one approval while Slack is away.
    pub(super) offline: BTreeSet<String>,
    /// Which services may read what it governs.
    pub(super) readers: BTreeSet<String>,
}

impl Rule {
    /// Whether a service may read the requests on this cluster that the rule governs: its readers, and
    /// those who may have to approve them.
    pub fn lets_read(&self, account: &Account, cluster: &str) -> bool {
        let named = |list: &BTreeSet<String>| account.is_in(list, cluster);
        named(&self.readers) || named(&self.offline)
    }

    /// The templates it is for, as written.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        self.templates.iter().map(|glob| glob.0.as_str())
    }

    /// Whether it names this template in full, and not by a glob.
    pub(super) fn names(&self, template: &str) -> bool {
        let mut globs = self.templates.iter();
        globs.any(|glob| glob.is_name() && glob.0 == template)
    }

    /// The stages of an ask, which may belong to an incident; their conditions are not applied yet.
    pub(super) fn stages_for(&self, incident: Option<&str>) -> &[Stage] {
        match (incident, &self.incident) {
            (Some(_), Some(stages)) => stages,
            _ => &self.stages,
        }
    }

    /// Everybody it names besides stages.
    pub(super) fn people(&self) -> impl Iterator<Item = &Circle> {
        [&self.requesters.people, &self.revokers]
            .into_iter()
            .chain(self.escalate.iter().map(|escalate| &escalate.to))
            .chain(self.emergency.iter().map(|emergency| &emergency.by))
    }

    pub(super) fn all_stages(&self) -> impl Iterator<Item = &Stage> {
        self.stages.iter().chain(self.incident.iter().flatten())
    }

    fn circles(&self) -> impl Iterator<Item = &Circle> {
        self.people()
            .chain(self.all_stages().map(|stage| &stage.from))
    }
}

/// Who may ask: nobody, unless named.
#[derive(Debug, Clone, Default)]
pub(super) struct Requesters {
    pub(super) people: Circle,
    /// `namespace/name`
    pub(super) services: BTreeSet<String>,
}

/// One layer of approval.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) from: Circle,
    pub(super) need: usize,
    pub(super) when: Option<Condition>,
    pub(super) quiet: Vec<UserId>,
    pub(super) repeat: Option<Seconds>,
}
