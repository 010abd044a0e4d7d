"""The bodies of requests: mentions allowed by id alone, names that Discord takes, buttons, files, nonces; capabilities."""

import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.model.actions import Action, ActionStyle
from tieline.model.capabilities import Overflow, Support, TextUnit
from tieline.model.delivery import Endpoint, Frame
from tieline.model.inbound import InboundMessage
from tieline.model.message import Author
from tieline.ports.adapter import Outgoing, OutgoingFile
from tieline.ports.simulation import Simulator
from tieline.render.commonmark import parse
from tieline.render.dialect import Plan
from tieline.render.plan import render
from tieline_discord import ids
from tieline_discord.abilities import Via, capabilities
from tieline_discord.render import allowed_mentions, answer, buttons, create, target, update, webhook_name
from tieline_discord.simulate import simulator

NOBODY = {"parse": [], "users": [], "roles": [], "replied_user": False}
PRIYA = Author(handle="priya", kind="human", display="Priya Nair", avatar="https://example.org/p.png")


async def _no_bytes() -> AsyncIterator[bytes]:
    yield b""


def outgoing(text: str = "hi", **changes: object) -> Outgoing:
    frame = Frame(text=text, index=0, total=1, units=len(text), actions=changes.pop("actions", ()))  # type: ignore[arg-type] # a test's
    plain: dict[str, object] = {
        "key": "dlv_1/0",
        "delivery_id": "dlv_1",
        "author": PRIYA,
        "endpoint": Endpoint(channel="guild", conversation="290926798999357250"),
    }
    return Outgoing(frame=frame, **{**plain, **changes})  # type: ignore[arg-type] # the same


def test_a_webhooks_message_carries_its_authors_name_and_picture() -> None:
    body = create(outgoing(reply="5"), as_webhook=True)
    assert body == {
        "content": "hi",
        "allowed_mentions": NOBODY,
        "components": [],
        "flags": 4,
        "attachments": [],
        "username": "Priya Nair",
        "avatar_url": "https://example.org/p.png",
    }


def test_a_bots_message_is_made_once_and_answers_what_it_replies_to() -> None:
    body = create(outgoing(reply="5"), as_webhook=False, previews=True)
    assert body["nonce"] == ids.nonce("dlv_1/0") and body["enforce_nonce"] is True
    assert body["message_reference"] == {"message_id": "5", "fail_if_not_exists": False}
    assert body["flags"] == 0 and "username" not in body
    assert create(outgoing(), as_webhook=False)["nonce"] == body["nonce"]


def test_an_edit_says_whom_it_may_notify_too() -> None:
    """Without it, Discord would notify all that the new text names."""
    body = update(outgoing("<@5> and <@5> and <@6>"))
    assert body["allowed_mentions"] == {**NOBODY, "users": ["5", "6"]}
    assert "username" not in body and "nonce" not in body and "attachments" not in body


def test_not_more_people_are_notified_than_discord_takes() -> None:
    users = allowed_mentions(" ".join(f"<@{number}>" for number in range(200)))["users"]
    assert isinstance(users, list) and len(users) == 100


def test_a_message_goes_to_its_thread_whose_id_is_its_roots() -> None:
    assert target(outgoing()) == "290926798999357250"
    assert target(outgoing(thread="334385199974967042")) == "334385199974967042"
    assert create(outgoing(), as_webhook=True, thread_name="A post")["thread_name"] == "A post"


def test_buttons_stand_in_rows_of_five_and_bring_their_action_back() -> None:
    actions = tuple(
        Action(name="ack", label=f"Do {number}", target=f"msg_{number}", style=style)
        for number, style in enumerate([*ActionStyle, *[ActionStyle.DEFAULT] * 30])
    )
    rows = buttons(actions)
    parts = [row["components"] for row in rows]
    assert [len(part) for part in parts] == [5, 5, 5, 5, 5]  # type: ignore[arg-type] # plain JSON
    first = parts[0][0]  # type: ignore[index] # the same
    assert first == {"type": 2, "style": 2, "label": "Do 0", "custom_id": "ack:msg_0"}
    assert create(outgoing(actions=actions[:1]), as_webhook=False)["components"] == [{"type": 1, "components": [first]}]


