"""What a decider sees and answers.

A decider is a pure synchronous function ``decide(command, view) -> Decision | Refusal``: same command, same view, same
answer. It never sees a session; the writer loads rows, numbers, writes and commits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, cast

from tieline.model.base import Value
from tieline.model.commands import Command
from tieline.model.events import Event
from tieline.model.outcome import Refusal
from tieline.ports.directory import Directory

E = TypeVar("E", bound=Value)


class View(Protocol):
    """The state a decider decides on: committed rows plus what earlier commands of the same batch did."""

    @property
    def now(self) -> int:
        """Time of the batch, milliseconds."""
        ...

    @property
    def directory(self) -> Directory:
        """Members, rooms, links. A batch ends after a command that changes it, so it is always current."""
        ...

    def new_id(self, prefix: str) -> str:
        """A fresh id."""
        ...

    def take_seq(self, stream: str) -> int:
        """The next number of a stream (from 1). Taken back by the writer if the command is refused: no gaps."""
        ...

    def take_position(self) -> int:
        """The next hub-wide position of a delivery."""
        ...

    def get(self, kind: type[E], *key: str) -> E | None:
        """One row by its key: ``get(Message, id)``, ``get(Part, channel, conversation, native_id)``."""
        ...

    def find(self, kind: type[E], **equals: str) -> Sequence[E]:
        """Rows whose named columns equal, in order of position (deliveries) or of making.

        Only indexed columns: ``Part(message_id)``, ``Delivery(message_id)``, ``Delivery(lane)`` and
        ``Delivery(link_id)`` (the open ones), ``Message(thread)``.
        """
        ...


class Decision(Value, kw_only=True, frozen=True):
    """What a command does, all in the batch's transaction.

    ``puts`` are inserted or replaced by key; ``drops`` deleted by key; ``scrub`` names messages whose text is removed
    from stored event bodies (deletion); ``lanes`` are woken after the commit.
    """

    value: object = None
    result: str = ""
    """What a repeat is answered with: an id that :meth:`Decider.recall` turns into the value again."""
    events: tuple[Event, ...] = ()
    puts: tuple[Value, ...] = ()
    drops: tuple[Value, ...] = ()
    scrub: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()


class Decider(Protocol):
    """Decides one type of command."""

    def needs(self, command: Command) -> Sequence[tuple[type[Value], tuple[str, ...]]]:
        """Rows worth loading in bulk before deciding: pairs of kind and key. Anything else is loaded when asked for."""
        ...

    def decide(self, command: Command, view: View) -> Decision | Refusal:
        """Decide. Pure; must not keep anything."""
        ...

    def recall(self, result: str, view: View) -> object:
        """The value to answer a repeat with, from ``Decision.result``."""
        ...


Deciders = Mapping[type[Command], Decider]
C = TypeVar("C", bound=Command)
Needs = Sequence[tuple[type[Value], tuple[str, ...]]]


@dataclass(frozen=True)
class Rule(Generic[C]):
    """A :class:`Decider` made of functions: ``decide``, and where wanted ``needs`` and ``recall``."""

    decision: Callable[[C, View], Decision | Refusal]
    rows: Callable[[C], Needs] | None = None
    recalled: Callable[[str, View], object] | None = None

    def needs(self, command: Command) -> Needs:
        """Rows worth loading in bulk."""
        return self.rows(cast("C", command)) if self.rows else ()

    def decide(self, command: Command, view: View) -> Decision | Refusal:
        """Decide."""
        return self.decision(cast("C", command), view)

    def recall(self, result: str, view: View) -> object:
        """The value of a repeat."""
        return self.recalled(result, view) if self.recalled else result
