//! Where a message stands among those that wait for the same channel.

use crate::request::{Post, Request, Subject};
use crate::slack::Rank;

/// Cards go by the age of their request. What happened to a path, and an emergency, goes before every card: an end or a
/// warning that comes late is worth nothing.
pub(super) fn rank(request: &Request, post: &Post) -> Rank {
    let since = request.asked.at;
    match &post.subject {
        Subject::Notice(..) => Rank::Urgent(since),
        Subject::Card(_) if request.emergency.is_some() => Rank::Urgent(since),
        Subject::Card(_) => Rank::Since(since),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::End;
    use crate::request::fixtures::{at, dana_asks};

    #[test]
    fn what_happened_goes_before_cards_and_the_oldest_first() {
        let asked = dana_asks().request();
        let closed = asked.opened().closing(End::Expired);
        let ranks = |request: &Request| -> Vec<(bool, Rank)> {
            let posts = request.posts.list.iter();
            posts
                .map(|post| {
                    (
                        matches!(post.subject, Subject::Card(_)),
                        rank(request, post),
                    )
                })
                .collect()
        };
        for (is_card, rank) in ranks(&closed) {
            let expected = if is_card {
                Rank::Since(at(0))
            } else {
                Rank::Urgent(at(0))
            };
            assert_eq!(rank, expected);
        }
        assert!(Rank::Urgent(at(9)) < Rank::Since(at(0)));
        assert!(Rank::Since(at(0)) < Rank::Since(at(1)));
    }
}
