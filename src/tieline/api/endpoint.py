"""What one row of the table of endpoints is, and how it becomes a handler.

Rule: what the OpenAPI document says of an operation and what the hub does come from the same row. A handler gets a
:class:`Call` whose credential, query and body are checked, and answers a response or a refusal.
Next stop: the rows (:mod:`.messages`, :mod:`.rooms` …); :mod:`.openapi` for the document.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import msgspec
from aiohttp import web

from tieline.api.auth import NO_HOOK, Authenticator
from tieline.api.limits import Limiter
from tieline.api.problems import UNAUTHORIZED, invalid_body, invalid_parameter, response
from tieline.api.services import ApiServices
from tieline.model.commands import Command
from tieline.model.members import Actor, Level, Via
from tieline.model.outcome import Accepted, Refusal
from tieline.model.rooms import Room
from tieline.model.shapes import nul_refusal

NOBODY: Final = Actor(member=None, level=Level.L1, via=Via.HTTP, rooms=())
"""The actor of a public endpoint: sees nothing, may do nothing."""
B = TypeVar("B")
Q = TypeVar("Q")
MAX_KEY: Final = 200
encode = msgspec.json.Encoder().encode


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No query parameters."""


@dataclass(slots=True)
class Call(Generic[B, Q]):
    """One checked request. ``body`` and ``query`` are what the endpoint's row declares."""

    services: ApiServices
    request: web.Request
    actor: Actor
    body: B
    query: Q
    key: str | None = None
    """``Idempotency-Key``."""
    cost: Callable[[int], Refusal | None] = field(default=lambda _: None)
    """Take more from the credential's bucket (a batch counts its messages)."""

    def path(self, name: str) -> str:
        """A part of the path, percent-decoded."""
        return self.request.match_info[name]

    def room(self, action: str = "read") -> Room | Refusal:
        """The room of the path, if the actor may do ``action`` there; absent and invisible ones look alike."""
        return find_room(self.services, self.actor, self.path("room"), action)

    def client_id(self, in_body: str | None) -> str | Refusal | None:
        """The idempotency key, from the header or the body; both and different: 422."""
        if self.key is None or in_body == self.key:
            return in_body
        if in_body is not None:
            return Refusal(
                status=422,
                code="idempotency_conflict",
                detail="Idempotency-Key and $.client_id differ; send one of them.",
            )
        if not 0 < len(self.key) <= MAX_KEY or not self.key.isprintable():
            return Refusal(
                status=400, code="invalid_parameter", detail=f"Idempotency-Key: 1 to {MAX_KEY} printable characters."
            )
        return self.key

    async def execute(self, command: Command) -> Accepted | Refusal:
        """Give a command to the one door."""
        return await self.services.hub.execute(command)


Handler = Callable[[Call[B, Q]], Awaitable[web.StreamResponse | Refusal]]


@dataclass(frozen=True, kw_only=True)
class Endpoint(Generic[B, Q]):
    """A row: ``answers`` maps success statuses to the type of their JSON (None: no body).

    ``level`` is the lowest level that may ever succeed, for the reader; the directory enforces it. None: no credential
    is asked for. ``errors`` are statuses beyond those every such operation has.
    """

    method: str
    path: str
    handler: Handler[B, Q]
    summary: str
    tag: str
    answers: Mapping[int, Any]
    body: type[B] | None = None
    query: type[Q] | None = None
    level: Level | None = Level.L1
    errors: tuple[int, ...] = ()
    keyed: bool = False
    """Takes ``Idempotency-Key``."""
    media: str = "application/json"
    takes: Mapping[str, Any] | None = None
    """A body that is no JSON, which the handler reads itself: JSON Schema by media type."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Request headers the handler looks at, each with what it means."""
    secret: str = ""
    """The part of the path that is the credential, of a hook; then ``level`` is None."""

    @property
    def name(self) -> str:
        """``operationId``: the handler's name."""
        return self.handler.__name__


AnyEndpoint = Endpoint[Any, Any]


def find_room(services: ApiServices, actor: Actor, name: str, action: str = "read") -> Room | Refusal:
    """A room by name, if the actor may do ``action`` there."""
    room = services.directory.room(name)
    if room is None:
        return Refusal(status=404, code="room_not_found", detail=f"There is no room '{name}', or you may not see it.")
    return services.directory.authorize(actor, action, room=room) or room


