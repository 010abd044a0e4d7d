"""What the demo's page shows of the platforms and the cast, and who is told when it changes.

Rule: a reader gets whole panes, each at most a few times a second, and always the last state. Not promised: every
state in between. Next stop: :mod:`tieline.bootstrap.demo_routes` streams it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tieline.bootstrap.demo_world import Pane, Panes
from tieline.model.base import Value
from tieline.model.capabilities import Support
from tieline.model.packet import Violation
from tieline.render.wire import rfc3339
from tieline_simulated.platform import US, PaneMessage

SHOWN: Final = 80
"""Messages of a pane that are shown."""
STAGE: Final = "stage"


class MessageView(Value, kw_only=True, frozen=True):
    """A native message. ``html`` is safe; ``text`` is what its author typed, empty for ours."""

    id: str
    user: str | None
    name: str
    html: str
    text: str
    at: str
    thread: str | None
    reply: str | None
    edited: bool
    notice: bool
    reactions: dict[str, tuple[str, ...]]


class TypistView(Value, kw_only=True, frozen=True):
    """Somebody who may type here; ``handle`` is null for a guest."""

    id: str
    name: str
    handle: str | None


class PaneView(Value, kw_only=True, frozen=True):
    """A conversation as people on its platform see it."""

    channel: str
    title: str
    label: str
    note: str
    switch: str
    edits: bool
    reacts: bool
    threads: bool
    typists: tuple[TypistView, ...]
    messages: tuple[MessageView, ...]


class Refused(Value, kw_only=True, frozen=True):
    """A post of an agent that the hub refused for being a bad packet; ``mended``: it was posted again, right."""

    id: str
    at: str
    handle: str
    display: str
    text: str
    detail: str
    violations: tuple[Violation, ...]
    corrected: str | None
    mended: bool = False


class StageView(Value, kw_only=True, frozen=True):
    """What the cast does; ``act`` is one line about what is to be seen now."""

    playing: bool
    act: str
    refused: tuple[Refused, ...]


@dataclass(slots=True)
class Stage:
    """What the cast tells the page."""

    board: Board
    playing: bool = False
    act: str = ""
    refused: tuple[Refused, ...] = ()

    def tell(self, act: str, *, playing: bool = True) -> None:
        """Say what is to be seen now."""
        self.act, self.playing = act, playing
        self.board.touch(STAGE)

    def refuse(self, refused: Refused) -> None:
        """Show a refusal, or its newer state."""
        self.refused = (*(other for other in self.refused if other.id != refused.id), refused)
        self.board.touch(STAGE)

    def view(self) -> StageView:
        """As the page gets it."""
        return StageView(playing=self.playing, act=self.act, refused=self.refused)


class Board:
    """Panes and the stage, each with the number of its last change."""

    def __init__(self, panes: Panes) -> None:
        self.panes = panes
        self.stage = Stage(self)
        self._number = 0
        self._changed = dict.fromkeys((*panes, STAGE), 0)
        self._waiters: set[asyncio.Event] = set()
        for name, pane in panes.items():
            pane.platform.changed = lambda name=name: self.touch(name)  # type: ignore[misc]

    def touch(self, name: str) -> None:
        """A part changed."""
        self._number += 1
        self._changed[name] = self._number
        for waiter in self._waiters:
            waiter.set()

    def state(self, after: int = -1) -> tuple[int, dict[str, PaneView | StageView]]:
        """The parts that changed behind a number, and the number now."""
        return self._number, dict(self._parts(after))

    async def changes(self, after: int) -> None:
        """Wait until something changed behind a number."""
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        try:
            while self._number <= after:
                await waiter.wait()
                waiter.clear()
        finally:
            self._waiters.discard(waiter)

    def _parts(self, after: int) -> Iterator[tuple[str, PaneView | StageView]]:
        for name, number in self._changed.items():
            if number > after:
                yield name, self.stage.view() if name == STAGE else view(self.panes[name])


def view(pane: Pane) -> PaneView:
    """A pane as the page gets it."""
    platform, can = pane.platform, pane.platform.simulator.capabilities()
    note = "Plain text, until its adapter comes." if pane.stand_in else "Parsed and rendered by the real adapter."
    return PaneView(
        channel=pane.place.channel,
        title=platform.simulator.title,
        label=pane.place.label,
        note=note,
        switch=platform.switch.value,
        edits=can.inbound_edit,
        reacts=can.inbound_reaction,
        threads=can.thread >= Support.PARTIAL,
        typists=tuple(TypistView(id=t.native, name=t.name, handle=t.handle) for t in pane.place.typists),
        messages=tuple(_message(message, pane) for message in platform.messages()[-SHOWN:]),
    )


def _message(message: PaneMessage, pane: Pane) -> MessageView:
    names = {US: "Tieline", **pane.platform.people}
    return MessageView(
        id=message.native_id,
        user=message.user,
        name=message.name,
        html=message.html,
        text=message.text,
        at=rfc3339(message.at),
        thread=message.thread if message.thread != message.native_id else None,
        reply=message.reply,
        edited=message.edited,
        notice=message.notice_for is not None,
        reactions={emoji: tuple(sorted(names.get(who, who) for who in by)) for emoji, by in message.reactions.items()},
    )
