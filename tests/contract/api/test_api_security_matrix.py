"""Every operation for every kind of caller: who may, who may not, and who must not even learn that it exists.

Source: OWASP API1, API5. A new operation without a row here fails the first test.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from tests.contract.api.house import House
from tieline.api.app import ENDPOINTS
from tieline.model.alerts import Alert
from tieline.model.commands import CreateLink, RaiseAlert, ReceiveEvent, ResolveLink
from tieline.model.content import plain
from tieline.model.delivery import Delivery
from tieline.model.inbound import InboundMessage, NativeAuthor, Receipt
from tieline.model.keeping import KeptState
from tieline.model.rooms import Link
from tieline.ports.reading import DeliveryFilter, Page

CALLERS = ("eve", "bob", "lin", "ada")
"""L1 to L4."""


@dataclass(frozen=True)
class Row:
    """``least`` may; those below get 403. ``guarded``: somebody who does not see the room gets 404."""

    least: str
    body: object = None
    guarded: bool = False
    path: str = ""
    own: str | None = None
    """Whose object it is: that one may as well."""


ROWS: dict[str, Row] = {
    "post_message": Row("bob", {"text": "x"}, guarded=True),
    "post_direct": Row("bob", {"text": "x"}),
    "post_batch": Row("bob", {"messages": [{"text": "x"}]}),
    "list_messages": Row("eve", guarded=True),
    "list_events": Row("eve", guarded=True),
    "get_message": Row("eve", guarded=True),
    "edit_message": Row("lin", {"text": "y"}, guarded=True),
    "delete_message": Row("lin", guarded=True),
    "put_reaction": Row("bob", guarded=True),
    "delete_reaction": Row("bob", guarded=True),
    "message_deliveries": Row("eve", guarded=True),
    "upload_attachment": Row("bob"),
    "get_attachment": Row("eve", guarded=True),
    "list_rooms": Row("eve"),
    "create_room": Row("lin", {"name": "new-room"}),
    "get_room": Row("eve", guarded=True),
    "update_room": Row("lin", {"title": "T"}, guarded=True),
    "archive_room": Row("ada", guarded=True),
    "show_typing": Row("bob", guarded=True),
    "list_links": Row("eve", guarded=True),
    "create_link": Row("ada", {"channel": "slack", "conversation": "C9"}, guarded=True),
    "update_link": Row("ada", {"direction": "out"}, guarded=True),
    "remove_link": Row("ada", guarded=True),
    "list_members": Row("eve"),
    "create_member": Row("ada", {"handle": "newcomer", "kind": "ai"}),
    "update_member": Row("ada", {"display": "B"}),
    "archive_member": Row("ada"),
    "list_tokens": Row("eve"),
    "create_token": Row("eve", {}),
    "revoke_token": Row("ada"),
    "get_me": Row("eve"),
    "list_presence": Row("eve"),
    "get_inbox": Row("eve"),
    "put_inbox_cursor": Row("eve", {"after": 0}),
    "list_channels": Row("eve"),
    "pause_channel": Row("ada"),
    "resume_channel": Row("ada"),
    "test_channel": Row("ada"),
    "list_deliveries": Row("eve"),
    "retry_delivery": Row("lin", guarded=True),
    "discard_delivery": Row("lin", guarded=True),
    "preview": Row("eve", {"room": "ROOM", "text": "x"}, guarded=True),
    "check_packet": Row("eve", {"text": "x"}),
    "export_config": Row("ada"),
    "raise_alert": Row("bob", {"room": "ROOM", "summary": "x"}, guarded=True),
    "list_alerts": Row("eve"),
    "get_alert": Row("eve", guarded=True),
    "ack_alert": Row("bob", guarded=True),
    "close_alert": Row("bob", guarded=True),
    "list_kept": Row("lin"),
    "release_kept": Row("lin", {"room": "ROOM"}),
    "discard_kept": Row("lin"),
    "get_original": Row("eve", guarded=True),
    "channel_usage": Row("lin"),
}
KEYED = ("call_hook",)
"""Operations whose credential is in the path: `test_hooks_http` has what holds for them."""

NAMES = sorted(ROWS)
HIDDEN = ("message", "link", "delivery", "attachment", "alert", "original")
"""What has an id and belongs to a room."""


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert sorted(row.name for row in ENDPOINTS) == sorted([*NAMES, *KEYED])
    assert [row.name for row in ENDPOINTS if row.secret or row.level is None] == list(KEYED)


def test_the_documented_level_is_the_one_that_the_matrix_proves() -> None:
    """Where somebody may do it to one's own objects, the document names the lower level."""
    lower = {"edit_message": 2, "delete_message": 2, "revoke_token": 1}
    for row in (row for row in ENDPOINTS if row.name not in KEYED):
        proved = CALLERS.index(ROWS[row.name].least) + 1
        assert row.level is not None
        assert int(row.level) == lower.get(row.name, proved), row.name


