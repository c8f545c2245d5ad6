//! Why a text is no length of time.

use crate::units::Seconds;

/// Why a text is no length of time. `Display` is fit for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LengthError {
    /// Nothing to read.
    #[error("a length of time is missing")]
    Missing,
    /// No number and unit.
    #[error("{0} is not a length of time")]
    NotALength(String),
    /// A number alone.
    #[error("{text} has no unit")]
    NoUnit {
        /// What was typed, quoted.
        text: String,
        /// With the unit that fits best.
        nearest: Option<Seconds>,
    },
    /// A unit that is not known, such as `1w`.
    #[error("{unit} is not a unit that is known here")]
    UnknownUnit {
        /// The unit as typed, quoted.
        unit: String,
        /// The same length in known units.
        nearest: Option<Seconds>,
    },
    /// `0m`
    #[error("{0} is no time at all")]
    Zero(String),
    /// `-5m`
    #[error("{text} is less than nothing")]
    Negative {
        /// What was typed, quoted.
        text: String,
        /// Without the sign.
        nearest: Option<Seconds>,
    },
    /// `1.5h`
    #[error("{text} is a fraction")]
    Fraction {
        /// What was typed, quoted.
        text: String,
        /// The same length in whole units, if there is one.
        nearest: Option<Seconds>,
    },
    /// More than [`super::LONGEST`].
    #[error("{0} is longer than a year")]
    TooLong(String),
    /// `30m1h`, `1h1h`
    #[error("in {0} the units do not go from large to small, each once")]
    OutOfOrder(String),
}

impl LengthError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Fraction { .. } => "write whole units, such as `1h30m`",
            Self::UnknownUnit { .. } | Self::NoUnit { .. } => {
                "units are `s`, `m`, `h` and `d`, such as `30m`"
            }
            Self::OutOfOrder(_) => "write it as in `1h30m`",
            Self::Missing
            | Self::NotALength(_)
            | Self::Zero(_)
            | Self::Negative { .. }
            | Self::TooLong(_) => "write a length such as `30m`, `2h`, `1h30m` or `20 minutes`",
        }
    }

    /// The length that was probably meant.
    pub fn nearest(&self) -> Option<Seconds> {
        match self {
            Self::NoUnit { nearest, .. }
            | Self::UnknownUnit { nearest, .. }
            | Self::Negative { nearest, .. }
            | Self::Fraction { nearest, .. } => *nearest,
            Self::Missing
            | Self::NotALength(_)
            | Self::Zero(_)
            | Self::TooLong(_)
            | Self::OutOfOrder(_) => None,
        }
    }
}
