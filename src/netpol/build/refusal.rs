//! Why there is no gate for a flow, in words for the person who asked.

use crate::netpol::lone::named;
use crate::netpol::policy::Direction;

/// A flow that gets no gate. Prints the reason; [`NoGate::hint`] says what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoGate {
    /// Nothing blocks it: any policy here could only take away.
    #[error("`{from}` can already reach `{to}` on {ports}")]
    AlreadyOpen {
        /// The source's label.
        from: String,
        /// The target's label.
        to: String,
        /// The asked ports.
        ports: String,
        /// The reasons, as [`crate::netpol::Reach::why`] gives them.
        why: Vec<String>,
    },
    /// What closes it beats every policy that could be added.
    #[error("`{from}` is kept from reaching `{to}` by {}", by.join(", "))]
    Denied {
        /// The source's label.
        from: String,
        /// The target's label.
        to: String,
        /// The rules that deny, each with its policy.
        by: Vec<String>,
    },
    /// Nothing that was read blocks it, but not everything could be read or judged.
    #[error("whether `{from}` can reach `{to}` cannot be told: {}", what.join(", "))]
    Untold {
        /// The source's label.
        from: String,
        /// The target's label.
        to: String,
        /// What could not be read or judged.
        what: Vec<String>,
    },
    /// The object would be the first policy to isolate these workloads.
    #[error(
        "opening this would cut off {}, which no policy isolates for {} now",
        quoted(workloads),
        direction.word()
    )]
    WouldIsolate {
        /// The label of the side that has to be selected.
        side: String,
        /// The direction they would be isolated in.
        direction: Direction,
        /// `ns/Kind/name` of each.
        workloads: Vec<String>,
    },
    /// A single pod was asked for, and its labels also match others.
    #[error(
        "`{side}` cannot be opened alone: its labels also match {}",
        quoted(others)
    )]
    CannotPin {
        /// The side's label.
        side: String,
        /// `ns/Kind/name` of the others.
        others: Vec<String>,
    },
    /// Nothing tells the side apart from the rest of its namespace.
    #[error(
        "`{side}` has no labels to select it by: a policy for it would open all of `{namespace}`"
    )]
    NoLabels {
        /// The side's label.
        side: String,
        /// Its namespace.
        namespace: String,
    },
    /// A policy that a template states would be the first to isolate these pods.
    #[error("this would cut off {}, which no policy isolates now", named(pods))]
    Isolates {
        /// `namespace/name` of each.
        pods: Vec<String>,
    },
    /// A template's objects are in a namespace that is not there.
    #[error("there is no namespace `{namespace}`")]
    NoNamespace {
        /// Its name.
        namespace: String,
    },
    /// The pods that were asked for do not run any more.
    #[error("`{side}` has no running pods")]
    Gone {
        /// The side's label.
        side: String,
    },
}

impl NoGate {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::AlreadyOpen { .. } => {
                "if it does not work, the cause is not a network policy".to_owned()
            }
            Self::WouldIsolate { side, .. } => format!(
                "ask the owners of `{side}` to give the isolated pods a label of their own, \
                 or to isolate the others too"
            ),
            Self::Denied { .. } => {
                "no temporary policy can open it: ask those who own that rule".to_owned()
            }
            Self::Untold { .. } => {
                "every policy that was read lets it pass: try it, and ask those who own the rest"
                    .to_owned()
            }
            Self::CannotPin { .. } => {
                "ask for the whole workload, or give the pod a label of its own".to_owned()
            }
            Self::NoLabels { .. } => "give its pods a label".to_owned(),
            Self::Isolates { .. } => {
                "use a template with `connect`, which opens only what is closed".to_owned()
            }
            Self::NoNamespace { .. } => "name one that there is".to_owned(),
            Self::Gone { .. } => "ask again when it runs".to_owned(),
        };
        Some(hint)
    }
}

fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
