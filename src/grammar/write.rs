//! Writes asks in canonical form, which parses back to the same value.

use std::fmt;

use super::endpoint::with_ports;
use super::{Ask, Length, Phrase, TemplateAsk, Terms, inputs, length, time_of_day};

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
            Self::Revoke { id, reason: None } => write!(f, "revoke {id}"),
            Self::Revoke {
                id,
                reason: Some(reason),
            } => write!(f, "revoke {id} because {reason}"),
            Self::Reach(ask) => write!(f, "reach {ask}"),
            Self::Approvers(ask) => write!(f, "approvers {ask}"),
            Self::Help => f.write_str("help"),
        }
    }
}

fn clauses(f: &mut fmt::Formatter<'_>, terms: &Terms) -> fmt::Result {
    let clauses = terms.to_string();
    if clauses.is_empty() {
        return Ok(());
    }
    write!(f, " {clauses}")
}
