//! Brings records to where auditors look, in order, each at least once.
//!
//! # Guarantees
//! - Each sink is a task of its own: a slow or broken one delays neither another nor the appender.
//! - Nothing is skipped: what a sink does not take is offered again, first soon, then every five minutes,
//!   for ever. What it refuses outright is told in the log as an error, and offered again all the same.
//! - A record is offered again after a crash between the delivery and the note of it, and by another
//!   replica that looked at the same moment. A record's `seq` and `hash` never change, so that they make
//!   it exactly once; files and streams look at their own end and hold each record once anyway.
//!
//! # Assumptions
//! A sink belongs to one ledger. A file or a stream that holds another one's records is left alone, and
//! the log says so.

mod batch;
mod delivery;
mod file;
mod http;
mod stdout;
mod stream;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use hyper_util::client::legacy::connect::Connect;

use super::settings::Place;
use crate::audit::Head;

pub use batch::Batch;
pub(super) use batch::happened;
pub use delivery::{Delivery, Step};
pub use file::LineFile;
pub use http::{Parcel, Post, PostSink};
pub use stdout::StdoutSink;
pub use stream::StreamSink;

/// Why a sink did not take a batch.
#[derive(Debug)]
pub enum Trouble {
    /// It may take it later; where it said when, not before that.
    Later(anyhow::Error, Option<Duration>),
    /// It refuses it: a person has to look.
    Refused(anyhow::Error),
    /// It is too large for it: a smaller one may do.
    TooLarge,
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Later(error.into(), None)
    }
}

/// Takes records.
///
/// # Guarantees
/// What [`Sink::take`] answered `Ok` to is where it belongs, as durably as the sink knows how.
///
/// # Retries
/// Both calls are safe to repeat: a batch that was taken without an answer is offered again.
#[async_trait]
pub trait Sink: Send + fmt::Debug {
    /// Whether it knows by itself what it has.
    fn keeps_place(&self) -> bool;

    /// Whether it compares what it is offered with what it has: then its own word for where it ends, which
    /// others may write, makes it skip nothing that the store has no note of.
    fn compares(&self) -> bool {
        false
    }

    /// The last record that it has, where it keeps its place; `None`: it has none.
    async fn end(&mut self) -> Result<Option<Head>, Trouble>;

    /// Takes a batch.
    async fn take(&mut self, batch: &Batch) -> Result<(), Trouble>;
}

/// The sink at a place, which sends over this connector where it sends by HTTP.
pub(super) fn sink_at<C>(place: &Place, connector: &C) -> Box<dyn Sink>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    match place {
        Place::File(path) => Box::new(LineFile::at(path.clone())),
        Place::Stdout => Box::new(StdoutSink),
        Place::Http(server) => {
            let post = Post::over(connector.clone());
            Box::new(PostSink::new(server.clone(), post))
        }
        Place::Stream { redis, key } => Box::new(StreamSink::new(redis.clone(), key.clone())),
    }
}
