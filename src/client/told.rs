//! What a server says of a request. Fields that a later server adds are passed over; a state that it adds counts
//! as waiting.

use serde::Deserialize;

use crate::units::Time;

/// A request as the server sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Told {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub state: State,
    /// Source, target and ports, as the server found them: `shop/web -> orders/db:5432`.
    #[serde(default)]
    pub flow: String,
    /// Which cluster it is in.
    #[serde(default)]
    pub cluster: String,
    /// The Slack id of the person who answers for it, where there is one.
    #[serde(default)]
    pub owner: Option<String>,
    /// Who has to agree, in order.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// When the path closes by itself.
    #[serde(default)]
    pub expires_at: Option<Time>,
    /// Where a connection should succeed while it is open: `HOST:PORT`.
    #[serde(default)]
    pub targets: Vec<String>,
    /// Why it is not open (any more), where somebody said why.
    #[serde(default)]
    pub detail: Option<String>,
}

/// One layer of approval.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Stage {
    /// What it is called.
    pub name: String,
    /// How many have to agree.
    #[serde(default)]
    pub need: u32,
    /// How many have.
    #[serde(default)]
    pub approved: u32,
    /// Whether it is the one that waits.
    #[serde(default)]
    pub waiting: bool,
}

/// How far a request is (DESIGN §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Waits for people.
    Pending,
    /// Is being opened.
    Granting,
    /// The path is open.
    Active,
    /// Is being closed.
    Ending,
    /// Was open, and is closed.
    Ended,
    /// Somebody said no.
    Denied,
    /// Was taken back.
    Cancelled,
    /// Nobody answered in time.
    Lapsed,
    /// The rules said no.
    Refused,
    /// Could not be opened.
    Failed,
    /// Something that this client does not know.
    #[serde(other)]
    Unknown,
}

impl State {
    /// As the server writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Granting => "granting",
            Self::Active => "active",
            Self::Ending => "ending",
            Self::Ended => "ended",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::Lapsed => "lapsed",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "in a state that this client does not know",
        }
    }

    /// Whether nothing of it is open or will be: a path that is being closed counts as gone.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Pending | Self::Granting | Self::Active | Self::Unknown => false,
            Self::Ending
            | Self::Ended
            | Self::Denied
            | Self::Cancelled
            | Self::Lapsed
            | Self::Refused
            | Self::Failed => true,
        }
    }
}

impl Told {
    /// Whether the path is open.
    pub fn is_open(&self) -> bool {
        self.state == State::Active
    }

    /// The layer that waits, if one does.
    pub fn waiting_for(&self) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: &str) -> Told {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_later_servers_words_are_still_understood() {
        let later = told(r#"{"id":"k7m3xq","state":"pondering","new":{"x":1}}"#);
        assert_eq!(later.state, State::Unknown);
        assert!(!later.state.is_over() && !later.is_open());
    }

    #[test]
    fn it_is_the_stage_that_the_server_names_that_waits() {
        let stages = r#""stages":[{"name":"owners","need":1,"approved":1,"waiting":false},
            {"name":"security","need":2,"approved":1,"waiting":true}]"#;
        let pending = told(&format!(r#"{{"id":"k7m3xq","state":"pending",{stages}}}"#));
        assert_eq!(pending.waiting_for().unwrap().name, "security");
        let lapsed = told(r#"{"id":"k7m3xq","state":"lapsed","stages":[{"name":"owners"}]}"#);
        assert_eq!(lapsed.waiting_for(), None);
    }
}
