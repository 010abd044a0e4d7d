"""The demo's routes: its page, and what the page does to the simulated platforms.

Rule: the page's files hold nothing secret and are open; everything else needs the reader's session (or token), checked
by the hub's own authenticator, so that no foreign page types or cuts. Strict policy: own scripts and styles, nothing
inline, no other host. What the page does to the *hub* goes through the ordinary API and ``/ws``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from importlib.resources import files
from typing import Annotated, Final, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta

from tieline.api.auth import Authenticator
from tieline.api.problems import UNAUTHORIZED, invalid_body, response
from tieline.bootstrap.demo_board import Board
from tieline.bootstrap.demo_cast import Cast
from tieline.bootstrap.demo_world import Pane
from tieline.model.members import Level
from tieline.model.outcome import Refusal
from tieline.ports.abilities import Route
from tieline_simulated.platform import Switch

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types tieline"
)
_TYPES: Final = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_BEAT: Final = 15.0
_COALESCE: Final = 0.08
_LONGEST: Final = 20_000
_encode = msgspec.json.Encoder().encode

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Body = TypeVar("Body", bound=msgspec.Struct)
Words = Annotated[str, Meta(min_length=1, max_length=_LONGEST)]
Native = Annotated[str, Meta(min_length=1, max_length=100)]


class Typed(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Somebody types."""

    user: Native
    text: Words
    thread: Native | None = None
    reply: Native | None = None


class Changed(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Somebody edits."""

    user: Native
    text: Words


class Switched(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The switch is set."""

    state: Switch


class Mended(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A refused packet as it is to be posted."""

    text: Words


class Routes:
    """Made once per demo; :meth:`close` ends the streams."""

    def __init__(self, board: Board, cast: Cast, authenticator: Authenticator) -> None:
        self._board = board
        self._cast = cast
        self._authenticator = authenticator
        self._streams: set[asyncio.Task[object]] = set()

    def all(self) -> Sequence[Route]:
        """The routes to mount."""
        message = "/demo/panes/{channel}/messages/{id}"
        reaction = message + "/reactions/{emoji}"
        guarded: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/demo/state", self._state),
            ("GET", "/demo/stream", self._stream),
            ("POST", "/demo/panes/{channel}/messages", self._type),
            ("PATCH", message, self._change),
            ("DELETE", message, self._remove),
            ("PUT", reaction, self._react),
            ("DELETE", reaction, self._unreact),
            ("POST", "/demo/panes/{channel}/switch", self._switch),
            ("POST", "/demo/cast", self._play),
            ("POST", "/demo/refused/{id}/mend", self._mend),
        )
        return (
            *_pages(),
            *(Route(method=method, path=path, handler=self._guarded(handler)) for method, path, handler in guarded),
        )

    async def close(self) -> None:
        """End the streams, so that the server need not wait for them."""
        for task in tuple(self._streams):
            task.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)

    # ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            actor = self._authenticator.request(request)
            if actor is None:
                return response(UNAUTHORIZED)
            if isinstance(actor, Refusal):
                return response(actor)
            if actor.level < Level.L4:
                return response(Refusal(status=403, code="forbidden", detail="The demo's stage needs level L4."))
            return await handler(request)

        return guarded

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _state(self, _request: web.Request) -> web.Response:
        _, parts = self._board.state()
        return _json(parts)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the parts that changed, whole, until the page goes."""
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await answer.prepare(request)
        task = asyncio.get_running_loop().create_task(self._feed(answer))
        self._streams.add(task)
        with suppress(ConnectionError, asyncio.CancelledError):
            await task
        self._streams.discard(task)
        return answer

    async def _feed(self, answer: web.StreamResponse) -> None:
        number = -1
        while True:
            number, parts = self._board.state(number)
            await answer.write(b"data: " + _encode(parts) + b"\n\n" if parts else b": still here\n\n")
            with suppress(TimeoutError):
                async with asyncio.timeout(_BEAT):
                    await self._board.changes(number)
                await asyncio.sleep(_COALESCE)

    # ── doing ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _type(self, request: web.Request) -> web.Response:
        pane, body = self._pane(request), await _read(request, Typed)
        if isinstance(body, Refusal):
            return response(body)
        if not body.text.strip():
            return response(_NOTHING)
        if pane is None or body.user not in pane.platform.people:
            return response(_no("pane, or nobody of that id types there"))
        native = pane.platform.say(body.user, body.text, thread=body.thread, reply=body.reply)
        return _json({"id": native}, status=201)

    async def _change(self, request: web.Request) -> web.Response:
        pane, body = self._pane(request), await _read(request, Changed)
        if isinstance(body, Refusal):
            return response(body)
        done = pane is not None and pane.platform.change(body.user, request.match_info["id"], body.text)
        return web.Response(status=204) if done else response(_no("message of theirs"))

    async def _remove(self, request: web.Request) -> web.Response:
        pane = self._pane(request)
        done = pane is not None and pane.platform.remove(request.query.get("user", ""), request.match_info["id"])
        return web.Response(status=204) if done else response(_no("message of theirs"))

    async def _react(self, request: web.Request) -> web.Response:
        return self._reaction(request, on=True)

    async def _unreact(self, request: web.Request) -> web.Response:
        return self._reaction(request, on=False)

    def _reaction(self, request: web.Request, *, on: bool) -> web.Response:
        pane, user = self._pane(request), request.query.get("user", "")
        if pane is None or user not in pane.platform.people:
            return response(_no("pane, or nobody of that id reads there"))
        emoji = request.match_info["emoji"]
        done = pane.platform.mark(user, request.match_info["id"], emoji, on=on)
        return web.Response(status=204) if done else response(_no("message"))

    async def _switch(self, request: web.Request) -> web.Response:
        pane, body = self._pane(request), await _read(request, Switched)
        if isinstance(body, Refusal):
            return response(body)
        if pane is None:
            return response(_no("pane"))
        pane.platform.set_switch(body.state)
        return _json({"state": body.state.value})

    async def _play(self, _request: web.Request) -> web.Response:
        self._cast.play()
        return web.Response(status=204)

    async def _mend(self, request: web.Request) -> web.Response:
        body = await _read(request, Mended)
        if isinstance(body, Refusal):
            return response(body)
        refusal = await self._cast.mend(request.match_info["id"], body.text)
        return web.Response(status=204) if refusal is None else response(refusal)

    def _pane(self, request: web.Request) -> Pane | None:
        return self._board.panes.get(request.match_info["channel"])


_NOTHING: Final = Refusal(status=422, code="invalid_body", detail="$.text: there is nothing to read in it.")


def _no(what: str) -> Refusal:
    return Refusal(status=404, code="not_found", detail=f"There is no such {what}.")


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=_encode(value), content_type="application/json")


async def _read(request: web.Request, kind: type[Body]) -> Body | Refusal:
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return invalid_body(error)


# ── the page's files ─────────────────────────────────────────────────────────────────────────────────────────────────


def _pages() -> list[Route]:
    """The files of :mod:`tieline.bootstrap.demo_page`, read once; ``index.html`` is the first page."""
    routes: list[Route] = []
    for file in sorted(files("tieline.bootstrap").joinpath("demo_page").iterdir(), key=lambda file: file.name):
        kind = _TYPES.get(file.name.rpartition(".")[2])
        if kind is not None:
            path = "/" if file.name == "index.html" else f"/demo/{file.name}"
            routes.append(Route(method="GET", path=path, handler=_file(file.read_bytes(), kind)))
    return routes


def _file(content: bytes, kind: str) -> Handler:
    async def serve(_request: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
        return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)

    return serve
