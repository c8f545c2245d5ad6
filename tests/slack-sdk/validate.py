"""Holds a tape of the town's Slack against what Slack publishes: `validate.py TAPE`, JSON Lines in.

Each line is {"crossing", "name", "payload"} as src/sim/slack/tape.rs has it, or "manifest" crosses. Out comes one JSON array of
faults: {"number" (of the line, from 0), "layer", "path", "message"}. The layers are
  types  JSON schemas of the official TypeScript types (schemas.mjs), unknown properties refused;
  sdk    the validators of the official Python SDK's Block Kit models, for what the app sends;
  docs   documented.json, and the limits on docs.slack.dev that neither SDK checks.
"""

import copy
import functools
import json
import pathlib
import re
import sys

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

DOCS = json.loads((pathlib.Path(__file__).parent / "documented.json").read_text())
SCHEMAS = json.loads(pathlib.Path("schemas.json").read_text())

# Arguments that a form holds as JSON, and messages as the app sends them.
AS_JSON = ("attachments", "blocks", "link_names", "metadata", "mrkdwn", "reply_broadcast", "unfurl_links",
           "unfurl_media", "view")
MESSAGES = {"chat.postMessage": ["channel"], "chat.update": ["channel", "ts"], "chat.postEphemeral": ["channel", "user"]}
VIEWS = ("views.open", "views.push", "views.update", "views.publish")
# What Slack's documentation shows in deliveries and answers, and the official types leave out.
UNTYPED = """app_id app_installed_team_id bot_id bot_profile client_msg_id edited is_locked is_member is_stranger
    latest_reply parent_conversation parent_user_id priority reply_count reply_users reply_users_count style subscribed
    team text thread_ts ts user username values verbatim""".split()


def loosened(part):
    """A type of a delivery or an answer, with the untyped properties; contents that are the app's stay open."""
    if isinstance(part, list):
        return [loosened(one) for one in part]
    if not isinstance(part, dict):
        return part
    part = {name: loosened(value) for name, value in part.items()}
    if part.get("type") == "object" and part.get("additionalProperties") is False:
        named = part.get("properties", {})
        named |= {name: {"type": ["string", "null"]} for name in ("parent_conversation",) if name in named}
        # Bolt types a button's `confirm` as that of old attachments; Slack sends the button's own dialog back.
        named |= {name: {"type": "object", "required": ["title", "text"]} for name in ("confirm",) if name in named}
        named |= {name: {"type": "object"} for name in ("event_payload",) if name in named}
        # The answers' types of blocks are guesses from samples: `answer` takes the ones of @slack/types.
        named |= {name: {"type": "array"} for name in ("blocks",) if name in named}
        part["properties"] = {name: {} for name in UNTYPED} | named
    return part


@functools.cache
def schema(name):
    strict = SCHEMAS[name]
    return Draft7Validator(strict if name.startswith("App") else loosened(strict))


def types(name, value, path=""):
    """What the official type has against a value; the most telling error only."""
    if name not in SCHEMAS:
        return [("types", path, f"there is no official type {name}")]
    error = best_match(schema(name).iter_errors(value))
    if error is None:
        return []
    place = path + "".join(f"/{part}" for part in error.absolute_path)
    return [("types", place, f"{name}: {error.message[:300]}")]


def needed(fields, value, path=""):
    return [("docs", path, f"{field} is missing") for field in fields if field not in value]


def sdk(make, path):
    """The SDK's models refuse in their own words."""
    try:
        make()
    except (SlackObjectFormationError, TypeError, ValueError, KeyError, AttributeError) as error:
        return [("sdk", path, f"{type(error).__name__}: {error}")]
    return []


def blocks(listed, limit, path):
    faults = [("docs", path, f"{len(listed)} blocks, the limit is {limit}")] if len(listed) > limit else []
    named = [block["block_id"] for block in listed if isinstance(block, dict) and "block_id" in block]
    if len(named) > len(set(named)):
        faults.append(("docs", path, "a block_id is there twice"))
    for number, block in enumerate(listed):
        faults += sdk(lambda: Block.parse(copy.deepcopy(block)).to_dict(), f"{path}/{number}")
    return faults


