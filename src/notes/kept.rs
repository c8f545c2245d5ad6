//! Notes that only say that something is on record: rule texts, the rules and settings in force, what was
//! reaped, what was refused without a request. Each is there so that its event is written once, however many replicas come to write it.

use serde::{Deserialize, Serialize};

use crate::audit::{RuleRef, SettingRef};
use crate::id::RequestId;

/// The text of a rule that governs, or once did. Never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleText {
    /// Its id.
    pub id: RequestId,
    /// The rule's name.
    pub name: String,
    /// SHA-256 of the text, hex.
    pub digest: String,
    /// The text: JSON with sorted fields, at most [`MAX_RULE`](crate::rules::load::MAX_RULE) bytes.
    pub text: String,
}

/// The rules in force, as last recorded: there is one such note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rulebook {
    /// Its id.
    pub id: RequestId,
    /// All of them, in the order in which they are tried; at most
    /// [`MAX_RULES`](crate::rules::load::MAX_RULES).
    pub rules: Vec<RuleRef>,
}

/// An object that the reaper deleted. Never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaped {
    /// Its id.
    pub id: RequestId,
    /// The cluster.
    pub cluster: String,
    /// The object's own identity, the API server's.
    pub uid: String,
}

/// The settings in force, as last recorded: there is one such note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Its id.
    pub id: RequestId,
    /// The version of Drawbridge.
    pub version: String,
    /// All of them that are no secrets, by name.
    pub settings: Vec<SettingRef>,
}

/// A refusal that left no request, or none of its own. Never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Its id.
    pub id: RequestId,
    /// What was refused: the mark of the delivery.
    pub cause: String,
}

/// Key of the settings in force.
pub const SETTINGS: &str = "note:settings";

/// How the key of every refusal begins.
pub const REFUSALS: &str = "note:refused:";

/// Key of the rules in force.
pub const RULEBOOK: &str = "note:rulebook";

/// Whether a key is of such a note: nothing follows from one but that it is on record.
pub fn only_on_record(key: &str) -> bool {
    let one = key == RULEBOOK || key == SETTINGS;
    let many = ["note:rule:", "note:reaped:", REFUSALS];
    one || many.iter().any(|begin| key.starts_with(begin))
}

/// Key of a refusal.
pub fn refused_key(cause: &str) -> String {
    format!("{REFUSALS}{cause}")
}

/// Key of a rule's text.
pub fn rule_key(digest: &str) -> String {
    format!("note:rule:{digest}")
}

/// Key of a reaped object.
pub fn reaped_key(cluster: &str, uid: &str) -> String {
    format!("note:reaped:{cluster}:{uid}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_on_record_is_told_by_its_key() {
        let kept = [rule_key("d"), reaped_key("prod-eu", "u"), refused_key("d")];
        let all = kept.iter().map(String::as_str);
        for key in all.chain([RULEBOOK, SETTINGS]) {
            assert!(only_on_record(key), "{key}");
        }
        for key in ["U0DANA", "ci/deployer", crate::notes::ABSENCES] {
            assert!(!only_on_record(key), "{key}");
        }
    }
}
