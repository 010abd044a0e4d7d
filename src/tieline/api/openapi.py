"""The OpenAPI 3.1 document, made from the same rows as the router.

Documented per operation: its success, and every status it may be refused with. What cannot be said in a row cannot be
served. Source: OpenAPI 3.1.1; JSON Schema 2020-12 as msgspec writes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

from tieline.api.endpoint import AnyEndpoint
from tieline.api.problems import PROBLEM_TYPE
from tieline.api.services import ApiSettings
from tieline.model.shapes import PostBody, Problem

PREFIX: Final = "/api/v1"
_REF: Final = "#/components/schemas/{name}"
_PARAM: Final = re.compile(r"{(\w+)}")
_EVERY: Final = (400, 429, 500, 503)
_WITH_TOKEN: Final = (401, 403)
_WITH_BODY: Final = (413,)
_RESOURCE_DETAIL: Final = {
    "room": "Name of a room.",
    "id": "Id, as the hub gave it.",
    "emoji": "A Unicode emoji, or :name:, percent-encoded.",
    "handle": "Handle of a member.",
    "channel": "Name of a channel.",
    "key": "The hook's key, as `tieline hook create` printed it: a secret.",
}
Json = dict[str, Any]  # a JSON document; its shape is OpenAPI's


def document(rows: Sequence[AnyEndpoint], settings: ApiSettings) -> bytes:
    """The document, as JSON."""
    components = _components(rows)
    paths: dict[str, Json] = {}
    for row in rows:
        paths.setdefault(PREFIX + row.path, {})[row.method.lower()] = _operation(row)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": f"Tieline · {settings.hub_name}",
                "version": settings.version,
                "summary": "Rooms that join chat platforms and agents; nothing that was acknowledged is lost.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": settings.public_url or "/"}],
            "security": [{"bearer": []}],
            "tags": [{"name": tag} for tag in dict.fromkeys(row.tag for row in rows)],
            "paths": paths,
            "components": {
                "schemas": components,
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
                "responses": {"Problem": _problem_response()},
            },
        }
    )


def _problem_response() -> Json:
    return {
        "description": "A problem (RFC 9457); `code` is stable.",
        "content": {PROBLEM_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}},
    }


def _types(rows: Sequence[AnyEndpoint]) -> list[Any]:
    """Every type that stands in a body, a query or an answer, once."""
    found: list[Any] = [Problem, PostBody]
    for row in rows:
        found += [kind for kind in (row.body, row.query, *row.answers.values()) if kind not in (None, bytes)]
    return list(dict.fromkeys(found))


def _components(rows: Sequence[AnyEndpoint]) -> Mapping[str, Json]:
    components = _schemas(_types(rows))
    queries = {row.query.__name__ for row in rows if row.query is not None}
    return {name: _open(schema) for name, schema in components.items() if name not in queries}


def _schemas(types: Sequence[Any]) -> Mapping[str, Json]:
    _, components = msgspec.json.schema_components(types, schema_hook=_anything, ref_template=_REF)
    return components


def _anything(kind: type) -> Json:
    """``object`` is any JSON."""
    if kind is object:
        return {"description": "Any JSON."}
    raise NotImplementedError(kind)


def _open(schema: Json) -> Json:
    """A problem may have further members."""
    return {**schema, "additionalProperties": True} if schema.get("title") == "Problem" else schema


def _operation(row: AnyEndpoint) -> Json:
    operation: Json = {
        "operationId": row.name,
        "summary": row.summary,
        "description": _description(row),
        "tags": [row.tag],
        "parameters": [*_path_parameters(row), *_query_parameters(row), *_header_parameters(row)],
        "responses": _responses(row),
    }
    if row.level is None:
        operation["security"] = []
    if row.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _REF.format(name=row.body.__name__)}}},
        }
    if row.takes is not None:
        content = {media: {"schema": schema} for media, schema in row.takes.items()}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _description(row: AnyEndpoint) -> str:
    said = (row.handler.__doc__ or "").strip()
    return said if row.level is None else f"{said} Needs level {row.level.name}."


def _path_parameters(row: AnyEndpoint) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _RESOURCE_DETAIL[name],
            "schema": {"type": "string", "minLength": 1},
        }
        for name in _PARAM.findall(row.path)
    ]


def _query_parameters(row: AnyEndpoint) -> list[Json]:
    if row.query is None:
        return []
    schema = _schemas([row.query])[row.query.__name__]
    return [{"name": name, "in": "query", "schema": part} for name, part in schema["properties"].items()]


def _header_parameters(row: AnyEndpoint) -> list[Json]:
    read = [
        {"name": name, "in": "header", "description": said, "schema": {"type": "string"}}
        for name, said in row.headers.items()
    ]
    return [*read, *_key_parameter(row)]


def _key_parameter(row: AnyEndpoint) -> list[Json]:
    if not row.keyed:
        return []
    return [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "Repeat it with the same request, and the first success is answered again, with 200.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        }
    ]


def _responses(row: AnyEndpoint) -> Json:
    refusals = set(_EVERY) | set(row.errors)
    if row.level is not None:
        refusals |= set(_WITH_TOKEN)
    if row.body is not None or row.takes is not None:
        refusals |= set(_WITH_BODY)
    if row.keyed:
        refusals |= {409, 422}
    answers = {str(status): _success(status, kind, row.media) for status, kind in row.answers.items()}
    problems = {str(status): {"$ref": "#/components/responses/Problem"} for status in sorted(refusals)}
    return {**answers, **problems}


def _success(status: int, kind: Any, media: str) -> Json:  # noqa: ANN401 - any type that msgspec can describe
    described: Json = {"description": HTTPStatus(status).phrase}
    if kind is bytes:
        described["content"] = {media: {"schema": {"type": "string", "format": "binary"}}}
    elif kind is not None:
        schema = _anything(kind) if kind is object else {"$ref": _REF.format(name=kind.__name__)}
        described["content"] = {media: {"schema": schema}}
    return described
