"""Messages over HTTP, against a running hub. Rules: docs/api.md, "HTTP"."""

from __future__ import annotations

import asyncio
import re

import msgspec

from tests.contract.api.house import House
from tieline.model.commands import CreateLink, ResolveLink
from tieline.model.members import Level
from tieline.model.rooms import Link
from tieline.model.shapes import MessageOut

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def test_a_post_answers_201_with_the_whole_message(house: House) -> None:
    async with house.call("POST", "/rooms/studio/messages", "bob", json={"text": "hello **@lin**"}) as answer:
        assert answer.status == 201
        assert answer.content_type == "application/json"
        raw = await answer.read()
    message = msgspec.json.decode(raw, type=MessageOut)
    assert set(msgspec.json.decode(raw)) == set(MessageOut.__struct_encode_fields__)
    assert (message.room, message.seq, message.author.handle, message.type) == ("studio", 1, "bob", "chat")
    assert [m.handle for m in message.mentions] == ["lin"]
    assert message.text[message.mentions[0].start : message.mentions[0].end] == "@lin"
    assert "<strong>" in message.html
    assert TIME.fullmatch(message.created_at)
    assert message.origin.channel == "web"


async def test_a_message_with_links_lists_its_deliveries_wherever_it_is_read(house: House) -> None:
    link = await house.run(CreateLink(room="studio", channel="slack", conversation="C1"))
    assert isinstance(link, Link)
    await house.run(ResolveLink(link_id=link.id, conversation="C1"))
    posted = await house.post("carried")
    [brief] = posted["deliveries"]
    assert (brief["channel"], brief["conversation"], brief["state"]) == ("slack", "C1", "queued")
    _, page = await house.json("GET", "/rooms/studio/messages")
    assert page["messages"][0]["deliveries"] == [brief]
    assert (await house.json("GET", f"/messages/{posted['id']}"))[1]["deliveries"] == [brief]
    _, batch = await house.json("POST", "/rooms/studio/messages/batch", "bob", json={"messages": [{"text": "a"}]})
    assert len(batch["results"][0]["deliveries"]) == 1
    _, full = await house.json("GET", f"/messages/{posted['id']}/deliveries", "eve")
    assert full["items"][0]["id"] == brief["id"]
    assert full["next"] is None


async def test_the_same_key_answers_200_with_the_first_success_and_another_body_409(house: House) -> None:
    first = await house.post("once", client_id="k1")
    status, again = await house.json("POST", "/rooms/studio/messages", "bob", json={"text": "once", "client_id": "k1"})
    assert (status, again["id"], again["seq"]) == (200, first["id"], 1)
    key = {"Idempotency-Key": "k1"}
    assert (await house.json("POST", "/rooms/studio/messages", "bob", json={"text": "once"}, headers=key))[0] == 200
    status, problem = await house.json("POST", "/rooms/studio/messages", "bob", json={"text": "other"}, headers=key)
    assert (status, problem["code"]) == (409, "idempotency_mismatch")
    both = {"text": "once", "client_id": "k2"}
    status, problem = await house.json("POST", "/rooms/studio/messages", "bob", json=both, headers=key)
    assert (status, problem["code"]) == (422, "idempotency_conflict")
    status, other = await house.json("POST", "/rooms/studio/messages", "lin", json={"text": "x"}, headers=key)
    assert status == 201, "keys are scoped to the member"
    assert other["seq"] == 2


async def test_a_refusal_is_not_remembered_under_its_key(house: House) -> None:
    body = {"text": "x", "thread": "msg_absent", "client_id": "k"}
    assert (await house.json("POST", "/rooms/studio/messages", "bob", json=body))[0] in (404, 422)
    status, message = await house.json("POST", "/rooms/studio/messages", "bob", json={"text": "x", "client_id": "k"})
    assert (status, message["seq"]) == (201, 1)


async def test_a_batch_answers_each_message_or_problem_in_order(house: House) -> None:
    bodies = [{"text": "one"}, {"text": 2}, {"text": "three", "thread": "nowhere"}, {"txet": "four"}, {"text": "five"}]
    status, answer = await house.json("POST", "/rooms/studio/messages/batch", "bob", json={"messages": bodies})
    assert status == 200
    one, two, three, four, five = answer["results"]
    assert (one["seq"], one["text"], five["seq"], five["text"]) == (1, "one", 2, "five")
    assert (two["status"], two["code"]) == (422, "invalid_body")
    assert "$.text" in two["detail"]
    assert three["status"] in (404, 422)
    assert "txet" in four["detail"]


async def test_a_batch_of_500_is_one_answer_in_order_and_501_is_refused(house: House) -> None:
    bodies = [{"text": f"m{n}"} for n in range(500)]
    status, answer = await house.json("POST", "/rooms/studio/messages/batch", "bob", json={"messages": bodies})
    assert status == 200
    assert [m["text"] for m in answer["results"]] == [body["text"] for body in bodies]
    assert [m["seq"] for m in answer["results"]] == list(range(1, 501))
    status, problem = await house.json(
        "POST", "/rooms/studio/messages/batch", "bob", json={"messages": [*bodies, {"text": "x"}]}
    )
    assert (status, problem["code"]) == (422, "invalid_body")
    assert "$.messages" in problem["detail"]


