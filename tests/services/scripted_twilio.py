"""Our own Twilio on loopback: the messages of one account, with people who write, callbacks, and faults on demand.

It shows what emulate (`twilio_emulator.py`) does not: 429, 5xx, lost answers, Twilio's refusals of empty and long texts,
21610, WhatsApp's window, a balance, media. Requests are compared with Twilio's OpenAPI document where the shared folder
has it. What it posts is signed here by hand, over the address that the world knows, and carried to where the hub is.
Next stop: `tests/contract/sms`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jsonschema_rs
from aiohttp import web

from tests.conftest import ROOT
from tieline.ports.abilities import HttpRoutes

DOCUMENT = ROOT.parent / "shared" / "standins" / "specs" / "twilio_api_v2010.json"
ACCOUNT = "AC" + "0a" * 16
TOKEN = "the-auth-token"
OURS = "+15005550006"
SERVICE = "MG" + "1b" * 16
ANA, BO = "+447700900123", "+447700900124"
PUBLIC = "https://hub.example.org"
CHANNEL = "test"
INBOUND = f"{PUBLIC}/api/v1/channels/{CHANNEL}/inbound"

Json = dict[str, Any]
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


@dataclass
class Reply:
    """Answer this instead."""

    status: int
    body: bytes = b"<html>"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def error(cls, code: int, status: int = 400, message: str = "refused", **headers: str) -> Reply:
        said = {"code": code, "message": message, "more_info": f"https://x/{code}", "status": status}
        return cls(status, json.dumps(said).encode(), headers)


class Lose:
    """Do it, and hang up before the answer."""


class Hang:
    """Hang up without doing anything."""


def sign(url: str, form: Sequence[tuple[str, str]], token: str = TOKEN) -> str:
    """Twilio's signature, made by hand: the address, and every distinct pair in order of names."""
    said = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()


