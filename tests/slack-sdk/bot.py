"""A small bot on the official Bolt for Python: `bot.py socket|http`. tests/it/slack_sdk drives it.

bot.mjs is the same bot on Bolt for JavaScript. Every line of output is one thing it saw, as JSON.
Environment: SLACK_API_URL, SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_SIGNING_SECRET, PORT (http).
It ends with its standard input, that is, with the test that started it.
"""

import json
import os
import sys
import threading

from slack_bolt import App
from slack_bolt.adapter.socket_mode.websocket_client import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from calls import survey


def client_for(token):
    client = WebClient(token=os.environ[token], base_url=os.environ["SLACK_API_URL"])
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=3))
    return client


told = threading.Lock()


def tell(saw, **more):
    # Listeners run in threads of their own: a line must not be broken by another.
    with told:
        print(json.dumps({"saw": saw, **more}), flush=True)


def plain(text):
    return {"type": "plain_text", "text": text}


CARD = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*open the gate?*"}},
    {"type": "actions", "block_id": "decision", "elements": [
        {"type": "button", "action_id": "approve", "text": plain("Approve"), "style": "primary", "value": "k7m3xq"},
    ]},
]
FORM = {
    "type": "modal", "callback_id": "ask", "title": plain("Ask"), "submit": plain("Send"),
    "blocks": [
        {"type": "input", "block_id": "why", "label": plain("Why"),
         "element": {"type": "plain_text_input", "action_id": "reason"}},
        {"type": "input", "block_id": "where", "label": plain("Where"), "optional": True,
         "element": {"type": "external_select", "action_id": "to", "min_query_length": 1}},
        {"type": "actions", "block_id": "more", "elements": [
            {"type": "button", "action_id": "deeper", "text": plain("Deeper"), "value": "more"}]},
    ],
}
ON_TOP = {"type": "modal", "title": plain("On top"), "blocks": [{"type": "section", "text": plain("more")}]}
HOME = {"type": "home", "blocks": [{"type": "section", "text": plain("yours")}, FORM["blocks"][2]]}
SERVICES = ("orders/db", "orders/web", "shop/web")

app = App(client=client_for("SLACK_BOT_TOKEN"), signing_secret=os.environ["SLACK_SIGNING_SECRET"])
seen = {}


@app.event("app_mention")
def mentioned(event, body, client):
    # Of two copies, one gets its own mark back.
    mark = object()
    again = seen.setdefault(body["event_id"], mark) is not mark
    tell("mention", user=event["user"], text=event["text"], again=again)
    if not again:
        posted = client.chat_postMessage(channel=event["channel"], text="open the gate?", blocks=CARD)
        tell("posted", ts=posted["ts"])


@app.event("message")
def said(event):
    tell("message", kind=event["channel_type"], subtype=event.get("subtype"), bot=event.get("bot_id"))


@app.action("approve")
def approved(ack, body, client, respond):
    ack()
    who = client.users_info(user=body["user"]["id"])["user"]
    groups = client.usergroups_list(include_users=True)["usergroups"]
    members = client.usergroups_users_list(usergroup=groups[0]["id"])["users"]
    tell("click", user=who["name"], value=body["actions"][0]["value"], group=groups[0]["handle"], members=members)
    client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="the gate is open", blocks=[])
    respond(text="thank you", replace_original=False)


@app.command("/access")
def commanded(ack, body, client):
    ack()
    tell("command", text=body["text"], user=body["user_name"])
    if body["text"] == "survey":
        survey(client, body, client_for("SLACK_APP_TOKEN"))
        tell("surveyed")
        return
    view = {**FORM, "private_metadata": body["channel_id"]}
    tell("form", id=client.views_open(trigger_id=body["trigger_id"], view=view)["view"]["id"])


@app.view("ask")
def submitted(ack, view, client):
    reason = view["state"]["values"]["why"]["reason"]["value"]
    tell("submitted", reason=reason)
    if len(reason) < 5:
        ack(response_action="errors", errors={"why": "say more"})
        return
    ack()
    client.chat_postMessage(channel=view["private_metadata"], text=f"asked: {reason}")


@app.options("to")
def typed(ack, payload):
    found = [name for name in SERVICES if name.startswith(payload["value"])]
    ack(options=[{"text": plain(name), "value": name} for name in found])
    tell("typed", text=payload["value"])


@app.action("deeper")
def deeper(ack, body, client):
    ack()
    if body["view"]["type"] == "home":
        client.views_open(trigger_id=body["trigger_id"], view=ON_TOP)
    else:
        client.views_push(trigger_id=body["trigger_id"], view=ON_TOP)
    tell("pressed", on=body["view"]["type"])


@app.event("app_home_opened")
def opened(event, client):
    client.views_publish(user_id=event["user"], view=HOME)
    tell("home", tab=event["tab"])


@app.shortcut("ask")
def shortcut(ack, body, client):
    ack()
    client.views_open(trigger_id=body["trigger_id"], view=ON_TOP)
    tell("shortcut", user=body["user"]["id"])


@app.shortcut("ask_about")
def shortcut_on_message(ack, body, respond):
    ack()
    respond(text="about that", replace_original=False)
    tell("about", text=body["message"]["text"])


def end_with_the_test():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_the_test, daemon=True).start()
if sys.argv[1] == "socket":
    app_client = client_for("SLACK_APP_TOKEN")
    # The SDK's built-in socket drops frames that end outside the 1,024 bytes it reads at once; this is
    # its other one, on websocket-client.
    SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"], web_client=app_client, ping_interval=3).start()
else:
    app.start(port=int(os.environ["PORT"]), http_server_logger_enabled=False)
