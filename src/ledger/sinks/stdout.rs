//! Lines on the standard output: for log collectors. At least once; `seq` and `hash` tell repeats.

use std::io::Write as _;

use async_trait::async_trait;

use super::{Batch, Sink, Trouble};
use crate::audit::Head;

/// Writes lines to the standard output.
#[derive(Debug, Clone, Copy)]
pub struct StdoutSink;

#[async_trait]
impl Sink for StdoutSink {
    fn keeps_place(&self) -> bool {
        false
    }

    async fn end(&mut self) -> Result<Option<Head>, Trouble> {
        Ok(None)
    }

    async fn take(&mut self, batch: &Batch) -> Result<(), Trouble> {
        let text = batch.text();
        // Blocking: a reader that stands still must not hold a worker of the runtime.
        let written = tokio::task::spawn_blocking(move || {
            let mut out = std::io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()
        });
        match written.await {
            Ok(written) => Ok(written?),
            Err(error) => Err(Trouble::Later(error.into(), None)),
        }
    }
}
