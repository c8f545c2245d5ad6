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
    pub(super) release_each: Script,
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
            claim_each: each(include_str!("claim.lua"), 3),
            renew: let_through!("lanes.lua", "renew.lua"),
            release: let_through!("lanes.lua", "release.lua"),
            release_each: each(include_str!("release.lua"), 4),
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

/// A script several times in one call, by one clock: keys and arguments of each follow those of the one before, as many
/// of both. What is wrong with one is a text in the place of its answer, and the others' count.
///
/// Its keys are of several slots and stand in their calls by numbers: [`super::together`] says where that is refused.
fn each(script: &str, keys: usize) -> Script {
    let of_one = |text: &str| {
        text.replace("KEYS[", "KEYS[base + ")
            .replace("ARGV[", "ARGV[base + ")
    };
    let (lanes, script) = (of_one(include_str!("lanes.lua")), of_one(script));
    Script::new(&format!(
        "#!lua flags=allow-oom\nlocal base = 0\n{lanes}\
         local function one()\n{script}end\n\
         local answers = {{}}\n\
         while base < #KEYS do\n\
         local answer = one()\n\
         answers[#answers + 1] = type(answer) == 'table' and answer.err or answer\n\
         base = base + {keys}\n\
         end\n\
         return answers"
    ))
}
