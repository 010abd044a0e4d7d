"""`ApplyConfig`: the configuration and the API change only their own, and only the difference is written."""

from __future__ import annotations

from tests.services.studio import Studio
from tieline.model.commands import (
    ApplyConfig,
    ArchiveRoom,
    CreateLink,
    LinkSpec,
    MemberSpec,
    RegisterChannel,
    RemoveLink,
    RoomSpec,
    UpdateMember,
    UpdateRoom,
)
from tieline.model.delivery import DeliveryState
from tieline.model.members import Level, MemberKind
from tieline.model.rooms import Access, Direction


def file(*rooms: RoomSpec, members: tuple[MemberSpec, ...] = ()) -> ApplyConfig:
    return ApplyConfig(file="config.yaml", members=members, rooms=rooms)


def member(handle: str, **accounts: str) -> MemberSpec:
    return MemberSpec(handle=handle, kind=MemberKind.HUMAN, level=Level.L2, accounts=accounts)


LINK = LinkSpec(channel="slack", line=9, label="#studio")


async def applied(studio: Studio, command: ApplyConfig) -> tuple[str, ...]:
    value = await studio.done(command)
    assert isinstance(value, tuple)
    return value


async def test_the_same_file_twice_changes_nothing(studio: Studio) -> None:
    command = file(RoomSpec(name="studio", line=3, links=(LINK,)), members=(member("priya", slack="U1"),))
    assert len(await applied(studio, command)) == 4
    assert await applied(studio, command) == ()


async def test_what_left_the_file_is_archived_and_its_waiting_deliveries_end_visibly(studio: Studio) -> None:
    await studio.done(RegisterChannel(name="slack", adapter="slack"))
    await applied(studio, file(RoomSpec(name="studio", line=3, links=(LINK,)), members=(member("priya"),)))
    message = await studio.post("priya", "on its way")
    lines = await applied(studio, file(RoomSpec(name="studio", line=3), members=(member("priya"),)))
    assert lines == ("link slack #studio removed",)
    (delivery,) = await studio.deliveries(message.id)
    assert delivery.state is DeliveryState.EXPIRED
    assert delivery.fault is not None
    assert delivery.fault.code == "link_removed"
    await studio.post("priya", "after it")
    assert len(await studio.deliveries()) == 1
    assert await applied(studio, file(members=(member("priya"),))) == ("room studio archived",)
    assert studio.directory.room("studio") is None


async def test_what_the_file_owns_the_api_does_not_change_and_is_told_the_line(studio: Studio) -> None:
    await applied(studio, file(RoomSpec(name="studio", line=3, links=(LINK,)), members=(member("priya"),)))
    (link,) = studio.directory.links_of(studio.directory.rooms()[0].id)
    for command in (
        UpdateRoom(room="studio", access=Access.MEMBERS),
        ArchiveRoom(room="studio"),
        RemoveLink(link_id=link.id),
        UpdateMember(handle="priya", level=Level.L4),
    ):
        refusal = await studio.refused(command)
        assert (refusal.status, refusal.code) == (409, "managed_by_config"), command
    assert "line 3" in (await studio.refused(ArchiveRoom(room="studio"))).detail


async def test_a_name_in_both_refuses_the_whole_reload(studio: Studio) -> None:
    await studio.room("studio")
    refusal = await studio.refused(file(RoomSpec(name="other", line=3), RoomSpec(name="studio", line=7)))
    assert refusal.code == "owned_by_api"
    assert [(v.field, v.line) for v in refusal.violations] == [("room studio", 7)]
    assert studio.directory.room("other") is None


async def test_links_of_the_api_stay_on_a_room_of_the_file(studio: Studio) -> None:
    await studio.done(RegisterChannel(name="slack", adapter="slack"))
    await applied(studio, file(RoomSpec(name="studio", line=3)))
    await studio.link("C9")
    assert await applied(studio, file(RoomSpec(name="studio", line=4))) == ("room studio moved in the file",)
    assert len(studio.directory.links_of(studio.directory.rooms()[0].id)) == 1


async def test_a_conversation_speaks_into_one_room_only(studio: Studio) -> None:
    await studio.room("studio")
    await studio.room("other")
    await studio.link("C1")
    refusal = await studio.refused(CreateLink(room="other", channel="slack", conversation="C1"))
    assert (refusal.status, refusal.code) == (409, "conversation_linked")
    await studio.link("C1", room="other", direction=Direction.OUT)
