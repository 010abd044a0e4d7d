"""``/docs``: the OpenAPI document as one page that people read. No script, no outside host, one own stylesheet."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import msgspec
from aiohttp import web

POLICY: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
STYLE_PATH: Final = "/docs/style.css"
_STYLE: Final = """
:root { color-scheme: light dark; --line: light-dark(#d5d9de, #3a4149); --soft: light-dark(#f4f6f8, #1b2026); }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow-x: auto; padding: .75rem; background: var(--soft); border-radius: .4rem; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; padding: .4rem .75rem; }
summary { cursor: pointer; min-height: 24px; } .method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .2rem .5rem; vertical-align: top;
border-top: 1px solid var(--line); }
""".strip()
Json = dict[str, Any]  # a JSON document; its shape is OpenAPI's


class DocsPage:
    """Made once from the document."""

    def __init__(self, document: bytes) -> None:
        self._html = _page(msgspec.json.decode(document, type=dict[str, Any]))

    async def page(self, _request: web.Request) -> web.Response:
        """The page."""
        return web.Response(text=self._html, content_type="text/html", headers={"Content-Security-Policy": POLICY})

    async def style(self, _request: web.Request) -> web.Response:
        """Its stylesheet."""
        return web.Response(text=_STYLE, content_type="text/css")


def _page(document: Json) -> str:
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    parts = [_section(tag["name"], operations) for tag in document["tags"]]
    schemas = [_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    title = escape(document["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{STYLE_PATH}"></head><body><main><h1>{title}</h1>'
        f"<p>Version {escape(document['info']['version'])}. "
        'The same as data: <a href="/openapi.json">/openapi.json</a>. Every request but the health checks carries '
        "<code>Authorization: Bearer TOKEN</code>; live events come over the web socket at <code>/ws</code>.</p>"
        f"{''.join(parts)}<h2>Shapes</h2>{''.join(schemas)}</main></body></html>"
    )


def _section(tag: str, operations: list[tuple[str, str, Json]]) -> str:
    rows = [_operation(*operation) for operation in operations if tag in operation[2]["tags"]]
    return f"<section><h2>{escape(tag)}</h2>{''.join(rows)}</section>"


def _operation(method: str, path: str, operation: Json) -> str:
    parameters = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{p['in']}</td><td>{escape(_said(p))}</td></tr>"
        for p in operation["parameters"]
    )
    table = f"<table><tr><th>Parameter</th><th>In</th><th></th></tr>{parameters}</table>" if parameters else ""
    answers = ", ".join(f"<code>{status}</code>" for status in operation["responses"])
    return (
        f'<details id="{escape(operation["operationId"])}"><summary><span class="method">{method}</span> '
        f"<code>{escape(path)}</code> {escape(operation['summary'])}</summary>"
        f"<p>{escape(operation['description'])}</p>{table}{_body(operation)}<p>Answers: {answers}</p></details>"
    )


def _said(parameter: Json) -> str:
    schema = {key: value for key, value in parameter["schema"].items() if key != "title"}
    return str(parameter.get("description") or msgspec.json.encode(schema).decode())


def _body(operation: Json) -> str:
    if "requestBody" not in operation:
        return ""
    content = operation["requestBody"]["content"]
    reference = content.get("application/json", {}).get("schema", {}).get("$ref")
    if reference is None:
        return f"<p>Body: {', '.join(f'<code>{escape(media)}</code>' for media in content)}</p>"
    name = str(reference).rpartition("/")[2]
    return f'<p>Body: <a href="#schema-{escape(name)}">{escape(name)}</a></p>'


def _schema(name: str, schema: Json) -> str:
    text = msgspec.json.format(msgspec.json.encode(schema), indent=2).decode()
    return f'<details id="schema-{escape(name)}"><summary>{escape(name)}</summary><pre>{escape(text)}</pre></details>'
