"""The Python client against a running hub."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
import pytest_asyncio

from tests.contract.api.house import House
from tieline.client import Client, ClientError, MessageEvent, Resynced
from tieline.client.stream import DeleteEvent, DeliveryEvent, EditEvent, InboxEvent, ReactionEvent, TailEvent
from tieline.errors import HubBusy, TielineError
from tieline.model.commands import CreateLink, ResolveLink, RevokeToken
from tieline.model.members import MemberKind
from tieline.model.rooms import Direction, Link
from tieline.model.shapes import (
    LinkBody,
    LinkPatch,
    MemberBody,
    MemberPatch,
    MessageOut,
    PostBody,
    Problem,
    ReactionOut,
    RoomBody,
    RoomPatch,
    TokenBody,
)


@pytest_asyncio.fixture
async def bob(house: House) -> AsyncIterator[Client]:
    async with Client(house.url + "/", house.tokens["bob"]) as client:
        yield client


@pytest_asyncio.fixture
async def ada(house: House) -> AsyncIterator[Client]:
    async with Client(house.url, house.tokens["ada"]) as client:
        yield client


async def test_messages_are_posted_read_changed_and_deleted(bob: Client) -> None:
    posted = await bob.post("studio", "hello")
    assert await bob.message(posted.id) == posted
    assert (await bob.edit(posted.id, "hello, world")).text == "hello, world"
    await bob.react(posted.id, "👍")
    assert (await bob.message(posted.id)).reactions == (ReactionOut(emoji="👍", by=("bob",)),)
    await bob.react(posted.id, "👍", on=False)
    assert (await bob.delete(posted.id)).deleted_at
    page = await bob.messages("studio")
    assert [m.id for m in page.messages] == [posted.id]
    kinds = [type(event) for event in (await bob.events("studio")).items]
    assert kinds == [MessageEvent, EditEvent, ReactionEvent, ReactionEvent, DeleteEvent]
    await bob.typing("studio")


async def test_a_batch_answers_messages_and_problems_in_order(bob: Client) -> None:
    one, two = await bob.post_batch("studio", [PostBody(text="a"), PostBody(text="b", thread="nowhere")])
    assert isinstance(one, MessageOut)
    assert isinstance(two, Problem)


async def test_a_refusal_is_raised_with_its_problem(bob: Client) -> None:
    with pytest.raises(ClientError) as caught:
        await bob.post("vault", "x")
    assert (caught.value.status, caught.value.code) == (404, "room_not_found")
    assert "vault" in caught.value.problem.detail
    assert isinstance(caught.value, TielineError)


async def test_a_bad_packet_brings_its_correction(house: House) -> None:
    text = "[TASK_ID]: dj-waste-014\n[CURRENT_STATE]: REDY\n[PAYLOAD_PATH]: /srv/x\n[NEXT_HOP]: @lin"
    async with Client(house.url, house.tokens["rowan"]) as rowan:
        with pytest.raises(ClientError) as caught:
            await rowan.post("studio", text)
        assert caught.value.problem.violations[0].code.startswith("PV")
        corrected = caught.value.extra["corrected"]
        assert isinstance(corrected, str)
        assert (await rowan.post("studio", corrected)).packet


async def test_a_post_survives_a_busy_hub_and_stands_there_once(
    house: House, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = type(house.store.hub).execute
    answers = ["busy", "busy", "lost", "well"]

    async def stumbling(hub: object, command: object) -> object:
        fate = answers.pop(0)
        if fate == "busy":
            raise HubBusy("full", retry_after=0)
        outcome = await real(hub, command)  # type: ignore[arg-type]
        if fate == "lost":
            raise HubBusy("committed, but the answer is lost", retry_after=0)
        return outcome

    monkeypatch.setattr(type(house.store.hub), "execute", stumbling)
    posted = await bob.post("studio", "once")
    assert posted.seq == 1
    assert answers == []
    assert len((await bob.messages("studio")).messages) == 1


async def test_the_directory_is_managed(ada: Client, house: House) -> None:
    room = await ada.create_room(RoomBody(name="attic", project="p"))
    assert await ada.room("attic") == room
    assert (await ada.update_room("attic", RoomPatch(title="T"))).title == "T"
    assert [r.name for r in (await ada.rooms(project="p")).items] == ["attic"]
    link = await ada.create_link("attic", LinkBody(channel="slack", conversation="C7"))
    assert (await ada.update_link(link.id, LinkPatch(direction=Direction.OUT))).direction is Direction.OUT
    assert [one.id for one in (await ada.links("attic")).items] == [link.id]
    await ada.remove_link(link.id)
    assert (await ada.links("attic")).items == ()
    member = await ada.create_member(MemberBody(handle="kay", kind=MemberKind.AI, accounts={"slack": "U7"}))
    assert member.accounts == {"slack": "U7"}
    assert (await ada.update_member("kay", MemberPatch(display="Kay"))).display == "Kay"
    token = await ada.create_token(TokenBody(handle="kay", expires_in=60))
    async with Client(house.url, token.token) as kay:
        assert (await kay.me()).member.handle == "kay"
    assert token.id in {t.id for t in (await ada.tokens()).items}
    await ada.revoke_token(token.id)
    await ada.archive_member("kay")
    assert "kay" not in {m.handle for m in (await ada.members()).items}
    await ada.archive_room("attic")


async def test_what_the_hub_is_doing_is_asked(ada: Client, bob: Client, house: House) -> None:
    link = await house.run(CreateLink(room="studio", channel="slack", conversation="C1"))
    assert isinstance(link, Link)
    await house.run(ResolveLink(link_id=link.id, conversation="C1"))
    posted = await bob.post("studio", "x")
    assert (await ada.channels()).items[0].open == 1
    await ada.pause_channel("slack")
    await ada.resume_channel("slack")
    [delivery] = (await ada.deliveries(state="queued", channel="slack")).items
    assert (await ada.message_deliveries(posted.id)).items == (delivery,)
    assert (await ada.discard_delivery(delivery.id)).state == "expired"
    assert (await bob.preview("studio", "x")).items[0].channel == "slack"
    assert (await bob.check_packet("no packet")).violations == ()
    assert "studio" in await ada.export_config()
    assert (await bob.presence()).items == ()
    with pytest.raises(ClientError, match="channel_not_found"):
        await ada.test_channel("none")
    with pytest.raises(ClientError):
        await ada.retry_delivery(delivery.id + "x")


async def test_the_inbox_is_read_and_watched(house: House, bob: Client) -> None:
    async with Client(house.url, house.tokens["lin"]) as lin:
        await bob.post("studio", "hi @lin")
        [item] = (await lin.inbox()).items
        assert isinstance(item, InboxEvent)
        await lin.read_inbox(item.seq)
        assert (await lin.inbox()).items == ()
        await bob.post("studio", "hi again @lin")
        first = await asyncio.wait_for(anext(lin.watch_inbox(item.seq)), 10)
        assert isinstance(first, InboxEvent)
        assert first.message["text"] == "hi again @lin"


# ── the tail ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class State:
    """What one knows of a room's messages from its events alone."""

    messages: dict[str, dict[str, object]] = field(default_factory=dict)
    seqs: list[int] = field(default_factory=list)

    def take(self, event: TailEvent) -> None:
        match event:
            case MessageEvent():
                self.messages[event.id] = {"text": event.text, "reactions": event.reactions, "deleted": False}
            case EditEvent():
                self.messages[event.message]["text"] = event.text
            case DeleteEvent():
                self.messages[event.message] = {"text": "", "reactions": (), "deleted": True}
            case ReactionEvent():
                self.messages[event.message]["reactions"] = event.reactions
            case _:
                raise AssertionError(event)
        self.seqs.append(event.seq)


