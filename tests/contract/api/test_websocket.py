"""The web socket against a running hub. Rules: docs/api.md, "Web socket"; RFC 6455; ASVS 5.0 4.4."""

from __future__ import annotations

import asyncio
import random
import socket as sockets
from typing import Any

import aiohttp
import pytest

from tests.contract.api.house import House, furnish, open_house
from tests.contract.api.test_api_http import signed_in
from tieline.model.commands import CreateLink, CreateRoom, PostMessage, ResolveLink, RevokeToken, UpdateRoom
from tieline.model.members import Actor, Level, Via
from tieline.model.rooms import Access, Link

Socket = aiohttp.ClientWebSocketResponse
Frame = dict[str, Any]
SOON = 10.0


async def hear(socket: Socket) -> Frame:
    """The next frame."""
    frame: Frame = await socket.receive_json(timeout=SOON)
    return frame


async def until(socket: Socket, kind: str, count: int = 1) -> list[Frame]:
    """The next ``count`` frames of a kind; others in between are passed over."""
    found: list[Frame] = []
    while len(found) < count:
        frame = await hear(socket)
        if frame["type"] == kind:
            found.append(frame)
    return found


async def subscribe(socket: Socket, *rooms: str, **fields: object) -> Frame:
    await socket.send_json({"type": "subscribe", "rooms": rooms, **fields})
    return (await until(socket, "subscribed"))[0]


async def closed_with(socket: Socket) -> int | None:
    """Read to the end; the code it was closed with."""
    async with asyncio.timeout(SOON):
        async for _ in socket:
            pass
    return socket.close_code


# ── signing in ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_token_in_the_header_is_answered_by_ready(house: House) -> None:
    async with house.http.ws_connect(house.url + "/ws", headers=house.auth("bob")) as socket:
        assert await hear(socket) == {
            "type": "ready",
            "v": 1,
            "member": {"handle": "bob", "kind": "human", "display": "bob", "level": "L2"},
        }


async def test_a_token_in_the_first_frame_does_as_well(house: House) -> None:
    async with house.socket(None) as socket:
        await socket.send_json({"type": "auth", "token": house.tokens["bob"]})
        assert (await hear(socket))["type"] == "ready"


@pytest.mark.parametrize("first", ['{"type":"auth","token":"wrong"}', '{"type":"subscribe","rooms":["*"]}', "hm"])
async def test_anything_else_as_first_frame_is_4401(house: House, first: str) -> None:
    async with house.socket(None) as socket:
        await socket.send_str(first)
        assert await closed_with(socket) == 4401


async def test_silence_instead_of_a_first_frame_is_4401(database: str) -> None:
    async with open_house(database, websocket={"auth_within": 0.1}) as house, house.socket(None) as socket:
        assert await closed_with(socket) == 4401


async def test_a_wrong_token_in_the_header_is_401_at_the_upgrade(house: House) -> None:
    house.tokens["forged"] = "tl_forged"
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with house.socket("forged"):
            pass
    assert caught.value.status == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "", None])
async def test_a_session_cookie_from_a_foreign_page_is_403_at_the_upgrade(house: House, origin: str | None) -> None:
    headers = {"Cookie": f"tieline_session={await signed_in(house)}"}
    if origin is not None:
        headers["Origin"] = origin
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with house.socket(None, headers=headers):
            pass
    assert caught.value.status == 403


async def test_a_session_cookie_from_our_own_page_is_ready_at_once(house: House) -> None:
    headers = {"Cookie": f"tieline_session={await signed_in(house)}", "Origin": house.url}
    async with house.socket(None, headers=headers) as socket:
        assert (await hear(socket))["member"]["handle"] == "bob"


async def test_a_plain_request_is_told_to_upgrade(house: House) -> None:
    status, problem = await house.json("GET", "//ws", "bob")
    assert (status, problem["code"]) == (426, "upgrade_required")


# ── hearing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_without_after_only_what_happens_from_now_on_is_heard(house: House) -> None:
    await house.post("before")
    async with house.socket("eve") as socket:
        assert (await subscribe(socket, "studio"))["rooms"] == {"studio": 1}
        message = await house.post("after")
        frame = await hear(socket)
        assert (frame["type"], frame["room"], frame["seq"], frame["text"]) == ("message", "studio", 2, "after")
        assert (frame["id"], frame["message_type"], frame["author"]["handle"]) == (message["id"], "chat", "bob")


