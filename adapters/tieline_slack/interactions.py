"""What people press and pick: Slack's payloads in our words, and the buttons and modals they come from. Pure.

Rule: reading is total; whatever is not a press of our own button, our shortcut or our modal reads as None. A button
carries :attr:`Action.value` and nothing else; what a press does is decided in the hub (law 7).
Not promised: all of many rooms in the modal; Slack's menus hold a hundred. Next stop: :mod:`tieline_slack.desk`.

Sources: docs.slack.dev, "block_actions payload", "Shortcuts interaction payloads", "view_submission payload", and the
limits of Block Kit: section 3,000 characters, button text 75, 25 elements in actions, 100 options, metadata 3,000.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tieline.model.actions import Action, ActionStyle
from tieline.model.base import Value
from tieline.model.inbound import InboundInteraction, NativeAuthor
from tieline.ports.adapter import Home, RoomChoice
from tieline_slack.app_manifest import SHORTCUT
from tieline_slack.inbound import Me
from tieline_slack.shapes import mapping, sequence, text

Json = dict[str, object]

REFRESH: Final = "tieline_home_refresh"
"""``action_id`` of the App Home's button."""
PREFIX: Final = "tieline:"
"""Begins the ``action_id`` of every button on a message."""
KINDS: Final = frozenset({"block_actions", "message_action", "view_submission"})

SECTION_MAX: Final = 3000
_LABEL_MAX: Final = 75
_ROW: Final = 25
_OPTIONS: Final = 100
_METADATA_MAX: Final = 3000
_FENCE: Final = "```"
_PICK, _PICKED = "tieline_room", "room"


class Shortcut(Value, kw_only=True, frozen=True):
    """Somebody chose "Send to room" on a message."""

    trigger: str
    user: str
    conversation: str
    ts: str
    answer_url: str
    message: Mapping[str, object]


class Submission(Value, kw_only=True, frozen=True):
    """Somebody picked a room. ``message`` is empty where it was too long for the modal to carry it."""

    native_id: str
    user: str
    name: str
    room: str
    conversation: str
    ts: str
    thread: str
    answer_url: str
    message: Mapping[str, object]


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def is_sane(payload: Mapping[str, object]) -> bool:
    """A payload of a kind we take, shaped so that Bolt can read it: it takes the kinds of these members for granted."""
    if not text(mapping(payload.get("user")), "id") or not _is_object(payload, "team", "channel", "enterprise"):
        return False
    if payload.get("authorizations") is not None:  # events alone have them
        return False
    match text(payload, "type"):
        case "block_actions":
            actions = payload.get("actions")
            pressed = mapping(actions[0]) if isinstance(actions, list) and actions else {}
            return isinstance(pressed.get("action_id"), str) and isinstance(pressed.get("block_id", ""), str)
        case "message_action":
            return isinstance(payload.get("callback_id"), str)
        case "view_submission":
            view = mapping(payload.get("view"))
            return isinstance(view.get("callback_id"), str) and view.get("type") == "modal"
        case _:
            return False


def person(payload: Mapping[str, object]) -> str:
    """Who acts: their id."""
    return text(mapping(payload.get("user")), "id")


def answer_url(payload: Mapping[str, object]) -> str:
    """Where an answer to this person may be posted; empty where Slack gave none."""
    return text(payload, "response_url")


def read_press(payload: object, me: Me) -> InboundInteraction | None:
    """A press of one of our buttons."""
    body = mapping(payload)
    pressed = mapping(next(iter(sequence(body.get("actions"))), None))
    container = mapping(body.get("container"))
    conversation = text(mapping(body.get("channel")), "id") or text(container, "channel_id")
    action, _, target = text(pressed, "value").partition(":")
    user = person(body)
    if not (text(pressed, "action_id").startswith(PREFIX) and conversation and action and target and user):
        return None
    return InboundInteraction(
        conversation=conversation,
        native_id=text(body, "trigger_id") or f"{user}:{text(pressed, 'action_ts')}",
        author=author(user, _name(body), me),
        action=action,
        target=target,
        message=text(container, "message_ts") or text(mapping(body.get("message")), "ts") or None,
    )


def is_refresh(payload: Mapping[str, object]) -> bool:
    """The App Home's button was pressed."""
    pressed = mapping(next(iter(sequence(payload.get("actions"))), None))
    return text(pressed, "action_id") == REFRESH


def read_shortcut(payload: object) -> Shortcut | None:
    """Our message shortcut."""
    body = mapping(payload)
    message = mapping(body.get("message"))
    conversation, ts = text(mapping(body.get("channel")), "id"), text(message, "ts") or text(body, "message_ts")
    if text(body, "callback_id") != SHORTCUT or not (conversation and ts and person(body) and text(body, "trigger_id")):
        return None
    return Shortcut(
        trigger=text(body, "trigger_id"),
        user=person(body),
        conversation=conversation,
        ts=ts,
        answer_url=answer_url(body),
        message=message,
    )


def read_submission(payload: object) -> Submission | None:
    """Our modal, filled in."""
    body = mapping(payload)
    view = mapping(body.get("view"))
    kept = _loaded(text(view, "private_metadata"))
    values = mapping(mapping(view.get("state")).get("values"))
    picked = mapping(mapping(mapping(values.get(_PICK)).get(_PICKED)).get("selected_option"))
    room, conversation, ts = text(picked, "value"), text(kept, "channel"), text(kept, "ts")
    if text(view, "callback_id") != SHORTCUT or not (room and conversation and ts and person(body)):
        return None
    return Submission(
        native_id=text(view, "id") or text(body, "trigger_id") or f"{person(body)}:{ts}:{room}",
        user=person(body),
        name=_name(body),
        room=room,
        conversation=conversation,
        ts=ts,
        thread=text(kept, "thread"),
        answer_url=text(kept, "url"),
        message=mapping(kept.get("message")),
    )