async def cut_now_and_then(house: House, chance: random.Random, done: asyncio.Event) -> int:
    """Break connections hard, at random, until it is done."""
    cuts = 0
    fanout = house.adapter._fanout
    assert fanout is not None
    while not done.is_set():
        await house.json("GET", "/me")
        for connection in list(fanout.connections):
            if chance.random() < 0.08:
                connection._transport.abort()
                cuts += 1
    return cuts


async def act(house: House, chance: random.Random, steps: int) -> None:
    """Post, edit, react and delete at random."""
    alive: list[str] = []
    for step in range(steps):
        choice = chance.random()
        if not alive or choice < 0.5:
            alive.append((await house.post(f"m{step}"))["id"])
        elif choice < 0.7:
            await house.json("PATCH", f"/messages/{chance.choice(alive)}", "bob", json={"text": f"e{step}"})
        elif choice < 0.9:
            emoji, method = chance.choice("👍🎉👀"), chance.choice(["PUT", "PUT", "DELETE"])
            await house.json(method, f"/messages/{chance.choice(alive)}/reactions/{emoji}", "lin")
        else:
            await house.json("DELETE", f"/messages/{alive.pop(chance.randrange(len(alive)))}", "bob")


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_tail_cut_at_random_ends_with_the_state_of_a_fresh_reader(
    house: House, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tieline.client.stream._FIRST_PAUSE", 0.001)
    monkeypatch.setattr("tieline.client.stream._LONGEST_PAUSE", 0.01)
    chance = random.Random(seed)
    state, done = State(), asyncio.Event()
    cutting = asyncio.create_task(cut_now_and_then(house, chance, done))

    async def follow(client: Client) -> None:
        async for event in client.tail("studio", after=0):
            state.take(event)

    async with Client(house.url, house.tokens["eve"]) as client:
        following = asyncio.create_task(follow(client))
        await act(house, chance, 250)
        room = house.directory.room("studio")
        assert room is not None
        last = await house.store.reader.last_seq(room.id)
        async with asyncio.timeout(30):
            while not state.seqs or state.seqs[-1] < last:
                await house.json("GET", "/me")
        done.set()
        cuts = await cutting
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        fresh = await client.messages("studio", limit=500)
    assert cuts > 3, "the connection was really cut"
    assert state.seqs == list(range(1, last + 1)), "every event once, in order"
    assert state.messages == {
        m.id: {"text": m.text, "reactions": m.reactions, "deleted": m.deleted_at is not None} for m in fresh.messages
    }


async def test_a_tail_survives_a_restart_of_the_hub_and_says_where_it_is(house: House, bob: Client) -> None:
    tail = bob.tailing("studio", after={"studio": 0})
    events = tail.events()
    await bob.post("studio", "one")
    first = await asyncio.wait_for(anext(events), 10)
    assert tail.seen == {"studio": 1}
    fanout = house.adapter._fanout
    assert fanout is not None
    for connection in list(fanout.connections):
        connection.close(1001, "going away")
    await bob.post("studio", "two")
    second = await asyncio.wait_for(anext(events), 10)
    assert isinstance(first, MessageEvent)
    assert isinstance(second, MessageEvent)
    assert (first.text, second.text) == ("one", "two")


async def test_a_tail_tells_of_lost_history_and_of_deliveries(house: House, bob: Client) -> None:
    events = bob.tail("studio", after=7)
    assert await asyncio.wait_for(anext(events), 10) == Resynced(stream="studio", oldest=1)
    link = await house.run(CreateLink(room="studio", channel="slack", conversation="C1"))
    assert isinstance(link, Link)
    await house.run(ResolveLink(link_id=link.id, conversation="C1"))
    watching = bob.tail("studio", after=0, deliveries=True)
    await bob.post("studio", "carried")
    found = [type(await asyncio.wait_for(anext(watching), 10))]
    await house.json("POST", f"/deliveries/{(await bob.deliveries()).items[0].id}/discard", "lin")
    while DeliveryEvent not in found:
        found.append(type(await asyncio.wait_for(anext(watching), 10)))


async def test_a_tail_ends_where_trying_again_is_of_no_use(house: House) -> None:
    async with Client(house.url, "tl_wrong") as client:
        with pytest.raises(ClientError) as caught:
            await asyncio.wait_for(anext(client.tail("studio")), 10)
        assert caught.value.status == 401
    async with Client(house.url, house.tokens["bob"]) as client:
        with pytest.raises(ClientError) as caught:
            await asyncio.wait_for(anext(client.tail("vault")), 10)
        assert caught.value.code == "room_not_found"
        events = client.tail("studio", after=0)
        await house.post("x")
        await asyncio.wait_for(anext(events), 10)
        for token in house.directory.tokens():
            if token.member_id == house.directory.member("bob").id:  # type: ignore[union-attr]
                await house.run(RevokeToken(token_id=token.id))
        with pytest.raises(ClientError, match="invalid_token"):
            await asyncio.wait_for(anext(events), 10)


async def test_an_unreachable_hub_raises_after_its_tries(unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tieline.client.problem._PAUSE", 0)
    async with Client(f"http://127.0.0.1:{unused_tcp_port}", "t") as client:
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.post("studio", "x", tries=2)