def test_files_are_named_in_order_with_what_they_show() -> None:
    files = tuple(
        OutgoingFile(name=name, mime="image/png", size=1, alt=alt, read=_no_bytes)
        for name, alt in (("a.png", "a cat"), ("b.png", ""))
    )
    body = create(outgoing("", files=files), as_webhook=True)
    assert body["attachments"] == [
        {"id": 0, "filename": "a.png", "description": "a cat"},
        {"id": 1, "filename": "b.png"},
    ]
    json.dumps(body)


def test_an_answer_is_shown_to_one_person_within_the_limit() -> None:
    body = answer("**Done**, @everyone. " + "word " * 1000)
    assert str(body["content"]).startswith("**Done**, @\u200beveryone") and len(str(body["content"])) <= 2000
    assert (body["flags"], body["allowed_mentions"]) == (68, NOBODY)
    assert answer("x", ephemeral=False)["flags"] == 4


@pytest.mark.parametrize(
    ("display", "name"),
    [
        ("Priya Nair", "Priya Nair"),
        ("Clyde", "Cly.de"),
        ("The DISCORD bot", "The DISC.ORD bot"),
        ("cl\u200byde", "cly.de"),
        ("@everyone", "at everyone"),
        ("Everyone", "every.one"),
        ("here", "he.re"),
        ("  a \n b ", "a b"),
        ("👩\u200d💻 Ann", "👩\u200d💻 Ann"),
        ("", "Guest"),
        ("\u200b\u2060", "Guest"),
        ("שלום", "שלום"),
    ],
)
def test_names_are_what_discord_takes(display: str, name: str) -> None:
    assert webhook_name(display) == name


@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(["clyde", "DIS", "cord", "@", "here", "\u200b", "\u200d", " ", "```", "x" * 40, "\ud800"])
        ).map("".join),
    )
)
def test_every_name_is_one(display: str) -> None:
    """Discord, "Webhook: Create Webhook" and "Usernames and Nicknames"."""
    name = webhook_name(display)
    assert 1 <= len(name) <= 80 and name == name.strip()
    assert not any(word in name.lower() for word in ("clyde", "discord", "@", "```"))
    assert name.lower() not in {"everyone", "here"}
    name.encode()


# --------------------------------------------------------------------------------------------------------- abilities


@pytest.mark.parametrize("endpoint", ["auto", "webhook", "bot"])
def test_each_endpoint_promises_what_it_can_do(endpoint: Via) -> None:
    able = capabilities(endpoint=endpoint, file_limit=25_000_000, pace=2.0)
    bot = endpoint == "bot"
    assert (able.text.max, able.text.unit, able.text.overflow, able.text.max_parts) == (
        2000,
        TextUnit.CHARACTERS,
        Overflow.ATTACH,
        10,
    )
    assert able.identity.level is (Support.FALLBACK if bot else Support.FULL)
    assert able.reply is (Support.FULL if bot else Support.FALLBACK)
    assert able.idempotent_send is bot and able.lookup and able.history
    assert able.attachment.max_size == 25_000_000 and able.rate is not None and able.rate.per_second == 2.0
    assert (able.buttons is Support.FULL) is (endpoint != "webhook")
    assert able.mention.broadcast is Support.REJECTED


def test_a_long_text_is_within_the_limit_as_discord_counts() -> None:
    able = capabilities()
    frames = render(Plan(document=parse("🎉_*" * 3000), author="a"), able, simulator().dialect()).frames
    assert all(len(frame.text) <= 2000 for frame in frames)


# ---------------------------------------------------------------------------------------------------------- the demo


def test_the_demo_reads_and_shows_as_discord_does() -> None:
    demo: Simulator = simulator()
    assert (demo.title, demo.dialect().name, demo.capabilities().dialect) == ("Discord", "discord", "discord")
    event = demo.typed("2", "priya", "hi **there**", "77", thread="5")
    assert isinstance(event, InboundMessage) and event.thread == "5" and event.conversation == "2"
    assert demo.typed("2", "", "x", "1") is not None
    html = demo.shown(outgoing("hi **there** <b> `x`"))
    assert "<strong>there</strong>" in html and "Priya Nair" in html and "<b> " not in html
