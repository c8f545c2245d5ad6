//! The Lua scripts, one a change, found by their content (EVALSHA): two versions of Drawbridge in a
//! rolling update never overwrite each other's, and no server has to be prepared.

use redis::Script;

/// Let through at `maxmemory`: what hands out, keeps and ends work, or expiry would stop when Redis
/// is full; and of the ledger what lets go. Everything else is refused there before its first line runs.
///
/// The marks need Redis 7.0 or Valkey.
macro_rules! let_through {
    ($($file:literal),+) => { Script::new(concat!("#!lua flags=allow-oom\n", $(include_str!($file)),+)) };
}

/// Refused at `maxmemory`.
macro_rules! refused_when_full {
    ($($file:literal),+) => { Script::new(concat!("#!lua\n", $(include_str!($file)),+)) };
}

/// All scripts of the store; what each does and takes stands at its top.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) commit: Script,
    pub(super) closing_commit: Script,
    pub(super) claim: Script,
    pub(super) claim_each: Script,
    pub(super) renew: Script,
    pub(super) release: Script,
    pub(super) wake: Script,
    pub(super) restore: Script,
    pub(super) ping: Script,
    pub(super) append: Script,
    pub(super) settle: Script,
    pub(super) unsettle: Script,
    pub(super) trim: Script,
    pub(super) cursor: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            commit: refused_when_full!("lanes.lua", "commit.lua"),
            closing_commit: let_through!("lanes.lua", "commit.lua"),
            claim: let_through!("lanes.lua", "claim.lua"),
            claim_each: claim_each(),
            renew: let_through!("lanes.lua", "renew.lua"),
            release: let_through!("lanes.lua", "release.lua"),
            wake: let_through!("lanes.lua", "wake.lua"),
            restore: let_through!("lanes.lua", "restore.lua"),
            ping: refused_when_full!("ping.lua"),
            append: refused_when_full!("append.lua"),
            settle: let_through!("settle.lua"),
            unsettle: let_through!("unsettle.lua"),
            trim: let_through!("trim.lua"),
            cursor: let_through!("cursor.lua"),
        }
    }
}

/// `claim.lua` for several shards in turn, by one clock: keys and arguments of each follow those of the one before,
/// three of both. What is wrong with a shard is a text in the place of its answer, and the others' count.
///
/// Its keys are of several slots and stand in their calls by numbers: [`super::together`] says where that is refused.
fn claim_each() -> Script {
    let claim = include_str!("claim.lua")
        .replace("KEYS[", "KEYS[at + ")
        .replace("ARGV[", "ARGV[at + ");
    let lanes = include_str!("lanes.lua");
    Script::new(&format!(
        "#!lua flags=allow-oom\n{lanes}\
         local function claim(at)\n{claim}end\n\
         local answers = {{}}\n\
         for at = 0, #KEYS - 1, 3 do\n\
         local answer = claim(at)\n\
         answers[#answers + 1] = answer.err or answer\n\
         end\n\
         return answers"
    ))
}