async def test_after_gives_everything_since_then_live_without_gap_or_repeat_under_concurrent_posts(
    house: House,
) -> None:
    texts = [f"m{n}" for n in range(600)]
    await house.json(
        "POST", "/rooms/studio/messages/batch", "bob", json={"messages": [{"text": t} for t in texts[:300]]}
    )
    async with house.socket("eve") as socket:
        posting = asyncio.create_task(_post_one_by_one(house, texts[300:]))
        await subscribe(socket, "studio", after={"studio": 100})
        frames = await until(socket, "message", 500)
        await posting
    assert [f["seq"] for f in frames] == list(range(101, 601))
    assert sorted(f["text"] for f in frames) == sorted(texts[100:])


async def _post_one_by_one(house: House, texts: list[str]) -> None:
    for start in range(0, len(texts), 10):
        await asyncio.gather(*(house.post(text) for text in texts[start : start + 10]))


async def test_an_after_from_another_history_is_told_to_resync(house: House) -> None:
    await house.post("one")
    async with house.socket("eve") as socket:
        await subscribe(socket, "studio", after={"studio": 99})
        assert await hear(socket) == {"type": "resync", "stream": "studio", "oldest": 2}
        await house.post("two")
        assert (await hear(socket))["seq"] == 2


async def test_edits_deletes_and_reactions_are_heard_in_order(house: House) -> None:
    async with house.socket("eve") as socket:
        await subscribe(socket, "studio", after={"studio": 0})
        message = await house.post("frist")
        path = f"/messages/{message['id']}"
        await house.json("PATCH", path, "bob", json={"text": "first"})
        await house.json("PUT", f"{path}/reactions/👍", "lin")
        await house.json("DELETE", path, "bob")
        frames = [await hear(socket) for _ in range(4)]
    assert [(f["type"], f["seq"]) for f in frames] == [("message", 1), ("edit", 2), ("reaction", 3), ("delete", 4)]
    assert {f.get("message", message["id"]) for f in frames} == {message["id"]}
    assert frames[1]["text"] == "first"
    assert frames[2]["reactions"] == [{"emoji": "👍", "by": ["lin"]}]


async def test_a_star_hears_every_room_one_may_see_those_made_later_too(house: House) -> None:
    async with house.socket("bob") as socket:
        assert set((await subscribe(socket, "*"))["rooms"]) == {"studio", "@me"}
        await house.run(CreateRoom(name="later"))
        await house.run(CreateRoom(name="hidden", access=Access.MEMBERS, members=("lin",)))
        await house.post("unseen", "lin", "hidden")
        await house.post("seen", "lin", "later")
        frame = await hear(socket)
        assert (frame["room"], frame["seq"], frame["text"]) == ("later", 1, "seen")


async def test_a_room_one_may_not_see_is_refused_like_an_absent_one_and_the_others_are_heard(house: House) -> None:
    async with house.socket("bob") as socket:
        await socket.send_json({"type": "subscribe", "rooms": ["vault", "absent", "studio"], "ref": "s1"})
        first, second, third = [await hear(socket) for _ in range(3)]
        assert (first["ref"], first["problem"]["status"], first["problem"]["code"]) == ("s1", 404, "room_not_found")
        assert first["problem"]["detail"].replace("vault", "") == second["problem"]["detail"].replace("absent", "")
        assert third == {"type": "subscribed", "rooms": {"studio": 0}, "ref": "s1"}


async def test_a_project_filter_takes_only_its_rooms_under_either_name(house: House) -> None:
    await house.run(CreateRoom(name="other", project="elsewhere"))
    async with house.socket("bob") as socket:
        for name in ("project_id", "projectId"):
            rooms = (await subscribe(socket, "*", filters={name: "dj-waste"}))["rooms"]
            assert set(rooms) - {"@me"} == {"studio"}


