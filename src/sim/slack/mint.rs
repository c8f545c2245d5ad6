//! Makes ids in Slack's shapes, and message timestamps.

use std::sync::Arc;

use crate::entropy::Entropy;
use crate::units::Time;

/// Draws ids; repeatable when its entropy is.
#[derive(Debug)]
pub(super) struct Mint {
    entropy: Arc<Entropy>,
    last_micros: i64,
}

impl Mint {
    pub(super) fn new(entropy: Arc<Entropy>) -> Self {
        Self {
            entropy,
            last_micros: 0,
        }
    }

    /// An id such as `U7K2…`: the prefix and ten capitals and digits.
    pub(super) fn id(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.entropy.suffix().to_ascii_uppercase())
    }

    /// 128 bits in hex.
    pub(super) fn secret(&self) -> String {
        self.entropy.commit_id().0
    }

    /// In the form `8-4-4-4-12`, as envelopes and client messages have it.
    pub(super) fn uuid(&self) -> String {
        let hex = self.secret();
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        [
            part(0, 8),
            part(8, 12),
            part(12, 16),
            part(16, 20),
            part(20, 32),
        ]
        .join("-")
    }

    /// An index below `count`; 0 when there is nothing to choose.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "counts are small and the fraction is in 0.0..1.0"
    )]
    pub(super) fn pick(&self, count: usize) -> usize {
        ((self.entropy.fraction() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// A message's `ts`: seconds and microseconds. Slack promises uniqueness in a channel only; here no
    /// two are alike anywhere and later ones are greater, also when the clock was stepped back.
    pub(super) fn ts(&mut self, now: Time) -> String {
        let micros = now.timestamp_micros().max(self.last_micros + 1);
        self.last_micros = micros;
        format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_unique_and_increase_when_time_stands_still_or_goes_back() {
        let mut mint = Mint::new(Arc::new(Entropy::seeded(1)));
        let noon = Time::from_timestamp(1_800_000_000, 0).unwrap();
        let first = mint.ts(noon);
        let second = mint.ts(noon);
        let third = mint.ts(noon - chrono::TimeDelta::hours(1));
        assert_eq!(first, "1800000000.000000");
        assert!(first < second && second < third, "{second} {third}");
    }

    #[test]
    fn ids_have_slacks_shapes() {
        let mint = Mint::new(Arc::new(Entropy::seeded(1)));
        let id = mint.id("U");
        assert!(id.starts_with('U') && id.len() == 11);
        assert!(
            id.bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        );
        let uuid = mint.uuid();
        assert_eq!(
            uuid.split('-').map(str::len).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
    }
}