@dataclass
class Scene:
    house: House
    ids: dict[str, str]

    def url(self, template: str, room: str) -> str:
        values = {**self.ids, "room": room}
        return template.format_map(values)


async def scene(house: House, room: str, author: str) -> Scene:
    """A message with a delivery in the room, a link, a token."""
    link = await house.run(CreateLink(room=room, channel="slack", conversation=f"C-{room}"))
    assert isinstance(link, Link)
    await house.run(ResolveLink(link_id=link.id, conversation=f"C-{room}"))
    file = await house.upload(b"the bytes", handle=author)
    message = await house.post("the object", author, room, attachments=[{"id": file["id"]}])
    found = await house.store.reader.deliveries(DeliveryFilter(message_id=message["id"]), Page(limit=1))
    assert isinstance(found[0], Delivery)
    token = next(t for t in house.directory.tokens() if t.label == "" and t.member_id == message_author(house, "rowan"))
    alert = await house.run(RaiseAlert(room=room, summary="the object"))
    assert isinstance(alert, Alert)
    ids = {"message": message["id"], "link": link.id, "delivery": found[0].id, "token": token.id,
           "attachment": file["id"], "alert": alert.id, "kept": await kept(house, room),
           "original": await original(house, room)}  # fmt: skip
    return Scene(house, {**ids, "emoji": "👍", "handle": "rowan", "channel": "slack"})


async def received(house: House, room: str, native_id: str, **more: object) -> Receipt:
    event = InboundMessage(
        conversation=f"C-{room}",
        native_id=native_id,
        author=NativeAuthor(native_id="U9", display="the object"),
        content=plain("the object"),
        sent_at=1,
        **more,  # type: ignore[arg-type]
    )
    receipt = await house.run(ReceiveEvent(channel="slack", event=event, final=True))
    assert isinstance(receipt, Receipt)
    return receipt


async def kept(house: House, room: str) -> str:
    """A message that is kept aside."""
    assert (await received(house, room, "1", suspect="the token was given to somebody else")).status == "kept"
    (found,) = await house.store.reader.kept((KeptState.KEPT,), Page())
    return found.id


async def original(house: House, room: str) -> str:
    """A message of which something was left out."""
    return (await received(house, room, "2", original="the object\n\n> the quotation")).message_id or ""


def message_author(house: House, handle: str) -> str:
    member = house.directory.member(handle)
    assert member is not None
    return member.id


def target(here: Scene, name: str, room: str) -> tuple[str, str, object]:
    row = next(row for row in ENDPOINTS if row.name == name)
    kind = {"/messages": "message", "/links": "link", "/deliveries": "delivery", "/tokens": "token",
            "/attachments": "attachment", "/alerts": "alert", "/kept": "kept"}  # fmt: skip
    if name == "get_original":
        kind["/messages"] = "original"
    here.ids["id"] = next((here.ids[k] for prefix, k in kind.items() if row.path.startswith(prefix)), "")
    body = ROWS[name].body
    if isinstance(body, dict):
        body = {key: room if value == "ROOM" else value for key, value in body.items()}
    return row.method, here.url(row.path, room), body


async def ask(house: House, here: Scene, name: str, room: str, caller: str | None) -> tuple[int, dict[str, object]]:
    method, path, body = target(here, name, room)
    return await house.json(method, path, caller, **({} if body is None else {"json": body}))


@pytest.mark.parametrize("name", NAMES)
async def test_without_a_token_nothing_is_answered(house: House, name: str) -> None:
    here = await scene(house, "studio", "ada")
    status, problem = await ask(house, here, name, "studio", None)
    assert (status, problem["code"]) == (401, "unauthorized")
    house.tokens["forged"] = "tl_" + "x" * 43
    status, problem = await ask(house, here, name, "studio", "forged")
    assert (status, problem["code"]) == (401, "invalid_token")