async def test_the_inbox_is_a_stream_of_its_own_with_a_cursor(house: House) -> None:
    await house.post("one @lin")
    async with house.socket("lin") as socket:
        await subscribe(socket, after={"@me": 0})
        frame = await hear(socket)
        assert (frame["type"], frame["stream"], frame["seq"], frame["reason"]) == ("inbox", "@me", 1, "mention")
        await house.post("two @lin")
        frame = await hear(socket)
        assert (frame["seq"], frame["message"]["text"]) == (2, "two @lin")


async def test_deliveries_are_heard_on_request(house: House) -> None:
    link = await house.run(CreateLink(room="studio", channel="slack", conversation="C1"))
    assert isinstance(link, Link)
    await house.run(ResolveLink(link_id=link.id, conversation="C1"))
    async with house.socket("eve") as socket, house.socket("bob") as other:
        await subscribe(socket, "studio", deliveries=True)
        await subscribe(other, "studio")
        message = await house.post("carried")
        [frame] = await until(socket, "delivery")
        assert (frame["message"], frame["delivery"]["state"], frame["delivery"]["channel"]) == (
            message["id"], "queued", "slack",
        )  # fmt: skip
        status, _ = await house.json("POST", f"/deliveries/{frame['delivery']['id']}/discard", "lin")
        assert status == 200
        [frame] = await until(socket, "delivery")
        assert frame["delivery"]["state"] == "expired"
        assert (await hear(other))["type"] == "message"
        await other.send_json({"type": "ping", "ref": 1})
        assert await hear(other) == {"type": "pong", "ref": 1}, "no delivery frame came before"


async def test_unsubscribed_rooms_are_silent(house: House) -> None:
    async with house.socket("bob") as socket:
        await subscribe(socket, "studio")
        await socket.send_json({"type": "unsubscribe", "rooms": ["studio"]})
        assert await hear(socket) == {"type": "unsubscribed", "rooms": ["studio"]}
        await house.post("unheard")
        await socket.send_json({"type": "ping"})
        assert (await hear(socket))["type"] == "pong"


async def test_binary_pings_of_the_protocol_are_answered(house: House) -> None:
    async with house.http.ws_connect(house.url + "/ws", headers=house.auth("bob"), autoping=False) as socket:
        await hear(socket)
        await socket.ping(b"you there")
        pong = await socket.receive(timeout=SOON)
        assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"you there")


# ── posting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_ack_means_committed_and_names_the_message(house: House) -> None:
    async with house.socket("bob") as socket:
        post = {
            "type": "post",
            "ref": "c1",
            "room": "studio",
            "text": "hi",
            "message_type": "question",
            "client_id": "k",
        }
        await socket.send_json(post)
        ack = await hear(socket)
        assert (ack["type"], ack["ref"], ack["seq"]) == ("ack", "c1", 1)
        found = await house.store.reader.message(ack["id"])
        assert found is not None
        assert (found.text, found.type, found.author.handle) == ("hi", "question", "bob")
        await socket.send_json({**post, "ref": "c2"})
        assert await hear(socket) == {**ack, "ref": "c2"}, "the same key is the same message"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"room": "vault"}, "room_not_found"),
        ({"author": "ada"}, "invalid_frame"),
        ({"text": ""}, "empty_text"),
        ({"text": "a\0b"}, "invalid_body"),
        ({"attachments": [{"id": "a"}]}, "attachment_not_found"),
    ],
)
async def test_a_refused_post_is_an_error_and_the_connection_stays(
    house: House, fields: dict[str, object], code: str
) -> None:
    async with house.socket("bob") as socket:
        await socket.send_json({"type": "post", "ref": 7, "room": "studio", "text": "x", **fields})
        error = await hear(socket)
        assert (error["type"], error["problem"]["code"]) == ("error", code)
        await socket.send_json({"type": "post", "ref": 8, "room": "studio", "text": "x"})
        assert (await hear(socket))["type"] == "ack"


async def test_a_reader_may_not_post(house: House) -> None:
    async with house.socket("eve") as socket:
        await socket.send_json({"type": "post", "ref": 1, "room": "studio", "text": "x"})
        assert (await hear(socket))["problem"]["code"] == "level_too_low"


