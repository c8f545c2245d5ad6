//! One click of *Approve* until both objects are there, beside applying the same two objects one after the other.

use std::time::Duration;

use crate::bare::{Bare, copies};
use crate::e2e::wait::now;
use crate::figure::{ms, print, quantile};
use crate::scene::{Scene, Size};

pub(crate) async fn measure(size: Size) {
    let scene = Scene::open().await;
    let world = &scene.world;
    let bare = Bare::of(world).await;
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    let mut cards = Vec::new();
    for n in 0..size.of(40, 15, 3) {
        cards.push(scene.asks(n).await);
    }
    for (n, card) in cards.iter().enumerate() {
        // What an ask and the opening before leave to do is not what is measured.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let clicked = now();
        world.clicks("lee", card, "Approve");
        let gates = world.gates.open(2 * (n + 1)).await;
        let new = &gates[2 * n..];
        let came = new.iter().map(|gate| gate.came).max().unwrap();
        ours.push(ms((came - clicked).to_std().unwrap()));
        tokio::time::sleep(Duration::from_millis(300)).await;
        raw.push(ms(bare.apply(&copies(new), 1).await));
    }
    // The first finds everything cold, on both sides.
    let ours = quantile(&mut ours[1..], 0.5);
    let raw = quantile(&mut raw[1..], 0.5);
    print("approve click to objects", ours, Some(raw));
}
