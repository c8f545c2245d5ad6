//! Nothing stays open: no object outlives its end by more than what was broken allows.

use crate::sim::storm::stage::Stage;
use crate::sim::storm::troubles::{Held, end_of};

/// What is wrong with the lives of our objects.
pub(super) fn check(stage: &Stage) -> Vec<String> {
    let now = stage.town.now();
    let lives = stage.town.gates.lives();
    let late = lives.iter().filter_map(|life| {
        let (held, deadline) = stage.troubles.deadline(life);
        let gone = life.gone_at.unwrap_or(now);
        let over = gone - deadline;
        (gone > deadline && held != Held::Early).then(|| {
            format!(
                "`{}` was there until {}, {} ms after its end and {} ms longer than it may ({})",
                life.name,
                stage.clock_of(gone),
                (gone - end_of(life)).num_milliseconds(),
                over.num_milliseconds(),
                held.name()
            )
        })
    });
    late.collect()
}
