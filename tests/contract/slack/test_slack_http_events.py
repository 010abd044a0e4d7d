"""The adapter against local-slack over signed HTTP, and against forgers."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.slack.slack_making import connected, make
from tests.services.local_slack import ALICE, GENERAL, SIGNING_SECRET, LocalSlack, running
from tests.services.slack_session import RecordingSession
from tests.services.slack_site import Site, serving
from tieline.model.inbound import InboundCommand
from tieline_slack.adapter import SlackAdapter


class Place:
    """A workspace in HTTP mode, the adapter, and the route between them."""

    def __init__(self, site: Site, slack: LocalSlack, adapter: SlackAdapter, session: RecordingSession) -> None:
        self.slack, self.adapter, self.session = slack, adapter, session
        self.post = site.post


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with serving() as site, running(tmp_path, events_url=site.url) as slack:
        session = RecordingSession()
        site.adapter = adapter = make(slack.http_settings, public_url="https://hub.example")
        async with connected(adapter, session):
            yield Place(site, slack, adapter, session)


def event(text: str, ts: str = "1700000000.000100") -> bytes:
    message = {"type": "message", "channel": GENERAL, "user": ALICE, "text": text, "ts": ts}
    return json.dumps({"type": "event_callback", "team_id": "T01TEST", "event_id": "Ev1", "event": message}).encode()


def signed(body: bytes, *, at: float | None = None, secret: str = SIGNING_SECRET) -> dict[str, str]:
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Signature": f"v0={digest}",
        "X-Slack-Request-Timestamp": stamp,
        "Content-Type": "application/json",
    }


async def test_messages_edits_and_commands_arrive_over_signed_http(place: Place) -> None:
    place.session.answer = "hello"
    ts = await place.slack.say("one")
    await place.slack.edit(ts, "one, mended")
    await place.slack.command("iam")
    await place.session.events(3)
    assert place.session.texts == ["one", "one, mended"]
    assert isinstance(place.session.received[2], InboundCommand)
    answer = (await place.slack.messages())[-1]
    assert (answer["subtype"], answer["text"]) == ("ephemeral", "hello")


async def test_http_is_answered_only_after_receive_returned(place: Place) -> None:
    place.session.hold = asyncio.Event()
    body = event("one")
    posting = asyncio.create_task(place.post(body, signed(body)))
    await asyncio.wait_for(place.session.entered.wait(), 5)
    assert not posting.done() and place.session.received == []
    place.session.hold.set()
    assert (await posting)[0] == 200
    assert place.session.texts == ["one"]


async def test_an_event_that_could_not_be_stored_is_answered_500_and_taken_when_slack_repeats_it(place: Place) -> None:
    place.session.refuse.append(OSError("disk full"))
    body = event("one")
    assert (await place.post(body, signed(body)))[0] == 500
    assert (await place.post(body, signed(body)))[0] == 200
    assert (await place.post(body, signed(body)))[0] == 200
    assert (place.session.texts, place.session.repeats) == (["one"], 1)


async def test_slacks_question_about_the_url_is_answered(place: Place) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c4t"}).encode()
    status, text = await place.post(body, signed(body))
    assert status == 200 and "c4t" in text


FORGED: dict[str, dict[str, str]] = {
    "no signature": {"X-Slack-Signature": ""},
    "another secret": signed(event("x"), secret="guess"),
    "a changed byte": signed(event("y")),
    "301 seconds old": signed(event("x"), at=time.time() - 301),
    "from the future": signed(event("x"), at=time.time() + 86_400),
    "a timestamp that is no number": {**signed(event("x")), "X-Slack-Request-Timestamp": "abc"},
    "a timestamp of five thousand digits": {**signed(event("x")), "X-Slack-Request-Timestamp": "9" * 5000},
    "a signature that is not ASCII": {**signed(event("x")), "X-Slack-Signature": "v0=é"},
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_request_is_401_and_reaches_nobody(place: Place, name: str) -> None:
    """The SDK's SignatureVerifier raises ValueError on a malformed timestamp: that is a 401, not a 500."""
    status, _ = await place.post(event("x"), FORGED[name])
    assert status == 401
    assert place.session.received == []


async def test_a_body_that_is_no_text_is_401_without_and_400_never_500_with_a_signature(place: Place) -> None:
    for body in (b"\xff\xfe", b"[]", b"null", b"{", b'{"event": 3}', b'{"event": {"type": []}}', b"[" * 100_000):
        assert (await place.post(body))[0] == 401
        assert (await place.post(body, signed(body)))[0] in {400, 401}


async def test_a_hub_that_is_not_connected_asks_slack_to_come_again(place: Place) -> None:
    await place.adapter.disconnect()
    body = event("one")
    assert (await place.post(body, signed(body)))[0] == 503
