//! What a rule says besides its stages: bounds, the next circle, emergencies, automatic approval.

use crate::rules::condition::Condition;
use crate::rules::hours::Hours;
use crate::rules::text::Text;
use crate::rules::who::Circle;
use crate::units::Seconds;

/// Bounds on what is asked.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::rules) struct Limits {
    pub(in crate::rules) max: Option<Seconds>,
    pub(in crate::rules) open: Option<usize>,
    pub(in crate::rules) per_minute: Option<usize>,
}

/// Whom to ask as well when nobody answers.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Escalate {
    pub(in crate::rules) after: Seconds,
    pub(in crate::rules) to: Circle,
}

/// Who may open at once.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Emergency {
    pub(in crate::rules) by: Circle,
    pub(in crate::rules) max: Seconds,
    pub(in crate::rules) tell: Text,
    pub(in crate::rules) review: Seconds,
}

/// What is approved without asking anybody: where everything that is written holds. At least one of
/// the limits is written.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Auto {
    pub(in crate::rules) when: Option<Condition>,
    pub(in crate::rules) max: Option<Seconds>,
    pub(in crate::rules) per_day: Option<usize>,
    pub(in crate::rules) hours: Option<Hours>,
    /// How many extensions of one path; `None`: none.
    pub(in crate::rules) extensions: Option<usize>,
}

impl Auto {
    /// Whether it says nothing about asks that are no extensions: those are then not for it.
    pub(in crate::rules) const fn only_extensions(&self) -> bool {
        self.when.is_none() && self.max.is_none() && self.per_day.is_none() && self.hours.is_none()
    }
}
