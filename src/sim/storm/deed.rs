//! What happens in a storm: what people do, what others change in the cluster, and what breaks. Each is a value
//! that can be left out of a plan without changing any other, and reads as a line.

use std::fmt;

use super::fault::Fault;

/// A deed and when it happens, in milliseconds after the storm began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: u64,
    /// What.
    pub deed: Deed,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Somebody types a command.
    Says {
        /// Who.
        who: &'static str,
        /// The words after the command.
        text: String,
    },
    /// Somebody types a command about a request; nothing happens where there is none.
    SaysOf {
        /// Who.
        who: &'static str,
        /// The words before its id.
        verb: &'static str,
        /// Which: the newest is 0.
        nth: usize,
        /// The words behind it.
        tail: &'static str,
    },
    /// Somebody presses a button; nothing happens where they see none.
    Presses {
        /// Who.
        who: &'static str,
        /// Its label.
        label: &'static str,
        /// On which of the messages that have it: the newest is 0.
        nth: usize,
        /// How often, in the same instant.
        times: usize,
        /// As the message showed it at first, on a client that missed every update.
        old: bool,
    },
    /// Somebody sends the form that they have open.
    Sends {
        /// Who.
        who: &'static str,
    },
    /// Others change the cluster.
    Others(Change),
    /// Something breaks, or works again.
    Fault(Fault),
}

/// What others change in the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A policy of the town's is deleted, or put back.
    Policy {
        /// Its namespace.
        namespace: &'static str,
        /// Its name.
        name: &'static str,
        /// Whether it is there now.
        present: bool,
    },
    /// A workload of these many replicas is there now.
    Scale {
        /// Its namespace.
        namespace: &'static str,
        /// Its name.
        name: &'static str,
        /// How many.
        replicas: usize,
    },
    /// Somebody deletes every object of ours.
    GatesGone,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, rest) = (self.at / 1000, self.at % 1000);
        write!(f, "{seconds:>4}.{rest:03} s  {}", self.deed)
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Says { who, text } => write!(f, "{who}: {text}"),
            Self::SaysOf {
                who,
                verb,
                nth,
                tail,
            } => write!(f, "{who}: {verb} {{newest but {nth}}} {tail}"),
            Self::Presses {
                who,
                label,
                nth,
                times,
                old,
            } => {
                let old = if *old { " as it was at first" } else { "" };
                write!(
                    f,
                    "{who} presses {label}{old}, newest but {nth}, {times} times"
                )
            }
            Self::Sends { who } => write!(f, "{who} sends the open form"),
            Self::Others(change) => change.fmt(f),
            Self::Fault(fault) => write!(f, "[{}] {fault}", fault.class().name()),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy {
                namespace,
                name,
                present: false,
            } => write!(f, "policy {namespace}/{name} is deleted"),
            Self::Policy {
                namespace, name, ..
            } => write!(f, "policy {namespace}/{name} is put back"),
            Self::Scale {
                namespace,
                name,
                replicas,
            } => write!(f, "workload {namespace}/{name} has {replicas} replicas"),
            Self::GatesGone => f.write_str("somebody deletes every object of ours"),
        }
    }
}
