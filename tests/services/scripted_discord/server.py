"""The scripted Discord's HTTP side: every request is read, checked against Discord's document, scripted, done, answered.

A request that Discord's document would refuse is kept in `violations` and answered with 400/50035, so that nothing
passes in silence; so is a route that this server does not have. Next stop: `control.py`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

from aiohttp import BodyPartReader, web

from tests.services.discord_spec import load
from tests.services.scripted_discord.control import Hands
from tests.services.scripted_discord.gateway import Gateway
from tests.services.scripted_discord.routes import OPEN_ROUTES, ROUTES, Deed
from tests.services.scripted_discord.wire import VIA, Behaviour, Call, Half, Json, Lose, Refused, Reply, Silent, Upload

API = "/api/v10"
ANY = "*"
_SERVER_LIMIT = 64 * 1024 * 1024
_CREATED = {"create_thread": 201, "create_thread_from_message": 201}
_COUNTED = frozenset({401, 403, 429})


class Server(Hands):
    """What `scripted()` and the process run."""

    def __init__(self) -> None:
        super().__init__()
        self.gateway = Gateway(self)
        self.spec = load()
        """Discord's document; None where the shared folder is absent: nothing is checked then."""
        self.requests: list[Json] = []
        """Each request: operation, method, path, query, body, files (names), status (None while unanswered or lost)."""
        self.violations: list[str] = []
        self.strange_answers: list[str] = []
        """How our own answers differ from Discord's document."""
        self.invalid_requests = 0
        """Answers of 401, 403 and 429; Discord bans an address for some after 10,000 in ten minutes."""
        self.latency = 0.0
        """Seconds between the deed and its answer."""
        self.buckets: dict[str, tuple[int, float]] = {}
        """Operation to (calls, seconds) for each channel or webhook; none are limited that are not named."""
        self._taken: dict[tuple[str, ...], deque[float]] = defaultdict(deque)
        self._script: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._release = asyncio.Event()

    @property
    def api_url(self) -> str:
        """For `Route.BASE`, without the version: `Route.BASE = api_url + "/v10"`."""
        return f"{self.url}/api"

    @property
    def gateway_url(self) -> str:
        """For `DiscordWebSocket.DEFAULT_GATEWAY`."""
        return f"{self.url}/gateway".replace("http", "ws", 1)

    @property
    def settings(self) -> dict[str, object]:
        """A channel's block."""
        return {"bot_token": self.token, "api_url": self.api_url, "gateway_url": self.gateway_url}

    # ── scripting ────────────────────────────────────────────────────────────────────────────────────────────────

    def script(self, operation: str, *behaviours: Behaviour) -> None:
        """Put behaviours in front of the next calls of an operation (`create_message` …), or of any (`*`)."""
        self._script[operation].extend(behaviours)

    def refuse(self, times: int, status: int, code: int = 0, *, operation: str = ANY) -> None:
        """Answer the next calls with this error, doing nothing."""
        self.script(operation, *[Reply.error(status, code)] * times)

    def throttle(self, seconds: float, times: int = 1, *, operation: str = ANY, globally: bool = False) -> None:
        """Answer the next calls with 429."""
        self.script(operation, *[Reply.throttled(seconds, globally=globally)] * times)

    def lose(self, times: int = 1, *, operation: str = ANY) -> None:
        """Do the next calls and cut the connection instead of answering."""
        self.script(operation, *[Lose()] * times)

    def release(self) -> None:
        """Let the silent calls end."""
        self._release.set()

    def called(self, operation: str) -> list[Any]:
        """The bodies of an operation's calls so far."""
        return [one["body"] for one in self.requests if one["operation"] == operation]

    # ── serving ──────────────────────────────────────────────────────────────────────────────────────────────────

    def application(self, *more: web.RouteDef) -> web.Application:
        """All of it: REST, gateway, files; and `more`."""
        made = web.Application(client_max_size=_SERVER_LIMIT)
        made.router.add_routes(more)
        for table, is_open in ((ROUTES, False), (OPEN_ROUTES, True)):
            for route, deed in table.items():
                method, template = route.split(" ")
                made.router.add_route(method, API + template, self._handler(template, deed, is_open=is_open))
        made.router.add_get("/gateway", self.gateway.handle)
        made.router.add_get("/gateway/resume", self.gateway.handle)
        made.router.add_get("/attachments/{tail:.*}", self._file)
        made.router.add_route("*", "/{tail:.*}", self._nothing)
        return made

    def _handler(
        self, template: str, deed: Deed, *, is_open: bool
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            call = await _read(request, deed.__name__)
            kept = self._note(request, call)
            behaviour = self._scripted(call.operation)
            if isinstance(behaviour, Reply):
                answer = web.Response(status=behaviour.status, body=behaviour.body, headers=behaviour.headers)
            else:
                answer = self._answer(request, template, deed, call, is_open=is_open)
                if self.latency:
                    await asyncio.sleep(self.latency)
                await self._spoil(request, behaviour)
            self.invalid_requests += answer.status in _COUNTED
            kept["status"] = answer.status
            self.changed()
            return answer

        return handle

    def _answer(self, request: web.Request, template: str, deed: Deed, call: Call, *, is_open: bool) -> web.Response:
        try:
            self._check(request, template, call, is_open=is_open)
            headers = self._take(call)
            done = deed(self, call)
        except Refused as refused:
            return _json(refused.body, refused.status, {"Via": VIA})
        except _Throttled as throttled:
            return throttled.answer
        except Exception as error:  # noqa: BLE001 - a fault of ours must be seen by the test, not only by the client
            self.violations.append(f"{call.operation} failed here: {error!r}")
            return _json({"message": "500: Internal Server Error", "code": 0}, 500, {"Via": VIA})
        status = _CREATED.get(call.operation, 200) if done is not None else 204
        if self.spec:
            self.strange_answers += self.spec.answer_problems(request.method, template, status, done)
        return web.Response(status=204, headers=headers) if done is None else _json(done, status, headers)

    def _check(self, request: web.Request, template: str, call: Call, *, is_open: bool) -> None:
        if not is_open and request.headers.get("Authorization") != f"Bot {self.token}":
            raise Refused(401, 0, "401: Unauthorized")
        found = self.spec.problems(request.method, template, call.body) if self.spec else []
        if found:
            self.violations += found
            raise Refused(
                400, 50035, "Invalid Form Body", {"_errors": [{"code": "SPEC", "message": one} for one in found]}
            )

    def _take(self, call: Call) -> dict[str, str]:
        """Take a place in the operation's bucket; the headers that tell of it."""
        headers = {"Via": VIA, "Date": formatdate(self.now(), usegmt=True)}
        if call.operation not in self.buckets:
            return headers
        most, seconds = self.buckets[call.operation]
        major = [
            call.params[name]
            for name in ("guild_id", "channel_id", "webhook_id", "webhook_token")
            if name in call.params
        ]
        taken, now = self._taken[(call.operation, *major)], time.monotonic()
        while taken and taken[0] <= now - seconds:
            taken.popleft()
        if len(taken) >= most:
            raise _Throttled(Reply.throttled(round(taken[0] + seconds - now, 3)))
        taken.append(now)
        after = taken[0] + seconds - now
        headers |= {"X-RateLimit-Limit": str(most), "X-RateLimit-Remaining": str(most - len(taken))}
        headers |= {"X-RateLimit-Reset": f"{time.time() + after:.3f}", "X-RateLimit-Reset-After": f"{after:.3f}"}
        return headers | {"X-RateLimit-Bucket": f"bucket-{call.operation}"}

    async def _spoil(self, request: web.Request, behaviour: Behaviour | None) -> None:
        if isinstance(behaviour, Half):
            partial = web.StreamResponse(headers={"Content-Length": "400", "Content-Type": "application/json"})
            await partial.prepare(request)
            await partial.write(b'{"id":')
        if isinstance(behaviour, Lose | Half) and request.transport is not None:
            request.transport.abort()
        if isinstance(behaviour, Silent):
            await self._release.wait()

    def _scripted(self, operation: str) -> Behaviour | None:
        for name in (operation, ANY):
            if self._script[name]:
                return self._script[name].popleft()
        return None

    def _note(self, request: web.Request, call: Call) -> Json:
        path = request.path.removeprefix(API)
        kept: Json = {"operation": call.operation, "method": request.method, "path": path, "query": dict(request.query)}
        kept |= {"body": call.body, "files": [one.name for one in call.files.values()], "status": None}
        self.requests.append(kept)
        self.changed()
        return kept

    async def _file(self, request: web.Request) -> web.StreamResponse:
        kept = self.files.get(request.rel_url.raw_path)
        if kept is None or not self.opens(request.rel_url.raw_path, request.query):
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=kept.data, headers={"Content-Type": kept.content_type})

    async def _nothing(self, request: web.Request) -> web.StreamResponse:
        self.violations.append(f"not served here: {request.method} {request.path}")
        return _json({"message": "404: Not Found", "code": 0}, 404, {"Via": VIA})


class _Throttled(Exception):
    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.answer = web.Response(status=reply.status, body=reply.body, headers=reply.headers)


def _json(data: object, status: int, headers: dict[str, str]) -> web.Response:
    """Without a charset in its type: discord.py reads only `application/json` as JSON."""
    return web.Response(
        body=json.dumps(data).encode(), status=status, headers={"Content-Type": "application/json", **headers}
    )


async def _read(request: web.Request, operation: str) -> Call:
    body: Any = None
    files: dict[int, Upload] = {}
    if request.content_type.startswith("multipart/"):
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            data = bytes(await part.read(decode=True))
            if part.name == "payload_json":
                body = json.loads(data)
            elif part.name and part.filename is not None:
                kind = part.headers.get("Content-Type", "application/octet-stream")
                files[int(part.name.strip("files[]") or len(files))] = Upload(part.filename, data, kind)
    elif raw := await request.read():
        body = json.loads(raw)
    return Call(operation, dict(request.match_info), dict(request.query), body, files)
