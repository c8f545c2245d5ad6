//! What one end's policies decide for one peer, in one direction: the tiers in their order, with the
//! ports that are open, those that cannot be told, and (by what is left) those that are closed.
//!
//! INVARIANT (never claim): a port is *open* only if it is so whatever becomes of everything that could
//! not be read or judged.

mod hearing;

use hearing::Hearing;

use super::policy::{Direction, Policy};
use super::portset::PortSet;
use super::rule::{Match, Rule};
use super::tier::{Action, TierPolicy};

/// The policies that select one pod, for one direction, in the order in which they decide.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack<'a> {
    /// Admin tier, first decider first.
    pub admin: Vec<&'a TierPolicy>,
    /// Those that isolate.
    pub isolating: Vec<&'a Policy>,
    /// Those that only add allows and denies, and those whose selection cannot be judged.
    pub additive: Vec<&'a Policy>,
    /// Baseline tier, asked where nothing isolates.
    pub baseline: Vec<&'a TierPolicy>,
    /// What may decide and was not read or cannot be judged.
    pub unseen: Vec<&'a str>,
    /// Whether the plug-in does not match pods by their address (Cilium).
    pub pods_by_selector_only: bool,
}

/// What is open and what cannot be told; everything else is closed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Judged {
    /// Surely open.
    pub open: PortSet,
    /// Open or closed: it cannot be told. Apart from `open`.
    pub unsure: PortSet,
}

/// Who says something about a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By<'a> {
    /// A policy beside NetworkPolicies.
    Policy(&'a Policy),
    /// A policy of a tier.
    Tier(&'a TierPolicy),
}

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// Allows it; `Address`: if pods are matched by their address.
    Allows(Match),
    /// Denies it, whoever allows it later.
    Denies,
    /// It cannot be told.
    Perhaps,
}

/// One rule that has a say in some ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// Whose rule.
    pub by: By<'a>,
    /// Its place in its list, from 1; `None`: the policy as a whole.
    pub rule: Option<usize>,
    /// What it says.
    pub says: Says,
    /// On these ports.
    pub ports: PortSet,
    /// Why it cannot be told.
    pub doubt: Option<&'a str>,
}

/// Looks a rule up for the pair at hand: how surely it holds the peer, and on which ports.
pub type Lookup<'l, 'a> = dyn Fn(&'a Rule, &'a str) -> (Match, PortSet) + 'l;

impl By<'_> {
    /// How people read it.
    pub fn path(&self) -> String {
        match self {
            Self::Policy(policy) => policy.path(),
            Self::Tier(policy) => policy.path(),
        }
    }
}

impl Judged {
    /// Everything is open.
    pub fn all() -> Self {
        Self {
            open: PortSet::all(),
            unsure: PortSet::default(),
        }
    }

    /// What may be open.
    pub fn possible(&self) -> PortSet {
        if self.unsure.is_empty() {
            return self.open.clone();
        }
        self.open.union(&self.unsure)
    }

    /// What both ends let pass.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let open = self.open.intersection(&other.open);
        if self.unsure.is_empty() && other.unsure.is_empty() {
            return Self {
                open,
                unsure: PortSet::default(),
            };
        }
        let possible = self.possible().intersection(&other.possible());
        Self {
            unsure: possible.minus(&open),
            open,
        }
    }
}

impl<'a> Stack<'a> {
    /// Whether something surely isolates the pod.
    pub fn is_isolated(&self) -> bool {
        !self.isolating.is_empty()
    }

    /// Whether it says nothing: everything is open.
    pub fn is_empty(&self) -> bool {
        let policies = self.isolating.is_empty() && self.additive.is_empty();
        policies && self.admin.is_empty() && self.baseline.is_empty() && self.unseen.is_empty()
    }

    /// Whether it is made of the very same objects as another.
    pub fn is_same(&self, other: &Self) -> bool {
        fn same<T>(a: &[&T], b: &[&T]) -> bool {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| std::ptr::eq(*a, *b))
        }
        same(&self.isolating, &other.isolating)
            && same(&self.additive, &other.additive)
            && same(&self.admin, &other.admin)
            && same(&self.baseline, &other.baseline)
            && self.unseen == other.unseen
    }

    /// Where the objects are that it is made of: equal for stacks of the very same objects.
    pub(super) fn addresses(&self) -> Vec<usize> {
        fn at<T>(list: &[&T]) -> impl Iterator<Item = usize> {
            list.iter().map(|one| std::ptr::from_ref(*one).addr())
        }
        let policies = at(&self.isolating).chain(at(&self.additive));
        policies
            .chain(at(&self.admin))
            .chain(at(&self.baseline))
            .collect()
    }

    /// Every rule of a direction, with its policy's namespace.
    pub(super) fn rules(&self, direction: Direction) -> Vec<(&'a Rule, &'a str)> {
        let policies = self.isolating.iter().chain(&self.additive);
        let policies = policies.flat_map(|policy| {
            let section = policy.section(direction);
            let rules = section.allow.iter().chain(&section.deny);
            rules.map(|rule| (rule, policy.namespace.as_ref()))
        });
        let tiers = self.admin.iter().chain(&self.baseline);
        let tiers = tiers.flat_map(|policy| policy.rules(direction));
        policies.chain(tiers.map(|rule| (&rule.rule, ""))).collect()
    }

    /// What is decided, and who had a say.
    pub fn judge(
        &self,
        direction: Direction,
        look: &Lookup<'_, 'a>,
        note: &mut dyn FnMut(Note<'a>),
    ) -> Judged {
        let mut hearing = Hearing {
            left: PortSet::all(),
            open: PortSet::default(),
            may_open: PortSet::default(),
            may_close: PortSet::default(),
            look,
            note,
        };
        let passed = hearing.tier(&self.admin, direction);
        hearing.left = hearing.left.union(&passed);
        hearing.policies(self, direction);
        if !self.is_isolated() {
            let passed = hearing.tier(&self.baseline, direction);
            hearing.open = hearing.open.union(&hearing.left).union(&passed);
        }
        let Hearing {
            open,
            may_open,
            may_close,
            ..
        } = hearing;
        if !self.unseen.is_empty() {
            return Judged {
                open: PortSet::default(),
                unsure: PortSet::all(),
            };
        }
        let unsure = open.intersection(&may_close).union(&may_open.minus(&open));
        Judged {
            open: open.minus(&may_close),
            unsure,
        }
    }

    /// What is open if nothing that beats a gate does so and nothing that cannot be told allows
    /// anything: what is missing here, a gate on this side can add.
    pub fn without_denies(&self, direction: Direction, look: &Lookup<'_, 'a>) -> PortSet {
        let accepted = self.admin.iter().flat_map(|policy| policy.rules(direction));
        let accepted = accepted.filter(|rule| rule.action == Action::Accept);
        let allowed = self.isolating.iter().chain(&self.additive);
        let allowed = allowed
            .filter(|policy| policy.doubt.is_none())
            .flat_map(|policy| {
                let rules = policy.section(direction).allow.iter();
                rules.map(|rule| (rule, policy.namespace.as_ref()))
            });
        let rules = accepted.map(|rule| (&rule.rule, "")).chain(allowed);
        let sure = rules.filter_map(|(rule, home)| {
            let (matched, ports) = look(rule, home);
            (matched > Match::Maybe).then_some(ports)
        });
        let open = sure.fold(PortSet::default(), |all, one| all.union(&one));
        if self.is_isolated() {
            return open;
        }
        let only_baseline = Self {
            baseline: self.baseline.clone(),
            ..Self::default()
        };
        open.union(&only_baseline.judge(direction, look, &mut |_| ()).open)
    }
}
