"""Files in: what people share comes beside the text and is fetched; what cannot be had is said (Slack, "File object")."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from tests.contract.slack.slack_files_making import fetched
from tests.contract.slack.slack_making import connected, make
from tests.services.scripted_slack import Reply, ScriptedSlack, scripted
from tests.services.slack_session import RecordingSession, plain_text
from tieline.errors import NotDispatched, Permanent
from tieline.model.attachments import NativeFile
from tieline.model.inbound import InboundMessage
from tieline.ports.abilities import Fetches
from tieline_slack import files, inbound
from tieline_slack.adapter import SlackAdapter

ME = inbound.Me(user_id="U0BOT", bot_id="B0BOT")


@pytest.fixture
async def fake() -> AsyncIterator[ScriptedSlack]:
    async with scripted() as slack:
        yield slack


@pytest.fixture
async def adapter(fake: ScriptedSlack) -> AsyncIterator[SlackAdapter]:
    async with connected(make(fake.settings), RecordingSession()) as made:
        yield made


def shared(*objects: dict[str, Any], text: str = "") -> InboundMessage:
    event = {"type": "message", "subtype": "file_share", "channel": "C1", "user": "U1", "ts": "1.1", "text": text}
    read = inbound.read({**event, "files": list(objects)}, ME, {})
    assert isinstance(read, InboundMessage)
    return read


def test_a_message_of_files_alone_says_nothing_and_carries_them() -> None:
    hosted = {"id": "F1", "name": "a\nb.png", "mimetype": "image/png", "size": 7, "alt_txt": "A cat", "mode": "hosted"}
    read = shared(
        {**hosted, "url_private": "https://files.slack.com/x", "url_private_download": "https://files.slack.com/d"}
    )
    assert read.content.blocks == ()
    assert read.files == (
        NativeFile(id="F1", name="a b.png", mime="image/png", size=7, url="https://files.slack.com/d", alt="A cat"),
    )


def test_a_file_that_must_be_asked_for_has_no_address_yet() -> None:
    read = shared({"id": "F1", "mode": "file_access", "file_access": "check_file_info", "user": None})
    assert read.files == (NativeFile(id="F1", name="file"),)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (
            {"mode": "external", "is_external": True, "external_url": "https://docs.example.org/1"},
            "stored outside Slack",
        ),
        ({"mode": "tombstone"}, "deleted"),
        ({"mode": "hidden_by_limit"}, "hidden by the limit of the workspace's plan"),
        ({"mode": "quip"}, "a canvas, to be read in Slack"),
        ({"mode": "file_access", "file_access": "access_denied"}, "the app may not see it"),
    ],
)
def test_a_file_that_cannot_be_had_is_a_line_with_its_address(held: dict[str, Any], said: str) -> None:
    read = shared({"id": "F1", "name": "plan", "permalink": "https://acme.slack.com/files/1", **held}, text="see")
    assert read.files == ()
    assert plain_text(read.content) == f"see\n\n[plan (https://acme.slack.com/files/1): {said}]"


def test_hosts_that_only_look_like_slacks_are_not() -> None:
    good = (
        "https://files.slack.com/a",
        "https://acme.slack.com/b",
        "https://slack.com/c",
        "https://FILES.slack.com:443/",
    )
    bad = (
        "http://files.slack.com/",
        "https://files.slack.com:8443/",
        "https://slack.com.evil.org/",
        "https://evilslack.com/",
        "https://files.slack.com@evil.org/",
        "https://evil.org/files.slack.com",
        "https://[::1",
        "file:///etc/passwd",
        "",
    )
    assert all(files.is_slacks(url) for url in good)
    assert not any(files.is_slacks(url) for url in bad)


def held_by(fake: ScriptedSlack, data: bytes = b"hello", **more: Any) -> NativeFile:
    return files.native(fake.share_file("notes.txt", data, **more))


async def test_a_file_is_fetched_with_the_bots_token(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    assert isinstance(adapter, Fetches)
    assert await fetched(adapter, held_by(fake)) == b"hello"
    assert fake.fetched_with == ["Bearer xoxb-1"] and fake.called("files.info") == []


async def test_an_address_that_is_gone_or_missing_is_asked_for_anew(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    held = held_by(fake)
    stale = f"{fake.url}/files-pri/old/download/notes.txt"
    fake.gone_addresses.add("old")
    assert await fetched(adapter, msgspec.structs.replace(held, url=stale)) == b"hello"
    assert await fetched(adapter, msgspec.structs.replace(held, url=None)) == b"hello"
    assert len(fake.called("files.info")) == 2


async def test_an_address_elsewhere_gets_no_token(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    held = msgspec.structs.replace(held_by(fake), url="https://files.slack.com.evil.example/x")
    assert await fetched(adapter, held) == b"hello", "the address is asked for anew"
    assert len(fake.fetched_with) == 1


@pytest.mark.parametrize("mime", ["text/plain", "text/html"])
async def test_slacks_page_to_sign_in_is_never_the_file(fake: ScriptedSlack, adapter: SlackAdapter, mime: str) -> None:
    fake.may_read_files = False
    held = held_by(fake, mime=mime)
    with pytest.raises(Permanent) as failed:
        await fetched(adapter, held)
    assert failed.value.code == "unexpected_type" and "files:read" in failed.value.fix
    fake.script("files.info", Reply.error("missing_scope", needed="files:read"))
    with pytest.raises(Permanent) as failed:
        await fetched(adapter, msgspec.structs.replace(held, url=None))
    assert failed.value.code == "missing_scope" and not failed.value.stops_channel and "files:read" in failed.value.fix


async def test_an_html_file_that_is_one_is_fetched(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    assert await fetched(adapter, held_by(fake, b"<p>hi</p>", mime="text/html")) == b"<p>hi</p>"


async def test_what_slack_does_not_give_out_is_said(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    held = msgspec.structs.replace(held_by(fake, mode="tombstone"), url=None)
    with pytest.raises(Permanent) as failed:
        await fetched(adapter, held)
    assert failed.value.code == "file_not_given" and "deleted" in failed.value.detail
    with pytest.raises(Permanent):
        await fetched(adapter, NativeFile(id="F999"))
    fake.script("files.info", Reply(500, b"oops"))
    with pytest.raises(NotDispatched):
        await fetched(adapter, held)
