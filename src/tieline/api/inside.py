"""The inside of the hub for an adapter that is a way into it: the web socket. Implements ``ports.adapter.Services``."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from tieline.api.auth import Authenticator
from tieline.model.members import Actor
from tieline.model.outcome import Refusal
from tieline.ports.directory import Directory
from tieline.ports.hub import Bus, Hub
from tieline.ports.reading import Reader


@dataclass(frozen=True, kw_only=True)
class Inside:
    """See :class:`tieline.ports.adapter.Services`."""

    hub: Hub
    bus: Bus
    reader: Reader
    directory: Directory
    authenticator: Authenticator

    def authenticate(self, secret: str) -> Actor | Refusal:
        """Who a bearer token is."""
        return self.authenticator.bearer(secret)

    def authenticate_request(self, request: web.Request) -> Actor | Refusal | None:
        """Who an HTTP request is."""
        return self.authenticator.request(request)
