"""The scripted platform and its adapter: the reference for the conformance kit, and the villain of the fault tests.

The platform is a small chat service in memory that answers like HTTP: a status, a ``Retry-After``, a body. Its script
says what becomes of the next calls: answered, throttled, broken, silent, slow, or done with the answer lost. The
adapter beside it (:mod:`tieline.testing.scripted_adapter`) is written as any adapter should be.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

from tieline.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What becomes of one call: ``done`` tells whether it takes effect, ``status`` what is answered.

    ``status`` None: the connection breaks without an answer. ``silent``: no answer ever.
    """

    done: bool = True
    status: int | None = 200
    retry_after: str | None = None
    error: str = ""
    delay: float = 0.0
    silent: bool = False
    junk: bool = False


OK: Final = Behaviour()
BROKEN: Final = Behaviour(done=False, status=500, error="internal")
GARBAGE: Final = Behaviour(done=False, junk=True)
SILENCE: Final = Behaviour(done=False, silent=True)
LOST_ANSWER: Final = Behaviour(done=True, status=None)
REFUSED: Final = Behaviour(done=False, status=0)
"""No connection at all: certainly not done."""
UNAUTHORIZED: Final = Behaviour(done=False, status=401, error="invalid_auth")
FORBIDDEN: Final = Behaviour(done=False, status=403, error="not_in_channel")
UNKNOWN_PLACE: Final = Behaviour(done=False, status=404, error="channel_not_found")
GONE: Final = Behaviour(done=False, status=410, error="channel_is_archived")
REJECTED: Final = Behaviour(done=False, status=400, error="invalid_blocks")


def throttled(retry_after: str | None) -> Behaviour:
    """429 with this ``Retry-After`` header (None: without)."""
    return Behaviour(done=False, status=429, retry_after=retry_after, error="ratelimited")


def slow(seconds: float) -> Behaviour:
    """Answered after a while."""
    return replace(OK, delay=seconds)