def json(body: bytes | object, status: int = 200) -> web.Response:
    """An answer in JSON; bytes are taken as encoded."""
    data = body if isinstance(body, bytes) else encode(body)
    return web.Response(body=data, status=status, content_type="application/json")


class Binder:
    """Makes an aiohttp handler of a row."""

    def __init__(self, services: ApiServices, authenticator: Authenticator, limiter: Limiter) -> None:
        self._services = services
        self._authenticator = authenticator
        self._limiter = limiter

    def bind(self, row: AnyEndpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The handler of a row; everything that can be made once is made here."""
        read = _reader(row)
        services = self._services
        if row.secret:
            return self._hooked(row, read)
        if row.level is None:

            async def public(request: web.Request) -> web.StreamResponse:
                return _answer(await _run(row, read, Call(services, request, NOBODY, None, None)))

            return public

        async def private(request: web.Request) -> web.StreamResponse:
            actor = self._authenticator.request(request)
            if actor is None or isinstance(actor, Refusal):
                return response(actor or UNAUTHORIZED)
            return await self._limited(row, read, request, actor, self._authenticator.secret(request))

        return private

    def _hooked(self, row: AnyEndpoint, read: _Read) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The handler of a row whose path holds the credential; whoever has none learns nothing from it."""

        async def hooked(request: web.Request) -> web.StreamResponse:
            secret = request.match_info[row.secret]
            actor = self._authenticator.hook(secret)
            return response(NO_HOOK) if actor is None else await self._limited(row, read, request, actor, secret)

        return hooked

    async def _limited(
        self, row: AnyEndpoint, read: _Read, request: web.Request, actor: Actor, secret: str | None
    ) -> web.StreamResponse:
        bucket = hash(secret)
        left = self._limiter.take(bucket)
        if isinstance(left, Refusal):
            answer: web.StreamResponse = response(left)
            left = 0.0
        else:
            budget = _Budget(self._limiter, bucket, left)
            call: Call[Any, Any] = Call(self._services, request, actor, None, None, cost=budget.take)
            answer = _answer(await _run(row, read, call))
            left = budget.left
        if not answer.prepared:
            self._limiter.tell(answer, left)
        return answer


@dataclass(slots=True)
class _Budget:
    limiter: Limiter
    bucket: int
    left: float

    def take(self, cost: int) -> Refusal | None:
        taken = self.limiter.take(self.bucket, cost)
        if isinstance(taken, Refusal):
            return taken
        self.left = taken
        return None


_Read = Callable[["Call[Any, Any]"], Awaitable[Refusal | None]]


def _reader(row: AnyEndpoint) -> _Read:
    """What fills a call's query, body and key from its request, or says what is wrong with them."""
    decode = msgspec.json.Decoder(row.body).decode if row.body is not None else None
    query_type = row.query or NoQuery
    no_query = query_type() if not row.query else None

    async def read(call: Call[Any, Any]) -> Refusal | None:
        request = call.request
        if "%00" in request.raw_path:
            return Refusal(status=400, code="invalid_parameter", detail="An address holds no NUL character.")
        if no_query is None or request.query_string:
            try:
                call.query = msgspec.convert(dict(request.query), query_type, strict=False)
            except msgspec.ValidationError as error:
                return invalid_parameter(error)
        else:
            call.query = no_query
        call.key = request.headers.get("Idempotency-Key") if row.keyed else None
        return None if decode is None else await _read_body(call, decode)

    return read


async def _read_body(call: Call[Any, Any], decode: Callable[[bytes], object]) -> Refusal | None:
    raw = await call.request.read()
    try:
        call.body = decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return invalid_body(error)
    return nul_refusal(raw)


async def _run(row: AnyEndpoint, read: _Read, call: Call[Any, Any]) -> web.StreamResponse | Refusal:
    return await read(call) or await row.handler(call)


def _answer(outcome: web.StreamResponse | Refusal) -> web.StreamResponse:
    return response(outcome) if isinstance(outcome, Refusal) else outcome
