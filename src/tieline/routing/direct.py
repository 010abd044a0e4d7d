"""Direct messages: the private room of two members, and what people write to the bot by themselves. Pure.

Rule: a direct message is a message of the private room of the two, whichever way it came; a member is told on the first
of their accounts where members can be written to. In the direct conversation with the bot, a reply answers what it
replies to, ``@handle text`` writes to that member, and everything else is a command with an answer.
Not promised: to guess whom a bare text is for; it would reach the wrong person one day.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

import msgspec

from tieline.model.channels import Trait
from tieline.model.delivery import Delivery, Endpoint, Operation, Part, PartDirection, unresolved_direct
from tieline.model.inbound import InboundCommand, InboundMessage, Receipt
from tieline.model.members import Account, Member
from tieline.model.message import Message
from tieline.model.rooms import AUTO, DIRECT_PREFIX, Access, Guests, Room
from tieline.ports.deciding import Decision, View
from tieline.routing import joining

_TO: Final = re.compile(r"@([a-z0-9][a-z0-9-]{0,63})[:,]?\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_HOW: Final = (
    "Reply to a message here to answer it, or begin with a name, as in `@milo are you there?`, to write to somebody."
)


def room_of_two(one: Member, other: Member, view: View) -> tuple[Room, bool]:
    """The private room of two members, and whether it is there already."""
    pair = tuple(sorted((one.id, other.id)))
    room_id = DIRECT_PREFIX + hashlib.blake2b("|".join(pair).encode(), digest_size=12).hexdigest()
    known = view.directory.room_by_id(room_id)
    room = known or Room(
        id=room_id,
        name=f"dm-{room_id.removeprefix(DIRECT_PREFIX)}",
        title=", ".join(sorted((f"@{one.handle}", f"@{other.handle}"))),
        access=Access.MEMBERS,
        members=pair,
        guests=Guests.NONE,
        created_at=view.now,
    )
    return room, known is not None


def deliveries_to(message: Message, room: Room, view: View) -> list[Delivery]:
    """One delivery for each other member of a private room who can be written to somewhere."""
    accounts = [_account(member_id, view) for member_id in room.members if member_id != message.author_id]
    return [_delivery(message, account, view) for account in accounts if account is not None]


def _account(member_id: str, view: View) -> Account | None:
    for account in view.directory.accounts_of(member_id):
        record = view.directory.channel(account.channel)
        if record is not None and Trait.DIRECT in record.traits:
            return account
    return None


def _delivery(message: Message, account: Account, view: View) -> Delivery:
    conversation = account.direct or unresolved_direct(account.native_id)
    endpoint = Endpoint(channel=account.channel, conversation=conversation)
    return Delivery(
        id=view.new_id("dlv"),
        position=view.take_position(),
        operation=Operation.SEND,
        room_id=message.room_id,
        message_id=message.id,
        seq=message.seq,
        link_id=None,
        channel=endpoint.channel,
        conversation=endpoint.conversation,
        via=endpoint.via,
        lane=endpoint.lane,
        created_at=view.now,
        updated_at=view.now,
    )


def addressed(text: str, member: Member, view: View) -> tuple[Member, str] | None:
    """Whom ``@handle text`` is for, and the text."""
    found = _TO.fullmatch(text.strip())
    other = view.directory.member(found[1].lower()) if found else None
    return (other, found[2]) if found and other is not None and other.id != member.id else None


def answered(channel: str, event: InboundMessage, text: str, view: View) -> Decision:
    """A command written to the bot by itself; the answer stands below it."""
    command = InboundCommand(
        conversation=event.conversation, native_id=event.native_id, author=event.author, text=text.strip()
    )
    decision = joining.command(channel, command, view)
    answer = decision.value.answer if isinstance(decision.value, Receipt) else None
    if answer is None or event.automated or event.author.is_bot:
        return decision
    line = notice(channel, event, f"{answer}\n\n{_HOW}" if joining.HELP in answer else answer, view)
    puts = (*decision.puts, taken(channel, event.conversation, event, view), line)
    return msgspec.structs.replace(decision, puts=puts, lanes=(line.lane,))


def taken(channel: str, place: str, event: InboundMessage, view: View) -> Part:
    """That a native message was a command: a repeat of it is none."""
    return Part(
        channel=channel,
        conversation=place,
        native_id=event.native_id,
        message_id="",
        room_id="",
        direction=PartDirection.IN,
        author_native=event.author.native_id,
        created_at=view.now,
    )


def notice(channel: str, event: InboundMessage, text: str, view: View) -> Delivery:
    """A line of the hub where something was written."""
    endpoint = Endpoint(channel=channel, conversation=event.conversation, via=AUTO)
    return Delivery(
        id=view.new_id("dlv"),
        position=view.take_position(),
        operation=Operation.NOTICE,
        room_id="",
        message_id="",
        seq=0,
        link_id=None,
        channel=channel,
        conversation=event.conversation,
        via=AUTO,
        lane=endpoint.lane,
        text=text,
        created_at=view.now,
        updated_at=view.now,
    )
