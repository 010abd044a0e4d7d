"""The platform: one conversation in memory, its people, and a switch that makes it fail as real ones do.

Rule: what people type goes through the simulator's inbound parser, what the hub sends through its rendering; the log
keeps everything, so that a connection that was cut catches up. It outlives connections, as a platform does.
Not promised: to outlive the process. Next stop: :mod:`tieline_simulated.adapter` is a connection to it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from typing import Final

import msgspec

from tieline.model.capabilities import Support
from tieline.model.inbound import (
    InboundDelete,
    InboundEdit,
    InboundEvent,
    InboundMessage,
    InboundReaction,
    NativeAuthor,
)
from tieline.model.message import Format
from tieline.ports.adapter import Outgoing
from tieline.ports.clock import Clock
from tieline.ports.simulation import Simulator
from tieline.render.commonmark_writer import CommonMark
from tieline.render.html import to_html

KEPT: Final = 500
"""Messages and log entries that are kept."""
US: Final = "tieline"
"""Who we are in reactions."""


class Switch(StrEnum):
    """How the platform behaves."""

    OK = "ok"
    CUT = "cut"
    """No connection can be made; people go on typing."""
    THROTTLED = "throttled"
    """Every call is answered 429 with ``Retry-After``."""
    FAILING = "failing"
    """Every call is refused for good."""
    FLAKY = "flaky"
    """Every call takes effect, and its answer is lost."""


@dataclass(slots=True)
class PaneMessage:
    """A native message as people see it. ``html`` is safe."""

    native_id: str
    user: str | None
    """Native id of the person who wrote it; None: the hub did."""
    name: str
    html: str
    text: str
    """As typed, for editing; empty for ours."""
    at: int
    thread: str | None = None
    reply: str | None = None
    key: str | None = None
    notice_for: str | None = None
    edited: bool = False
    deleted: bool = False
    reactions: dict[str, set[str]] = field(default_factory=dict)
    """Who set which emoji."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log; ``stamp`` is in microseconds since 1970, rising."""

    stamp: int
    event: InboundEvent