async def test_a_bad_packet_of_an_agent_is_refused_with_the_fix(house: House) -> None:
    text = "[TASK_ID]: dj-waste-014\n[CURRENT_STATE]: REDY\n[PAYLOAD_PATH]: /srv/x\n[NEXT_HOP]: @lin"
    status, problem = await house.json("POST", "/rooms/studio/messages", "rowan", json={"text": text})
    assert (status, problem["code"]) == (422, "packet_violation")
    assert problem["violations"][0]["code"].startswith("PV")
    assert problem["violations"][0]["line"] == 2
    assert "READY" in problem["corrected"]
    status, message = await house.json("POST", "/rooms/studio/messages", "bob", json={"text": text})
    assert status == 201, "a person's text is delivered and marked, never refused (law 8)"
    assert message["violations"]
    status, message = await house.json("POST", "/rooms/studio/messages", "rowan", json={"text": problem["corrected"]})
    assert status == 201
    assert message["packet"]["state"] == "READY"


async def test_lists_walk_forwards_and_backwards_without_gap_or_repeat(house: House) -> None:
    await house.json(
        "POST", "/rooms/studio/messages/batch", "bob", json={"messages": [{"text": str(n)} for n in range(1, 12)]}
    )
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        _, page = await house.json("GET", f"/rooms/studio/messages?after={after}&limit=4", "eve")
        seen += [m["seq"] for m in page["messages"]]
        after = page["next"]
    assert seen == list(range(1, 12))
    back: list[int] = []
    before: int | None = 12
    while before is not None:
        _, page = await house.json("GET", f"/rooms/studio/messages?before={before}&limit=4", "eve")
        back = [m["seq"] for m in page["messages"]] + back
        before = page["next"]
    assert back == seen
    status, problem = await house.json("GET", "/rooms/studio/messages?before=1&after=3")
    assert (status, problem["code"]) == (400, "invalid_parameter")


async def test_edit_delete_and_react_are_events_and_change_the_message(house: House) -> None:
    message = await house.post("frist")
    path = f"/messages/{message['id']}"
    status, edited = await house.json("PATCH", path, "bob", json={"text": "first"})
    assert (status, edited["text"]) == (200, "first")
    assert edited["edited_at"]
    assert (await house.json("PUT", f"{path}/reactions/👍", "lin"))[0] == 204
    assert (await house.json("PUT", f"{path}/reactions/👍", "lin"))[0] == 204
    assert (await house.json("GET", path))[1]["reactions"] == [{"emoji": "👍", "by": ["lin"]}]
    assert (await house.json("DELETE", f"{path}/reactions/👍", "lin"))[0] == 204
    status, tomb = await house.json("DELETE", path, "bob")
    assert (status, tomb["text"]) == (200, "")
    assert tomb["deleted_at"]
    _, events = await house.json("GET", "/rooms/studio/events?after=0")
    assert [(e["seq"], e["type"]) for e in events["items"]] == [
        (1, "message"), (2, "edit"), (3, "reaction"), (4, "reaction"), (5, "delete"),
    ]  # fmt: skip
    assert "frist" not in msgspec.json.encode(events["items"]).decode(), "a deleted text is gone from old events too"


async def test_others_messages_are_changed_by_l3_only(house: House) -> None:
    message = await house.post("mine", "bob")
    path = f"/messages/{message['id']}"
    status, problem = await house.json("PATCH", path, "rowan", json={"text": "yours"})
    assert (status, problem["code"]) == (403, "level_too_low")
    assert (await house.json("PATCH", path, "lin", json={"text": "ours"}))[0] == 200


async def test_long_poll_answers_as_soon_as_something_happens(house: House) -> None:
    waiting = asyncio.create_task(house.json("GET", "/rooms/studio/events?after=0&wait=25", "eve"))
    heard: list[object] = []
    leave = house.bus.subscribe(heard.append)
    await asyncio.wait_for(house.post("now"), 10)
    _, page = await asyncio.wait_for(waiting, 10)
    assert [e["text"] for e in page["items"]] == ["now"]
    leave()
    status, page = await house.json("GET", "/rooms/studio/events?after=1&wait=0", "eve")
    assert (status, page) == (200, {"items": [], "next": None})


async def test_what_concerns_me_is_in_my_inbox_and_the_cursor_is_kept(house: House) -> None:
    await house.post("hello @lin")
    _, page = await house.json("GET", "/inbox", "lin")
    [item] = page["items"]
    assert (item["type"], item["stream"], item["seq"], item["reason"], item["room"]) == (
        "inbox", "@me", 1, "mention", "studio",
    )  # fmt: skip
    assert item["message"]["text"] == "hello @lin"
    assert item["message"]["seq"] == 1
    assert (await house.json("PUT", "/inbox/cursor", "lin", json={"after": 1}))[0] == 204
    assert (await house.json("GET", "/inbox", "lin"))[1]["items"] == []
    assert len((await house.json("GET", "/inbox?after=0", "lin"))[1]["items"]) == 1


async def test_an_inbox_shows_nothing_of_rooms_the_token_does_not_reach(house: House) -> None:
    await house.post("hello @lin")
    house.tokens["lin-vault"] = await house.token("lin", Level.L2, ("vault",))
    _, page = await house.json("GET", "/inbox?after=0", "lin-vault")
    assert page["items"] == []
