"""Twilio's SDK on one connection pool of ours: single shots, a stand-in's address, and errors in our words.

Rule: the SDK makes each request and we carry it: :class:`Transport` is its asynchronous HTTP client with the address
rewritten where a stand-in is configured, with time-outs, without retries (law 2), redirects or logs of what is in a
request. An answer that is no success never reaches the SDK: :mod:`tieline_sms.errors` reads it, with its headers.
Next stops: :mod:`tieline_sms.outbound`, :mod:`tieline_sms.history`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from twilio.http.async_http_client import AsyncTwilioHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from tieline.errors import DeliveryError, Uncertain
from tieline.ports.clock import Clock
from tieline_sms import errors
from tieline_sms.config import Settings
from tieline_sms.inbound import seconds_of
from tieline_sms.shapes import mapping, sequence, text

Json = Mapping[str, object]

API: Final = "https://api.twilio.com"
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, sock_connect=10)
_CONNECTIONS: Final = 20
_MOST: Final = 16 * 1024 * 1024
"""Bytes of an answer that are read."""
_PAGE: Final = 200
_PAGES: Final = 100
_NO_ENVIRONMENT: Final = {"": ""}
"""The SDK would read TWILIO_REGION and the like."""


class Transport(AsyncTwilioHttpClient):  # type: ignore[misc]
    """The SDK's HTTP client, as we want it."""

    def __init__(self, api_url: str | None, clock: Clock) -> None:
        super().__init__(pool_connections=False)
        self._stand_in = urlsplit(api_url) if api_url else None
        self._clock = clock
        self._open: aiohttp.ClientSession | None = None
        self.ahead = 0
        """Seconds that our clock is before Twilio's, by its last answer."""

    async def request(  # noqa: PLR0913, PLR0917 - the SDK's signature
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the SDK's
        allow_redirects: bool = False,  # noqa: FBT001, FBT002 - the SDK's
    ) -> Response:
        """One request; a success as the SDK's response. Raises DeliveryError."""
        del timeout, allow_redirects
        ours = {"Authorization": aiohttp.encode_basic_auth(*auth)} if auth else {}
        try:
            async with self._session().request(
                method.upper(),
                self._address(url),
                params=params,
                data=data,
                headers={**(headers or {}), **ours},
                allow_redirects=False,
            ) as answer:
                raw = await _limited(answer)
                status, told = answer.status, answer.headers
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise errors.lost(error) from error
        self._compare_clocks(told.get("Date", ""))
        said = raw.decode("utf-8", "replace")
        if not 200 <= status < 300:  # noqa: PLR2004 - success
            raise errors.refused(status, _json(said), told, self._clock.now())
        return Response(status, said, dict(told))

    async def close(self) -> None:
        """Free the connections. Idempotent."""
        session, self._open = self._open, None
        if session is not None:
            await session.close()

    def _compare_clocks(self, date: str) -> None:
        with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
            self.ahead = round(self._clock.now() / 1000 - parsedate_to_datetime(date).timestamp())

    def _address(self, url: str) -> str:
        if self._stand_in is None:
            return url
        there = urlsplit(url)
        return urlunsplit((self._stand_in.scheme, self._stand_in.netloc, there.path, there.query, ""))

    def _session(self) -> aiohttp.ClientSession:
        if self._open is None:
            connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
            self._open = aiohttp.ClientSession(
                connector=connector,
                timeout=_TIMEOUT,
                trust_env=self._stand_in is None,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._open


class Api:
    """The calls of one channel. Every one raises DeliveryError."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._transport = Transport(settings.api_url, clock)
        self._sid = settings.account_sid
        username = settings.api_key or settings.account_sid
        password = settings.api_secret if settings.api_key else settings.auth_token
        self._client = Client(username, password, self._sid, http_client=self._transport, environment=_NO_ENVIRONMENT)

    async def close(self) -> None:
        """Free the connections. Idempotent."""
        await self._transport.close()

    def now(self) -> int:
        """Seconds by Twilio's clock, which stamps what it lists."""
        return self.of(self._clock.now())

    def of(self, ours: int) -> int:
        """Milliseconds of our clock as seconds of Twilio's."""
        return ours // 1000 - self._transport.ahead

    async def create(self, fields: Mapping[str, object]) -> str:
        """Make one message through the SDK; ``fields`` are the arguments of its ``messages.create``. Its id."""
        try:
            made = await self._client.messages.create_async(**fields)
        except DeliveryError:
            raise
        except Exception as error:  # the SDK takes the shape of an answer for granted
            raise Uncertain("bad_answer", f"Twilio's answer makes no sense: {type(error).__name__}") from error
        if not isinstance(made.sid, str) or not made.sid:
            raise Uncertain("bad_answer", "Twilio answered without the message's id")
        return made.sid

    async def messages(self, *, to: str | None = None, sender: str | None = None, since: int = 0) -> list[Json]:
        """Records of the list, newest first, made at ``since`` (seconds) or later, and a few older ones."""
        query = {"PageSize": str(_PAGE), **({"To": to} if to else {}), **({"From": sender} if sender else {})}
        url: str | None = f"{API}/2010-04-01/Accounts/{self._sid}/Messages.json"
        found: list[Json] = []
        for _ in range(_PAGES):
            page = await self.get(url or "", query)
            records = [mapping(one) for one in sequence(page.get("messages"))]
            found += records
            url = self._next(page)
            if url is None or not records or _all_older(records, since):
                break
            query = {}  # the next page's address has it
        return found

    async def can_read(self) -> None:
        """Ask for one record: the cheapest call that every credential that may send may make."""
        await self.get(f"{API}/2010-04-01/Accounts/{self._sid}/Messages.json", {"PageSize": "1"})

    async def account(self, path: str = "", **query: str) -> Json:
        """A resource below the account: ``/Balance``; the account itself where ``path`` is empty."""
        return await self.get(f"{API}/2010-04-01/Accounts/{self._sid}{path}.json", query)

    async def get(self, url: str, query: Mapping[str, str]) -> Json:
        """A JSON object of Twilio's."""
        answer = await self._client.request_async("GET", url, params=dict(query))
        body = _json(answer.text)
        if not isinstance(body, dict):
            raise Uncertain("bad_answer", "Twilio's answer is no JSON object")
        return body

    def _next(self, page: Json) -> str | None:
        path = text(page, "next_page_uri")
        return API + path if path.startswith(f"/2010-04-01/Accounts/{self._sid}/") else None


def _all_older(records: list[Json], since: int) -> bool:
    times = [seconds_of(record) for record in records]
    return all(0 < at < since for at in times)


def _json(said: str) -> object:
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return None


async def _limited(answer: aiohttp.ClientResponse) -> bytes:
    """The body; one that has no end is broken off, and then is no JSON."""
    pieces, size = [], 0
    async for piece in answer.content.iter_chunked(64 * 1024):
        pieces.append(piece)
        size += len(piece)
        if size > _MOST:
            break
    return b"".join(pieces)
