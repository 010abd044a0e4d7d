"""Discord's own OpenAPI document, asked whether a request body is one that Discord takes.

The document is a third party's data and stands in `../shared/standins/specs`; `load()` answers None where it is absent.
Validators are compiled once for a route, when it is first used. Snowflakes may also be integers here: discord.py sends
attachment ids so, and Discord takes them. Not checked: queries (`wait=1` is no boolean to the document, but is to
Discord) and answers. Next stop: `scripted_discord/server.py`, which asks for every request.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

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
        snowflake = document["components"]["schemas"]["SnowflakeType"]
        document["components"]["schemas"]["SnowflakeType"] = {"anyOf": [snowflake, {"type": "integer", "minimum": 0}]}
        self._paths: Json = document["paths"]
        schemas = {"$id": _HOME, "components": document["components"], "paths": self._paths}
        self._registry = jsonschema_rs.Registry([(_HOME, schemas)])
        self._validators: dict[tuple[str, str], jsonschema_rs.Draft202012Validator | None] = {}

    def knows(self, method: str, template: str) -> bool:
        """Whether Discord has the route; `template` as the document writes it, `/channels/{channel_id}/messages`."""
        return method.lower() in self._paths.get(template, {})

    def problems(self, method: str, template: str, body: object) -> list[str]:
        """What Discord would not take, a sentence each; `body` is the JSON body, or a form's `payload_json`."""
        if not self.knows(method, template):
            return [f"{method} {template}: not a route of Discord's"]
        validator = self._validator(method.lower(), template)
        if validator is None:
            return [] if body in (None, {}) else [f"{method} {template}: takes no body"]
        errors = validator.iter_errors({} if body is None else body)
        return [f"{method} {template}: {_place(error)}: {error.message[:300]}" for error in errors]

    def _validator(self, method: str, template: str) -> jsonschema_rs.Draft202012Validator | None:
        key = (method, template)
        if key not in self._validators:
            content = self._paths[template][method].get("requestBody", {}).get("content", {})
            kind = next((kind for kind in _KINDS if kind in content), None)
            self._validators[key] = None if kind is None else self._compiled(method, template, kind)
        return self._validators[key]

    def _compiled(self, method: str, template: str, kind: str) -> jsonschema_rs.Draft202012Validator:
        steps = ["paths", template, method, "requestBody", "content", kind, "schema"]
        pointer = "/".join(
            step.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D") for step in steps
        )
        return jsonschema_rs.Draft202012Validator({"$ref": f"{_HOME}#/{pointer}"}, registry=self._registry)


def _place(error: jsonschema_rs.ValidationError) -> str:
    return ".".join(str(step) for step in error.instance_path) or "body"


@cache
def load() -> DiscordSpec | None:
    """The document, read once for a process; None where the shared folder is absent."""
    return DiscordSpec(json.loads(DOCUMENT.read_text())) if DOCUMENT.is_file() else None
