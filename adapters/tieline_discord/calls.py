"""Calls of Discord's REST API: one request each.

Rule (law 2): no retry, no sleep. discord.py's own client tries 5xx five times and sleeps on 429, so its
:class:`~discord.http.HTTPClient` is used with another :meth:`Calls.request`, which all of the SDK goes through;
webhooks are called the same way, by their token in the path. Every failure leaves as a
:class:`~tieline.errors.DeliveryError`. Not promised: that a call named "read" is repeated by anybody.
Next stop: :mod:`tieline_discord.errors` for failures, :mod:`tieline_discord.limits` for the pace.
"""

from __future__ import annotations

import asyncio
import json as jsons
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from discord.gateway import DiscordClientWebSocketResponse
from discord.http import HTTPClient, Route

from tieline.errors import Permanent, Throttled, Uncertain
from tieline.ports.adapter import OutgoingFile
from tieline.ports.clock import Clock
from tieline_discord import files as uploads
from tieline_discord.config import Settings
from tieline_discord.errors import refused, unanswered
from tieline_discord.limits import Limits, route
from tieline_discord.shapes import mapping, sequence

Json = Mapping[str, object]

log: Final = logging.getLogger("tieline.discord")

_PATIENCE: Final = 30.0
_CONNECT: Final = 10.0
_SLOWEST: Final = 100_000
"""Bytes a second that an upload makes at least."""
_PATH: Final = re.compile(r"(/(?!\.\.?/)[A-Za-z0-9@_.~%:!-]+)+")
"""What may stand in a path: no id of anybody's leads elsewhere."""
_ID_MEND: Final = "check the conversation's id: a number of 17 to 20 digits"
_LARGEST_FRAME: Final = 64 * 1024 * 1024


class Calls(HTTPClient):
    """The REST API as one bot uses it. Made on a running event loop; :meth:`close` frees it."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        super().__init__(asyncio.get_running_loop())
        self.token = settings.bot_token
        self._base = settings.api_url
        self._clock = clock
        self._limits = Limits(clock)
        self.ahead = 0
        """Milliseconds that our clock is ahead of Discord's, to the second."""
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            ws_response_class=DiscordClientWebSocketResponse,
            headers={"User-Agent": self.user_agent},
        )

    def __repr__(self) -> str:
        """Without the token."""
        return f"Calls({self._base!r})"

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP connections."""
        return self._http

    async def read(self, path: str, **query: str) -> object:
        """GET; the JSON that came. Raises DeliveryError."""
        return await self.call("GET", path, query=query)

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Json | Sequence[Json] | None = None,
        query: Mapping[str, str] | None = None,
        files: Sequence[OutgoingFile] = (),
        bot: bool = True,
        needs: int = 0,
    ) -> object:
        """One request; the JSON that came, None where there was none. Raises DeliveryError.

        ``bot``: sign it with the bot's token (a webhook's or interaction's stands in the path instead). ``needs``: the
        permission it takes, for the mend. ``path`` begins with a slash and is percent-encoded.
        """
        if not _PATH.fullmatch(path):
            raise Permanent("unknown_channel", f"{path!r} names nothing on Discord", stops_lane=True, fix=_ID_MEND)
        key = route(method, path)
        if (refusal := self._limits.refuse(key)) is not None:
            raise refusal
        headers = {"Authorization": f"Bot {self.token}"} if bot else {}
        body, reading = _body(json, files)
        try:
            async with self._http.request(
                method,
                f"{self._base}{path}",
                params=query,
                headers=headers,
                data=body,
                allow_redirects=False,
                timeout=_timeout(files),
            ) as response:
                raw = await response.read()
                return self._answer(key, response.status, raw, response.headers, needs)
        except Exception as error:
            if reading is not None and reading.failed is not None:
                raise reading.failed from error
            raise unanswered(error) from error

    def _answer(self, key: str, status: int, raw: bytes, headers: Mapping[str, str], needs: int) -> object:
        body = _parsed(raw)
        self._compare_clocks(headers.get("Date"))
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._limits.learn(key, status, headers, None)
            if raw and body is None:
                raise Uncertain("bad_answer", f"HTTP {status} with an answer that is not Discord's")
            return body
        error = refused(status, body, headers, needs=needs, now=self._clock.now())
        self._limits.learn(key, status, headers, error if isinstance(error, Throttled) else None)
        raise error

    def _compare_clocks(self, date: str | None) -> None:
        try:
            self.ahead = self._clock.now() - round(parsedate_to_datetime(date or "").timestamp() * 1000)
        except (ValueError, TypeError, OverflowError):
            return

    async def request(self, route: Route, **kwargs: Any) -> Any:  # noqa: ANN401 - the SDK's
        """What the SDK would call by itself: single-shot as well."""
        return await self.call(route.method, route.url.removeprefix(route.BASE), json=kwargs.get("json"))

    async def ws_connect(self, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        """Open the gateway's socket, for the SDK."""
        return await self._http.ws_connect(
            url,
            max_msg_size=_LARGEST_FRAME,
            autoclose=False,
            compress=compress,
            timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
        )

    async def close(self) -> None:
        """Free the connections. Idempotent."""
        await self._http.close()

    async def pages(self, path: str, *, after: str, most: int) -> AsyncIterator[Json]:
        """Messages with ids above ``after``, oldest first, at most ``most``."""
        left = most
        while left > 0:
            limit = min(left, 100)
            answer = await self.read(path, after=after, limit=str(limit))
            page = sorted((mapping(one) for one in sequence(answer)), key=_id)
            for message in page:
                yield message
            if len(page) < limit:
                return
            left -= len(page)
            after = str(_id(page[-1]))


def _id(message: Json) -> int:
    value = message.get("id")
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else 0


def _body(
    json: Json | Sequence[Json] | None, files: Sequence[OutgoingFile]
) -> tuple[aiohttp.payload.Payload | None, uploads.Multipart | None]:
    if files:
        multipart = uploads.Multipart(jsons.dumps(json or {}), files)
        return multipart.writer, multipart
    if json is None:
        return None, None
    return aiohttp.JsonPayload(json), None


def _timeout(files: Sequence[OutgoingFile]) -> aiohttp.ClientTimeout:
    upload = sum(file.size for file in files) / _SLOWEST
    return aiohttp.ClientTimeout(total=_PATIENCE + upload, sock_connect=_CONNECT)


def _parsed(raw: bytes) -> object:
    try:
        return jsons.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return None