def author(user: str, name: str, me: Me) -> NativeAuthor:
    """Who acts, as an author."""
    return NativeAuthor(native_id=user, display=name or user, is_self=user == me.user_id)


def _name(body: Mapping[str, object]) -> str:
    user = mapping(body.get("user"))
    return text(user, "name") or text(user, "username")


def _is_object(payload: Mapping[str, object], *names: str) -> bool:
    return all(payload.get(name) is None or isinstance(payload[name], dict) for name in names)


def _loaded(raw: str) -> Mapping[str, object]:
    try:
        return mapping(json.loads(raw))
    except (ValueError, RecursionError):
        return {}


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def with_buttons(said: str, actions: Sequence[Action]) -> list[Json]:
    """A text in our dialect, and its buttons, as blocks; none without actions: then the plain text stands alone.

    ``verbatim``: Slack reads nothing into the text but what the dialect wrote (law 6).
    """
    if not actions:
        return []
    shown: list[Json] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": piece, "verbatim": True}} for piece in _pieces(said)
    ]
    rows: list[Json] = [
        {"type": "actions", "elements": [_button(actions, place) for place in _places(start, len(actions))]}
        for start in range(0, len(actions), _ROW)
    ]
    return [*shown, *rows]


def rooms_modal(home: Home, shortcut: Shortcut) -> Json:
    """The modal that asks for a room, or says why there is none to choose."""
    view: Json = {"type": "modal", "callback_id": SHORTCUT, "title": plain("Send to room")}
    if not home.rooms:
        return {**view, "close": plain("Close"), "blocks": [said(_why_none(home))]}
    blocks: list[Json] = [_menu(home.rooms[:_OPTIONS])]
    if len(home.rooms) > _OPTIONS:
        note = f"These are {_OPTIONS} of your {len(home.rooms)} rooms. To the others write where they are linked."
        blocks.append({"type": "context", "elements": [plain(note)]})
    return {
        **view,
        "submit": plain("Send"),
        "close": plain("Cancel"),
        "private_metadata": _kept(shortcut),
        "blocks": blocks,
    }


def refused(why: str) -> Json:
    """An acknowledgement that leaves the modal open and says why below the menu."""
    return {"response_action": "errors", "errors": {_PICK: why}}


def plain(words: str) -> Json:
    """A text that is read as it is: nothing in it is a mention, a link or a mark."""
    return {"type": "plain_text", "text": words, "emoji": False}


def said(words: str) -> Json:
    """One section of plain text."""
    return {"type": "section", "text": plain(words[:SECTION_MAX])}


def _why_none(home: Home) -> str:
    if home.handle is None:
        return (
            "Tieline does not know who you are, so there is no room you may post to. Write /tieline iam to get a code "
            "that joins this account to yours, or ask an administrator of Tieline to add your Slack account."
        )
    return f"There is no room that @{home.handle} may post to. Ask an administrator of Tieline to let you into one."


def _menu(rooms: Sequence[RoomChoice]) -> Json:
    options = [{"text": plain(_cut(_label(room))), "value": room.name} for room in rooms]
    menu = {"type": "static_select", "action_id": _PICKED, "placeholder": plain("Choose a room"), "options": options}
    return {"type": "input", "block_id": _PICK, "label": plain("Room"), "element": menu}


def _label(room: RoomChoice) -> str:
    return room.name if room.title in {"", room.name} else f"{room.name} – {room.title}"


def _kept(shortcut: Shortcut) -> str:
    """What the modal carries: the message itself if it fits; else where it stands."""
    place = {
        "channel": shortcut.conversation,
        "ts": shortcut.ts,
        "thread": text(shortcut.message, "thread_ts"),
        "url": shortcut.answer_url,
    }
    whole = json.dumps({**place, "message": shortcut.message}, separators=(",", ":"))
    return whole if len(whole) <= _METADATA_MAX else json.dumps(place, separators=(",", ":"))


def _places(start: int, total: int) -> range:
    return range(start, min(start + _ROW, total))


def _button(actions: Sequence[Action], place: int) -> Json:
    action = actions[place]
    repeats = sum(other.name == action.name for other in actions[:place])
    button: Json = {
        "type": "button",
        "action_id": f"{PREFIX}{action.name}" + (f":{repeats}" if repeats else ""),  # unique in its block
        "text": plain(_cut(action.label or action.name)),
        "value": action.value,
    }
    return button if action.style is ActionStyle.DEFAULT else {**button, "style": action.style.value}


def _cut(words: str) -> str:
    return words if len(words) <= _LABEL_MAX else words[: _LABEL_MAX - 1] + "…"


def _pieces(said: str) -> Iterator[str]:
    """Cut at line ends so that each fits a section; a fence that is open at a cut is closed and opened anew."""
    rest = said
    while len(rest) > SECTION_MAX:
        room = SECTION_MAX - len(_FENCE) - 1
        cut = rest.rfind("\n", 1, room)
        cut = room if cut < 0 else cut
        piece, rest = rest[:cut], rest[cut:].removeprefix("\n")
        if piece.count(_FENCE) % 2:
            piece, rest = f"{piece}\n{_FENCE}", f"{_FENCE}\n{rest}"
        yield piece
    if rest:
        yield rest
