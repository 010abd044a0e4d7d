"""Interactions: the slash command, presses of buttons, and "Send to room". Pure (first version: signatures).

How "Send to room" goes: a person picks it in a message's menu (:func:`asked` reads the message); the adapter asks the
hub for the person's rooms (``Session.home``) and answers with :func:`room_choice`; the person picks a room
(:func:`chosen` says message and room); the adapter fetches the message, reads it with ``inbound.read_message`` and gives
it to :func:`read` as ``original``, which makes the :class:`InboundForward`.
"""

from __future__ import annotations

from collections.abc import Sequence

from tieline.model.base import Value
from tieline.model.inbound import InboundCommand, InboundForward, InboundInteraction, InboundMessage
from tieline.ports.adapter import RoomChoice
from tieline_discord.inbound import Me, Places

COMMANDS: tuple[dict[str, object], ...] = ()
"""The application commands to register, as JSON."""


class Choice(Value, kw_only=True, frozen=True):
    """A room chosen for a message: the ids of its channel (or thread) and its own, and the room's name."""

    channel_id: str
    message_id: str
    room: str


def read(
    data: object, me: Me, places: Places, original: InboundMessage | None = None
) -> InboundCommand | InboundInteraction | InboundForward | None:
    """An INTERACTION_CREATE in our words; a chosen room only with the ``original`` message."""
    return None


def asked(data: object, me: Me, places: Places) -> Choice | None:
    """The message for which "Send to room" was picked (``room`` is empty yet); None for any other interaction."""
    return None


def chosen(data: object) -> Choice | None:
    """The message and the room that were picked from :func:`room_choice`; None for any other interaction."""
    return None


def room_choice(rooms: Sequence[RoomChoice], wanted: Choice) -> dict[str, object]:
    """Data of the response (type 4, shown to one person alone) that asks for the room."""
    return {}
