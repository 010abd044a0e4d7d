"""Numbers of the API: requests by endpoint and status, and how long they took. Counters are bound once per pair."""

from __future__ import annotations

import time

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram

from tieline.api.problems import Handler


class Observer:
    """Counts requests; one per application."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "tieline_http_requests", "HTTP requests answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "tieline_http_seconds", "Seconds until an answer was made.", ["method", "route"], registry=registry
        )
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[tuple[str, str], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        counter = self._counters.get((method, route, status))
        if counter is None:
            counter = self._counters[method, route, status] = self._requests.labels(method, route, str(status))
        timer = self._timers.get((method, route))
        if timer is None:
            timer = self._timers[method, route] = self._seconds.labels(method, route)
        counter.inc()
        timer.observe(seconds)

    def wrap(self, method: str, route: str, handler: Handler) -> Handler:
        """The handler, observed. ``route`` is the pattern, so that the number of series is bounded."""

        async def observed(request: web.Request) -> web.StreamResponse:
            start = time.perf_counter()
            status = 500
            try:
                answer = await handler(request)
                status = answer.status
            except web.HTTPException as error:
                status = error.status
                raise
            finally:
                self.observe(method, route, status, time.perf_counter() - start)
            return answer

        return observed
