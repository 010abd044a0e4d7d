"""Interactions: the slash command, presses of buttons, and "Send to room". Pure and total.

How "Send to room" goes: a person picks it in a message's menu (:func:`asked` says which message); the adapter asks the
hub for the person's rooms (``Session.home``) and answers with :func:`room_choice`; the person picks a room
(:func:`chosen` says message and room); the adapter fetches the message, reads it with ``inbound.read_message`` and
gives it to :func:`read` as ``original``, which makes the ``InboundForward``.

Rule: a button's ``custom_id`` is its action's value, ``name:target``; our own menus have a ``/`` in theirs, which no
action has. Not promised: that a press is still of use; the hub says so.
Next stop: the adapter answers within three seconds, with what the hub's receipt says.

Source: Discord, "Receiving and Responding", "Application Commands", "Component Reference".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tieline.model.base import Value
from tieline.model.inbound import (
    InboundCommand,
    InboundForward,
    InboundInteraction,
    InboundMessage,
    NativeAuthor,
)
from tieline.ports.adapter import RoomChoice
from tieline_discord.inbound import Me, Places, author_of
from tieline_discord.render import EPHEMERAL, SUPPRESS_EMBEDS, Body, allowed_mentions
from tieline_discord.shapes import mapping, number, sequence, text

COMMAND: Final = "tieline"
FORWARD: Final = "Send to room"
WORDS: Final = "words"

COMMANDS: Final[tuple[Mapping[str, object], ...]] = (
    {
        "name": COMMAND,
        "type": 1,
        "description": "Talk to the hub: help, iam, rooms and so on",
        "options": [{"name": WORDS, "type": 3, "description": "What to do; nothing: help", "required": False}],
        "integration_types": [0],
        "contexts": [0, 1],
    },
    {"name": FORWARD, "type": 3, "integration_types": [0], "contexts": [0]},
)
"""The application commands to register, as JSON: ``/tieline`` everywhere, "Send to room" on servers."""

_SLASH: Final = 1
_ON_MESSAGE: Final = 3
_APPLICATION_COMMAND: Final = 2
_COMPONENT: Final = 3
_BUTTON: Final = 2
_MENU: Final = "tieline/send/"
_THREADS: Final = frozenset({10, 11, 12})
_MENU_ROOMS: Final = 25
_MENUS: Final = 5
_OPTION_MAX: Final = 100

_Shape = Mapping[str, object]


class Choice(Value, kw_only=True, frozen=True):
    """A message that is to go to a room: the ids of its channel (or thread) and its own; ``room`` empty: not chosen."""

    channel_id: str
    message_id: str
    room: str = ""


def read(
    data: object, me: Me, places: Places, original: InboundMessage | None = None
) -> InboundCommand | InboundInteraction | InboundForward | None:
    """An INTERACTION_CREATE in our words; a chosen room only with the ``original`` message."""
    body = mapping(data)
    native_id, channel, author = text(body, "id"), text(body, "channel_id"), _author(body, me)
    if not (native_id and channel) or author is None:
        return None
    conversation = _conversation(body, channel, places)
    choice = chosen(body)
    if choice is not None:
        if original is None:
            return None
        return InboundForward(
            conversation=conversation, native_id=native_id, author=author, room=choice.room, original=original
        )
    said = _said(body)
    if said is not None:
        return InboundCommand(conversation=conversation, native_id=native_id, author=author, text=said)
    action, separator, target = _pressed(body).partition(":")
    if not (action and separator and target):
        return None
    return InboundInteraction(
        conversation=conversation,
        native_id=native_id,
        author=author,
        action=action,
        target=target,
        message=text(mapping(body.get("message")), "id") or None,
    )


def asked(data: object) -> Choice | None:
    """The message for which "Send to room" was picked; None for any other interaction."""
    body = mapping(data)
    command = mapping(body.get("data"))
    is_asked = number(body, "type") == _APPLICATION_COMMAND and number(command, "type") == _ON_MESSAGE
    if not is_asked or text(command, "name") != FORWARD:
        return None
    target = text(command, "target_id")
    resolved = mapping(mapping(mapping(command.get("resolved")).get("messages")).get(target))
    channel = text(resolved, "channel_id") or text(body, "channel_id")
    return Choice(channel_id=channel, message_id=target) if target and channel else None


def chosen(data: object) -> Choice | None:
    """The message and the room that were picked from :func:`room_choice`; None for any other interaction."""
    body = mapping(data)
    picked = mapping(body.get("data"))
    where = text(picked, "custom_id")
    room = next((value for value in sequence(picked.get("values")) if isinstance(value, str) and value), "")
    if number(body, "type") != _COMPONENT or not where.startswith(_MENU) or not room:
        return None
    match where.removeprefix(_MENU).split("/"):
        case [_, str(channel), str(message)] if channel and message:
            return Choice(channel_id=channel, message_id=message, room=room)
        case _:
            return None


def room_choice(rooms: Sequence[RoomChoice], wanted: Choice) -> Body:
    """Data of the response that asks for the room, shown to one person alone: menus of 25 rooms, five at most."""
    shown = rooms[: _MENU_ROOMS * _MENUS]
    groups = [shown[at : at + _MENU_ROOMS] for at in range(0, len(shown), _MENU_ROOMS)]
    menus = [_menu(number, group, wanted) for number, group in enumerate(groups)]
    return {
        "content": "Which room?" if menus else "There is no room you may post to.",
        "components": [{"type": 1, "components": [menu]} for menu in menus],
        "allowed_mentions": allowed_mentions(""),
        "flags": EPHEMERAL | SUPPRESS_EMBEDS,
    }


def _menu(place: int, rooms: Sequence[RoomChoice], wanted: Choice) -> Body:
    options = [{"label": _label(room), "value": room.name[:_OPTION_MAX]} for room in rooms]
    custom_id = f"{_MENU}{place}/{wanted.channel_id}/{wanted.message_id}"
    return {"type": 3, "custom_id": custom_id, "placeholder": "A room", "options": options}


def _label(room: RoomChoice) -> str:
    title = " ".join(room.title.split())
    return (f"{title} ({room.name})" if title and title != room.name else room.name)[:_OPTION_MAX]


def _author(body: _Shape, me: Me) -> NativeAuthor | None:
    """Who: on a server a member, in a direct message a user."""
    member = mapping(body.get("member"))
    user = mapping(member.get("user")) or mapping(body.get("user"))
    return author_of(user, member, me) if text(user, "id") else None


def _conversation(body: _Shape, channel: str, places: Places) -> str:
    """The channel, or that of the thread; an interaction says itself whether its channel is one."""
    said = mapping(body.get("channel"))
    parent = text(said, "parent_id") if number(said, "type") in _THREADS else ""
    return parent or places.parent_of(channel) or channel


def _said(body: _Shape) -> str | None:
    """What follows ``/tieline``; None where it is another interaction."""
    command = mapping(body.get("data"))
    is_slash = number(body, "type") == _APPLICATION_COMMAND and number(command, "type") in {0, _SLASH}
    if not is_slash or text(command, "name") != COMMAND:
        return None
    options = map(mapping, sequence(command.get("options")))
    return next((text(option, "value") for option in options if text(option, "name") == WORDS), "").strip()


def _pressed(body: _Shape) -> str:
    """The value of the button that was pressed; empty where it was none."""
    picked = mapping(body.get("data"))
    is_press = number(body, "type") == _COMPONENT and number(picked, "component_type") == _BUTTON
    return text(picked, "custom_id") if is_press else ""
