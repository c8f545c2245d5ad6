//! What can be made to go wrong: an API server that refuses, hangs, loses answers or is away.

use std::collections::HashSet;
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
}

impl On {
    fn hits(self, verb: Verb) -> bool {
        match self {
            Self::Calls => verb != Verb::Watch,
            Self::Watches => verb == Verb::Watch,
            Self::Verb(one) => verb == one,
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
    namespace: Option<String>,
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
    forbidden: Vec<Forbidden>,
    denials: Vec<Denial>,
    /// Calls whose first answer was lost; `None`: answers arrive.
    lost: Option<HashSet<String>>,
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
    pub(super) fn take(&self, verb: Verb) -> Option<Fault> {
        let mut rules = self.rules();
        let next = rules
            .planned
            .iter_mut()
            .find(|p| p.left > 0 && p.on.hits(verb))?;
        next.left -= 1;
        let fault = next.fault;
        rules.planned.retain(|p| p.left > 0);
        Some(fault)
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
        let lost = rules.lost.take();
        *rules = Rules {
            lost,
            ..Rules::default()
        };
    }

    pub(super) fn forbid(&self, verb: &str, plural: &str, namespace: Option<&str>) {
        self.rules().forbidden.push(Forbidden {
            verb: verb.to_owned(),
            plural: plural.to_owned(),
            namespace: namespace.map(str::to_owned),
        });
    }

    pub(super) fn deny(&self, contains: &str, message: &str) {
        let (contains, message) = (contains.to_owned(), message.to_owned());
        self.rules().denials.push(Denial { contains, message });
    }

    /// Whether RBAC holds these rights.
    pub(super) fn may(&self, verb: &str, plural: &str, namespace: Option<&str>) -> bool {
        let hits = |f: &Forbidden| {
            f.verb == verb
                && f.plural == plural
                && (f.namespace.is_none() || f.namespace.as_deref() == namespace)
        };
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
