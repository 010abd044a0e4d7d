"""Values to rows and back."""

import sqlite3
import typing
from enum import Enum

import msgspec
import pytest

from tieline.model.actions import Action, ActionStyle
from tieline.model.alerts import Alert, AlertState, Climb, ReplyCode
from tieline.model.attachments import Attached, Attachment, FileSource, FileState, NativeFile
from tieline.model.base import ManagedBy, Value
from tieline.model.capabilities import Support
from tieline.model.channels import ChannelRecord
from tieline.model.delivery import (
    Cursor,
    Degradation,
    Delivery,
    DeliveryState,
    Fault,
    Frame,
    InboxCursor,
    Operation,
    Part,
    PartDirection,
)
from tieline.model.events import Event, EventKind
from tieline.model.keeping import Consent, Kept, KeptState, Original, Usage
from tieline.model.members import Account, JoinCode, Level, Member, MemberKind, Token
from tieline.model.message import Author, Format, Mention, Message, Origin, Reaction
from tieline.model.packet import Packet, PacketState
from tieline.model.policies import Notify, PolicySet, QuietHours, Rung
from tieline.model.rooms import Access, Backlog, Direction, Guests, Link, MessageType, PacketMode, Place, Room, Severity
from tieline.store.mapping import EVENT, mapping_of, mappings
from tieline.store.tables import Row

FULL: tuple[Value, ...] = (
    Message(
        id="msg_1",
        room_id="room_1",
        seq=7,
        type=MessageType.ALERT,
        text="naïve 🐟 \x00 text",
        format=Format.MARKDOWN,
        author=Author(handle="priya", kind="human", display="Priya", ai="x", machine="y", avatar="https://z"),
        author_id="mem_1",
        origin=Origin(channel="slack", conversation="C1", url="https://u"),
        created_at=1,
        thread="msg_0",
        reply_to="msg_0",
        mentions=(Mention(handle="marcus", start=0, end=7),),
        reactions=(Reaction(emoji="🐟", by=("priya", "slack:U1")),),
        severity=Severity.CRITICAL,
        project="dj-waste",
        metadata={"a": [1, {"b": None}]},
        packet=Packet(task_id="t", state=PacketState.READY, payload_path="/p", next_hop="DONE"),
        violations=("PV001",),
        attachments=(Attached(id="att_1", name="ö.png", mime="image/png", size=3, alt="a", detail="x"),),
        actions=(Action(name="ack", label="Acknowledge", target="msg_1", style=ActionStyle.PRIMARY),),
        hops=2,
        streaming=True,
        edited_at=2,
        deleted_at=3,
    ),
    Attachment(
        id="att_1",
        name="ö.png",
        mime="image/png",
        state=FileState.READY,
        size=3,
        sha256="00",
        detail="x",
        owner_id="mem_1",
        message_id="msg_1",
        source=FileSource(channel="c", conversation="C", native_id="1", file=NativeFile(id="F1", url="https://u")),
        created_at=1,
        expires_at=2,
    ),
    Alert(
        id="alr_1",
        room_id="room_1",
        message_id="msg_1",
        summary="disk",
        severity=Severity.CRITICAL,
        details="full",
        dedup_key="room_1|disk",
        source="hook",
        state=AlertState.ACKNOWLEDGED,
        count=3,
        by="priya",
        via="phones",
        answered_at=1,
        closed_at=2,
        created_at=3,
        updated_at=4,
    ),
    Climb(id="clm_1", subject="alr_1", message_id="msg_1", member_id="mem_1", rung=2, due_at=9, reached=("phones",)),
    ReplyCode(channel="phones", conversation="+44", code="1", message_id="msg_1", given_at=1),
    Kept(
        id="kpt_1",
        channel="mail",
        conversation="c",
        native_id="n",
        author="A",
        author_native="a@b",
        text="t",
        reason="forged",
        room_id="room_1",
        thread="msg_1",
        state=KeptState.RELEASED,
        at=1,
        decided_by="priya",
    ),
    Original(message_id="msg_1", text="> quoted"),
    Usage(channel="phones", conversation="", day="2026-11-20", units=3, messages=2),
    Consent(channel="phones", conversation="+44", wanted=False, word="STOP", at=1),
    PolicySet(
        ladder=(Rung(via="sms", wait=5),),
        on_call=("priya",),
        notify={"priya": Notify(ladder=(Rung(via="mention", wait=1),), quiet=QuietHours(start=1, end=2, zone="UTC"))},
        gates=("vigil",),
    ),
    Delivery(
        id="dlv_1",
        position=1,
        operation=Operation.SEND,
        room_id="room_1",
        message_id="msg_1",
        seq=7,
        link_id="lnk_1",
        channel="slack",
        conversation="C1",
        via="auto",
        lane="slack|C1|auto",
        state=DeliveryState.UNCERTAIN,
        attempts=2,
        next_at=5,
        fault=Fault(code="timeout", detail="d", fix="f"),
        frames=(Frame(text="x", index=0, total=1, units=1),),
        fingerprint="abc",
        sent=1,
        degradations=(Degradation(feature="table", level=Support.FALLBACK, detail="as text"),),
        emoji="🐟",
        text="notice",
        notice_for="U1",
        late=True,
        epoch=3,
        created_at=1,
        updated_at=2,
    ),
    Part(
        channel="slack",
        conversation="C1",
        native_id="1.2",
        message_id="msg_1",
        room_id="room_1",
        direction=PartDirection.OUT,
        delivery_id="dlv_1",
        index=1,
        thread_native="1.1",
        author_native="U1",
        url="https://u",
        created_at=1,
    ),
    Cursor(channel="slack", conversation="C1", cursor="c", updated_at=1),
    InboxCursor(member_id="mem_1", after=4, updated_at=1),
    Member(
        id="mem_1",
        handle="priya",
        kind=MemberKind.AI,
        level=Level.L3,
        display="Priya",
        ai="claude",
        machine="desk",
        specialities=("a", "b"),
        managed_by=ManagedBy.CONFIG,
        created_at=1,
        archived_at=2,
    ),
    Account(channel="slack", native_id="U1", member_id="mem_1", managed_by=ManagedBy.CONFIG, joined_at=1),
    Token(
        id="tok_1",
        member_id="mem_1",
        digest="d",
        level=Level.L1,
        rooms=("room_1",),
        label="l",
        created_at=1,
        expires_at=2,
        revoked_at=3,
    ),
    JoinCode(code="c", channel="slack", native_id="U1", display="Priya", expires_at=1),
    Room(
        id="room_1",
        name="alpha",
        project="p",
        title="t",
        access=Access.MEMBERS,
        members=("mem_1",),
        guests=Guests.NONE,
        packets=PacketMode.REQUIRE,
        managed_by=ManagedBy.CONFIG,
        place=Place(file="config.yaml", line=3),
        created_at=1,
        archived_at=2,
    ),
    Link(
        id="lnk_1",
        room_id="room_1",
        channel="slack",
        conversation="C1",
        label="#alpha",
        member_id="mem_1",
        direction=Direction.OUT,
        carry=(MessageType.ALERT, MessageType.HANDOFF),
        min_severity=Severity.WARNING,
        via="webhook",
        backlog=Backlog.DIGEST,
        managed_by=ManagedBy.CONFIG,
        place=Place(file="config.yaml", line=3),
        created_at=1,
        archived_at=2,
    ),
    ChannelRecord(name="slack", adapter="slack", paused=True, epoch=2),
    Event(stream="room_1", seq=1, kind=EventKind.MESSAGE, at=1, message_id="msg_1", body=b"{}"),
)


