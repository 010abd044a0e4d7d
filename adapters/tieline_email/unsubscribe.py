"""The page behind the link "no more mails": one click ends them, and a scanner that only looks changes nothing.

Rule: GET shows a page with a button, POST does it (RFC 8058, or the button). The link is signed and names the contact;
what it says is told to the hub, which keeps the consent, and is answered only when that is durable. The page needs
nothing from anywhere else and shows nobody's name.
Next stop: the hub's consent for this conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from aiohttp import web

from tieline.errors import StoreError
from tieline.model.inbound import InboundConsent, NativeAuthor
from tieline.ports.abilities import Route
from tieline.ports.adapter import Session
from tieline.ports.clock import Clock
from tieline_email import leaving
from tieline_email.me import Me

WORD: Final = "unsubscribe"
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1rem}}</style></head>
<body><h1>{title}</h1><p>{text}</p>{form}</body></html>"""
_FORM: Final = '<form method="post"><button>No more mails</button></form>'


class Unsubscribe:
    """Routes of one channel; ``session`` is set while it is connected."""

    def __init__(self, me: Me, clock: Clock) -> None:
        self._me = me
        self._clock = clock
        self.session: Session | None = None

    def routes(self) -> Sequence[Route]:
        """Where the link of our mails leads."""
        path = f"{leaving.PATH}/{{token}}"
        return (
            Route(method="GET", path=path, handler=self.show),
            Route(method="POST", path=path, handler=self.leave),
        )

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The page with the button."""
        if self._contact(request) is None:
            return _unknown()
        return _page(200, "Mails from this hub", f"End the mails from {self._me.address} to you?", _FORM)

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """End the mails; answered when the hub has it."""
        contact = self._contact(request)
        if contact is None:
            return _unknown()
        if self.session is None:
            return _page(503, "Not now", "The hub cannot note this just now. Please try again in some minutes.", _FORM)
        event = InboundConsent(
            conversation=contact,
            native_id=f"{WORD}-{self._clock.now()}@{self._me.domain}",
            author=NativeAuthor(native_id=contact, display=contact),
            wanted=False,
            word=WORD,
        )
        try:
            await self.session.receive(event)
        except StoreError:
            return _page(503, "Not now", "The hub cannot note this just now. Please try again in some minutes.", _FORM)
        return _page(200, "Done", f"You get no more mails from {self._me.address}.", "")

    def _contact(self, request: web.Request) -> str | None:
        return leaving.read(self._me.secret, request.match_info.get("token", ""))


def _unknown() -> web.Response:
    return _page(404, "Unknown link", "This link is not complete, or of another hub.", "")


def _page(status: int, title: str, text: str, form: str) -> web.Response:
    body = _PAGE.format(title=escape(title), text=escape(text), form=form)
    return web.Response(status=status, text=body, content_type="text/html", headers=_HEADERS)
