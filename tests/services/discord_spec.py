"""Discord's own OpenAPI document, asked whether a request body is one that Discord takes.

The document is a third party's data and stands in `../shared/standins/specs`; `load()` answers None where it is absent.
It is asked about our own answers, too, so that the scripted server shows what Discord shows. Validators are compiled
once for a route, when it is first used. Snowflakes may also be integers here: discord.py sends attachment ids so, and
Discord takes them; and a message may be forwarded, which the document forgets (Discord's "Message Reference Types" has
it). Not checked: queries (`wait=1` is no boolean to the document, but is to Discord). Next stop: `scripted_discord/server.py`, which asks for every request.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

import jsonschema_rs

from tests.conftest import ROOT

DOCUMENT = ROOT.parent / "shared" / "standins" / "specs" / "discord-openapi.json"
ABSENT = "no Discord specification in ../shared/standins/specs"
_KINDS = ("application/json", "multipart/form-data")
_HOME = "urn:discord"

Json = dict[str, Any]


class DiscordSpec:
    """The routes of the document and what their bodies must look like."""

    def __init__(self, document: Json) -> None:
        schemas = document["components"]["schemas"]
        schemas["SnowflakeType"] = {"anyOf": [schemas["SnowflakeType"], {"type": "integer", "minimum": 0}]}
        schemas["MessageReferenceType"] = {"type": "integer", "enum": [0, 1]}
        self._paths: Json = document["paths"]
        home = {"$id": _HOME, "components": document["components"], "paths": self._paths}
        self._registry = jsonschema_rs.Registry([(_HOME, home)])
        self._validators: dict[tuple[str, ...], jsonschema_rs.Draft202012Validator | None] = {}

    def knows(self, method: str, template: str) -> bool:
        """Whether Discord has the route; `template` as the document writes it, `/channels/{channel_id}/messages`."""
        return method.lower() in self._paths.get(template, {})

    def problems(self, method: str, template: str, body: object) -> list[str]:
        """What Discord would not take, a sentence each; `body` is the JSON body, or a form's `payload_json`."""
        if not self.knows(method, template):
            return [f"{method} {template}: not a route of Discord's"]
        validator = self._validator(method.lower(), template, "requestBody")
        if validator is None:
            return [] if body in (None, {}) else [f"{method} {template}: takes no body"]
        errors = validator.iter_errors({} if body is None else body)
        return [f"{method} {template}: {_place(error)}: {error.message[:300]}" for error in errors]

    def answer_problems(self, method: str, template: str, status: int, body: object) -> list[str]:
        """How an answer differs from what Discord would answer; errors are not looked at."""
        where = f"{method} {template}: {status}"
        if str(status) not in self._paths.get(template, {}).get(method.lower(), {}).get("responses", {}):
            return [f"{where}: not an answer of Discord's"]
        validator = self._validator(method.lower(), template, "responses", str(status))
        if validator is None:
            return [] if body is None else [f"{where}: has no body"]
        return [f"{where}: {_place(error)}: {error.message[-300:]}" for error in validator.iter_errors(body)]

    def _validator(self, method: str, template: str, *steps: str) -> jsonschema_rs.Draft202012Validator | None:
        key = (method, template, *steps)
        if key not in self._validators:
            at = self._paths[template][method]
            for step in steps:
                at = at.get(step, {})
            kind = next((kind for kind in _KINDS if kind in at.get("content", {})), None)
            path = ("paths", template, method, *steps, "content", kind, "schema") if kind else None
            self._validators[key] = None if path is None else self._compiled(path)
        return self._validators[key]

    def _compiled(self, path: Sequence[str]) -> jsonschema_rs.Draft202012Validator:
        pointer = "/".join(quote(step.replace("~", "~0").replace("/", "~1"), safe="") for step in path)
        return jsonschema_rs.Draft202012Validator({"$ref": f"{_HOME}#/{pointer}"}, registry=self._registry)


def _place(error: jsonschema_rs.ValidationError) -> str:
    return ".".join(str(step) for step in error.instance_path) or "body"


@cache
def load() -> DiscordSpec | None:
    """The document, read once for a process; None where the shared folder is absent."""
    return DiscordSpec(json.loads(DOCUMENT.read_text())) if DOCUMENT.is_file() else None
