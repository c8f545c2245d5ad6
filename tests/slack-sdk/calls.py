"""Every Web API method that the town's Slack answers, called by the official client: once well, once badly.

What the client thinks of the answers is one half; the other is the tape, which validate.py reads.
"""

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError


def refused(code, call, **arguments):
    """The call has to be refused, with this error code."""
    try:
        call(**arguments)
    except SlackApiError as error:
        assert error.response["error"] == code, f"{error.response['error']}, not {code}: {arguments}"
    else:
        raise AssertionError(f"accepted, not {code}: {arguments}")


def survey(client, command, app_client):
    """`command` is the slash command that asked for it."""
    channel, user = command["channel_id"], command["user_id"]
    stranger = WebClient(token="xoxb-nobody", base_url=client.base_url)
    client.auth_test()
    refused("invalid_auth", stranger.auth_test)
    app_client.apps_connections_open(app_token=app_client.token)
    refused("not_allowed_token_type", client.apps_connections_open, app_token=client.token)
    forms(client, command["trigger_id"])
    home(client, user)
    messages(client, channel, user)
    conversations(client, channel, user)
    people(client, user, stranger)


def forms(client, trigger):
    text = {"type": "plain_text", "text": "Survey"}
    view = {"type": "modal", "title": text, "blocks": [{"type": "section", "text": text}]}
    opened = client.views_open(trigger_id=trigger, view=view)["view"]
    refused("exchanged_trigger_id", client.views_open, trigger_id=trigger, view=view)
    refused("invalid_trigger_id", client.views_open, trigger_id="1.2.x", view=view)
    client.views_update(view_id=opened["id"], hash=opened["hash"], view=view)
    refused("hash_conflict", client.views_update, view_id=opened["id"], hash="1.old", view=view)
    refused("not_found", client.views_update, view_id="V0", view=view)
    # Well is what the bot does when the button in its form is pressed.
    refused("exchanged_trigger_id", client.views_push, trigger_id=trigger, view=view)


def home(client, user):
    view = {"type": "home", "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "Survey"}}]}
    shown = client.views_publish(user_id=user, view=view)["view"]
    client.views_publish(user_id=user, hash=shown["hash"], view=view)
    refused("hash_conflict", client.views_publish, user_id=user, hash=shown["hash"], view=view)


def messages(client, channel, user):
    posted = client.chat_postMessage(channel=channel, text="a parent")
    client.chat_postMessage(channel=channel, text="a reply", thread_ts=posted["ts"])
    refused("channel_not_found", client.chat_postMessage, channel="C0", text="lost")
    client.chat_update(channel=channel, ts=posted["ts"], text="a better parent")
    refused("message_not_found", client.chat_update, channel=channel, ts="1.000000", text="lost")
    client.chat_postEphemeral(channel=channel, user=user, text="between us")
    refused("user_not_in_channel", client.chat_postEphemeral, channel=channel, user="U0", text="lost")
    client.conversations_replies(channel=channel, ts=posted["ts"])
    refused("thread_not_found", client.conversations_replies, channel=channel, ts="1.000000")
    client.conversations_history(channel=channel)
    refused("channel_not_found", client.conversations_history, channel="C0")
    client.chat_delete(channel=channel, ts=posted["ts"])
    refused("message_not_found", client.chat_delete, channel=channel, ts=posted["ts"])


def conversations(client, channel, user):
    direct = client.conversations_open(users=user, return_im=True)["channel"]["id"]
    client.conversations_open(users=user)
    refused("user_not_found", client.conversations_open, users="U0")
    client.conversations_info(channel=direct)
    client.conversations_info(channel=channel, include_num_members=True)
    refused("channel_not_found", client.conversations_info, channel="C0")
    client.conversations_members(channel=channel)
    refused("channel_not_found", client.conversations_members, channel="C0")
    client.users_conversations(types="public_channel,private_channel,im")
    refused("invalid_types", client.users_conversations, types="nothing")


def people(client, user, stranger):
    for member in client.users_list(limit=200)["members"]:
        client.users_info(user=member["id"])
    refused("invalid_cursor", client.users_list, cursor="nowhere")
    refused("user_not_found", client.users_info, user="U0")
    email = client.users_info(user=user)["user"]["profile"]["email"]
    client.users_lookupByEmail(email=email)
    refused("users_not_found", client.users_lookupByEmail, email="nobody@example.com")
    groups = client.usergroups_list(include_users=True, include_count=True, include_disabled=True)
    refused("invalid_auth", stranger.usergroups_list)
    client.usergroups_users_list(usergroup=groups["usergroups"][0]["id"])
    refused("no_such_subteam", client.usergroups_users_list, usergroup="S0")
