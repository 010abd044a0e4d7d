"""Sign-in links and browser sessions.

A link's code is a token of ten minutes that opens ``/login`` once; what it opens is a session, a token in an HttpOnly
cookie. Both are rows like every token: kept as digests, shown in ``GET /tokens``, revocable, gone with the member.
Not promised: that nobody else opens a link first; whoever holds it is the member, as with any sign-in link.
"""

from __future__ import annotations

import html
from typing import Final

from aiohttp import web

from tieline.api.auth import CODE_PREFIX, COOKIE, SESSION_PREFIX, Authenticator
from tieline.api.problems import response
from tieline.api.services import ApiServices
from tieline.directory.tokens import digest, new_secret
from tieline.model.commands import CreateToken, RevokeToken
from tieline.model.members import Level, Token
from tieline.model.outcome import Refusal
from tieline.ports.clock import Clock
from tieline.ports.directory import Directory
from tieline.ports.hub import Hub

CODE_SECONDS: Final = 600
CODE_LABEL: Final = "sign-in link"
SESSION_LABEL: Final = "browser session"
_DAY: Final = 86_400
_USED: Final = Refusal(
    status=401,
    code="link_used",
    detail="This link is used, older than ten minutes or wrong. Make one: tieline login-link HANDLE",
)


_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Tieline</title>
<h1>This link does not sign you in</h1><p>{detail}</p>
<p><a href="/">Go to the hub</a>, if you are signed in already.</p>
"""


def _sorry(refusal: Refusal) -> web.Response:
    """The same refusal for a person who followed a link in a browser."""
    return web.Response(
        status=refusal.status, text=_PAGE.format(detail=html.escape(refusal.detail)), content_type="text/html"
    )


async def new_login_code(hub: Hub, directory: Directory, clock: Clock, handle: str) -> str | Refusal:
    """A code for ``/login?code=…`` that signs ``handle`` in once, within ten minutes."""
    member = directory.member(handle)
    code = new_secret(CODE_PREFIX)
    outcome = await hub.execute(
        CreateToken(
            handle=handle,
            digest=digest(code),
            level=member.level if member else Level.L1,
            label=CODE_LABEL,
            expires_at=clock.now() + CODE_SECONDS * 1000,
        )
    )
    return outcome if isinstance(outcome, Refusal) else code


class Login:
    """``/login`` and ``/logout``."""

    def __init__(self, services: ApiServices, authenticator: Authenticator) -> None:
        self._services = services
        self._authenticator = authenticator
        self._opening: set[str] = set()

    async def login(self, request: web.Request) -> web.Response:
        """Take the code, give a session, lead to the first page."""
        code = request.query.get("code", "")
        session = await self._open(code) if code.startswith(CODE_PREFIX) else _USED
        if isinstance(session, Refusal):
            return _sorry(session) if "text/html" in request.headers.get("Accept", "") else response(session)
        answer = web.Response(status=303, headers={"Location": self._services.settings.home})
        self._set_cookie(answer, session)
        return answer

    async def _open(self, code: str) -> str | Refusal:
        """Exchange a code for a session; two at once: one of them."""
        key = digest(code)
        if key in self._opening:
            return _USED
        self._opening.add(key)
        try:
            return await self._exchange(code, key)
        finally:
            self._opening.discard(key)

    async def _exchange(self, code: str, key: str) -> str | Refusal:
        actor = self._services.authenticate(code)
        token = self._services.directory.token(key)
        if isinstance(actor, Refusal) or actor.member is None or token is None:
            return _USED
        gone = await self._services.hub.execute(RevokeToken(token_id=token.id))
        if isinstance(gone, Refusal):
            return _USED
        session = new_secret(SESSION_PREFIX)
        made = await self._services.hub.execute(
            CreateToken(
                handle=actor.member.handle,
                digest=digest(session),
                level=actor.level,
                label=SESSION_LABEL,
                expires_at=self._services.clock.now() + self._seconds * 1000,
            )
        )
        return made if isinstance(made, Refusal) else session

    @property
    def _seconds(self) -> int:
        return self._services.settings.session_days * _DAY

    def _set_cookie(self, answer: web.Response, session: str) -> None:
        secure = (self._services.settings.public_url or "").startswith("https://")
        answer.set_cookie(
            COOKIE, session, max_age=self._seconds, path="/", httponly=True, samesite="Lax", secure=secure
        )

    async def logout(self, request: web.Request) -> web.Response:
        """Revoke the browser's session."""
        actor = self._authenticator.request(request)
        if isinstance(actor, Refusal):
            return response(actor)
        token = self._session(request)
        if token is not None:
            await self._services.hub.execute(RevokeToken(token_id=token.id))
        answer = web.Response(status=204)
        answer.del_cookie(COOKIE, path="/")
        return answer

    def _session(self, request: web.Request) -> Token | None:
        return self._services.directory.token(digest(request.cookies.get(COOKIE, "")))
