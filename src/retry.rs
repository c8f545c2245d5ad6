//! Whether a failed call makes sense again: the answer that every adapter error gives.

/// What a failed call means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Try the same call again at once (a connection was replaced).
    Now,
    /// Try later: the store is away, busy, electing or full.
    Later,
    /// Never: a fault in data or program.
    Never,
}
