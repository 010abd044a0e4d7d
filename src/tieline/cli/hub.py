"""A running hub, as the command line needs it: one conversation through :mod:`tieline.client`, and its failures told.

Rule: every way a conversation can fail becomes :class:`Failed` with the mend and the right exit code. Not promised:
HTTP proxies. Next stop: :mod:`tieline.client`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec

from tieline.cli.failing import FAILED, TRY_AGAIN, WRONG_USAGE, Failed
from tieline.client import Client, ClientError
from tieline.model.packet import Violation

T = TypeVar("T")
C = TypeVar("C", str, int)
_BUSY: Final = frozenset({429, 502, 503, 504})
_UNAUTHORIZED: Final = 401
_STRANGER: Final = "unexpected_answer"
_HOW_TO_SIGN_IN: Final = "make one: tieline token create HANDLE --kind human; then export TIELINE_TOKEN"


def ask(url: str, token: str, question: Callable[[Client], Awaitable[T]]) -> T:
    """Hold one conversation with a hub. Raises :class:`Failed`."""
    _check_url(url)
    _check_token(token)
    return asyncio.run(_ask(url, token, question))


async def _ask(url: str, token: str, question: Callable[[Client], Awaitable[T]]) -> T:
    async with Client(url, token) as hub:
        try:
            return await question(hub)
        except ClientError as error:
            raise _refused(url, error) from error
        except BrokenPipeError:
            raise  # our own output: whoever read it has gone
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is one of the latter
            raise _unreachable(url, error) from error
        except msgspec.DecodeError as error:
            raise _stranger(url) from error


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits:
        raise Failed(f"'{url}' is no hub's address", fix="write http://127.0.0.1:8080", code=WRONG_USAGE)


def _check_token(token: str) -> None:
    if not token:
        raise Failed("there is no token to say who you are", fix=_HOW_TO_SIGN_IN, code=WRONG_USAGE)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Failed("this is no token: it has characters that no token has", fix=_HOW_TO_SIGN_IN, code=WRONG_USAGE)


# ── what can go wrong ────────────────────────────────────────────────────────────────────────────────────────────────


def _unreachable(url: str, error: Exception) -> Failed:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Failed(f"{url} cannot prove who it is: {error.certificate_error}", fix="mend its certificate")
    fix = "start it with `tieline serve`, or name another with --url or TIELINE_URL"
    return Failed(f"the hub at {url} does not answer: {_reason(error)}", fix=fix, code=TRY_AGAIN)


def _reason(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "nobody knows its name"
        case TimeoutError():
            return "nothing came in time"
        case aiohttp.ClientConnectorError():
            return error.os_error.strerror or "no connection"
        case _:
            return "the connection broke"


def _stranger(url: str) -> Failed:
    return Failed(f"what answers at {url} is no Tieline hub", fix="look at --url and TIELINE_URL")


def _refused(url: str, error: ClientError) -> Failed:
    problem = error.problem
    if problem.status in _BUSY:
        wait = f"in {error.retry_after:.0f} s" if error.retry_after else "in a moment"
        what = f"{url} answered {problem.status}" if problem.code == _STRANGER else problem.detail or problem.code
        return Failed(what, fix=f"try again {wait}", code=TRY_AGAIN)
    if problem.code == _STRANGER:
        return _stranger(url)
    if problem.status == _UNAUTHORIZED:
        return Failed("the hub does not know this token, or no more", fix=_HOW_TO_SIGN_IN)
    if not problem.violations:
        return Failed(problem.detail or problem.title, code=FAILED)
    return Failed("the hub refused it; nothing was written", fix=_mend(problem.violations, error.extra), code=FAILED)


def _mend(violations: tuple[Violation, ...], extra: dict[str, object]) -> str:
    """Violations, each with its fix, and the packet as it should be."""
    lines = [f"{one.code} line {one.line or '-'}: {one.message}; {one.fix}" for one in violations]
    whole = extra.get("corrected") or extra.get("template")
    return "\n  → ".join(lines) + (f"\n\n{whole}" if isinstance(whole, str) else "")


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Page(Protocol[T, C]):  # type: ignore[misc] # a page is read, never written
    """A page of a list."""

    @property
    def items(self) -> tuple[T, ...]:
        """What is on it."""
        ...

    @property
    def next(self) -> C | None:
        """The ``after`` of the next page."""
        ...


async def every(page: Callable[[C | None], Awaitable[Page[T, C]]]) -> list[T]:
    """Everything of a list, page by page."""
    found: list[T] = []
    after: C | None = None
    while True:
        answer = await page(after)
        found += answer.items
        after = answer.next
        if after is None:
            return found
