//! How old knowledge of people may be. Names nothing of the bot, so that every part of it may ask.

use crate::units::Seconds;

/// How old knowledge about people may be when they ask or click: an ex-member must not slip through,
/// and Slack allows 20 reads of groups a minute.
pub(super) const FRESH: Seconds = Seconds(15);

/// How old it may be when an approved request is applied a moment later, so that a Slack that went
/// away between click and apply does not undo the approval.
pub(super) const FRESH_AT_APPLY: Seconds = Seconds::minutes(10);