@dataclass(slots=True)
class Shown:
    """A native message as people see it."""

    native_id: str
    conversation: str
    author: str
    text: str
    at: int
    key: str | None = None
    """The metadata that our sends carry."""
    thread: str | None = None
    reply: str | None = None
    by_us: bool = False
    edited_at: int | None = None
    deleted: bool = False
    files: tuple[str, ...] = ()
    """``name:bytes`` of each."""
    buttons: tuple[str, ...] = ()
    reactions: set[tuple[str, str]] = field(default_factory=set)
    """(emoji, who)."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of the platform's log: what it reports to connected adapters and gives as history."""

    number: int
    kind: str
    """``message``, ``edit``, ``delete``, ``react``, ``unreact``."""
    shown: Shown
    by: str
    emoji: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gets back."""

    status: int
    body: dict[str, str]
    retry_after: str | None = None


class ConnectionBroken(Exception):
    """The connection broke; ``before``: before anything was sent."""

    def __init__(self, *, before: bool) -> None:
        super().__init__("connection refused" if before else "connection reset by peer")
        self.before = before


Reporter = Callable[[Happening], Awaitable[None]]


class ScriptedPlatform:
    """A chat service in memory."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calls: list[tuple[float, str, str]] = []
        """(monotonic second, operation, conversation) of every call that came in."""
        self.down = False
        """No connection can be made, none holds."""
        self.refusals: list[BaseException] = []
        """What reports ended with: those were not acknowledged."""
        self._shown: dict[str, list[Shown]] = defaultdict(list)
        self._contents: dict[tuple[str, str], bytes] = {}
        self._log: list[Happening] = []
        self._numbers = itertools.count(1)
        self._scripts: dict[str, deque[Behaviour]] = defaultdict(deque)
        self._always: dict[str, Behaviour] = {}
        self._poison: list[tuple[str, Behaviour]] = []
        self._reporters: list[Reporter] = []
        self._pending: set[asyncio.Task[None]] = set()

    # ── what a test says ─────────────────────────────────────────────────────────────────────────────────────────

    def script(self, *behaviours: Behaviour, conversation: str = "*") -> None:
        """The next calls (in a conversation, or anywhere) behave like this, one each; after them all is well."""
        self._scripts[conversation].extend(behaviours)

    def always(self, behaviour: Behaviour | None, *, conversation: str = "*") -> None:
        """Every call behaves like this until told otherwise."""
        if behaviour is None:
            self._always.pop(conversation, None)
        else:
            self._always[conversation] = behaviour

    def poison(self, text: str, behaviour: Behaviour = REJECTED) -> None:
        """Every call whose text contains ``text`` behaves like this."""
        self._poison.append((text, behaviour))

    def shown(self, conversation: str) -> list[Shown]:
        """What people see there now, in order."""
        return [shown for shown in self._shown[conversation] if not shown.deleted]

    def texts(self, conversation: str) -> list[str]:
        """The texts they see."""
        return [shown.text for shown in self.shown(conversation)]

    def count(self, conversation: str | None = None, operation: str | None = None) -> int:
        """How many calls came in."""
        return sum(1 for _, name, place in self.calls if conversation in {None, place} and operation in {None, name})

    # ── what people do ───────────────────────────────────────────────────────────────────────────────────────────

    def write(
        self, conversation: str, who: str, text: str, *, thread: str | None = None, reply: str | None = None
    ) -> str:
        """Somebody writes; answers the native id."""
        shown = self._make(conversation, who, text)
        shown.thread, shown.reply = thread, reply
        self._happen("message", shown, who)
        return shown.native_id

    def share(self, conversation: str, who: str, name: str, data: bytes) -> str:
        """Somebody shares a file; answers the native id."""
        shown = self._make(conversation, who, "")
        shown.files = (f"{name}:{len(data)}",)
        self._contents[shown.native_id, name] = data
        self._happen("message", shown, who)
        return shown.native_id

    def change(self, native_id: str, who: str, text: str) -> None:
        """Somebody edits."""
        shown = self.find(native_id)
        shown.text, shown.edited_at = text, self.clock.now()
        self._happen("edit", shown, who)

    def remove(self, native_id: str, who: str) -> None:
        """Somebody deletes."""
        shown = self.find(native_id)
        shown.deleted = True
        self._happen("delete", shown, who)

    def mark(self, native_id: str, who: str, emoji: str, *, on: bool = True) -> None:
        """Somebody sets or takes back a reaction."""
        shown = self.find(native_id)
        (shown.reactions.add if on else shown.reactions.discard)((emoji, who))
        self._happen("react" if on else "unreact", shown, who, emoji)

    # ── what an adapter's client calls ───────────────────────────────────────────────────────────────────────────

    async def call(self, operation: str, conversation: str, fields: dict[str, str]) -> Answer:
        """One request. Raises :class:`ConnectionBroken`."""
        self.calls.append((self.clock.monotonic(), operation, conversation))
        behaviour = self._behaviour(conversation, fields)
        if self.down or behaviour.status == 0:
            raise ConnectionBroken(before=True)
        if behaviour.silent:
            await asyncio.get_running_loop().create_future()
        if behaviour.delay:
            await self.clock.sleep(behaviour.delay)
        answer = self._effect(operation, conversation, fields) if behaviour.done else Answer(200, {})
        if behaviour.status is None:
            raise ConnectionBroken(before=False)
        if behaviour.junk:
            return Answer(200, {"<html>": "not what you expect"})
        if behaviour.status != _OK_STATUS:
            return Answer(behaviour.status, {"error": behaviour.error}, behaviour.retry_after)
        return answer

    def log(self, conversation: str, after: int, limit: int) -> list[Happening]:
        """History of a conversation behind an entry number."""
        entries = [entry for entry in self._log if entry.number > after and entry.shown.conversation == conversation]
        return entries[:limit]

    @property
    def last(self) -> int:
        """Number of the last entry of the log, 0 if it is empty."""
        return self._log[-1].number if self._log else 0

    def attach(self, reporter: Reporter) -> Callable[[], None]:
        """Report happenings from now on, each without waiting for the one before; the answer detaches."""
        self._reporters.append(reporter)
        return lambda: self._reporters.remove(reporter) if reporter in self._reporters else None

    def find(self, native_id: str) -> Shown:
        """A message that exists. Raises KeyError."""
        for place in self._shown.values():
            for shown in place:
                if shown.native_id == native_id and not shown.deleted:
                    return shown
        raise KeyError(native_id)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _behaviour(self, conversation: str, fields: dict[str, str]) -> Behaviour:
        for text, behaviour in self._poison:
            if text in fields.get("text", ""):
                return behaviour
        for place in (conversation, "*"):
            if self._scripts[place]:
                return self._scripts[place].popleft()
            if place in self._always:
                return self._always[place]
        return OK

    def _effect(self, operation: str, conversation: str, fields: dict[str, str]) -> Answer:
        if operation == "send":
            shown = self._make(conversation, fields.get("author", "tieline"), fields["text"])
            shown.key, shown.by_us = fields.get("key"), True
            shown.thread, shown.reply = fields.get("thread"), fields.get("reply")
            shown.files = tuple(fields.get("files", "").split("|")) if fields.get("files") else ()
            shown.buttons = tuple(fields.get("buttons", "").split("|")) if fields.get("buttons") else ()
            self._happen("message", shown, US)
            return Answer(200, {"id": shown.native_id})
        if operation in {"find", "open", "fetch", "state"}:
            return self._told(operation, conversation, fields)
        try:
            shown = self.find(fields["id"])
        except KeyError:
            return Answer(404, {"error": "message_not_found"})
        self._act(operation, shown, fields)
        return Answer(200, {"id": shown.native_id})

    def _told(self, operation: str, conversation: str, fields: dict[str, str]) -> Answer:
        """What changes nothing."""
        match operation:
            case "find":
                return self._found(conversation, fields["key"])
            case "open":
                return Answer(200, {"id": direct_with(conversation)})
            case "fetch":
                data = self._contents[fields["id"], fields["name"]]
                return Answer(200, {"id": fields["id"], "data": data.hex()})
            case _:
                there = [shown for shown in self.shown(conversation) if shown.native_id == fields["id"]]
                reactions = [f"{emoji} {who}" for shown in there for emoji, who in sorted(shown.reactions)]
                return Answer(200, {"id": fields["id"], "there": "yes" * len(there), "reactions": "|".join(reactions)})

    def _act(self, operation: str, shown: Shown, fields: dict[str, str]) -> None:
        match operation:
            case "edit":
                self.change(shown.native_id, US, fields["text"])
            case "delete":
                self.remove(shown.native_id, US)
            case _:
                self.mark(shown.native_id, US, fields["emoji"], on=operation == "react")

    def _found(self, conversation: str, key: str) -> Answer:
        for shown in self._shown[conversation]:
            if shown.key == key:
                return Answer(200, {"id": shown.native_id})
        return Answer(200, {"id": ""})

    def _make(self, conversation: str, who: str, text: str) -> Shown:
        shown = Shown(f"n{next(self._numbers)}", conversation, who, text, self.clock.now())
        self._shown[conversation].append(shown)
        return shown

    def _happen(self, kind: str, shown: Shown, by: str, emoji: str = "") -> None:
        entry = Happening(len(self._log) + 1, kind, replace(shown), by, emoji, self.clock.now())
        self._log.append(entry)
        if self.down:
            return
        for reporter in list(self._reporters):
            task = asyncio.ensure_future(reporter(entry))
            self._pending.add(task)
            task.add_done_callback(self._reported)

    def _reported(self, task: asyncio.Task[None]) -> None:
        self._pending.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.refusals.append(error)


_OK_STATUS: Final = 200
US: Final = "tieline"
"""Who we are on the platform."""


def direct_with(who: str) -> str:
    """The conversation of one person with us."""
    return f"D-{who}"
