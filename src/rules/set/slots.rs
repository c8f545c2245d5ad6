//! What a template's inputs become.

use super::{Gate, Slot, Template};

/// Which inputs become the ends of a template's flow; `None` where the template says it itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slots<'a> {
    /// Where connections come from.
    pub from: Option<&'a str>,
    /// Where they go.
    pub to: Option<&'a str>,
    /// The ports.
    pub ports: Option<&'a str>,
}

impl Template {
    /// Whether it states objects of its own, which a rule must name in full to let pass.
    pub const fn states_objects(&self) -> bool {
        matches!(self.gate, Gate::Objects { .. })
    }

    /// Which inputs become the ends of its flow.
    pub fn slots(&self) -> Slots<'_> {
        match &self.gate {
            Gate::Connect { from, to, ports } => Slots {
                from: from.input(),
                to: to.input(),
                ports: ports.as_ref().and_then(Slot::input),
            },
            Gate::Objects { .. } => Slots::default(),
        }
    }
}
