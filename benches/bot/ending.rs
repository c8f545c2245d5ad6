//! A thousand gates that are due in the same second (as many of them as are), until the last has gone, beside a
//! thousand bare deletes.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{TimeDelta, Timelike};
use drawbridge::units::Time;

use crate::bare::{AT_ONCE, Bare, copies};
use crate::e2e::gates::Gate;
use crate::e2e::wait::{now, reached};
use crate::figure::print;
use crate::scene::{FIRST_PORT, Scene, Size, person};

/// Gates asked for each second, each for as long as is left: slow enough that all of them open within it.
const A_SECOND: usize = 10;

/// Seconds for which the last of them is open.
const LAST: i64 = 30;

pub(crate) async fn measure(size: Size) {
    let scene = Scene::open().await;
    let world = &scene.world;
    let count: usize = size.of(1000, 400, 20);
    let rounds = count.div_ceil(A_SECOND);
    // Ends are rounded up to whole seconds: of what is asked at the beginning of one, most end in the same.
    let soon = now() + TimeDelta::seconds(i64::try_from(rounds).unwrap() + LAST + 5);
    let end = soon.with_nanosecond(50_000_000).unwrap();
    for round in 0..rounds {
        let left = i64::try_from(rounds - round).unwrap() + LAST;
        reached(end - TimeDelta::seconds(left)).await;
        for n in round * A_SECOND..(round + 1) * A_SECOND {
            let line = format!(
                "{orders}/db to {orders}/api:{port} for {left}s because of a figure",
                orders = world.town.orders,
                port = FIRST_PORT + n,
            );
            world.types(&person(n), &line);
        }
    }
    let limit = Duration::from_secs(120);
    let all = format!("{count} gates");
    let open = |lives: &[Gate]| (lives.len() == count).then_some(());
    world.gates.until(limit, &all, open).await;
    assert!(now() < end, "they were opened too slowly");
    let gates = world.gates.all_gone(limit).await;
    let mut due: BTreeMap<Time, Vec<Time>> = BTreeMap::new();
    for gate in &gates {
        let all = due.entry(gate.expires_at()).or_default();
        all.push(gate.gone.unwrap());
    }
    let spread: Vec<usize> = due.values().map(Vec::len).collect();
    let (second, gone) = due.iter().max_by_key(|(_, gone)| gone.len()).unwrap();
    let took = (*gone.iter().max().unwrap() - second).to_std().unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let bare = Bare::of(world).await;
    let copies = copies(&gates);
    bare.apply(&copies, AT_ONCE).await;
    let raw = bare.delete(&copies, AT_ONCE).await;
    let rate = |count: usize, took: Duration| count as f64 / took.as_secs_f64();
    eprintln!(
        "ending: {count} gates, due second by second {spread:?}; the most of them gone after {took:?}, raw all after {raw:?}"
    );
    let ours = rate(gone.len(), took);
    print(
        "1,000 gates end in one second",
        ours,
        Some(rate(count, raw)),
    );
}
