"""What users of other bridges complained of (docs of the design, "channels"), where it concerns Slack.

Others stand where their subject does: catch-up and repeats in test_slack_faults.py, mentions in
tests/unit/render/test_render_slack_mentions.py, health in test_slack_health.py.
"""

import gc
import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any, Self

import msgspec
import pytest

from tests.contract.slack.slack_files_making import BIG, big, carrying, pieces
from tests.contract.slack.slack_making import connected, make, outgoing
from tests.services.scripted_slack import GENERAL, Lose, Reply, ScriptedSlack, scripted
from tests.services.slack_session import RecordingSession
from tieline.errors import Permanent, Uncertain
from tieline.model.actions import Action
from tieline.model.attachments import FileSource
from tieline.model.content import CodeBlock
from tieline.model.inbound import InboundEdit
from tieline.ports.rendering import Plan
from tieline.render import commonmark
from tieline.render.plan import render as rendered
from tieline_slack import files, inbound, mrkdwn, render
from tieline_slack.abilities import capabilities
from tieline_slack.adapter import SlackAdapter
from tieline_slack.dialect import SlackDialect

ME = inbound.Me(user_id="U0BOT", bot_id="B0BOT")
POST = "chat.postMessage"


@pytest.fixture
async def fake() -> AsyncIterator[ScriptedSlack]:
    async with scripted() as slack:
        yield slack


@pytest.fixture
async def adapter(fake: ScriptedSlack) -> AsyncIterator[SlackAdapter]:
    async with connected(make(fake.settings), RecordingSession()) as made:
        yield made


async def test_complaint_03_neither_the_sdk_nor_we_post_twice(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    """openclaw#22780: the SDK repeats a send whose answer was lost; #100979: an ambiguous send."""
    fake.script(POST, Lose())
    with pytest.raises(Uncertain):
        await adapter.send(outgoing("once"))
    assert [message["text"] for message in fake.channels[GENERAL]] == ["once"]
    found = await adapter.look_up(outgoing("once"), 0)
    assert found is not None and found.native_id == fake.channels[GENERAL][0]["ts"]


def changed(message: dict[str, Any], previous: dict[str, Any]) -> object:
    both = {"type": "message", "user": "U1", "ts": "1.1"}
    event = {"type": "message", "subtype": "message_changed", "channel": "C1", "ts": "2.1", "hidden": True}
    return inbound.read({**event, "message": {**both, **message}, "previous_message": {**both, **previous}}, ME, {})


def test_complaint_08_link_preview_is_no_edit() -> None:
    """matterbridge fork #199: an old message came again as edited, because Slack had added or dropped a preview."""
    said = {"text": "see <https://x.org>"}
    preview = {"attachments": [{"from_url": "https://x.org", "title": "X", "text": "a page", "id": 1}]}
    blocks = [{"type": "rich_text", "elements": []}]
    assert changed({**said, **preview}, said) is None
    assert changed(said, {**said, **preview}) is None
    assert changed({**said, **preview, "blocks": blocks}, {**said, "blocks": blocks}) is None
    thumbs = {"files": [{"id": "F1", "name": "a.png", "thumb_64": "https://files.slack.com/t"}]}
    assert changed(thumbs, {"files": [{"id": "F1", "name": "a.png"}]}) is None


def test_complaint_08_an_edit_of_what_stands_in_attachments_is_one() -> None:
    """The other side of it: a bot that says all in its attachments edits these."""
    read = changed({"text": "", "attachments": [{"text": "done"}]}, {"text": "", "attachments": [{"text": "running"}]})
    assert isinstance(read, InboundEdit)
    assert isinstance(changed({"text": "b"}, {"text": "a"}), InboundEdit)


@pytest.mark.parametrize("char", ["a", "<", "&", "*", "👍", "\u0130", "```\n", "| a | b |\n"])
def test_complaint_10_no_frame_is_larger_than_slack_takes(char: str) -> None:
    """bolt-js#2509: 4,000 characters of text (chat.update), sections of 3,000, fifty blocks, 13,200 in all."""
    plan = Plan(document=commonmark.parse(char * (30_000 // len(char))), author="Priya")
    frames = rendered(plan, capabilities(names=True, files=True), SlackDialect()).frames
    actions = tuple(Action(name=f"ack_{at}", label=f"Press {at}", target="msg_1") for at in range(3))
    assert frames
    for frame in frames:
        assert len(frame.text) <= render.TEXT_MAX
        out = msgspec.structs.replace(outgoing(""), frame=msgspec.structs.replace(frame, actions=actions))
        blocks = render.post(out)["blocks"]
        assert isinstance(blocks, list) and len(blocks) <= 50
        assert all(len(block["text"]["text"]) <= 3000 for block in blocks if block["type"] == "section")
        assert sum(len(str(block)) for block in blocks) < 13_200


async def test_complaint_11_big_files_are_streamed_out(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    """matterbridge#984: fifty megabytes pass through, a few stay."""
    await adapter.send(carrying(big(100_000), key="dlv_0:500"))
    with Peak() as peak:
        await adapter.send(carrying(big()))
    assert fake.files["F002"].sha256 == await digest()
    assert peak.bytes < 8_000_000


async def test_complaint_11_big_files_are_streamed_in(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    """The same the other way."""
    native = files.native({**fake.share_file("big.bin", b"", mime="application/octet-stream"), "size": BIG})
    fake.files[native.id].stream = lambda: pieces(BIG)
    source = FileSource(channel="team-slack", conversation=GENERAL, native_id="1.1", file=native)
    counted = hashlib.sha256()
    with Peak() as peak:
        async for piece in adapter.fetch(source):
            counted.update(piece)
    assert counted.hexdigest() == await digest()
    assert peak.bytes < 8_000_000


async def test_complaint_11_one_is_told_why_a_file_could_not_go(fake: ScriptedSlack, adapter: SlackAdapter) -> None:
    """msteams#303: the reason is Slack's, the mend is ours."""
    fake.script("files.getUploadURLExternal", Reply.error("storage_limit_reached"))
    with pytest.raises(Permanent) as failed:
        await adapter.send(carrying(big(1000)))
    assert failed.value.code == "storage_limit_reached" and "no room" in failed.value.fix
    assert not failed.value.stops_lane and not failed.value.stops_channel


async def digest() -> str:
    counted = hashlib.sha256()
    async for piece in pieces(BIG):
        counted.update(piece)
    return counted.hexdigest()


class Peak:
    """The most memory that Python's objects took inside, above what they took before, in bytes."""

    bytes = 0

    def __enter__(self) -> Self:
        gc.collect()
        tracemalloc.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


@pytest.mark.parametrize("ticks", range(1, 9))
def test_complaint_09_code_with_ticks_of_its_own_does_not_end_its_fence(ticks: int) -> None:
    code = "`" * ticks + "a" + "`" * ticks
    written = SlackDialect().write((CodeBlock(text=code),))
    assert "```" not in written[4:-4]
    assert mrkdwn.parse(written).blocks == (CodeBlock(text=code),)
