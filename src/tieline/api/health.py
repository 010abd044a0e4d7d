"""Whether the hub lives, whether it takes writes, and its numbers.

``/healthz`` answers while the loop runs; ``/readyz`` only where the database is at the head of its migrations and the
writer writes. A channel that is down makes neither fail. Next stop: the supervisor that restarts us.
"""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from tieline.api.auth import Authenticator
from tieline.api.endpoint import json
from tieline.api.problems import UNAUTHORIZED, response
from tieline.api.services import ApiServices
from tieline.errors import StoreError
from tieline.model.outcome import Refusal


class Health:
    """``/healthz``, ``/readyz``, ``/metrics``."""

    def __init__(self, services: ApiServices, authenticator: Authenticator) -> None:
        self._services = services
        self._authenticator = authenticator

    async def healthz(self, _request: web.Request) -> web.Response:
        """The loop runs."""
        return json({"status": "ok", "version": self._services.settings.version})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Migrated and writing; else 503 with the reason."""
        why = self._services.ready() or await self._unreadable()
        if why is None:
            return json({"status": "ready", "version": self._services.settings.version})
        return response(Refusal(status=503, code="not_ready", detail=why, retry_after=1))

    async def _unreadable(self) -> str | None:
        try:
            await self._services.reader.ping()
        except StoreError as error:
            return f"{error} {error.fix}".strip()
        return None

    async def metrics(self, request: web.Request) -> web.Response:
        """Prometheus' text format; with any token, unless it has a listener of its own."""
        if not self._services.settings.open_metrics:
            actor = self._authenticator.request(request)
            if actor is None or isinstance(actor, Refusal):
                return response(actor or UNAUTHORIZED)
        return self.open_metrics()

    def open_metrics(self) -> web.Response:
        """The numbers, for whoever asks."""
        return web.Response(
            body=generate_latest(self._services.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )
