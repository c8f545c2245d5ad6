//! Who may ask for what, who must agree, and for how long: templates and rules, judged.
//!
//! Pure: people and clusters come in as values ([`Roll`], facts), a [`Verdict`] with reasons comes
//! out. Conditions are CEL, capped before they run. It must never look anything up by itself.
//!
//! Files become values in three steps: [`load`](mod@load) reads YAML into [`model`], `lint` checks it
//! and turns it into a [`RuleSet`], [`judge`](mod@judge) decides by that.

pub mod condition;
pub mod embedded;
pub mod explain;
pub mod facts;
pub mod fill;
pub mod group;
mod hours;
pub mod judge;
mod kinds;
mod lint;
pub mod load;
pub mod model;
pub mod named;
pub mod people;
pub mod problem;
pub mod roll;
pub mod route;
pub mod schema;
pub mod set;
pub mod state;
#[cfg(test)]
mod testing;
mod text;
mod who;

pub use embedded::embedded;
pub use explain::{Aside, Explanation, Section, aside, explain, explain_unasked};
pub use facts::{AskFacts, AutoUse, End, Extending, StatedFact};
pub use fill::{FillError, Filled, GateSpec, fill, inputs, plain_inputs};
pub use group::Group;
pub use judge::{
    Demands, Fit, Needs, Reason, Verdict, considered, decides_offline, demands, judge, may_declare,
    needs, open_to, owner,
};
pub use load::{Allowed, load, load_allowing};
pub use model::{AccessRule, AccessTemplate};
pub use named::Named;
pub use people::{Account, Person, Principal, Standing, TeamId, UserId};
pub use problem::{Place, Problem, Severity, report, usable};
pub use roll::{Members, People, Roll};
pub use route::{EmergencyPlan, Escalation, Pass, Right, Route, StagePlan};
pub use schema::SCHEMA;
pub use set::{Bounds, Input, InputKind, Rule, RuleSet, Slots, Template};
pub use state::{Stated, state};