class ScriptedTwilio:
    """One account with one number."""

    def __init__(self) -> None:
        self.url = ""
        self.site = ""
        """Where the hub listens, that the world knows as `PUBLIC`."""
        self.adapter: HttpRoutes | None = None
        self.records: list[Json] = []
        """Oldest first."""
        self.requests: list[dict[str, str]] = []
        """What was asked to be sent."""
        self.reads = 0
        self.script: deque[Reply | Lose | Hang] = deque()
        self.read_script: deque[Reply] = deque()
        """For the list."""
        self.opted_out: set[str] = set()
        self.media: dict[str, bytes] = {}
        self.sms_url = INBOUND
        self.posted: list[tuple[int, str]] = []
        """How the hub answered what was posted to it."""
        self.late: bool = False
        """Callbacks are posted before the answer to the request that makes the message."""

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def write(self, who: str, body: str, *, at: float | None = None, post: bool = True, **fields: str) -> str:
        """Somebody writes to us; answers the id."""
        to = fields.get("To", OURS)
        sid = self.put(body, sender=who, to=to, direction="inbound", status="received", at=at)
        if post and self.sms_url:
            form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT, "From": who, "To": to, "Body": body}
            await self.post(self.sms_url, {**form, "NumMedia": "0", "NumSegments": "1", **fields})
        return sid

    def put(self, body: str, *, sender: str, to: str, at: float | None = None, **fields: Any) -> str:
        sid = "SM" + secrets.token_hex(16)
        made = formatdate(time.time() if at is None else at)
        self.records.append(
            {
                "sid": sid,
                "account_sid": ACCOUNT,
                "from": sender,
                "to": to,
                "body": body,
                "date_created": made,
                "date_updated": made,
                "date_sent": made if fields.get("direction") == "inbound" else None,
                "messaging_service_sid": None,
                "error_code": None,
                "num_media": "0",
                **fields,
            }
        )
        return sid

    async def status(self, sid: str, status: str, error: int | None = None) -> tuple[int, str]:
        """Something becomes of what we sent."""
        record = self.record(sid)
        record.update(status=status, error_code=error)
        form = {"MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT, "From": record["from"], "To": record["to"]}
        form |= {"MessageStatus": status, "SmsStatus": status, **({"ErrorCode": str(error)} if error else {})}
        return await self.post(record["callback"], form)

    async def post(self, url: str, form: Mapping[str, str], token: str = TOKEN) -> tuple[int, str]:
        """Post a form as Twilio does: signed over the address that the world knows."""
        pairs = list(form.items())
        headers = {"X-Twilio-Signature": sign(url, pairs, token), "Content-Type": "application/x-www-form-urlencoded"}
        return await self.raw(url, urlencode(pairs).encode(), headers)

    async def raw(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """Post bytes to the hub."""
        there = self.site + url.removeprefix(PUBLIC)
        async with aiohttp.ClientSession() as http, http.post(there, data=body, headers=headers) as answer:
            self.posted.append((answer.status, await answer.text()))
            return self.posted[-1]

    def record(self, sid: str) -> Json:
        return next(one for one in self.records if one["sid"] == sid)

    def sent(self) -> list[Json]:
        """What we sent, oldest first."""
        return [one for one in self.records if one["direction"] == "outbound-api"]

    # ── the API ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def create(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.requests.append(form)
        assert not (faults := spec_faults(form)), faults
        scripted = self.script.popleft() if self.script else None
        if isinstance(scripted, Reply):
            return web.Response(status=scripted.status, body=scripted.body, headers=dict(scripted.headers))
        if isinstance(scripted, Hang):
            return await _hang_up(request)
        refused = self._refusal(request, form)
        if refused is not None:
            return web.Response(status=refused.status, body=refused.body, content_type="application/json")
        sid = self.put(
            form.get("Body") or f"template: {form.get('ContentVariables', '')}",
            sender=form.get("From", OURS),
            to=form["To"],
            direction="outbound-api",
            status="queued",
            callback=form.get("StatusCallback"),
            messaging_service_sid=form.get("MessagingServiceSid"),
        )
        if isinstance(scripted, Lose):
            return await _hang_up(request)
        if self.late:
            await self.status(sid, "delivered")
            self.record(sid)["status"] = "queued"
        return web.json_response({k: v for k, v in self.record(sid).items() if k != "callback"}, status=201)

    def _refusal(self, request: web.Request, form: Mapping[str, str]) -> Reply | None:
        if not _is_us(request):
            return Reply.error(20003, 401, "Authenticate")
        if "From" in form and not form["From"].endswith(OURS):
            return Reply.error(21606)
        if not form.get("Body") and not form.get("ContentSid"):
            return Reply.error(21602, message="Message body is required")
        if len(form.get("Body", "")) > 1600:
            return Reply.error(21617)
        if form["To"] in self.opted_out:
            return Reply.error(21610, message="Attempt to send to unsubscribed recipient")
        if not form["To"].removeprefix("whatsapp:").removeprefix("+").isdecimal() or form["To"].endswith(
            "+15005550001"
        ):
            return Reply.error(21211, message="Invalid 'To' Phone Number")
        return None

    async def list(self, request: web.Request) -> web.StreamResponse:
        self.reads += 1
        if self.read_script:
            scripted = self.read_script.popleft()
            return web.Response(status=scripted.status, body=scripted.body, headers=dict(scripted.headers))
        if not _is_us(request):
            return _error(20003, 401)
        query = request.query
        found = [
            one
            for one in reversed(self.records)
            if query.get("To", one["to"]) == one["to"] and query.get("From", one["from"]) == one["from"]
        ]
        size, page = int(query.get("PageSize", "50")), int(query.get("Page", "0"))
        rest = found[(page + 1) * size :]
        following = {**query, "PageSize": str(size), "Page": str(page + 1)}
        shown = [{k: v for k, v in one.items() if k != "callback"} for one in found[page * size : (page + 1) * size]]
        return web.json_response(
            {"messages": shown, "page": page, "next_page_uri": f"{MESSAGES}?{urlencode(following)}" if rest else None}
        )

    async def account(self, request: web.Request) -> web.StreamResponse:
        if not _is_us(request):
            return _error(20003, 401)
        return web.json_response({"sid": ACCOUNT, "friendly_name": "Studio", "status": "active", "type": "Full"})

    async def balance(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"account_sid": ACCOUNT, "balance": "12.34", "currency": "USD"})

    async def numbers(self, request: web.Request) -> web.StreamResponse:
        number = {"phone_number": OURS, "sms_url": self.sms_url, "sms_method": "POST", "capabilities": {"sms": True}}
        wanted = request.query.get("PhoneNumber")
        return web.json_response({"incoming_phone_numbers": [number] if wanted == OURS else []})

    async def medium(self, request: web.Request) -> web.StreamResponse:
        if not _is_us(request):
            return _error(20003, 401)
        return web.Response(body=self.media[request.match_info["sid"]], content_type="image/png")

    async def hub(self, request: web.Request) -> web.StreamResponse:
        """The adapter's own routes, as the hub mounts them."""
        if self.adapter is None:
            return web.Response(status=404)
        routes = {(route.method, route.path): route.handler for route in self.adapter.routes()}
        return await routes[request.method, request.match_info["name"]](request)


@cache
def _form_schema() -> jsonschema_rs.Draft202012Validator | None:
    if not DOCUMENT.is_file():
        return None
    document = json.loads(DOCUMENT.read_text())
    route = document["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
    schema = dict(route["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"])
    registry = jsonschema_rs.Registry([("urn:twilio", {"$id": "urn:twilio", "components": document["components"]})])
    text = json.dumps({**schema, "additionalProperties": False}).replace('"#/components', '"urn:twilio#/components')
    return jsonschema_rs.Draft202012Validator(json.loads(text), registry=registry)


def spec_faults(form: Mapping[str, str]) -> list[str]:
    """What Twilio's own document would not take of a form; none where the shared folder is absent."""
    schema = _form_schema()
    typed: Json = {**form, **({"ValidityPeriod": int(form["ValidityPeriod"])} if "ValidityPeriod" in form else {})}
    return [] if schema is None else [error.message for error in schema.iter_errors(typed)]


def _is_us(request: web.Request) -> bool:
    return request.headers.get("Authorization") == aiohttp.encode_basic_auth(ACCOUNT, TOKEN)


def _error(code: int, status: int) -> web.Response:
    reply = Reply.error(code, status)
    return web.Response(status=reply.status, body=reply.body, content_type="application/json")


async def _hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    await asyncio.sleep(0)
    return web.Response()


@asynccontextmanager
async def scripted(twilio: ScriptedTwilio | None = None) -> AsyncIterator[ScriptedTwilio]:
    """Start it, with the hub's routes, on a free port."""
    twilio = twilio or ScriptedTwilio()
    application = web.Application()
    application.router.add_post(MESSAGES, twilio.create)
    application.router.add_get(MESSAGES, twilio.list)
    application.router.add_get(f"/2010-04-01/Accounts/{ACCOUNT}.json", twilio.account)
    application.router.add_get(f"/2010-04-01/Accounts/{ACCOUNT}/Balance.json", twilio.balance)
    application.router.add_get(f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json", twilio.numbers)
    application.router.add_get(f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{{message}}/Media/{{sid}}", twilio.medium)
    application.router.add_route("*", f"/api/v1/channels/{CHANNEL}/{{name}}", twilio.hub)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    twilio.url = twilio.site = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield twilio
    finally:
        await runner.cleanup()
