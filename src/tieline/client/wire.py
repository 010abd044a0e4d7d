"""The client's wire: one request and its answer, and posting again while the hub is busy.

Every call raises :class:`~tieline.client.ClientError` where the hub refuses. Next stop: :mod:`tieline.client.hub`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from tieline.client.problem import ClientError, right, wait, worth_another

T = TypeVar("T")
TRIES: Final = 5
Query = Mapping[str, str | int | None]


class Wire:
    """A hub at ``url`` for the bearer of ``token``. Use as ``async with``, or call :meth:`close`."""

    def __init__(self, url: str, token: str, *, http: aiohttp.ClientSession | None = None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._http = http
        self._own = http is None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let connections go. Idempotent."""
        if self._own and self._http is not None:
            await self._http.close()
            self._http = None

    async def _again(self, answer: type[T], path: str, body: object, tries: int) -> T:
        """Post, and once more while the hub is busy or the connection is lost; ``body`` has a ``client_id``."""
        for attempt in range(1, tries + 1):
            try:
                return await self._ask(answer, "POST", path, body=body)
            except (ClientError, aiohttp.ClientConnectionError) as error:
                if attempt == tries or not worth_another(error):
                    raise
                await asyncio.sleep(wait(attempt, error))
        raise AssertionError  # the loop above answers or raises

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession()
        return self._http

    async def _ask(
        self, answer: type[T] | None, method: str, path: str, *, body: object = None, query: Query | None = None
    ) -> T:
        raw = await self._send(method, path, body=body, query=query)
        return msgspec.json.decode(raw or b"null", type=answer or object)  # type: ignore[return-value] # None: no answer

    async def _send(self, method: str, path: str, *, body: object = None, query: Query | None = None) -> bytes:
        data = None if body is None else msgspec.json.encode(body)
        given = {name: str(value) for name, value in (query or {}).items() if value is not None}
        headers = self._headers if data is None else {**self._headers, "Content-Type": "application/json"}
        url = f"{self._url}/api/v1{path}"
        async with self._session().request(method, url, data=data, params=given, headers=headers) as answer:
            return await right(answer)


def part(text: str) -> str:
    """One part of a path."""
    return quote(text, safe="")
