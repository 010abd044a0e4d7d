"""Who a request is: by bearer token, or by the session cookie of a browser that opened a sign-in link.

A sign-in link's code and a browser's session are tokens like any other (stored as digests, revocable, expiring), told
apart by their prefix: a code only opens ``/login``, a session only works as a cookie. A cookie changes state only from
our own pages (``Sec-Fetch-Site``, else ``Origin``): a foreign page can neither post (CSRF) nor open the web socket
(CSWSH), and a rebound host name is no loopback. Sources: OWASP CSRF cheat sheet, ASVS 5.0 3.5 and 4.4.2.
Next stop: :mod:`tieline.api.login` makes codes and sessions.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from tieline.api.services import ApiSettings, Authenticate
from tieline.directory.tokens import INVALID
from tieline.model.members import Actor, Level, MemberKind
from tieline.model.outcome import Refusal

COOKIE: Final = "tieline_session"
CODE_PREFIX: Final = "tlc_"
SESSION_PREFIX: Final = "tls_"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_FOREIGN: Final = Refusal(
    status=403,
    code="foreign_origin",
    detail="A signed-in browser may do this from the hub's own pages only; programs send a bearer token.",
)

NO_HOOK: Final = Refusal(
    status=404, code="hook_not_found", detail="There is no such hook. Make one: tieline hook create ROOM"
)
"""The one answer to every key that is none, so that nothing can be guessed."""


class Authenticator:
    """Answers who a request is. No I/O."""

    def __init__(self, authenticate: Authenticate, settings: ApiSettings) -> None:
        self._authenticate = authenticate
        self._origins = settings.allowed_origins | _origin_of(settings.public_url)

    def secret(self, request: web.Request) -> str | None:
        """The credential a request carries, whatever it is worth."""
        header = request.headers.get(hdrs.AUTHORIZATION)
        if header is None:
            return request.cookies.get(COOKIE)
        scheme, _, secret = header.partition(" ")
        return secret.strip() if scheme.lower() == "bearer" else ""

    def bearer(self, secret: str) -> Actor | Refusal:
        """Who a token is; sign-in codes and sessions are none."""
        if secret.startswith((CODE_PREFIX, SESSION_PREFIX)):
            return INVALID
        return self._authenticate(secret)

    def hook(self, key: str) -> Actor | None:
        """Who a hook is: a service's token for exactly one room, of L2 or more; None for all that is no hook."""
        actor = self.bearer(key)
        if isinstance(actor, Refusal) or actor.member is None or actor.rooms is None:
            return None
        fits = actor.member.kind is MemberKind.SERVICE and len(actor.rooms) == 1 and actor.level >= Level.L2
        return actor if fits else None

    def request(self, request: web.Request) -> Actor | Refusal | None:
        """Who a request is; None: it carries no credential. A cookie from a foreign page is refused (403)."""
        if hdrs.AUTHORIZATION in request.headers:
            return self.bearer(self.secret(request) or "")
        cookie = request.cookies.get(COOKIE)
        if cookie is None:
            return None
        if self._changes_state(request) and not self.is_own_page(request):
            return _FOREIGN
        return self._authenticate(cookie) if cookie.startswith(SESSION_PREFIX) else INVALID

    @staticmethod
    def _changes_state(request: web.Request) -> bool:
        return request.method not in _SAFE or request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"

    def is_own_page(self, request: web.Request) -> bool:
        """Does the browser say that one of our own pages asks? Absent and ``null`` origins are foreign."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None:
            return request.headers.get("Sec-Fetch-Site") == "same-origin"
        return origin in self._origins or _is_own_loopback(origin, request.host)


def _origin_of(url: str | None) -> frozenset[str]:
    if not url:
        return frozenset()
    parts = urlsplit(url)
    return frozenset({f"{parts.scheme}://{parts.netloc}"})


def _is_own_loopback(origin: str, host: str) -> bool:
    """Same host and port, and the host is this machine's by its literal name: a rebound name is not."""
    try:
        parts = urlsplit(origin)
        name = parts.hostname
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.netloc == host and name in _LOOPBACK
