"""What an adapter has to do, as a table of requirements with ids that never change their meaning.

Each requirement is proved by at least one test of :class:`tieline.testing.contract.AdapterContract`, and each test
names the requirements it proves; :func:`tieline.testing.contract.table_faults` checks both directions.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tieline.model.base import Value


class Must(StrEnum):
    """How binding a requirement is (the words of RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Requirement(Value, kw_only=True, frozen=True):
    """One requirement."""

    id: str
    level: Must
    text: str


def _must(number: int, text: str) -> Requirement:
    return Requirement(id=f"ADP-{number:03}", level=Must.MUST, text=text)


def _should(number: int, text: str) -> Requirement:
    return Requirement(id=f"ADP-{number:03}", level=Must.SHOULD, text=text)


REQUIREMENTS: Final = (
    # the manifest and the adapter's life
    _must(1, "The manifest names a factory and a settings check that load."),
    _must(2, "The settings check never raises, whatever it is given, and accepts the settings of a working channel."),
    _must(3, "Making the adapter does no I/O; before connect it says what it can do and in which dialect."),
    _must(4, "It is connected between connect and disconnect, and not before or after."),
    _must(5, "disconnect is idempotent, and harmless without connect."),
    _must(6, "After disconnect no task of the adapter is left."),
    _should(7, "Secrets do not stand in the adapter's repr."),
    _must(8, "A lost connection is told by went_down, made again, and told by came_up; then both ways work again."),
    # what people do
    _must(10, "What people write is handed over with its conversation, native id, author's id and text."),
    _must(11, "Messages of a conversation are handed over in the order in which they were written."),
    _must(12, "Every message has a native id of its own, also after a restart, also where the text is the same."),
    _must(13, "Our own messages are not reported, or marked as our own by identity."),
    _must(14, "inbound_edit is declared if and only if people's edits are handed over, under the message's id."),
    _must(15, "inbound_delete is declared if and only if people's deletions are handed over, under the message's id."),
    _must(16, "inbound_reaction is declared if and only if people's reactions are handed over."),
    _must(17, "Where threads are supported, a message in one names the native id of its root."),
    _must(18, "Where there is no history, what receive raised at is handed over again."),
    # sending
    _must(20, "send shows the frame's text once and answers the native id of what is shown."),
    _must(21, "A frame of the declared greatest length is shown whole."),
    _must(22, "No text pings everyone: broadcast mentions are rejected and what looks like one is only text (law 6)."),
    _must(23, "The author's own name is shown where, and only where, identity is declared PARTIAL or FULL."),
    _must(24, "Where threads are supported, send puts the message into the thread it names."),
    _must(25, "Where replies are supported, send names the message replied to."),
    _must(26, "Where idempotent_send is declared, sending under one key twice shows one message."),
    _must(27, "Text of several lines is shown whole, and no line of it, nor a control character, becomes a command."),
    # abilities and what is declared of them
    _must(30, "edit is declared PARTIAL or FULL if and only if the adapter has the ability Edits."),
    _must(31, "edit replaces the text in place; repeating it is harmless."),
    _must(32, "Editing a part that is gone is Permanent 'part_gone'."),
    _must(33, "delete is declared PARTIAL or FULL if and only if the adapter has the ability Deletes."),
    _must(34, "delete removes the part; deleting it again is success."),
    _must(35, "reaction is declared PARTIAL or FULL if and only if the adapter has the ability Reacts."),
    _must(36, "react sets and takes back; what is so already is success."),
    _must(37, "history is declared if and only if the adapter has the ability History."),
    _must(38, "resync without a cursor answers no events and the present cursor."),
    _must(39, "resync answers what happened behind the cursor, oldest first, under the same native ids as live."),
    _must(40, "lookup is declared if and only if the adapter has the ability Looks."),
    _must(41, "look_up finds what was sent under a key, and answers None for what was not."),
    _must(42, "typing is declared PARTIAL or FULL if and only if the adapter has the ability Types."),
    # errors
    _must(50, "A throttle is Throttled with the platform's seconds."),
    _must(51, "A broken answer is Uncertain."),
    _must(52, "A lost answer is Uncertain."),
    _should(53, "No connection at all is NotDispatched."),
    _must(54, "A refused credential is Permanent and stops the channel."),
    _must(55, "An unknown conversation is Permanent and does not stop the channel."),
    _must(56, "One send is at most one request to send: no retries inside (law 2)."),
    # capabilities
    _must(60, "capabilities answers the same value for the same endpoint while nothing changed."),
    _must(61, "The dialect has the name that capabilities declare."),
    # files, buttons, people by themselves, what an outage hid
    _must(70, "Where attachments are supported, send shows a frame's files by their names, whole."),
    _must(71, "One native message holds as many files as per_message says, in order, and the text if with_text."),
    _must(72, "Where buttons are supported, a frame's actions are shown in order, and bring back their values."),
    _must(73, "direct is declared PARTIAL or FULL if and only if the adapter has the ability Directs."),
    _must(74, "direct answers a conversation with that person alone, the same each time, to which send can go."),
    _must(75, "inbound_attachment is declared if and only if the adapter has the ability Fetches."),
    _must(76, "fetch gives the bytes of a file as they were shared."),
    _must(77, "survey tells the messages that are there, with people's reactions and not our own; none that is gone."),
)

BY_ID: Final = {requirement.id: requirement for requirement in REQUIREMENTS}
