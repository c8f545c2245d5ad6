//! Notification text: who, path, cluster, duration and reason within 120 characters (DESIGN §10).

use super::markup::Markup;
use super::text::{middle, units};
use crate::request::Request;
use crate::rules::Principal;

/// The most a notification shows; phones cut later ones.
pub const LONGEST: usize = 120;

/// Names of clusters and services beyond this lose their middle.
const LONGEST_NAME: usize = 20;

/// What each end of a path keeps at least.
const SHORTEST_END: usize = 10;

const DOT: &str = " · ";
const ARROW: &str = " → ";

/// `Asked · @dana · shop/web → orders/db:5432 · prod-eu · 30 min · INC-42 slow queries`. What is too
/// long gives way in this order: the reason down to a third of the free room, then the path.
pub fn summary(title: Markup, request: &Request) -> Markup {
    let asked = &request.asked;
    let who = match &asked.by {
        Principal::Person(user) => Markup::person(user),
        service @ Principal::Service { .. } => short_name(&service.to_string()),
    };
    let cluster = short_name(&asked.cluster);
    let length = Markup::from(request.length());
    let reason = Markup::typed(asked.reason.as_deref().unwrap_or_default());

    let fixed: usize = [&title, &who, &cluster, &length]
        .iter()
        .map(|part| units(part.as_str()) + units(DOT))
        .sum();
    let dot = if reason.is_empty() { 0 } else { units(DOT) };
    let room = LONGEST.saturating_sub(fixed + dot);
    let wanted = units(reason.as_str());
    let (from, to) = request.path();
    let whole = units(&from) + units(ARROW) + units(&to);
    let for_reason = wanted.min(room.saturating_sub(whole).max(room / 3));
    let path = short_path(&from, &to, room - for_reason);
    let reason = reason.clip(for_reason);

    Markup::join([title, who, path, cluster, length, reason], DOT).clip(LONGEST)
}

fn short_name(name: &str) -> Markup {
    Markup::typed(&middle(name, LONGEST_NAME))
}

/// Both ends within the room; the shorter one is kept whole if it can be.
fn short_path(from: &str, to: &str, room: usize) -> Markup {
    let room = room.saturating_sub(units(ARROW)).max(2 * SHORTEST_END);
    let (left, right) = (units(from), units(to));
    let for_left = left.min(room.saturating_sub(right).max(room / 2));
    let from = middle(from, for_left);
    let to = middle(to, room - units(&from));
    Markup::typed(&from) + ARROW + Markup::typed(&to)
}