async def test_five_thousand_posts_in_flight_are_all_acknowledged_in_order(house: House) -> None:
    async with house.socket("bob") as socket:
        sending = asyncio.create_task(_send_many(socket, 5000))
        acks = await until(socket, "ack", 5000)
        await sending
    assert [a["ref"] for a in acks] == list(range(5000))
    assert [a["seq"] for a in acks] == list(range(1, 5001))


async def _send_many(socket: Socket, count: int) -> None:
    for ref in range(count):
        await socket.send_str(f'{{"type":"post","ref":{ref},"room":"studio","text":"m"}}')


async def test_10000_seeded_malformed_frames_are_answered_and_the_connection_stays(house: House) -> None:
    chance = random.Random(20260205)
    pieces = [b"{", b"}", b"[", b"]", b'"', b":", b",", b'"type"', b'"post"', b'"subscribe"', b'"rooms"', b"null",
              b"1e999", b"-0", b"\\ud800", b"\xff", b"\x00", b"\\u0000", b"[[[[", b'"auth"', b'{"type":"auth","token":"x"}']  # fmt: skip
    async with house.socket("bob") as socket:
        raw = socket._writer
        for _ in range(100):
            for _ in range(100):
                frame = b"".join(chance.choice(pieces) for _ in range(chance.randrange(10)))
                await raw.send_frame(frame, aiohttp.WSMsgType.TEXT)
            for _ in range(100):
                assert (await hear(socket))["type"] == "error"
        await socket.send_bytes(b"\x00\x01")
        assert (await hear(socket))["problem"]["code"] == "malformed_frame"
        await socket.send_json({"type": "post", "ref": 1, "room": "studio", "text": "still here"})
        assert (await hear(socket))["type"] == "ack"


# ── what changes meanwhile ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_revoked_token_closes_its_connections_within_a_second_and_no_others(house: House) -> None:
    house.tokens["second"] = await house.token("bob", Level.L2)
    token = next(t for t in house.directory.tokens() if t.id == house.directory.tokens()[-1].id)
    async with house.socket("second") as socket, house.socket("bob") as other:
        await subscribe(socket, "studio")
        await house.run(RevokeToken(token_id=token.id))
        async with asyncio.timeout(1):
            assert await closed_with(socket) == 4401
        await other.send_json({"type": "ping"})
        assert (await hear(other))["type"] == "pong"


async def test_who_loses_sight_of_a_room_hears_nothing_more_of_it(house: House) -> None:
    async with house.socket("bob") as socket:
        await subscribe(socket, "*")
        await house.post("heard", "lin")
        assert (await hear(socket))["text"] == "heard"
        await house.run(UpdateRoom(room="studio", access=Access.MEMBERS, members=("lin",)))
        assert await hear(socket) == {"type": "unsubscribed", "rooms": ["studio"]}
        await house.post("unheard", "lin")
        await house.run(UpdateRoom(room="studio", access=Access.OPEN))
        await house.post("heard again", "lin")
        frame = await hear(socket)
        assert (frame["seq"], frame["text"]) == (3, "heard again")


async def test_a_token_that_expires_is_found_by_the_sweep(house: House) -> None:
    """Nothing is committed when a token runs out, so connections are looked at now and then."""
    async with house.socket("bob") as socket:
        fanout = house.adapter._fanout
        assert fanout is not None
        [connection] = fanout.connections
        token = next(t for t in house.directory.tokens() if t.member_id == connection.member_id)
        house.directory.apply(
            [type(token)(**{**{f: getattr(token, f) for f in token.__struct_fields__}, "expires_at": 1})]
        )
        connection.reauthenticate()
        assert await closed_with(socket) == 4401


# ── slow readers ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def slow_socket(house: House, handle: str) -> sockets.socket:
    """A client with small buffers that reads only when told to: a bare socket past the upgrade and ``subscribe``."""
    host, port = house.url.removeprefix("http://").split(":")
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, (host, int(port)))
    request = (
        f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {house.tokens[handle]}\r\n\r\n"
    )
    await loop.sock_sendall(raw, request.encode())
    payload = b'{"type":"subscribe","rooms":["studio"],"after":{"studio":0}}'
    await loop.sock_sendall(raw, b"\x81" + bytes([0x80 | len(payload)]) + b"\0\0\0\0" + payload)
    return raw


