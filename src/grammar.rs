//! What people type, turned into values: [`parse()`] reads a phrase with byte spans and suggestions.
//!
//! A text passes through four steps, each in its own file: `clean` drops credentials, link wrappers
//! and invisible characters; `tokens` cuts the rest into words that know where they stand; the
//! readers (`phrase`, `endpoint`, `ports`, `clauses`, `inputs` and their like) make values of words; and `reading`
//! turns a reader's problem into a [`ParseError`], trying the problem's own repair to find the
//! nearest valid form. The way in is [`parse()`].
//!
//! One phrase table ([`table`]) feeds the parser, the help text and the README. This module never
//! looks at a cluster, a rule or a person; whether the named things exist is decided elsewhere.

mod address;
pub mod ask;
mod away;
mod by_id;
mod clauses;
mod clean;
mod day;
pub mod endpoint;
mod incident;
mod inputs;
pub mod length;
mod names;
pub mod parse;
mod pasted;
mod phrase;
pub mod ports;
mod problem;
mod reading;
mod suggest;
pub mod table;
#[cfg(test)]
mod tests;
mod time_of_day;
mod tokens;
mod unexpected;
mod until;
mod write;

pub use ask::{Ask, Asking, Incident, Length, Phrase, TemplateAsk, Terms, Until};
pub use clauses::{LONGEST_REASON, reason};
pub use clean::{LONGEST_TEXT, scrub};
pub use endpoint::{Endpoint, Kind, Target};
pub use parse::parse;
pub use ports::{PortAsk, PortRef, Ports, Protocol};
pub use problem::ParseError;
pub use until::{until, until_end_of};