def bare(value: Value) -> Value:
    """The value with every field that has a default at its default."""
    fields = msgspec.structs.fields(type(value))
    return type(value)(**{field.name: getattr(value, field.name) for field in fields if field.required})


def mapping_for(value: Value) -> typing.Any:
    return EVENT if isinstance(value, Event) else mapping_of(type(value))


def test_every_kind_of_row_is_tried_here() -> None:
    assert {type(value) for value in FULL} == {mapping.kind for mapping in mappings()} | {Event}


@pytest.mark.parametrize("value", [*FULL, *map(bare, FULL)], ids=lambda value: type(value).__name__)
def test_a_value_comes_back_from_its_row_as_it_was(value: Value) -> None:
    mapping = mapping_for(value)
    back = mapping.value(mapping.row(value))
    assert back == value
    for name in mapping.columns:
        assert type(getattr(back, name)) is type(getattr(value, name))


@pytest.mark.parametrize("value", FULL, ids=lambda value: type(value).__name__)
def test_a_row_holds_nothing_that_a_driver_would_have_to_guess_at(value: Value) -> None:
    row = mapping_for(value).row(value)
    assert {type(cell) for cell in row} <= {str, int, bytes, type(None)}
    assert not any(isinstance(cell, Enum) for cell in row)
    marks = ", ".join("?" * len(row))
    assert sqlite3.connect(":memory:").execute(f"SELECT {marks}", row).fetchone() == row


@pytest.mark.parametrize("mapping", [*mappings(), EVENT], ids=lambda mapping: mapping.table)
def test_a_table_has_the_fields_of_its_value_in_order(mapping: typing.Any) -> None:
    table = Row.metadata.tables[mapping.table]
    assert [column.name for column in table.columns if column.name != "id" or "id" in mapping.columns] == list(
        mapping.columns
    )
    if mapping is not EVENT:
        assert [column.name for column in table.primary_key] == list(mapping.key)


def test_a_kind_that_is_no_row_has_no_mapping() -> None:
    with pytest.raises(KeyError):
        mapping_of(Frame)