@pytest.mark.parametrize("name", NAMES)
async def test_levels_below_are_refused_and_the_level_itself_is_not(house: House, name: str) -> None:
    here = await scene(house, "studio", "ada")
    least = CALLERS.index(ROWS[name].least)
    for caller in CALLERS[:least]:
        status, problem = await ask(house, here, name, "studio", caller)
        if name == "post_batch":
            status, problem = problem["results"][0]["status"], problem["results"][0]  # type: ignore[index]
        assert (status, problem["code"]) == (403, "level_too_low"), caller
    status, answer = await ask(house, here, name, "studio", CALLERS[least])
    allowed = {200, 201, 204, 409} if name == "retry_delivery" else {200, 201, 204}
    if name == "test_channel":
        allowed = {404}  # the channel of this house has no adapter
    assert status in allowed, answer


@pytest.mark.parametrize("name", [name for name in NAMES if ROWS[name].guarded or name == "post_batch"])
async def test_who_does_not_see_the_room_is_answered_like_for_an_absent_one(house: House, name: str) -> None:
    here = await scene(house, "vault", "lin")
    status, hidden = await ask(house, here, name, "vault", "bob")
    if name == "post_batch":
        status, hidden = hidden["results"][0]["status"], hidden["results"][0]  # type: ignore[index]
    assert status == 404, hidden
    if "{id}" in next(row for row in ENDPOINTS if row.name == name).path:
        real = dict(here.ids)
        here.ids.update(dict.fromkeys(HIDDEN, "absent"))
        status, absent = await ask(house, here, name, "vault", "bob")
        assert status == 404
        said = str(hidden["detail"])
        for one in HIDDEN:
            said = said.replace(real[one], "")
        assert str(absent["detail"]).replace("absent", "") == said
    else:
        status, absent = await ask(house, here, name, "no-room", "bob")
        if name == "post_batch":
            status, absent = absent["results"][0]["status"], absent["results"][0]  # type: ignore[index]
        assert status == 404
        assert str(absent["detail"]).replace("no-room", "") == str(hidden["detail"]).replace("vault", "")


@pytest.mark.parametrize("name", ["list_rooms", "list_deliveries", "list_alerts"])
async def test_lists_leave_out_what_is_not_visible(house: House, name: str) -> None:
    here = await scene(house, "vault", "lin")
    _, seen = await ask(house, here, name, "vault", "bob")
    assert "vault" not in str(seen)
    _, seen = await ask(house, here, name, "vault", "lin")
    assert "vault" in str(seen)


async def test_a_token_limited_to_rooms_reaches_no_other(house: House) -> None:
    house.tokens["narrow"] = await house.token("lin", house.directory.member("lin").level, ("vault",))  # type: ignore[union-attr]
    assert (await house.json("GET", "/rooms/studio", "narrow"))[0] == 404
    assert (await house.json("GET", "/rooms/vault", "narrow"))[0] == 200
    status, problem = await house.json("POST", "/tokens", "narrow", json={"rooms": ["studio"]})
    assert (status, problem["code"]) == (403, "rooms_too_wide")
    status, made = await house.json("POST", "/tokens", "narrow", json={})
    assert (status, made["rooms"]) == (201, ["vault"])


async def test_nobody_makes_a_token_above_oneself(house: House) -> None:
    status, problem = await house.json("POST", "/tokens", "bob", json={"level": "L4"})
    assert (status, problem["code"]) == (403, "level_too_low")
    assert (await house.json("POST", "/tokens", "bob", json={"handle": "ada"}))[0] == 403
    status, made = await house.json("POST", "/tokens", "bob", json={"expires_in": 60, "label": "mine"})
    assert (status, made["level"], made["handle"]) == (201, "L2", "bob")
    house.tokens["second"] = made["token"]
    assert (await house.json("GET", "/me", "second"))[1]["member"]["handle"] == "bob"
    _, listed = await house.json("GET", "/tokens", "bob")
    assert {t["handle"] for t in listed["items"]} == {"bob"}
    assert "token" not in listed["items"][0]
    assert (await house.json("DELETE", f"/tokens/{made['id']}", "second"))[0] == 204
    assert (await house.json("GET", "/me", "second"))[0] == 401


async def test_accounts_are_shown_to_administrators_and_oneself_only(house: House) -> None:
    await house.json("PATCH", "/members/bob", "ada", json={"accounts": {"slack": "U1"}})
    for caller, shown in (("ada", {"slack": "U1"}), ("bob", {"slack": "U1"}), ("lin", None)):
        _, members = await house.json("GET", "/members", caller)
        assert next(m for m in members["items"] if m["handle"] == "bob")["accounts"] == shown


async def test_rights_hold_under_concurrent_callers(house: House) -> None:
    message = await house.post("mine", "ada")
    answers = await asyncio.gather(
        *(house.json("PATCH", f"/messages/{message['id']}", "bob", json={"text": str(n)}) for n in range(30))
    )
    assert {status for status, _ in answers} == {403}