def message(kind, value, path=""):
    faults = types(kind, value, path)
    if not any(value.get(field) for field in ("text", "blocks", "attachments", "delete_original")):
        faults.append(("docs", path, "neither text nor blocks"))
    if value.get("blocks") and not value.get("text"):
        faults.append(("docs", path, "blocks without a text for notifications"))
    if len(value.get("text") or "") > 4000:
        faults.append(("docs", f"{path}/text", "longer than 4,000"))
    return faults + blocks(value.get("blocks") or [], 50, f"{path}/blocks")


def view(value, path):
    kind = "AppHome" if value.get("type") == "home" else "AppModal"
    faults = types(kind, value, path) + blocks(value.get("blocks") or [], 100, f"{path}/blocks")
    return faults + sdk(lambda: View(**copy.deepcopy(value)).to_dict(), path)


def call(method, payload):
    """What the app asks for. Reading calls have nothing but names in them."""
    # The SDK for JavaScript adds the workspace to every call of an organisation's app.
    arguments = {name: value for name, value in payload.items() if name not in ("token", "team_id")}
    for name in AS_JSON:
        if isinstance(arguments.get(name), str):
            try:
                arguments[name] = json.loads(arguments[name])
            except ValueError:
                return [("types", f"/{name}", "not JSON")]
    if method in MESSAGES:
        return needed(MESSAGES[method], arguments) + message("AppMessage", arguments)
    if method in VIEWS:
        return view(arguments.get("view") or {}, "/view")
    return []


def answer(method, payload):
    """What Slack answers; a refusal is one of the documented codes."""
    if method not in DOCS["methods"]:
        return [("docs", "", f"{method} is not documented")]
    documented = DOCS["methods"][method]
    faults = types(f"Answer_{method.replace('.', '_')}", payload)
    if payload.get("ok") is not True:
        if payload.get("error") not in documented["errors"] + DOCS["common_errors"]:
            faults.append(("docs", "/error", f"{payload.get('error')} is not documented"))
        return faults
    if "error" in payload:
        faults.append(("docs", "/error", "an error in a success"))
    faults += needed(documented["required"], payload)
    for place in ("message", "view"):
        if isinstance(payload.get(place), dict):
            faults += types("AppMessage", {"blocks": payload[place].get("blocks", [])}, f"/{place}")
    for kind, fields in DOCS["objects"].items():
        alone = [(f"/{kind}", payload[kind])] if isinstance(payload.get(kind), dict) else []
        plural = {"user": "members"}.get(kind, f"{kind}s")
        listed = payload.get(plural) if isinstance(payload.get(plural), list) else []
        several = [(f"/{plural}/{i}", one) for i, one in enumerate(listed) if isinstance(one, dict)]
        for path, value in alone + several:
            faults += needed(fields, value, path)
    return faults


def delivery(envelope, payload, path):
    """What Slack sends, without the envelope of a socket."""
    if envelope == "slash_commands":
        return needed(DOCS["deliveries"][envelope], payload, path) + types("Delivery_slash_commands", payload, path)
    kind = payload.get("type")
    faults = needed(DOCS["deliveries"].get(kind, ["type"]), payload, path)
    if envelope == "interactive":
        in_view = kind == "block_actions" and "view" in payload
        faults += types(f"Delivery_{kind}" + ("_view" if in_view else ""), payload, path)
        if kind == "block_actions" and "view" not in payload:
            faults += needed(["channel", "response_url", "state"], payload, path)
            # The official type of a container holds anything.
            for field in ("type", "message_ts", "channel_id"):
                if not isinstance(payload.get("container", {}).get(field), str):
                    faults.append(("docs", f"{path}/container/{field}", "not a text"))
        if "view" in payload:
            faults += needed(DOCS["objects"]["view"], payload["view"], f"{path}/view")
        return faults
    event = payload.get("event") or {}
    if not isinstance(payload.get("event_time"), int):
        faults.append(("docs", f"{path}/event_time", "not a number of seconds"))
    name = "_".join(["Event", str(event.get("type"))] + [event[field] for field in ("subtype",) if field in event])
    return faults + types(name, event, f"{path}/event")


