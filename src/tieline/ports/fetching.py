"""Fetching a remote file by an address that somebody else gave: for adapters that implement ``Fetches``.

Rule: the hub cannot be sent into its own network. Only https on port 443; a host's addresses are looked up once, every
one must be public (:mod:`tieline.ports.addresses`), and the connection goes to exactly these; each redirect is judged
anew. No cookies, no proxy, nothing decompressed; bytes, silence and time are bounded. Failures are
:class:`~tieline.errors.DeliveryError`: a GET changes nothing, so that what may work later is ``NotDispatched``.

Not promised: anything about what the bytes are. Next stop: :mod:`tieline.files.copying`, which keeps them.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from aiohttp import (
    AddrInfoType,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    TCPConnector,
    ThreadedResolver,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from tieline.errors import NotDispatched, Permanent, Throttled
from tieline.model.base import Value
from tieline.ports.addresses import is_disguised, is_literal, is_loopback, is_public
from tieline.ports.clock import Clock, SystemClock
from tieline.ports.throttling import retry_after_seconds

PIECE: Final = 64 * 1024
"""Bytes of a piece, at most."""
TOTAL: Final = 300.0
"""Seconds that a file may take, unless told otherwise."""
IDLE: Final = 20.0
"""Seconds of silence after which the other side is given up."""
REDIRECTS: Final = 3

_OK: Final = 200
_HTTPS: Final = 443
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_CLOSED: Final = frozenset({401, 403})
_GONE: Final = frozenset({404, 410})
_LATER: Final = frozenset({408, 425})
_THROTTLED: Final = 429
_SERVER_ERROR: Final = 500
_HOME: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?")
_CLEAN: Final = re.compile(r"[!-~]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN: Final = {"Accept-Encoding": "identity", "User-Agent": "tieline"}

Hosts = Callable[[str], bool]
"""Says whether a host may be asked: ``lambda host: host.endswith(".example.com")``. Lower case, without a port."""
Types = Callable[[str], bool]
"""Says whether a media type is what was asked for; lower case, without parameters, '' where the server tells none."""


class _Wanted(Value, kw_only=True, frozen=True):
    headers: Mapping[str, str]
    limit: int
    until: float
    """Second of the loop's time."""
    allow: Hosts | None
    expects: Types | None


class Fetcher:
    """Fetches files. Make one per adapter; :meth:`close` it in ``disconnect``.

    ``loopback`` is for an adapter whose configuration points it at a stand-in on this machine: it allows http and any
    port, on ``127.0.0.1``, ``localhost`` and ``[::1]`` only, and ``allow`` is not asked for these. ``resolver`` looks
    names up (the system's by default) and is closed with the fetcher. ``idle`` in seconds.
    """

    def __init__(
        self,
        *,
        loopback: bool = False,
        resolver: AbstractResolver | None = None,
        clock: Clock | None = None,
        idle: float = IDLE,
    ) -> None:
        self._loopback = loopback
        self._resolver = resolver
        self._clock = clock or SystemClock()
        self._idle = idle
        self._open: ClientSession | None = None

    async def get(
        self,
        url: str,
        *,
        limit: int,
        total: float = TOTAL,
        headers: Mapping[str, str] | None = None,
        allow: Hosts | None = None,
        expects: Types | None = None,
    ) -> AsyncIterator[bytes]:
        """The file's bytes, in pieces of at most 64 KiB; ``limit`` in bytes, ``total`` in seconds, with redirects.

        ``headers`` (an authorization) are sent to the origin of ``url`` only, never to where it redirects. ``expects``
        is asked about the media type: a page to log in is not the file.

        Raises, while it is iterated: Permanent ``forbidden_address``, ``bad_address``, ``too_many_redirects``,
        ``too_large``, ``no_access``, ``file_gone``, ``unexpected_type``, ``encoded`` or ``http_…``; Throttled;
        NotDispatched ``too_slow``, ``no_connection`` or ``http_5…``.
        """
        wanted = _Wanted(
            headers=headers or {},
            limit=limit,
            until=asyncio.get_running_loop().time() + total,
            allow=allow,
            expects=expects,
        )
        with _told():
            answer = await self._ask(url, wanted)
            async with answer:
                self._judge(answer, wanted)
                count = 0
                async for piece in answer.content.iter_chunked(PIECE):
                    count += len(piece)
                    if count > limit:
                        raise _too_large(limit)
                    yield piece

    async def close(self) -> None:
        """Let go of connections. Idempotent; a later :meth:`get` opens new ones."""
        session, self._open = self._open, None
        if session is not None:
            await session.close()

    async def _ask(self, address: str, wanted: _Wanted) -> ClientResponse:
        """The answer that is no redirect."""
        url = self._checked(address, wanted, home=self._loopback)
        first = url.origin()
        for _ in range(1 + REDIRECTS):
            headers = wanted.headers if url.origin() == first else {}
            answer = await self._session().get(
                url, headers=headers, allow_redirects=False, timeout=self._timeout(wanted)
            )
            if answer.status not in _MOVED:
                return answer
            answer.close()
            # Who stands outside cannot redirect us to this machine, not even where a stand-in is allowed.
            url = self._checked(_target(url, answer), wanted, home=self._loopback and _host(url) in _HOME)
        raise Permanent("too_many_redirects", f"the file's address redirects more than {REDIRECTS} times")

    def _checked(self, address: str, wanted: _Wanted, *, home: bool) -> URL:
        """The address as it will be asked for. Raises Permanent."""
        if _CONTROL.search(address):  # readers of addresses drop line ends, each in its own way
            raise Permanent("bad_address", "its address makes no sense")
        # A clean address stays as it is, letter for letter: many are signed.
        url = URL(address, encoded=_CLEAN.fullmatch(address) is not None)
        host = _host(url)
        if url.user is not None or url.password is not None:
            raise _forbidden("an address with a user's name")
        if home and host in _HOME and url.scheme in {"http", "https"}:
            return url
        if url.scheme != "https" or url.port != _HTTPS:
            raise _forbidden("an address that is not https on port 443")
        if is_literal(host):
            if not is_public(host):
                raise _forbidden("an address inside a network")
        elif is_disguised(host) or _NAME.fullmatch(host) is None:
            raise _forbidden("a host that is not a plain name")
        if wanted.allow is not None and not wanted.allow(host):
            raise _forbidden("a host that does not belong to the platform")
        return url

    def _judge(self, answer: ClientResponse, wanted: _Wanted) -> None:
        """Raise unless the answer is the file."""
        status = answer.status
        if status == _THROTTLED:
            wait = retry_after_seconds(answer.headers.get("Retry-After"), self._clock.now())
            raise Throttled("http_429", "the platform asks to wait", retry_after=wait)
        if status >= _SERVER_ERROR or status in _LATER:
            raise NotDispatched(f"http_{status}", f"the file's server answers {status}")
        if status in _CLOSED:
            raise Permanent("no_access", "the platform does not give it out", fix="let the bot see the file")
        if status in _GONE:
            raise Permanent("file_gone", "it is not there any more")
        if status != _OK:
            raise Permanent(f"http_{status}", f"the file's server answers {status}")
        if (answer.content_length or 0) > wanted.limit:
            raise _too_large(wanted.limit)
        if answer.headers.get("Content-Encoding", "identity").strip().lower() not in {"identity", ""}:
            raise Permanent("encoded", "the file's server packs it in a way nobody asked for")
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if wanted.expects is not None and not wanted.expects(kind):
            raise Permanent("unexpected_type", f"the platform gives out {kind or 'something'!r} in its place")

    def _timeout(self, wanted: _Wanted) -> ClientTimeout:
        left = max(wanted.until - asyncio.get_running_loop().time(), 0.001)
        return ClientTimeout(total=left, sock_connect=min(self._idle, 10.0), sock_read=self._idle)

    def _session(self) -> ClientSession:
        if self._open is None:
            guard = _Guard(self._resolver or ThreadedResolver(), loopback=self._loopback)
            connector = TCPConnector(resolver=guard, use_dns_cache=False, socket_factory=guard.socket)
            self._open = ClientSession(
                connector=connector,
                cookie_jar=DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                headers=_PLAIN,
            )
        return self._open


