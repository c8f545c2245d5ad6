//! What can be made to go wrong: an API server that refuses, hangs, loses answers or is away.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::kinds::Kind;
use super::reply::Reply;
use super::route::{Call, Verb};

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answered with this status (503, 429, 500, …) and not done.
    Status(u16),
    /// Done, but the connection breaks before the answer.
    LostAnswer,
    /// The connection breaks and nothing is done.
    Broken,
    /// Done and answered after this time.
    Slow(Duration),
    /// Never answered and not done.
    Hang,
}

/// Which calls a fault hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Every call but watches.
    Calls,
    /// Opening a watch.
    Watches,
    /// Calls of one verb.
    Verb(Verb),
    /// Every call but watches about objects of one kind, by its plural.
    Kind(&'static str),
}

impl On {
    fn hits(self, verb: Verb, kind: &Kind) -> bool {
        match self {
            Self::Calls => verb != Verb::Watch,
            Self::Watches => verb == Verb::Watch,
            Self::Verb(one) => verb == one,
            Self::Kind(plural) => verb != Verb::Watch && kind.plural == plural,
        }
    }
}

#[derive(Debug, Clone)]
struct Planned {
    on: On,
    fault: Fault,
    left: usize,
}

/// A permission taken away.
#[derive(Debug, Clone)]
struct Forbidden {
    verb: String,
    plural: String,
    hits: Hits,
}

/// Which calls a missing permission hits.
#[derive(Debug, Clone)]
enum Hits {
    /// All.
    Every,
    /// Those for the whole cluster.
    Whole,
    /// Those for one namespace.
    In(String),
}

/// An admission policy that refuses by name.
#[derive(Debug, Clone)]
struct Denial {
    contains: String,
    message: String,
}

#[derive(Debug, Default)]
struct Rules {
    planned: Vec<Planned>,
    /// How many calls a planned fault has hit.
    hit: u64,
    forbidden: Vec<Forbidden>,
    denials: Vec<Denial>,
    /// Calls whose first answer was lost; `None`: answers arrive.
    lost: Option<HashSet<String>>,
    /// API groups that this cluster does not have.
    absent: BTreeSet<String>,
}

/// Everything planned to go wrong.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Rules>);

impl Faults {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn plan(&self, times: usize, on: On, fault: Fault) {
        self.rules().planned.push(Planned {
            on,
            fault,
            left: times,
        });
    }

    /// The next planned fault for such a call, used up by this.
    pub(super) fn take(&self, call: &Call) -> Option<Fault> {
        let mut rules = self.rules();
        let next = rules
            .planned
            .iter_mut()
            .find(|p| p.left > 0 && p.on.hits(call.verb, call.kind))?;
        next.left -= 1;
        let fault = next.fault;
        rules.planned.retain(|p| p.left > 0);
        rules.hit += 1;
        Some(fault)
    }

    pub(super) fn hit(&self) -> u64 {
        self.rules().hit
    }

    pub(super) fn waiting(&self) -> usize {
        self.rules()
            .planned
            .iter()
            .map(|planned| planned.left)
            .sum()
    }

    /// Whether the answer to this call is to be lost: it is the first such call. Watches have none.
    pub(super) fn take_answer(&self, call: &Call) -> bool {
        let mut rules = self.rules();
        let Some(lost) = rules.lost.as_mut().filter(|_| call.verb != Verb::Watch) else {
            return false;
        };
        let namespace = call.namespace.as_deref().unwrap_or_default();
        let Kind { plural, group, .. } = call.kind;
        lost.insert(format!(
            "{:?} {group}/{plural} {namespace}/{}",
            call.verb, call.name
        ))
    }

    pub(super) fn lose_first_answers(&self) {
        self.rules().lost = Some(HashSet::new());
    }

    pub(super) fn heal(&self) {
        let mut rules = self.rules();
        let (lost, absent) = (rules.lost.take(), std::mem::take(&mut rules.absent));
        *rules = Rules {
            lost,
            absent,
            hit: rules.hit,
            ..Rules::default()
        };
    }

    pub(super) fn forbid(&self, verb: &str, plural: &str, namespace: Option<&str>) {
        let hits = namespace.map_or(Hits::Every, |name| Hits::In(name.to_owned()));
        self.withhold(verb, plural, hits);
    }

    pub(super) fn forbid_in_whole(&self, verb: &str, plural: &str) {
        self.withhold(verb, plural, Hits::Whole);
    }

    fn withhold(&self, verb: &str, plural: &str, hits: Hits) {
        self.rules().forbidden.push(Forbidden {
            verb: verb.to_owned(),
            plural: plural.to_owned(),
            hits,
        });
    }

    pub(super) fn deny(&self, contains: &str, message: &str) {
        let (contains, message) = (contains.to_owned(), message.to_owned());
        self.rules().denials.push(Denial { contains, message });
    }

    pub(super) fn serve_group(&self, group: &str, served: bool) {
        let mut rules = self.rules();
        if served {
            rules.absent.remove(group);
        } else {
            rules.absent.insert(group.to_owned());
        }
    }

    pub(super) fn has_group(&self, group: &str) -> bool {
        !self.rules().absent.contains(group)
    }

    /// Whether RBAC holds these rights.
    pub(super) fn may(&self, verb: &str, plural: &str, namespace: Option<&str>) -> bool {
        let place = |hits: &Hits| match hits {
            Hits::Every => true,
            Hits::Whole => namespace.is_none(),
            Hits::In(name) => namespace == Some(name),
        };
        let hits = |f: &Forbidden| f.verb == verb && f.plural == plural && place(&f.hits);
        !self.rules().forbidden.iter().any(hits)
    }

    /// RBAC's answer to a call.
    pub(super) fn authorize(&self, call: &Call) -> Result<(), Reply> {
        let namespace = call.namespace.as_deref();
        if self.may(call.verb.name(), call.kind.plural, namespace) {
            return Ok(());
        }
        let place = match namespace {
            Some(namespace) => format!("in the namespace \"{namespace}\""),
            None => "at the cluster scope".to_owned(),
        };
        let Kind { plural, group, .. } = call.kind;
        let why = format!(
            "User \"system:serviceaccount:drawbridge:drawbridge\" cannot {} resource \"{plural}\" \
             in API group \"{group}\" {place}",
            call.verb.name()
        );
        Err(Reply::forbidden(call.kind, &call.name, &why))
    }

    /// Admission's answer to an object of this name.
    pub(super) fn admit(&self, call: &Call, name: &str) -> Result<(), Reply> {
        let rules = self.rules();
        match rules.denials.iter().find(|d| name.contains(&d.contains)) {
            Some(denial) => Err(Reply::forbidden(call.kind, name, &denial.message)),
            None => Ok(()),
        }
    }
}
