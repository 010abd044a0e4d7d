"""What is sent, as bodies of Discord's requests. Pure.

Rule: every body, of an edit too, says whom it may notify: nobody but the people whose ``<@id>`` the dialect wrote from
a resolved mention (law 6). A body without ``allowed_mentions`` would notify all that its text names.
Not promised: the address it is sent to; a webhook takes ``thread_id`` and ``wait`` there.
Next stop: the adapter's calls.

Source: Discord, "Message: Create Message", "Webhook: Execute Webhook", "Allowed Mentions Object", "Components".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tieline.model.actions import Action, ActionStyle
from tieline.ports.adapter import Outgoing
from tieline.render import commonmark
from tieline.render.normal import clean
from tieline_discord import ids
from tieline_discord.abilities import FILES_MAX, NAME_MAX, TEXT_MAX
from tieline_discord.dialect import DiscordDialect

Body = dict[str, object]
"""A request's JSON (``payload_json`` where files go with it)."""

SUPPRESS_EMBEDS: Final = 1 << 2
EPHEMERAL: Final = 1 << 6

_MENTIONED: Final = re.compile(r"<@(\d{1,20})>")
_MOST_MENTIONS: Final = 100
_ROW: Final = 5
_MOST_BUTTONS: Final = 25
_LABEL_MAX: Final = 80
_ALT_MAX: Final = 1024
_STYLES: Final = {ActionStyle.PRIMARY: 1, ActionStyle.DEFAULT: 2, ActionStyle.DANGER: 4}
_BANNED: Final = re.compile(r"(cly)(de)|(disc)(ord)", re.IGNORECASE)
_RESERVED: Final = {"everyone": "every.one", "here": "he.re"}
_UNSEEN: Final = re.compile(r"(?!\u200d(?<=\W.)(?=\W))[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
"""Characters that show nothing; but the joiner between two emoji stays."""


def create(outgoing: Outgoing, *, as_webhook: bool, previews: bool = False, thread_name: str | None = None) -> Body:
    """A new message; ``thread_name``: the new post's title, where a webhook begins one in a forum."""
    body: Body = {**_said(outgoing, previews=previews), "attachments": _attachments(outgoing)}
    if as_webhook:
        body |= _author(outgoing)
        if thread_name is not None:
            body["thread_name"] = thread_name
        return body
    body |= {"nonce": ids.nonce(outgoing.key), "enforce_nonce": True}
    if outgoing.reply is not None:
        body["message_reference"] = {"message_id": outgoing.reply, "fail_if_not_exists": False}
    return body


def update(outgoing: Outgoing, *, previews: bool = False) -> Body:
    """The new text of a message; its name and files stay."""
    return _said(outgoing, previews=previews)


def answer(text: str, *, ephemeral: bool = True) -> Body:
    """A line of the hub's (CommonMark) to one person: the data of an interaction's response."""
    written = DiscordDialect().write(commonmark.parse(text).blocks)
    flags = SUPPRESS_EMBEDS | (EPHEMERAL if ephemeral else 0)
    return {"content": written[:TEXT_MAX] or "…", "allowed_mentions": allowed_mentions(""), "flags": flags}


def target(outgoing: Outgoing) -> str:
    """Id of the channel to post in: the thread, whose id is its root's, or the conversation."""
    return outgoing.thread or outgoing.endpoint.conversation


def allowed_mentions(text: str) -> Body:
    """Whom a text in Discord's dialect may notify: the people it mentions by id; never a role, never everyone."""
    users = list(dict.fromkeys(_MENTIONED.findall(text)))[:_MOST_MENTIONS]
    return {"parse": [], "users": users, "roles": [], "replied_user": False}


def webhook_name(display: str) -> str:
    """A name that Discord takes for a webhook's message: 1 to 80 characters, without the words it keeps for itself."""
    name = _UNSEEN.sub("", clean(display)).replace("@", " at ").replace("```", "'''")
    name = " ".join(name.split())[:NAME_MAX]
    name = _BANNED.sub(_broken, name)[:NAME_MAX].strip()
    return _RESERVED.get(name.lower(), name) or "Guest"


def buttons(actions: Sequence[Action]) -> list[Body]:
    """Rows of at most five buttons, at most five rows."""
    made: list[Body] = [_button(action) for action in actions[:_MOST_BUTTONS]]
    return [{"type": 1, "components": made[at : at + _ROW]} for at in range(0, len(made), _ROW)]


def _said(outgoing: Outgoing, *, previews: bool) -> Body:
    text = outgoing.frame.text
    return {
        "content": text,
        "allowed_mentions": allowed_mentions(text),
        "components": buttons(outgoing.frame.actions),
        "flags": 0 if previews else SUPPRESS_EMBEDS,
    }


def _button(action: Action) -> Body:
    label = " ".join(clean(action.label).split())[:_LABEL_MAX] or action.name
    return {"type": 2, "style": _STYLES[action.style], "label": label, "custom_id": action.value}


def _attachments(outgoing: Outgoing) -> list[Body]:
    out: list[Body] = []
    for number, file in enumerate(outgoing.files[:FILES_MAX]):
        meta: Body = {"id": number, "filename": file.name}
        out.append({**meta, "description": file.alt[:_ALT_MAX]} if file.alt else meta)
    return out


def _author(outgoing: Outgoing) -> Body:
    if outgoing.author is None:
        return {}
    shown: Body = {"username": webhook_name(outgoing.author.display)}
    avatar = outgoing.author.avatar
    return {**shown, "avatar_url": avatar} if avatar is not None and avatar.startswith("https://") else shown


def _broken(found: re.Match[str]) -> str:
    return ".".join(part for part in found.groups() if part)
