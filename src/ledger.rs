//! Keeps the ledger: every event of every document, once, in one chain of records.
//!
//! A commit marks its document as waiting in the same atomic step ([`crate::store::Ledger`]); the
//! [`Appender`] of each process takes what waits, links it and appends it. Nothing that happens waits
//! for the ledger: it is allowed to be late, never to forget.
//!
//! - `append`: the appender, one task for each process; `batch`: makes one append of what waits, pure;
//!   `mend`: lets what was forgotten wait again; `back`: what it does when the store went back; `parted`: what was
//!   lost of a document then; `behind`: how late it is, for metrics and `/readyz`.
//! - `name`: which ledger a store keeps.
//! - `sinks`: brings records elsewhere; `heads`: signs the newest record; `retention`: drops what is old and
//!   kept elsewhere; `keep`: starts these three; `settings`: what they can be told.

pub mod append;
mod back;
mod batch;
mod behind;
pub mod heads;
pub mod keep;
mod mend;
pub mod name;
mod own;
mod parted;
pub mod retention;
pub mod settings;
pub mod sinks;

pub use self::append::{Appender, Pass};
pub use self::behind::Behind;