class SimulatedPlatform:
    """See the module. ``people`` are native ids and the names the platform shows."""

    def __init__(
        self,
        simulator: Simulator,
        clock: Clock,
        *,
        conversation: str,
        people: Mapping[str, str] | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.simulator = simulator
        self.conversation = conversation
        self.people = dict(people or {})
        self.changed = changed
        """Called after anything that a person would see changed."""
        self._clock = clock
        self._switch = Switch.OK
        self._last = 0
        self._messages: dict[str, PaneMessage] = {}
        self._log: deque[Entry] = deque(maxlen=KEPT)
        self._entered: list[Callable[[Entry], None]] = []
        self._switched: list[Callable[[Switch], None]] = []

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def switch(self) -> Switch:
        """How it behaves now."""
        return self._switch

    def messages(self) -> Sequence[PaneMessage]:
        """What people see, oldest first."""
        return [message for message in self._messages.values() if not message.deleted]

    def message(self, native_id: str) -> PaneMessage | None:
        """One that is there."""
        found = self._messages.get(native_id)
        return found if found is not None and not found.deleted else None

    def after(self, stamp: int, limit: int) -> Sequence[Entry]:
        """What people did behind a stamp, oldest first."""
        return [entry for entry in self._log if entry.stamp > stamp][:limit]

    @property
    def stamp(self) -> int:
        """Stamp of the last thing that happened."""
        return self._last

    # ── what people do ───────────────────────────────────────────────────────────────────────────────────────────

    def set_switch(self, switch: Switch) -> None:
        """Behave otherwise from now on."""
        if switch is self._switch:
            return
        self._switch = switch
        for listener in tuple(self._switched):
            listener(switch)
        self.changed()

    def say(self, user: str, text: str, *, thread: str | None = None, reply: str | None = None) -> str:
        """Somebody writes; answers the native id. Raises KeyError for an unknown person."""
        native_id, at = self._next()
        event = self.simulator.typed(self.conversation, user, text, native_id, thread=thread)
        if not isinstance(event, InboundMessage):  # a word that means something here: STOP, or 1 ack
            self._keep(PaneMessage(native_id, user, self.people[user], _plain(text), text, at))
            self._enter(event)
            return native_id
        event = msgspec.structs.replace(
            event, author=self._author(user), sent_at=at, reply_to=reply, cursor=str(self._last)
        )
        self._keep(
            PaneMessage(native_id, user, self.people[user], _html(event), text, at, thread=event.thread, reply=reply)
        )
        self._enter(event)
        return native_id

    def answer(self, text: str) -> None:
        """The hub answers what was typed: ``text`` is CommonMark."""
        native_id, at = self._next()
        self._keep(PaneMessage(native_id, None, "Tieline", to_html(text, Format.MARKDOWN), "", at))
        self.changed()

    def change(self, user: str, native_id: str, text: str) -> bool:
        """Somebody edits a message of theirs; False if it is not theirs or gone."""
        message = self._own(user, native_id)
        if message is None:
            return False
        read = self._typed(user, text, native_id, message.thread)
        _, at = self._next()
        message.text, message.html, message.edited = text, _html(read), True
        self._enter(
            InboundEdit(
                conversation=self.conversation,
                native_id=native_id,
                author=read.author,
                content=read.content,
                edited_at=at,
            )
        )
        return True

    def remove(self, user: str, native_id: str) -> bool:
        """Somebody deletes a message of theirs; False if it is not theirs or gone."""
        message = self._own(user, native_id)
        if message is None:
            return False
        self._next()
        message.deleted = True
        self._enter(InboundDelete(conversation=self.conversation, native_id=native_id, author=self._author(user)))
        return True

    def mark(self, user: str, native_id: str, emoji: str, *, on: bool) -> bool:
        """Somebody sets or takes back a reaction; False if the message is gone."""
        message = self.message(native_id)
        if message is None:
            return False
        self._next()
        _mark(message, user, emoji, on=on)
        author = self._author(user)
        self._enter(
            InboundReaction(conversation=self.conversation, native_id=native_id, author=author, emoji=emoji, on=on)
        )
        return True

    # ── what a connection does ───────────────────────────────────────────────────────────────────────────────────

    def attach(self, entered: Callable[[Entry], None], switched: Callable[[Switch], None]) -> Callable[[], None]:
        """Hear of what people do, and of the switch; the answer detaches."""
        self._entered.append(entered)
        self._switched.append(switched)

        def detach() -> None:
            if entered in self._entered:
                self._entered.remove(entered)
                self._switched.remove(switched)

        return detach

    def post(self, outgoing: Outgoing) -> PaneMessage:
        """The hub's message appears."""
        native_id, at = self._next()
        message = PaneMessage(
            native_id,
            None,
            self._name_of(outgoing),
            self._shown(outgoing),
            "",
            at,
            thread=outgoing.thread,
            reply=outgoing.reply,
            key=outgoing.key,
            notice_for=outgoing.notice_for,
        )
        self._keep(message)
        self.changed()
        return message

    def rewrite(self, message: PaneMessage, outgoing: Outgoing) -> None:
        """The hub edits a message of its own."""
        message.html, message.edited = self._shown(outgoing), True
        self.changed()

    def take_away(self, message: PaneMessage) -> None:
        """The hub deletes a message of its own."""
        message.deleted = True
        self.changed()

    def mark_ours(self, message: PaneMessage, emoji: str, *, on: bool) -> None:
        """The hub reacts."""
        _mark(message, US, emoji, on=on)
        self.changed()

    def recall(self, message: PaneMessage) -> None:
        """A message of before a restart is there again (it is not reported)."""
        self._keep(message)

    def find(self, key: str) -> PaneMessage | None:
        """What carries a key."""
        return next((message for message in self._messages.values() if message.key == key), None)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _next(self) -> tuple[str, int]:
        """A new native id, in the form of Slack's (the others' forms are opaque), and its time in milliseconds."""
        self._last = max(self._clock.now() * 1000, self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}", self._last // 1000

    def _typed(self, user: str, text: str, native_id: str, thread: str | None) -> InboundMessage:
        """What the platform reports, through the adapter's parser, under the name the platform knows."""
        read = self.simulator.typed(self.conversation, user, text, native_id, thread=thread)
        if not isinstance(read, InboundMessage):
            raise TypeError(f"{self.simulator.title}: typing became {type(read).__name__}")
        return msgspec.structs.replace(read, author=self._author(user))

    def _author(self, user: str) -> NativeAuthor:
        return NativeAuthor(native_id=user, display=self.people[user])

    def _own(self, user: str, native_id: str) -> PaneMessage | None:
        message = self.message(native_id)
        return message if message is not None and message.user == user else None

    def _enter(self, event: InboundEvent) -> None:
        entry = Entry(self._last, event)
        self._log.append(entry)
        for listener in tuple(self._entered):
            listener(entry)
        self.changed()

    def _name_of(self, outgoing: Outgoing) -> str:
        """The author's own name where the platform can show it on a message; else it stands in the text."""
        named = self.simulator.capabilities().identity.level >= Support.PARTIAL
        return outgoing.author.display if named and outgoing.author is not None else "Tieline"

    def _keep(self, message: PaneMessage) -> None:
        self._messages[message.native_id] = message
        while len(self._messages) > KEPT:
            del self._messages[next(iter(self._messages))]

    def _shown(self, outgoing: Outgoing) -> str:
        """The simulator's HTML, with people's names where it has their ids, as the platform's own client shows them."""
        html = self.simulator.shown(outgoing)
        for user, name in self.people.items():
            html = re.sub(rf"@{re.escape(escape(user))}\b", f"@{escape(name)}", html)
        return html


def _plain(text: str) -> str:
    return to_html(text, Format.PLAIN)


def _html(event: InboundMessage) -> str:
    return to_html(CommonMark().write(event.content.blocks), Format.MARKDOWN)


def _mark(message: PaneMessage, who: str, emoji: str, *, on: bool) -> None:
    people = message.reactions.setdefault(emoji, set())
    (people.add if on else people.discard)(who)
    if not people:
        del message.reactions[emoji]
