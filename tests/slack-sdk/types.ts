// The official types that payloads are held against: schemas.mjs turns every export into a JSON schema,
// validate.py names them. Blocks are the known ones only: the SDK's own `Block` would take anything.
import type * as B from '@slack/bolt';
import type * as T from '@slack/types';
import type * as W from '@slack/web-api';

// What the app sends.
export interface AppModal extends Omit<T.ModalView, 'blocks'> { blocks: T.KnownBlock[] }
export interface AppHome extends Omit<T.HomeView, 'blocks'> { blocks: T.KnownBlock[] }
export interface AppMessage {
  channel?: string; ts?: string; user?: string; thread_ts?: string; reply_broadcast?: boolean;
  text?: string; blocks?: T.KnownBlock[]; attachments?: T.MessageAttachment[]; metadata?: T.MessageMetadata;
  link_names?: boolean; parse?: 'full' | 'none'; mrkdwn?: boolean; unfurl_links?: boolean; unfurl_media?: boolean;
}
export interface AppResponse extends Omit<AppMessage, 'channel' | 'ts' | 'user' | 'metadata'> {
  response_type?: 'in_channel' | 'ephemeral'; replace_original?: boolean; delete_original?: boolean;
}
export type AppViewAck =
  | { response_action: 'clear' }
  | { response_action: 'errors'; errors: { [block_id: string]: string } }
  | { response_action: 'update' | 'push'; view: AppModal };
export type AppOptionsAck =
  | { options: T.PlainTextOption[] }
  | { option_groups: { label: T.PlainTextElement; options: T.PlainTextOption[] }[] };

// The app's manifest, as `apps.manifest.create` takes it. The official type takes anything beside its own fields.
type Manifest = W.AppsManifestCreateArguments['manifest'];
export interface AppManifest {
  _metadata?: Manifest['_metadata']; display_information: Manifest['display_information'];
  features?: Manifest['features']; oauth_config?: Manifest['oauth_config']; settings?: Manifest['settings'];
}

// What Slack delivers.
type InMessage = B.ButtonAction | B.StaticSelectAction | B.OverflowAction;
type InView = InMessage | B.ExternalSelectAction | B.PlainTextInputAction | B.RadioButtonsAction | B.CheckboxesAction;
export type Delivery_block_actions = B.BlockAction<InMessage>;
// In a view there is nothing to respond to; recordings show it, the official type does not.
export type Delivery_block_actions_view = Omit<B.BlockAction<InView>, 'response_url' | 'channel' | 'message' | 'state'> & {
  view: B.ViewOutput;
};
export type Delivery_view_submission = B.ViewSubmitAction;
export type Delivery_view_closed = B.ViewClosedAction;
export type Delivery_block_suggestion = B.BlockSuggestion;
export type Delivery_shortcut = B.GlobalShortcut;
export type Delivery_message_action = B.MessageShortcut;
export type Delivery_slash_commands = B.SlashCommand;
export type Event_app_mention = T.AppMentionEvent;
// A message inside an event about it says neither where it is nor when the event was.
type Inner = Omit<T.GenericMessageEvent, 'channel' | 'channel_type' | 'event_ts'>;
export type Event_message = T.GenericMessageEvent;
export type Event_message_message_changed = Omit<T.MessageChangedEvent, 'message' | 'previous_message'> & {
  message: Inner; previous_message: Inner;
};
export type Event_message_message_deleted = Omit<T.MessageDeletedEvent, 'previous_message'> & {
  previous_message: Inner;
};
export type Event_message_thread_broadcast = T.ThreadBroadcastMessageEvent;
// The view in it is as Slack keeps it, with null for what was left out, not as an app sends it.
export type Event_app_home_opened = Omit<T.AppHomeOpenedEvent, 'view'> & { view?: B.ViewOutput };

// What Slack answers.
export type Answer_apps_connections_open = W.AppsConnectionsOpenResponse;
export type Answer_auth_test = W.AuthTestResponse;
export type Answer_chat_delete = W.ChatDeleteResponse;
export type Answer_chat_postEphemeral = W.ChatPostEphemeralResponse;
export type Answer_chat_postMessage = W.ChatPostMessageResponse;
export type Answer_chat_update = W.ChatUpdateResponse;
export type Answer_conversations_history = W.ConversationsHistoryResponse;
export type Answer_conversations_info = W.ConversationsInfoResponse;
export type Answer_conversations_members = W.ConversationsMembersResponse;
export type Answer_conversations_open = W.ConversationsOpenResponse;
export type Answer_conversations_replies = W.ConversationsRepliesResponse;
export type Answer_usergroups_list = W.UsergroupsListResponse;
export type Answer_usergroups_users_list = W.UsergroupsUsersListResponse;
export type Answer_users_conversations = W.UsersConversationsResponse;
export type Answer_users_info = W.UsersInfoResponse;
export type Answer_users_list = W.UsersListResponse;
export type Answer_users_lookupByEmail = W.UsersLookupByEmailResponse;
export type Answer_views_open = W.ViewsOpenResponse;
export type Answer_views_publish = W.ViewsPublishResponse;
export type Answer_views_push = W.ViewsPushResponse;
export type Answer_views_update = W.ViewsUpdateResponse;
