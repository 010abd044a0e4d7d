"""Deciders small enough to be read at a glance, over real commands and real rows."""

import msgspec

from tieline.model.base import Value
from tieline.model.commands import Command, CreateRoom, DeleteMessage, EditMessage, PostMessage
from tieline.model.delivery import Delivery, DeliveryState, Operation
from tieline.model.events import Event, EventKind
from tieline.model.members import HUB, Account, Actor, Level, Member, MemberKind, Via
from tieline.model.message import Author, Message, Origin
from tieline.model.outcome import Refusal
from tieline.model.rooms import Room
from tieline.ports.deciding import Deciders, Decision, Needs, Rule, View

ROOM = "room_1"
REFUSE = "refuse"
POISON = "poison"
UNWRITABLE = "a lone surrogate \ud800"
FORGETFUL = "forgetful"


class PutDeliveries(Command, kw_only=True, frozen=True):
    """Make deliveries in a lane; answers how many open ones the lane had before."""

    lane: str
    count: int = 1
    link: str = "lnk_1"


class ExpireLane(Command, kw_only=True, frozen=True):
    """End what waits in a lane; answers the positions."""

    lane: str
    link: str | None = None


class Join(Command, kw_only=True, frozen=True):
    """Give the member ``mem_1`` an account."""

    native_id: str


class Leave(Command, kw_only=True, frozen=True):
    """Take an account away."""

    native_id: str


class Save(Command, kw_only=True, frozen=True):
    """Keep any rows as they are."""

    values: tuple[Value, ...]


class Ask(Command, kw_only=True, frozen=True):
    """Answers the accounts that the directory knows; writes nothing."""


def member(handle: str) -> Actor:
    """An actor with a member."""
    return Actor(member=Member(id=f"mem_{handle}", handle=handle, kind=MemberKind.HUMAN), level=Level.L2, via=Via.HTTP)


def post_to(text: str, room: str = ROOM, key: str | None = None, actor: Actor = HUB) -> PostMessage:
    """A post."""
    return PostMessage(room=room, text=text, client_id=key, actor=actor)


def _post(command: PostMessage, view: View) -> Decision | Refusal:
    seq = view.take_seq(command.room)
    if command.text == REFUSE:
        return Refusal(status=422, code="refused", detail="the text says so")
    if command.text == POISON:
        raise ZeroDivisionError("the text says so")
    if command.text == FORGETFUL:
        return Decision(value=None)
    message = Message(
        id=view.new_id("msg"),
        room_id=command.room,
        seq=seq,
        type=command.type,
        text=command.text,
        format=command.format,
        author=Author(handle="priya", kind="human", display="Priya"),
        author_id=None,
        origin=Origin(channel="web"),
        created_at=view.now,
        metadata=command.metadata,
    )
    return Decision(value=message, result=message.id, puts=(message,), events=(_event(message, EventKind.MESSAGE),))


def _event(message: Message, kind: EventKind, seq: int | None = None, stream: str | None = None) -> Event:
    body = {"message": message.id, "text": message.text, "html": f"<p>{message.text!a}</p>", "metadata": {"a": 1}}
    return Event(
        stream=stream or message.room_id,
        seq=message.seq if seq is None else seq,
        kind=kind,
        at=message.created_at,
        message_id=message.id,
        body=msgspec.json.encode(body) if message.text.isprintable() else ascii(body).encode(),
    )


def _the_message(command: EditMessage | DeleteMessage) -> Needs:
    return ((Message, (command.message_id,)),)


def _edit(command: EditMessage, view: View) -> Decision | Refusal:
    message = view.get(Message, command.message_id)
    if message is None:
        return Refusal(status=404, code="message_not_found", detail="there is none")
    changed = msgspec.structs.replace(message, text=command.text, edited_at=view.now)
    seq = view.take_seq(message.room_id)
    return Decision(value=changed, puts=(changed,), events=(_event(changed, EventKind.EDIT, seq),))


def _delete(command: DeleteMessage, view: View) -> Decision | Refusal:
    message = view.get(Message, command.message_id)
    if message is None:
        return Refusal(status=404, code="message_not_found", detail="there is none")
    changed = msgspec.structs.replace(message, text="", deleted_at=view.now)
    seq = view.take_seq(message.room_id)
    event = Event(
        stream=message.room_id, seq=seq, kind=EventKind.DELETE, at=view.now, message_id=message.id, body=b"{}"
    )
    return Decision(value=changed, puts=(changed,), events=(event,), scrub=(message.id,))


def _create_room(command: CreateRoom, view: View) -> Decision | Refusal:
    if view.directory.room(command.name):
        return Refusal(status=409, code="room_exists", detail="there is one")
    room = Room(id=view.new_id("room"), name=command.name, created_at=view.now)
    return Decision(value=room, result=room.id, puts=(room,))


def _join(command: Join, view: View) -> Decision | Refusal:
    if view.directory.account("slack", command.native_id):
        return Refusal(status=409, code="account_exists", detail="there is one")
    return Decision(puts=(Account(channel="slack", native_id=command.native_id, member_id="mem_1"),))


def _leave(command: Leave, view: View) -> Decision | Refusal:
    account = view.directory.account("slack", command.native_id)
    return Decision(drops=(account,)) if account else Refusal(status=404, code="no_account", detail="there is none")


def _ask(_command: Ask, view: View) -> Decision:
    return Decision(value=[account.native_id for account in view.directory.accounts_of("mem_1")])


def _put_deliveries(command: PutDeliveries, view: View) -> Decision:
    before = view.find(Delivery, lane=command.lane)
    made = tuple(_delivery(command, view) for _ in range(command.count))
    return Decision(value=len(before), puts=made, lanes=(command.lane,))


def _delivery(command: PutDeliveries, view: View) -> Delivery:
    return Delivery(
        id=view.new_id("dlv"),
        position=view.take_position(),
        operation=Operation.SEND,
        room_id=ROOM,
        message_id="msg_1",
        seq=1,
        link_id=command.link,
        channel="slack",
        conversation="C1",
        via="auto",
        lane=command.lane,
        created_at=view.now,
    )


def _expire_lane(command: ExpireLane, view: View) -> Decision:
    waiting = view.find(Delivery, link_id=command.link) if command.link else view.find(Delivery, lane=command.lane)
    ended = tuple(msgspec.structs.replace(each, state=DeliveryState.EXPIRED) for each in waiting)
    return Decision(value=[each.position for each in waiting], puts=ended)


DECIDERS: Deciders = {
    PostMessage: Rule(_post, recalled=lambda result, view: view.get(Message, result)),
    EditMessage: Rule(_edit, rows=_the_message),
    DeleteMessage: Rule(_delete, rows=_the_message),
    CreateRoom: Rule(_create_room, recalled=lambda result, view: view.directory.room_by_id(result)),
    Join: Rule(_join),
    Save: Rule(lambda command, _view: Decision(puts=command.values)),
    Leave: Rule(_leave),
    Ask: Rule(_ask),
    PutDeliveries: Rule(_put_deliveries),
    ExpireLane: Rule(_expire_lane),
}
