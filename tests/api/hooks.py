"""What Schemathesis is told beside the document: who calls, and what is there to be found.

From the environment: TOKENS (a file, one token a line), ASK (an ask that a rule allows) and ID (a request).
"""

import itertools
import os
import re
import threading

import schemathesis

# Calls of one identity before the next takes over: each may make 60 at once (src/http/api/pace.rs).
TURN = 40

# What `timeout` may be.
LENGTH = re.compile("([1-9]|[1-9][0-9]|1[01][0-9]|120)s")

with open(os.environ["TOKENS"], encoding="utf-8") as file:
    TOKENS = file.read().split()

_calls = itertools.count()
_lock = threading.Lock()


@schemathesis.auth(refresh_interval=None)
class Rotating:
    """One identity after the other, so that calls are answered and not only told to be slower."""

    def get(self, case, ctx):
        with _lock:
            call = next(_calls)
        return TOKENS[call // TURN % len(TOKENS)]

    def set(self, case, data, ctx):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Examples that exist in this town."""
    raw_schema["components"]["schemas"]["AskLine"]["properties"]["ask"]["example"] = os.environ["ASK"]
    for path in raw_schema["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "id":
                    parameter["example"] = os.environ["ID"]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Good waits end while the test runs; whether a call is good is not changed."""
    query = case.query or {}
    if "wait" in query and LENGTH.fullmatch(str(query.get("timeout", "60s"))):
        case.query = {**query, "timeout": "1s"}
