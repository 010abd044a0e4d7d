"""What Twilio posts to us: believed only with a right signature, answered only once the hub has it.

Rule: the signature is checked by Twilio's own validator, in constant time, over the exact address that Twilio knows:
``hub.public_url``, never the Host header, with path and query as they were sent, and over every field as it was sent,
spaces and all. A JSON body is covered by its hash in the query. What is not signed is 403, whatever else is wrong.
The answer is empty TwiML, after the session returned (law 1); if it raised, 503, and the text is read from history.
Next stop: :class:`tieline_sms.door.Door`.

Source: Twilio, "Webhooks security".
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, parse_qsl

from aiohttp import web
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tieline.errors import TielineError
from tieline.ports.clock import Clock
from tieline_sms import inbound
from tieline_sms.door import Door
from tieline_sms.ids import Own

_EMPTY: Final = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
_HASH: Final = "bodySHA256"
_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 500


class Fields(Mapping[str, str]):
    """What was posted, every value of a name kept; as a mapping, the first of each."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def getall(self, name: str) -> list[str]:
        """All values of a name: Twilio's validator asks for them so."""
        return self._values[name]

    def __getitem__(self, name: str) -> str:
        return self._values[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Webhooks:
    """The two routes of a channel. ``door`` is None while it is not connected."""

    def __init__(self, auth_token: str | None, public_url: str | None, own: Own, clock: Clock) -> None:
        self._validator = RequestValidator(auth_token) if auth_token else None
        self._public_url = (public_url or "").rstrip("/")
        self._own = own
        self._clock = clock
        self.door: Door | None = None

    async def inbound(self, request: web.Request) -> web.StreamResponse:
        """Somebody wrote."""
        form = await self._signed(request)
        if isinstance(form, web.Response):
            return form
        read = inbound.read_form(form)
        if read is None:
            return _refused("no message that could be read")
        door = self.door
        if door is None:
            return _come_again()
        try:
            await door.text(read)
        except TielineError:
            return _come_again()
        return _taken()

    async def status(self, request: web.Request) -> web.StreamResponse:
        """Something became of what we sent."""
        form = await self._signed(request)
        if isinstance(form, web.Response):
            return form
        status = inbound.read_status(form, request.query.get("delivery"), self._own, self._clock.now())
        door = self.door
        if status is None:  # a state that says nothing to us
            return _taken()
        if door is None:
            return _come_again()
        try:
            await door.status(status)
        except TielineError:
            return _come_again()
        return _taken()

    async def _signed(self, request: web.Request) -> Mapping[str, str] | web.Response:
        """The fields of a signed request; else what to answer."""
        body = await request.read()
        signature = request.headers.get("X-Twilio-Signature", "")
        form = read_body(body, request.content_type)
        address = self._public_url + request.raw_path
        if form is None or not is_signed(self._validator, address, body, form, signature):
            return web.Response(status=HTTPStatus.FORBIDDEN, text="the signature is missing or wrong")
        return form


def read_body(body: bytes, content_type: str) -> Fields | None:
    """The fields of a body, in order, as they were sent; those of a JSON object that are text. None: unreadable."""
    try:
        said = body.decode("utf-8")
        if content_type == "application/json":
            members = json.loads(said)
            pairs = [(k, v) for k, v in members.items() if isinstance(v, str)] if isinstance(members, dict) else None
            return None if pairs is None else Fields(pairs)
        if content_type != _FORM:
            return None
        return Fields(parse_qsl(said, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS))
    except (ValueError, RecursionError):
        return None


def is_signed(validator: RequestValidator | None, address: str, body: bytes, form: Fields, signature: str) -> bool:
    """True where Twilio signed the address and the body. A body that is hashed is believed for its hash only."""
    if validator is None or not signature.isascii() or not signature:
        return False
    told = parse_qs(address.partition("?")[2]).get(_HASH)
    if told is None:
        return _fits(validator, address, form, signature)
    if not hmac.compare_digest(sha256(body).hexdigest().encode(), told[0].lower().encode()):
        return False
    return _fits(validator, address, Fields(()), signature)


def _fits(validator: RequestValidator, address: str, form: Fields, signature: str) -> bool:
    try:
        return bool(validator.validate(address, form, signature))
    except ValueError:  # an address that is none
        return False


def _taken() -> web.Response:
    return web.Response(text=_EMPTY, content_type="text/xml")


def _refused(why: str) -> web.Response:
    return web.Response(status=HTTPStatus.BAD_REQUEST, text=why)


def _come_again() -> web.Response:
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "5"})
