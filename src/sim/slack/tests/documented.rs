//! The error codes that Slack documents, by method: no call may be answered with another one.
//! (docs.slack.dev, one page per method, as of August 2026)

/// Codes that any method may give; the pages of methods mostly leave them out.
const ANY: &str = "account_inactive fatal_error internal_error invalid_arguments invalid_auth \
    invalid_json json_not_object missing_scope not_allowed_token_type not_authed ratelimited \
    token_expired token_revoked unknown_method";

const OF_METHOD: &[(&str, &str)] = &[
    (
        "apps.connections.open",
        "forbidden_team insecure_request internal_error invalid_auth missing_args",
    ),
    ("auth.test", "internal_error invalid_auth"),
    (
        "chat.delete",
        "cant_delete_message channel_not_found message_not_found",
    ),
    (
        "chat.postEphemeral",
        "cannot_reply_to_message channel_not_found invalid_attachments invalid_blocks \
         invalid_blocks_format is_archived markdown_text_conflict message_limit_exceeded \
         messages_tab_disabled msg_too_long no_text not_in_channel restricted_action \
         too_many_attachments user_not_in_channel",
    ),
    (
        "chat.postMessage",
        "app_access_restricted as_user_not_supported attachment_payload_limit_exceeded \
         cannot_reply_to_message channel_not_found draft_already_deleted draft_already_sent \
         draft_has_conflict draft_not_found duplicate_channel_not_found \
         duplicate_message_not_found ekm_access_denied invalid_blocks invalid_blocks_format \
         invalid_metadata_format invalid_metadata_schema is_archived markdown_text_conflict \
         message_limit_exceeded messages_tab_disabled metadata_must_be_sent_from_app \
         metadata_too_large missing_file_data msg_blocks_too_long no_text not_in_channel \
         rate_limited restricted_action restricted_action_non_threadable_channel \
         restricted_action_read_only_channel restricted_action_thread_locked \
         restricted_action_thread_only_channel send_on_behalf_not_allowed \
         slack_connect_canvas_sharing_blocked slack_connect_file_link_sharing_blocked \
         slack_connect_lists_sharing_blocked team_not_found too_many_attachments \
         too_many_contact_cards",
    ),
    (
        "chat.update",
        "as_user_not_supported block_mismatch blocked_file_type cant_broadcast_message \
         cant_update_message channel_not_found edit_window_closed external_channel_migrating \
         file_deleted file_is_deleted file_not_found file_share_limit_reached \
         invalid_attachments invalid_blocks invalid_blocks_format invalid_metadata_format \
         invalid_metadata_schema is_inactive markdown_text_conflict max_file_sharing_exceeded \
         message_limit_exceeded message_not_found metadata_must_be_sent_from_app \
         metadata_too_large msg_too_long no_dual_broadcast_content_update no_text \
         posting_to_channel_denied slack_connect_blocked_file_type \
         slack_connect_canvas_sharing_blocked slack_connect_clip_sharing_blocked \
         slack_connect_file_link_sharing_blocked slack_connect_file_upload_sharing_blocked \
         streaming_state_conflict team_not_found too_many_attachments unable_to_share_files \
         update_failed",
    ),
    (
        "conversations.history",
        "channel_is_limited_access channel_not_found invalid_cursor \
         invalid_metadata_filter_keys invalid_ts_latest invalid_ts_oldest not_in_channel",
    ),
    (
        "conversations.info",
        "channel_is_limited_access channel_not_found missing_scope",
    ),
    (
        "conversations.members",
        "channel_not_found fetch_members_failed invalid_cursor invalid_limit \
         method_not_supported_for_channel_type missing_scope",
    ),
    (
        "conversations.open",
        "channel_not_found invalid_user_combination method_not_supported_for_channel_type \
         missing_scope not_enough_users too_many_users user_disabled user_not_found \
         user_not_visible users_list_not_supplied",
    ),
    (
        "conversations.replies",
        "channel_not_found invalid_cursor invalid_metadata_filter_keys invalid_ts_latest \
         invalid_ts_oldest list_record_comment_fetch_failed \
         method_not_supported_for_channel_type missing_scope thread_not_found",
    ),
    (
        "usergroups.list",
        "invalid_cursor invalid_team missing_argument plan_upgrade_required users_not_found",
    ),
    (
        "usergroups.users.list",
        "invalid_cursor no_such_subteam plan_upgrade_required",
    ),
    (
        "users.conversations",
        "invalid_cursor invalid_limit invalid_types method_not_supported_for_channel_type \
         missing_argument missing_scope",
    ),
    (
        "users.info",
        "too_many_users user_not_found user_not_visible",
    ),
    (
        "users.list",
        "invalid_cursor limit_required missing_argument",
    ),
    (
        "users.lookupByEmail",
        "enterprise_is_restricted users_not_found",
    ),
    (
        "views.open",
        "duplicate_external_id exchanged_trigger_id expired_trigger_id invalid_trigger_id \
         view_too_large",
    ),
    (
        "views.publish",
        "duplicate_external_id hash_conflict missing_profile_id not_allowed_token_type \
         not_enabled not_implemented view_too_large",
    ),
    (
        "views.push",
        "duplicate_external_id exchanged_trigger_id expired_trigger_id invalid_trigger_id \
         not_found push_limit_reached view_too_large",
    ),
    (
        "views.update",
        "duplicate_external_id hash_conflict not_found view_too_large",
    ),
];

/// Whether Slack documents that a method may answer with this code.
pub(super) fn documented(method: &str, code: &str) -> bool {
    let named = |codes: &str| codes.split_whitespace().any(|known| known == code);
    let of_method = OF_METHOD.iter().filter(|(name, _)| *name == method);
    named(ANY) || of_method.into_iter().any(|(_, codes)| named(codes))
}

#[test]
fn every_method_of_the_simulator_has_its_codes_here() {
    let there = super::super::web::method_names();
    let here: Vec<_> = OF_METHOD.iter().map(|(name, _)| *name).collect();
    let mut sorted: Vec<_> = there.collect();
    sorted.sort_unstable();
    assert_eq!(here, sorted);
    assert!(documented("views.push", "push_limit_reached"));
    assert!(!documented("views.open", "push_limit_reached"));
}
