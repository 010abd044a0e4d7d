"""Commands that people give in chat: ``iam`` joins their accounts on several channels to one member.

``/tieline iam`` answers a single-use code for ten minutes; the code, sent from another channel as ``/tieline iam CODE``
or as a message ``iam CODE``, joins both accounts. Knowing the code on both is the proof; joins can be undone by an
administrator (``PATCH /members/{handle}`` with an empty account), and every join stands in the log.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from tieline.model.ids import new_handle_suffix
from tieline.model.inbound import InboundCommand, InboundMessage, NativeAuthor, Receipt
from tieline.model.members import Account, JoinCode, Member, MemberKind
from tieline.ports.deciding import Decision, View

JOIN_CODE_LIFE: Final = 10 * 60 * 1000
"""Milliseconds a code lives."""
_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CODE: Final = re.compile(rf"iam\s+([{_LETTERS}]{{8}})", re.IGNORECASE)
HELP: Final = (
    "What Tieline understands here:\n\n"
    "- `iam` – a code that joins this account to your accounts on other channels\n"
    "- `iam CODE` – join with a code you got elsewhere\n"
    "- `help` – this text"
)


def new_code() -> str:
    """A fresh code: 8 letters and digits that are not mixed up when read aloud (39 bits, single use, ten minutes)."""
    return "".join(secrets.choice(_LETTERS) for _ in range(8))


def command(channel: str, event: InboundCommand, view: View) -> Decision:
    """Decide a slash command; the answer goes back where it was written."""
    words = event.text.split()
    match [word.lower() for word in words[:1]], len(words):
        case ["iam"], 1:
            return _make(channel, event.author, view)
        case ["iam"], 2:
            return _use(channel, event.author, words[1].upper(), view)
        case [] | ["help"], _:
            return _answer(HELP)
        case _:
            return _answer(f"I don't know that.\n\n{HELP}")


def typed_code(channel: str, event: InboundMessage, text: str, view: View) -> Decision | None:
    """A message that is just ``iam CODE``: it joins, and does not stand in the room."""
    found = _CODE.fullmatch(text.strip())
    if found is None or view.directory.join_code(found[1].upper()) is None:
        return None
    return _use(channel, event.author, found[1].upper(), view)


def _answer(text: str) -> Decision:
    return Decision(value=Receipt(status="answered", answer=text))


def _make(channel: str, author: NativeAuthor, view: View) -> Decision:
    code = JoinCode(
        code=new_code(),
        channel=channel,
        native_id=author.native_id,
        display=author.display,
        expires_at=view.now + JOIN_CODE_LIFE,
    )
    answer = (
        f"Your code is `{code.code}`, for ten minutes and once. Send `iam {code.code}` from your other channel, "
        "and both accounts are yours."
    )
    return Decision(value=Receipt(status="answered", answer=answer), puts=(code,))


def _use(channel: str, author: NativeAuthor, text: str, view: View) -> Decision:
    code = view.directory.join_code(text)
    if code is None or code.expires_at <= view.now:
        return _answer("That code is unknown, used or older than ten minutes. Ask for a new one with `iam`.")
    if (code.channel, code.native_id) == (channel, author.native_id):
        return _answer("That is the account the code was made with: send it from your other channel.")
    first = view.directory.account(code.channel, code.native_id)
    second = view.directory.account(channel, author.native_id)
    if first and second and first.member_id != second.member_id:
        return _answer("Both accounts belong to members already, and not to the same. An administrator can part them.")
    known = first or second
    member = view.directory.member_by_id(known.member_id) if known else _new_member(code, view)
    if member is None:
        return _answer("The member of that account is gone. An administrator can help.")
    accounts = tuple(
        Account(channel=name, native_id=native_id, member_id=member.id, joined_at=view.now)
        for name, native_id in ((code.channel, code.native_id), (channel, author.native_id))
        if view.directory.account(name, native_id) is None
    )
    receipt = Receipt(status="answered", answer=f"Done: both accounts are @{member.handle} now.")
    return Decision(value=receipt, puts=((member, *accounts) if known is None else accounts), drops=(code,))


def _new_member(code: JoinCode, view: View) -> Member:
    base = re.sub(r"[^a-z0-9]+", "-", code.display.lower()).strip("-")[:50] or "member"
    handle = base
    while view.directory.member(handle):
        handle = f"{base}-{new_handle_suffix()}"
    return Member(
        id=view.new_id("mem"), handle=handle, kind=MemberKind.HUMAN, display=code.display, created_at=view.now
    )
