//! Starts what brings the ledger elsewhere and keeps it in bounds: sinks, signed heads, retention.

use std::sync::Arc;

use hyper_util::client::legacy::connect::Connect;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::append::Appender;
use super::heads::{Heads, Last};
use super::retention::Retention;
use super::settings::Settings;
use super::sinks::{Delivery, Post, sink_at};
use crate::app::Parts;

/// Starts one task for each sink, one that signs heads where there is a key, and one that trims.
pub fn start<C>(
    settings: &Settings,
    parts: &Arc<Parts>,
    appender: &Appender,
    connector: &C,
    (tracker, stop): (&TaskTracker, &CancellationToken),
) where
    C: Connect + Clone + Send + Sync + 'static,
{
    let store = || Arc::clone(parts.book.store());
    let (clock, entropy) = (|| Arc::clone(&parts.clock), || Arc::clone(&parts.entropy));
    for (name, place) in &settings.sinks {
        let delivery = Delivery::new(name, sink_at(place, connector), store(), entropy());
        let delivery = delivery.observed(Arc::clone(&parts.metrics));
        tracker.spawn(delivery.run(stop.clone()));
    }
    match &settings.signer {
        Some(signer) => {
            tracing::info!(
                key = signer.public(),
                "heads of the ledger are signed with this key"
            );
            let heads = Heads {
                store: store(),
                appender: appender.clone(),
                signer: signer.clone(),
                last: Last::default(),
                every: settings.every,
                deposit: settings.heads.clone(),
                post: Post::over(connector.clone()),
                metrics: Arc::clone(&parts.metrics),
                clock: clock(),
                entropy: entropy(),
            };
            tracker.spawn(heads.run(stop.clone()));
        }
        None => tracing::warn!(
            "heads of the ledger are not signed: whoever owns the store could rewrite all of it; \
             set `ledger.key` in DRAWBRIDGE_CONFIG"
        ),
    }
    if let Some(keep) = settings.keep {
        let retention = Retention {
            store: store(),
            appender: appender.clone(),
            keep,
            sinks: settings.sinks.keys().cloned().collect(),
            signed: settings.signer.is_some(),
            clock: clock(),
            entropy: entropy(),
        };
        tracker.spawn(retention.run(stop.clone()));
    }
}
