//! The contract of `drawbridge::store::Store`, case by case. Every product passes every case.
//!
//! A case is an async function over a [`Harness`](super::harness::Harness) with an empty product.
//! [`conformance!`] writes one test a case; [`each_case!`] runs all in turn over one product that is
//! costly to start.

pub(crate) mod alarms;
pub(crate) mod claims;
pub(crate) mod commits;
pub(crate) mod faults;
pub(crate) mod indexes;
pub(crate) mod ledger;

/// Hands the list of all cases to another macro: `with_cases!(macro! { its own arguments })`.
macro_rules! with_cases {
    ($then:ident, $($own:tt)*) => {
        $crate::store::conformance::$then! { $($own)* ;
            commits::a_commit_is_loaded_back_whole
            commits::a_document_has_no_second_creation
            commits::a_step_on_another_version_changes_nothing
            commits::a_step_on_a_document_that_is_not_there_conflicts
            commits::a_repeated_step_is_told_so_and_changes_nothing
            commits::a_repeated_step_is_known_after_later_ones
            commits::one_delivery_creates_one_request
            commits::eight_deliveries_at_once_create_one_request
            commits::a_thousand_concurrent_commits_on_one_request_lose_nothing
            commits::a_lasting_step_is_like_any_other_where_nothing_can_be_lost
            commits::events_are_numbered_without_gaps
            commits::what_breaks_the_bounds_is_refused_and_not_written
            claims::no_alarm_is_handed_out_twice_within_a_lease
            claims::an_ended_lease_hands_over_and_its_token_is_refused
            claims::an_ended_lease_is_refused_before_anybody_else_claims
            claims::a_commit_under_a_claim_ends_it
            claims::a_renewed_lease_lasts_longer_and_never_shorter
            claims::a_released_lane_rings_when_asked_for
            claims::attempts_count_claims_until_a_commit_under_one
            claims::tokens_grow
            claims::a_token_counts_for_its_own_lane_and_request_only
            claims::a_commit_by_another_leaves_the_lease_alone
            claims::what_another_commit_asked_for_is_kept_at_a_release
            alarms::alarms_are_handed_out_earliest_first_and_no_more_than_wanted
            alarms::no_alarm_is_handed_out_early
            alarms::lanes_do_not_wait_for_each_other
            alarms::shards_are_apart
            alarms::several_shards_are_claimed_as_each_by_itself
            alarms::a_commit_replaces_all_alarms
            alarms::the_next_due_is_told
            alarms::a_woken_lane_is_due_at_once
            alarms::a_lane_woken_while_held_looks_again
            alarms::a_wake_up_outlives_commits_until_a_claim
            alarms::a_finished_document_is_not_woken
            alarms::missing_alarms_are_restored_and_present_ones_kept
            indexes::open_documents_are_listed_in_order_page_by_page
            indexes::an_owner_sees_the_newest_requests_first
            indexes::an_owner_with_many_requests_sees_a_hundred
            ledger::a_document_waits_from_its_first_event_on
            ledger::a_document_waits_until_all_its_events_are_recorded
            ledger::a_lost_wait_is_restored
            ledger::records_are_read_back_in_order_page_by_page
            ledger::an_append_elsewhere_conflicts_and_changes_nothing
            ledger::of_many_who_append_at_once_each_record_is_there_once
            ledger::an_append_beyond_the_bounds_is_refused_and_not_written
            ledger::trimming_drops_the_oldest_and_is_remembered
            ledger::a_cursor_never_goes_back
            ledger::a_restart_keeps_the_chain
            ledger::a_full_store_makes_the_ledger_wait_and_forget_nothing
            faults::a_restart_keeps_all_that_was_acknowledged
            faults::a_full_store_refuses_cleanly_and_lets_go_on_what_closes
        }
    };
}

/// One test a case; the argument makes the harness.
macro_rules! conformance {
    ($start:expr ; $($area:ident :: $case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let harness = $start.await;
                $crate::store::conformance::$area::$case(&harness).await;
            }
        )*
    };
}

/// All cases in turn on one harness; `$empty` empties it before each.
macro_rules! each_case {
    ($harness:ident, $empty:expr ; $($area:ident :: $case:ident)*) => {
        $(
            println!(concat!(stringify!($area), "::", stringify!($case)));
            $empty.await;
            $crate::store::conformance::$area::$case(&$harness).await;
        )*
    };
}

pub(crate) use {conformance, each_case, with_cases};