async def flood(house: House, count: int, size: int) -> None:
    actor = Actor(member=house.directory.member("bob"), level=Level.L2, via=Via.HTTP)
    for start in range(0, count, 20):
        posts = [
            PostMessage(actor=actor, room="studio", text=f"{n:06d}" + "x" * size) for n in range(start, start + 20)
        ]
        await asyncio.gather(*(house.run(post) for post in posts))


def frames_of(data: bytes) -> tuple[list[bytes], bytes]:
    """Whole unmasked frames, and the rest."""
    found: list[bytes] = []
    while len(data) >= 2:
        size, at = data[1], 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(data[2:10], "big"), 10
        if len(data) < at + size:
            break
        found.append(data[at : at + size])
        data = data[at + size :]
    return found, data


async def test_a_client_that_reads_too_slowly_lags_and_catches_up_without_growing_the_hub(database: str) -> None:
    limit = 256 * 1024
    async with open_house(database, websocket={"max_unsent": limit, "stall": 60}) as house:
        await furnish(house)
        raw = await slow_socket(house, "eve")
        fanout = house.adapter._fanout
        assert fanout is not None
        async with house.socket("bob") as quick:
            await subscribe(quick, "studio", after={"studio": 0})
            hearing = asyncio.create_task(until(quick, "message", 1000))
            most = 0
            for _ in range(10):
                await flood(house, 100, 5000)
                most = max([most, *(c.unsent() for c in fanout.connections)])
            frames = await asyncio.wait_for(hearing, 60)
            assert [f["seq"] for f in frames] == list(range(1, 1001)), "a slow neighbour disturbs nobody"
        assert most < 2 * limit + 1_500_000, "bounded by the limit and one turn's frames, whatever was posted"
        slow = next(c for c in fanout.connections)
        assert slow.lagging
        assert sum(map(len, slow._out)) == 0
        seen, kinds = await read_slowly(raw, 1000)
        raw.close()
    assert seen == list(range(1, 1001))
    assert kinds.count("lagging") >= 1


async def read_slowly(raw: sockets.socket, last: int) -> tuple[list[int], list[str]]:
    import msgspec

    loop = asyncio.get_running_loop()
    data = b""
    while b"\r\n\r\n" not in data:
        data += await loop.sock_recv(raw, 4096)
    data = data.split(b"\r\n\r\n", 1)[1]
    seen: list[int] = []
    kinds: list[str] = []
    async with asyncio.timeout(60):
        while not seen or seen[-1] < last:
            found, data = frames_of(data)
            for frame in found:
                told = msgspec.json.decode(frame)
                kinds.append(told["type"])
                if told["type"] == "message":
                    seen.append(told["seq"])
            if not seen or seen[-1] < last:
                data += await loop.sock_recv(raw, 65536)
    return seen, kinds


async def test_a_client_that_takes_nothing_at_all_is_cut_off(database: str) -> None:
    async with open_house(database, websocket={"max_unsent": 64 * 1024, "stall": 0.3}) as house:
        await furnish(house)
        raw = await slow_socket(house, "eve")
        await flood(house, 1000, 5000)
        fanout = house.adapter._fanout
        assert fanout is not None
        async with asyncio.timeout(SOON):
            while fanout.connections:
                await flood(house, 20, 10)
        raw.close()


# ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_hub_that_stops_says_so_and_leaves_no_task_behind(database: str) -> None:
    async with open_house(database) as house:
        await furnish(house)
        async with house.socket("bob") as socket:
            await subscribe(socket, "studio")
            stopping = asyncio.create_task(house.adapter.disconnect())
            assert await closed_with(socket) == 1001
            await stopping
            assert not house.adapter.is_connected()
            assert list(house.adapter.present()) == []
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with house.socket("bob"):
                pass
        assert caught.value.status == 503


async def test_nothing_is_kept_of_a_connection_that_ended(house: House) -> None:
    fanout = house.adapter._fanout
    assert fanout is not None
    for _ in range(20):
        async with house.socket("bob") as socket:
            await subscribe(socket, "*", after={"studio": 0})
    async with asyncio.timeout(SOON):
        while fanout.connections:
            await house.json("GET", "/me")
    assert fanout._streams == {}