class _Forbidden(OSError):
    """Raised inside aiohttp, which hands an OSError through as the cause of its own."""


class _Guard(AbstractResolver):
    """Looks names up and refuses a host as a whole if one of its addresses is not public.

    aiohttp asks no resolver for a literal address: those are checked before, and all once more in :meth:`socket`.
    """

    def __init__(self, resolver: AbstractResolver, *, loopback: bool) -> None:
        self._resolver = resolver
        self._loopback = loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses, all of them fit to be connected to."""
        found = await self._resolver.resolve(host, port, family)
        fits = is_loopback if self._loopback and host.lower() == "localhost" else is_public
        if not all(fits(result["host"]) for result in found):
            raise _Forbidden(f"{host} is inside a network")
        return found

    def socket(self, target: AddrInfoType) -> socket.socket:
        """A socket for one address, just before it is connected."""
        family, kind, protocol, _, where = target
        host = str(where[0])
        if not (is_public(host) or (self._loopback and is_loopback(host))):
            raise _Forbidden(f"{host} is inside a network")
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        """Close what was given."""
        await self._resolver.close()


def _host(url: URL) -> str:
    return (url.host or "").lower()


def _target(url: URL, answer: ClientResponse) -> str:
    location = answer.headers.get("Location", "")
    if not location:
        raise Permanent("bad_address", "the file's address redirects to nowhere")
    return str(url.join(URL(location, encoded=_CLEAN.fullmatch(location) is not None)))


def _forbidden(what: str) -> Permanent:
    return Permanent("forbidden_address", f"{what} is not fetched", fix="give the file another way, or upload it")


def _too_large(limit: int) -> Permanent:
    return Permanent("too_large", f"it is larger than {limit} bytes")


@contextmanager
def _told() -> Iterator[None]:
    """Turn aiohttp's errors into ours. Addresses are not told on: many are as good as a password."""
    try:
        yield
    except (InvalidURL, ValueError) as error:
        raise Permanent("bad_address", "its address makes no sense") from error
    except TimeoutError as error:
        raise NotDispatched("too_slow", "the file's server is too slow") from error
    except (ClientError, OSError) as error:
        if isinstance(error.__cause__, _Forbidden):
            raise _forbidden("an address inside a network") from error
        raise NotDispatched("no_connection", "the file's server does not answer") from error
