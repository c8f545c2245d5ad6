//! Writes asks in canonical form, which parses back to the same value.

use std::fmt;

use super::endpoint::with_ports;
use super::{
    Ask, Asking, Incident, Length, Phrase, TemplateAsk, Terms, Until, day, inputs, length,
    time_of_day,
};

/// `SOURCE to TARGET:PORT` and the clauses.
impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = with_ports(&self.to, self.ports.as_ref());
        write!(f, "{} to {target}", self.from)?;
        clauses(f, &self.terms)
    }
}

/// `using TEMPLATE name=value …` and the clauses.
impl fmt::Display for TemplateAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "using {}", self.template)?;
        for (key, value) in &self.inputs {
            write!(f, " {}", inputs::write(key, value))?;
        }
        clauses(f, &self.terms)
    }
}

/// `on CLUSTER for LENGTH because REASON`, as far as given.
impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cluster = self.cluster.as_ref().map(|cluster| format!("on {cluster}"));
        let length = self.length.as_ref().map(Length::to_string);
        let reason = self
            .reason
            .as_ref()
            .map(|reason| format!("because {reason}"));
        let given: Vec<String> = [cluster, length, reason].into_iter().flatten().collect();
        f.write_str(&given.join(" "))
    }
}

/// `for 1h30m`, `until 18:00`
impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For(seconds) => write!(f, "for {}", length::write(*seconds)),
            Self::Until { hour, minute } => {
                write!(f, "until {}", time_of_day::write(*hour, *minute))
            }
        }
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(ask) => ask.fmt(f),
            Self::Using(ask) => ask.fmt(f),
            Self::Mine => f.write_str("mine"),
            Self::Show(id) => write!(f, "show {id}"),
            Self::Done(id) => write!(f, "done {id}"),
            Self::Cancel(id) => write!(f, "cancel {id}"),
            Self::Revoke { id, reason } => {
                write!(f, "revoke {id}")?;
                because(f, reason.as_deref())
            }
            Self::Reach(ask) => write!(f, "reach {ask}"),
            Self::Approvers(ask) => write!(f, "approvers {ask}"),
            Self::Help => f.write_str("help"),
            Self::Form => Ok(()),
            Self::Extend { id, length, reason } => {
                write!(f, "extend {id} for {}", length::write(*length))?;
                because(f, reason.as_deref())
            }
            Self::Again => f.write_str("again"),
            Self::History { target, since } => {
                write!(f, "history {target}")?;
                since.map_or(Ok(()), |since| write!(f, " {}", length::write(since)))
            }
            Self::Emergency(asking) => write!(f, "emergency {asking}"),
            Self::Incident(incident) => write!(f, "incident {incident}"),
            Self::Away { until, to } => write!(f, "away {until} to <@{to}>"),
            Self::Back => f.write_str("back"),
            Self::Review { id, words } => {
                write!(f, "review {id}")?;
                because(f, words.as_deref())
            }
        }
    }
}

/// The ask, whichever it is.
impl fmt::Display for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(ask) => ask.fmt(f),
            Self::Using(ask) => ask.fmt(f),
        }
    }
}

/// What follows `incident`.
impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { title } => {
                f.write_str("open")?;
                because(f, title.as_deref())
            }
            Self::Close => f.write_str("close"),
            Self::Timeline => f.write_str("timeline"),
        }
    }
}

/// `for 3d`, `until 18:00`, `until 2026-12-24`
impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For(seconds) => write!(f, "for {}", length::write(*seconds)),
            Self::Time { hour, minute } => {
                write!(f, "until {}", time_of_day::write(*hour, *minute))
            }
            Self::Day(day) => write!(f, "until {}", day::write(*day)),
        }
    }
}

fn because(f: &mut fmt::Formatter<'_>, words: Option<&str>) -> fmt::Result {
    words.map_or(Ok(()), |words| write!(f, " because {words}"))
}

fn clauses(f: &mut fmt::Formatter<'_>, terms: &Terms) -> fmt::Result {
    let clauses = terms.to_string();
    if clauses.is_empty() {
        return Ok(());
    }
    write!(f, " {clauses}")
}
