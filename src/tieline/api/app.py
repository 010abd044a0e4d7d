"""The application: every route of the hub, from one table.

Order of what wraps a request: the guard (problems), the observer (numbers), the endpoint (credential, rate, query,
body), the handler. Headers that every answer has are written just before it is sent, so that nothing escapes them.
Next stop: :mod:`tieline.api.endpoint`; :mod:`tieline.bootstrap` starts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from aiohttp import web

from tieline.api import (
    account,
    alerts,
    downloads,
    hooks,
    keeping,
    members,
    messages,
    operations,
    posting,
    rooms,
    uploads,
)
from tieline.api.auth import Authenticator
from tieline.api.docs_page import STYLE_PATH, DocsPage
from tieline.api.endpoint import AnyEndpoint, Binder
from tieline.api.health import Health
from tieline.api.limits import Limiter
from tieline.api.login import Login
from tieline.api.observing import Observer
from tieline.api.openapi import PREFIX, document
from tieline.api.problems import REQUEST_ID, Handler, guard
from tieline.api.services import ApiServices
from tieline.api.transfers import TRANSFERS
from tieline.ports.abilities import Route

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    *posting.ENDPOINTS,
    *messages.ENDPOINTS,
    *uploads.ENDPOINTS,
    *downloads.ENDPOINTS,
    *rooms.ENDPOINTS,
    *members.ENDPOINTS,
    *account.ENDPOINTS,
    *operations.ENDPOINTS,
    *alerts.ENDPOINTS,
    *hooks.ENDPOINTS,
    *keeping.ENDPOINTS,
)
"""The table."""

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}
_HSTS: Final = "max-age=31536000"


def create_app(services: ApiServices, authenticator: Authenticator | None = None) -> web.Application:
    """Make the application. ``authenticator`` is shared with the web socket's services where there are any.

    More routes (the web room, the demo) may be added before it starts; they get the same headers and problems.
    """
    who = authenticator or Authenticator(services.authenticate, services.settings)
    observer = Observer(services.registry)
    app = web.Application(middlewares=[guard], client_max_size=services.settings.max_body)
    app[TRANSFERS] = Counter()
    app.on_response_prepare.append(_headers(services))
    _add_endpoints(app, Binder(services, who, Limiter(services.settings.rate, services.clock)), observer)
    _add_pages(app, services, who)
    for channel, routes in services.mounts.items():
        for route in routes:
            _mount(app, channel, route, observer)
    return app


def metrics_app(services: ApiServices) -> web.Application:
    """Only ``/metrics``, open, for a listener of its own (``hub.metrics_listen``)."""
    health = Health(services, Authenticator(services.authenticate, services.settings))

    async def metrics(_request: web.Request) -> web.Response:
        return health.open_metrics()

    app = web.Application(middlewares=[guard])
    app.router.add_get("/metrics", metrics)
    return app


def _add_endpoints(app: web.Application, binder: Binder, observer: Observer) -> None:
    for row in ENDPOINTS:
        handler = observer.wrap(row.method, row.path, binder.bind(row))
        _add(app, row.method, PREFIX + row.path, handler)


def _add(app: web.Application, method: str, path: str, handler: Handler) -> None:
    if method == "GET":
        app.router.add_get(path, handler)
    else:
        app.router.add_route(method, path, handler)


def _add_pages(app: web.Application, services: ApiServices, who: Authenticator) -> None:
    described = document(ENDPOINTS, services.settings)
    docs = DocsPage(described)
    health = Health(services, who)
    login = Login(services, who)

    async def openapi(_request: web.Request) -> web.Response:
        return web.Response(body=described, content_type="application/json")

    app.router.add_get("/openapi.json", openapi)
    app.router.add_get("/docs", docs.page)
    app.router.add_get(STYLE_PATH, docs.style)
    app.router.add_get("/healthz", health.healthz)
    app.router.add_get("/readyz", health.readyz)
    app.router.add_get("/metrics", health.metrics)
    app.router.add_get("/login", login.login, allow_head=False)
    app.router.add_post("/logout", login.logout)
    if services.settings.home != "/":
        app.router.add_get("/", _lead_to(services.settings.home))


def _lead_to(home: str) -> Handler:
    async def root(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": home})

    return root


def _mount(app: web.Application, channel: str, route: Route, observer: Observer) -> None:
    path = route.path if route.path.startswith("/") else f"{PREFIX}/channels/{channel}/{route.path}"
    handler = route.handler if path == "/ws" else observer.wrap(route.method, path, route.handler)
    _add(app, route.method, path, handler)


def _headers(services: ApiServices) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    constant = dict(_HEADERS)
    if (services.settings.public_url or "").startswith("https://"):
        constant["Strict-Transport-Security"] = _HSTS

    async def prepare(request: web.Request, answer: web.StreamResponse) -> None:
        headers = answer.headers
        if answer.status != HTTPStatus.SWITCHING_PROTOCOLS:  # an upgrade has no body, and keeps its headers
            for name, value in constant.items():
                headers.setdefault(name, value)
        headers["Request-Id"] = request.get(REQUEST_ID, "")
        headers["Server"] = "tieline"

    return prepare
