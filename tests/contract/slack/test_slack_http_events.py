"""The adapter against local-slack over signed HTTP, and against forgers."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.contract.slack.slack_making import make
from tests.services.local_slack import ALICE, GENERAL, SIGNING_SECRET, LocalSlack, running
from tests.services.slack_session import RecordingSession
from tieline.model.inbound import InboundCommand
from tieline_slack.adapter import SlackAdapter

PATH = "/api/v1/channels/team-slack/events"


class Site:
    """The adapter's route on a server, and the workspace that posts to it."""

    def __init__(self, url: str, slack: LocalSlack, adapter: SlackAdapter, session: RecordingSession) -> None:
        self.url, self.slack, self.adapter, self.session = url, slack, adapter, session

    async def post(self, body: bytes, **headers: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as http, http.post(self.url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def serving(directory: Path) -> AsyncIterator[Site]:
    adapters: list[SlackAdapter] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        (route,) = adapters[0].routes()
        assert (route.method, route.path) == ("POST", "events")
        return await route.handler(request)

    application = web.Application()
    application.router.add_post(PATH, handle)
    runner = web.AppRunner(application)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
    try:
        async with running(directory, events_url=url) as slack:
            adapter, session = make(slack.http_settings, public_url="https://hub.example"), RecordingSession()
            adapters.append(adapter)
            await adapter.connect(session)
            try:
                yield Site(url, slack, adapter, session)
            finally:
                await adapter.disconnect()
    finally:
        await runner.cleanup()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with serving(tmp_path) as made:
        yield made


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


async def test_messages_edits_and_commands_arrive_over_signed_http(site: Site) -> None:
    site.session.answer = "hello"
    ts = await site.slack.say("one")
    await site.slack.edit(ts, "one, mended")
    await site.slack.command("iam")
    await site.session.events(3)
    assert site.session.texts == ["one", "one, mended"]
    assert isinstance(site.session.received[2], InboundCommand)
    answer = (await site.slack.messages())[-1]
    assert (answer["subtype"], answer["text"]) == ("ephemeral", "hello")


async def test_http_is_answered_only_after_receive_returned(site: Site) -> None:
    site.session.hold = asyncio.Event()
    body = event("one")
    posting = asyncio.create_task(site.post(body, **signed(body)))
    await asyncio.wait_for(site.session.entered.wait(), 5)
    assert not posting.done() and site.session.received == []
    site.session.hold.set()
    assert (await posting)[0] == 200
    assert site.session.texts == ["one"]


async def test_an_event_that_could_not_be_stored_is_answered_500_and_taken_when_slack_repeats_it(site: Site) -> None:
    site.session.refuse.append(OSError("disk full"))
    body = event("one")
    assert (await site.post(body, **signed(body)))[0] == 500
    assert (await site.post(body, **signed(body)))[0] == 200
    assert (await site.post(body, **signed(body)))[0] == 200
    assert (site.session.texts, site.session.repeats) == (["one"], 1)


async def test_slacks_question_about_the_url_is_answered(site: Site) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c4t"}).encode()
    status, text = await site.post(body, **signed(body))
    assert status == 200 and "c4t" in text


FORGED: dict[str, dict[str, str]] = {
    "no signature": {"X-Slack-Signature": ""},
    "another secret": signed(event("x"), secret="guess"),
    "a changed byte": signed(event("y")),
    "301 seconds old": signed(event("x"), at=time.time() - 301),
    "from the future": signed(event("x"), at=time.time() + 400),
    "a timestamp that is no number": {**signed(event("x")), "X-Slack-Request-Timestamp": "abc"},
    "a timestamp of five thousand digits": {**signed(event("x")), "X-Slack-Request-Timestamp": "9" * 5000},
    "a signature that is not ASCII": {**signed(event("x")), "X-Slack-Signature": "v0=é"},
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_request_is_401_and_reaches_nobody(site: Site, name: str) -> None:
    """The SDK's SignatureVerifier raises ValueError on a malformed timestamp: that is a 401, not a 500."""
    status, _ = await site.post(event("x"), **FORGED[name])
    assert status == 401
    assert site.session.received == []


async def test_a_body_that_is_no_text_is_401_without_and_400_never_500_with_a_signature(site: Site) -> None:
    for body in (b"\xff\xfe", b"[]", b"null", b"{", b'{"event": 3}', b'{"event": {"type": []}}', b"[" * 100_000):
        assert (await site.post(body))[0] == 401
        assert (await site.post(body, **signed(body)))[0] in {400, 401}


async def test_a_hub_that_is_not_connected_asks_slack_to_come_again(site: Site) -> None:
    await site.adapter.disconnect()
    body = event("one")
    assert (await site.post(body, **signed(body)))[0] == 503
