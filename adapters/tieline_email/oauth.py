"""Access tokens for XOAUTH2: given, or got with a refresh token.

Rule: a token is asked for when it is needed and kept until shortly before its end; a token that a server refused is not
used again. The provider is asked over https, follows no redirect, and its answer has a bound.
Not promised: the first consent of a person; it is given in a browser, once, outside of Tieline.

Sources: RFC 6749 6 (refresh). Next stop: :mod:`tieline_email.wire` and :mod:`tieline_email.smtp` sign in with it.
"""

from __future__ import annotations

import asyncio
import json
from typing import Final

import aiohttp

from tieline.errors import NotDispatched, Permanent
from tieline.ports.clock import Clock
from tieline_email.config import OAuth

_TIMEOUT: Final = aiohttp.ClientTimeout(total=20)
_ANSWER_MAX: Final = 64 * 1024
_EARLY: Final = 120.0
_USUAL: Final = 3600.0
_SHORTEST: Final = 30.0
_REFUSED: Final = frozenset({"invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope"})
_AGAIN: Final = "give consent again and put the new refresh_token into the configuration"


class Tokens:
    """The access token of one account."""

    def __init__(self, oauth: OAuth, clock: Clock) -> None:
        self._oauth = oauth
        self._clock = clock
        self._token = oauth.token
        self._until = float("inf") if oauth.token else 0.0
        self._asking = asyncio.Lock()

    async def current(self) -> str:
        """A token that should be taken. Raises DeliveryError: Permanent where the refresh token is refused."""
        async with self._asking:
            if self._clock.monotonic() >= self._until:
                await self._refresh()
            return self._token

    def refused(self) -> None:
        """A server did not take it: the next one is a new one, where there is a way to get one."""
        if self._oauth.refresh_token:
            self._until = 0.0

    async def _refresh(self) -> None:
        oauth = self._oauth
        form = {"grant_type": "refresh_token", "client_id": oauth.client_id, "refresh_token": oauth.refresh_token}
        form |= {
            name: value for name, value in (("client_secret", oauth.client_secret), ("scope", oauth.scope)) if value
        }
        status, answer = await self._ask(form)
        token, error = answer.get("access_token"), str(answer.get("error", ""))
        if isinstance(token, str) and token.isascii() and token.isprintable() and token:
            lasts = answer.get("expires_in")
            lasts = float(lasts) if isinstance(lasts, int | float) and not isinstance(lasts, bool) else _USUAL
            self._token, self._until = token, self._clock.monotonic() + max(lasts - _EARLY, _SHORTEST)
            return
        if error in _REFUSED:
            raise Permanent(
                f"oauth_{error}", str(answer.get("error_description", ""))[:300], stops_channel=True, fix=_AGAIN
            )
        raise NotDispatched("oauth_failed", f"the provider of tokens answered {status} {error}".strip())

    async def _ask(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.post(self._oauth.token_url, data=form, allow_redirects=False) as response,
            ):
                body = await response.content.read(_ANSWER_MAX)
                return response.status, _object(body)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NotDispatched(
                "oauth_failed", f"the provider of tokens does not answer: {type(error).__name__}"
            ) from error


def _object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
