//! The program itself, end to end: the compiled binary as a child process, with a real Redis, a real
//! API server and the simulated Slack on a TCP port. What is asserted is what people and the API
//! server see; the bot is looked at only through its wires, its output and its exit status.
//!
//! Every test is a [`world::World`] of its own: own namespaces on the shared API server, own
//! ServiceAccount with the shipped roles and nothing else, own Redis, own Slack. A test ends with
//! [`world::World::ends_well`], which holds what must be true of every story.

pub(crate) mod bot;
pub(crate) mod gates;
mod links;
pub(crate) mod plan;
mod records;
mod talk;
pub(crate) mod town;
pub(crate) mod wait;
pub(crate) mod world;

mod admission;
mod ask_to_end;
mod changes;
mod cluster_away;
mod commands;
mod contract;
mod crash;
mod failover;
mod health;
mod jobs;
mod killed;
mod network;
mod objects;
mod outside;
mod own_pod;
mod reaper_job;
mod replicas;
mod rights;
mod rights_used;
mod rolling;
mod slack_away;
mod sqlite;
mod stopping;
mod store_away;
mod telemetry;
mod two_clusters;
mod ways;
