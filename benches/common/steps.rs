//! Commits of requests as they really are: a document of the usual size, an alarm, an event.

use drawbridge::id::{ALPHABET, ID_LENGTH, RequestId, Shard};
use drawbridge::store::{Alarms, Commit, CommitId, Standing};
use drawbridge::units::Time;

/// Bytes of a document. A pending request is about this long.
pub(crate) const BODY: usize = 600;

/// Bytes of an event.
pub(crate) const EVENT: usize = 200;

/// The `n`th id; they are spread over the shards in turn.
pub(crate) fn id(n: usize) -> RequestId {
    let shards: Vec<Shard> = Shard::all().collect();
    let shard = shards[n % shards.len()];
    let mut rest = n / shards.len();
    let mut draw = [0_u8; ID_LENGTH - 1];
    for place in &mut draw {
        *place = (rest % ALPHABET.len()) as u8;
        rest /= ALPHABET.len();
    }
    RequestId::from_draw(draw, shard)
}

/// The first commit of the `n`th request, whose gate lane is due at `due`.
pub(crate) fn creation(n: usize, due: Time) -> Commit {
    Commit {
        id: id(n),
        expected: None,
        commit: CommitId(format!("{n:032x}")),
        body: "d".repeat(BODY),
        standing: Standing::Open,
        owner: format!("U{:06}", n % 1_000),
        alarms: Alarms {
            gate: Some(due),
            card: None,
        },
        events: vec!["a".repeat(EVENT)],
        claim: None,
        seen: None,
        closing: false,
        lasting: false,
    }
}
