//! The stories in `tests/scenarios`, for every test target that plays them all.

/// A test for each story, so that one can be run by its name: calls the function with the name.
macro_rules! stories {
    ($tell:ident) => {
        stories! { @ $tell
            a_bot_that_is_not_in_the_channel_writes_to_approvers
            a_card_whose_answer_was_lost_is_posted_once
            a_cluster_that_stays_away_fails_the_request
            a_decided_card_is_decided
            a_denial_says_who_and_offers_to_ask_again
            a_deny_that_beats_an_open_path_is_told
            a_double_click_opens_once
            a_length_out_of_bounds_is_refused_never_clamped
            a_missing_or_endless_reason
            a_pasted_address_with_a_password
            a_path_that_would_cut_others_is_withdrawn
            a_policy_appears_before_approval
            a_policy_disappears_before_approval
            a_reason_is_never_a_template
            a_removed_group_is_named_and_breaks_nothing_else
            a_services_port_is_opened_as_its_pods_port
            a_slow_store_keeps_nobody_waiting
            a_source_that_may_not_ask_for_names_gets_that_with_the_path
            an_ambiguous_name_is_asked_back
            an_answer_of_the_cluster_is_lost
            an_approver_revokes_with_a_reason
            an_approver_who_is_gone_does_not_stop_the_others
            an_ex_member_cannot_approve
            an_outside_tool_reaches_one_workload
            an_unknown_workload_port_or_template_is_named
            any_group_of_a_stage_may_answer
            approvers_are_told_before_asking
            approving_and_denying_in_the_same_moment
            asked_by_mention_the_thread_tells_the_story
            asked_in_a_direct_message
            both_policies_disappear_before_approval
            done_closes_at_once
            everything_is_delivered_twice
            forged_buttons_change_nothing
            guests_and_strangers_cannot_ask
            help_lists_every_phrase
            killed_between_approval_and_opening
            killed_right_after_a_message_was_posted
            main_story
            markup_in_a_reason_is_shown_as_typed
            mine_and_show
            more_pods_join_an_open_path_than_were_approved
            more_would_open_than_was_approved
            no_rule_no_access
            nobody_answers
            nobody_approves_their_own_request
            nobody_left_to_approve_is_said_at_once
            one_person_fills_one_slot
            only_the_requester_asks_again
            overlapping_grants_do_not_end_each_other
            reach_tells_what_is_open_and_why
            slack_fails_and_is_asked_again
            slack_is_away_while_a_path_is_open
            slack_limits_its_rate
            somebody_deletes_the_policies
            stages_that_one_person_alone_could_fill_are_refused_when_asked
            the_bot_is_down_over_the_end
            the_bot_restarts_in_between
            the_cluster_is_away_at_approval
            the_cluster_is_away_at_the_end
            the_cluster_is_away_when_asked
            the_cluster_refuses_our_policies
            the_requester_takes_it_back
            the_rules_ask_for_more_approvals_meanwhile
            the_rules_refuse_what_waits
            the_shortest_grant_is_still_warned
            the_store_is_away_at_the_end
            the_store_is_away_when_asked
            the_store_is_away_when_clicked
            the_store_is_emptied_while_a_path_is_open
            the_time_begins_when_it_opens
            the_workload_is_deleted_before_approval
            those_who_do_not_count_cannot_approve
            too_many_requests_at_once
            two_approvers_at_once_open_once
            two_of_one_group_have_to_agree
            two_stages_agree_one_after_the_other
            until_follows_the_askers_own_clock
            what_is_open_already_is_not_opened_again
            what_is_over_can_still_be_read
            what_nobody_isolates_is_not_isolated_by_us
            words_not_understood_are_answered_with_the_nearest_form
        }
    };
    (@ $tell:ident $($name:ident)*) => {
        $(#[test] fn $name() { $tell(stringify!($name)); })*
        #[allow(dead_code, reason = "a target that only plays them needs no list")]
        const STORIES: &[&str] = &[$(stringify!($name)),*];
    };
}
