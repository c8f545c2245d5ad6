//! A replica's clock that is not right.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::clock::Clock;
use crate::units::Time;

/// A clock that is ahead of another one by always the same; behind it where that is negative.
#[derive(Debug)]
pub(super) struct Skewed {
    pub(super) right: Arc<dyn Clock>,
    pub(super) ahead: TimeDelta,
}

impl Skewed {
    /// The clock itself where nothing is wrong with it.
    pub(super) fn by(right: &Arc<dyn Clock>, ahead: TimeDelta) -> Arc<dyn Clock> {
        let right = Arc::clone(right);
        match ahead.is_zero() {
            true => right,
            false => Arc::new(Self { right, ahead }),
        }
    }
}

#[async_trait]
impl Clock for Skewed {
    fn now(&self) -> Time {
        self.right.now() + self.ahead
    }

    async fn sleep_until(&self, at: Time) {
        self.right.sleep_until(at - self.ahead).await;
    }
}
