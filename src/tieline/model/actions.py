"""Actions: what a message offers its readers to do with one press, and what a press is.

A message says which actions it offers; an endpoint with buttons shows them, every other one names the words to answer
with. A press comes back as :class:`~tieline.model.inbound.InboundInteraction`, wherever it was made.
"""

from __future__ import annotations

from enum import StrEnum

from tieline.model.base import Value


class ActionStyle(StrEnum):
    """How prominent a button is."""

    DEFAULT = "default"
    PRIMARY = "primary"
    DANGER = "danger"


class Action(Value, kw_only=True, frozen=True):
    """One thing to do: ``name`` is what it is called in commands (``ack``), ``target`` the id it acts on.

    Both together are at most 100 characters of ``[a-z0-9_:-]``, so that every platform can carry them.
    """

    name: str
    label: str
    target: str
    style: ActionStyle = ActionStyle.DEFAULT

    @property
    def value(self) -> str:
        """What a button carries and brings back: ``ack:msg_…``."""
        return f"{self.name}:{self.target}"