def frame(kind, payload):
    """What Slack says over a socket."""
    if kind in ("hello", "disconnect"):
        faults = needed(DOCS["deliveries"][kind], payload)
        reasons = ("warning", "refresh_requested", "link_disabled", "too_many_websockets")
        if kind == "disconnect" and payload.get("reason") not in reasons:
            faults.append(("docs", "/reason", "no such reason"))
        return faults
    faults = needed(["envelope_id", "payload"], payload)
    if not isinstance(payload.get("accepts_response_payload"), bool):
        faults.append(("docs", "/accepts_response_payload", "neither true nor false"))
    return faults + delivery(kind, payload.get("payload") or {}, "/payload")


def options(listed):
    """What a typeahead offers."""
    faults = [("docs", "/options", f"{len(listed)} options, the limit is 100")] if len(listed) > 100 else []
    for number, option in enumerate(listed):
        for path, text, limit in (("text/text", option["text"]["text"], 75), ("value", option["value"], 150)):
            if not 0 < len(text) <= limit:
                faults.append(("docs", f"/options/{number}/{path}", f"{len(text)} characters, the limit is {limit}"))
    return faults


def ack(envelope, payload):
    """What the app acknowledges with; nothing is always good."""
    if not payload:
        return []
    if envelope == "interactive" and ("options" in payload or "option_groups" in payload):
        return types("AppOptionsAck", payload) or options(payload.get("options", []))
    if envelope == "interactive":
        faults = types("AppViewAck", payload)
        if payload.get("response_action") == "errors" and not payload.get("errors"):
            faults.append(("docs", "/errors", "no error"))
        return faults + (view(payload["view"], "/view") if "view" in payload else [])
    return message("AppResponse", payload)


def manifest(value):
    """An app's manifest: the limits stand in the comments of the official types."""
    faults = types("AppManifest", value)
    if faults:
        return faults
    features, settings = value["features"], value["settings"]
    texts = [(value["display_information"], "name", 35), (value["display_information"], "description", 140)]
    for command in features["slash_commands"]:
        texts += [(command, "command", 32), (command, "description", 2000), (command, "usage_hint", 1000)]
        if not command["command"].startswith("/"):
            faults.append(("docs", "/features/slash_commands", "a command without a slash"))
    for shortcut in features["shortcuts"]:
        texts += [(shortcut, "name", 24), (shortcut, "callback_id", 255), (shortcut, "description", 150)]
    for holder, field, limit in texts:
        if not 0 < len(holder.get(field, "")) <= limit:
            faults.append(("docs", f"/{field}", f"{len(holder.get(field, ''))} characters, the limit is {limit}"))
    if not re.fullmatch("[a-z0-9._-]{1,80}", features["bot_user"]["display_name"]):
        faults.append(("docs", "/features/bot_user/display_name", "a-z, 0-9, -, _ and . alone"))
    urls = [command.get("url") for command in features["slash_commands"]]
    urls += [settings["event_subscriptions"].get("request_url"), settings["interactivity"].get("request_url")]
    # Over a socket Slack calls no address; without one it calls all of them.
    wanted = 0 if settings.get("socket_mode_enabled") else len(urls)
    if len([url for url in urls if url]) != wanted:
        faults.append(("docs", "", f"{wanted} request URLs are needed"))
    if not all(url.startswith("https://") for url in urls if url):
        faults.append(("docs", "", "a request URL that is not https"))
    return faults


def judge(crossing, name, payload):
    match crossing:
        case "manifest":
            return manifest(payload)
        case "call":
            return call(name, payload)
        case "answer":
            return answer(name, payload)
        case "frame":
            return frame(name, payload)
        case "push":
            return delivery(name, payload, "")
        case "ack":
            return ack(name, payload)
        case "respond":
            return message("AppResponse", payload)


def main(tape):
    known, faults = {}, []
    for number, line in enumerate(tape):
        # Stories repeat themselves: equal payloads are judged once.
        if line not in known:
            taped = json.loads(line)
            known[line] = judge(taped["crossing"], taped["name"], taped["payload"])
        for layer, path, words in known[line]:
            faults.append({"number": number, "layer": layer, "path": path, "message": words})
    json.dump(faults, sys.stdout)


main(pathlib.Path(sys.argv[1]).read_text().rstrip("\n").split("\n"))
