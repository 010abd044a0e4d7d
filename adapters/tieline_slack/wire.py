"""What Slack sends, on its way to the hub and back: Bolt, with our own two ends.

Rule (law 1): Slack's acknowledgement is written only after the hub's session returned. Bolt does that for both
transports with ``process_before_response=True`` (without it, it acknowledges events before its listeners run); if the
session raised, Bolt answers 500, which Socket Mode leaves unacknowledged, and Slack sends the event again.
One conversation's events are handled one after the other, in order of arrival (:mod:`tieline_slack.order`).
A request over HTTP is believed only with a right and fresh signature over its raw body (``SignatureVerifier``); every
other one is 401, whatever is wrong with it. Bolt's settings in the environment (``SLACK_CLIENT_ID`` …) are shut out.
A person's press waits for no message: interactions take turns per person, events per conversation.
Next stop: :meth:`tieline_slack.adapter.SlackAdapter` gives the callables that reach the session.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.socket_mode.async_base_handler import AsyncBaseSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import Clock as VerifierClock
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from tieline.ports.clock import Clock
from tieline_slack import interactions
from tieline_slack.inbound import Me, conversation_of
from tieline_slack.order import Turns
from tieline_slack.shapes import mapping, text

log: Final = logging.getLogger("tieline.slack")
_bolt_log: Final = log.getChild("bolt")
_bolt_log.setLevel(logging.ERROR)  # it warns that it ignores SLACK_BOT_TOKEN of the environment: we made it

_ANYTHING: Final = re.compile(".*", re.DOTALL)
_ACK_WITHIN: Final = 2.5
"""Seconds in which the acknowledgement of a command may carry its answer: Slack shows a time-out after three."""
_HANDLED: Final = frozenset({"events_api", "slash_commands", "interactive"})


_PLAIN: Final = frozenset({"", "url_verification", "event_callback"})
"""Types of what is no interaction."""


class Ears(Protocol):
    """Where what Slack sends arrives."""

    async def event(self, event: Mapping[str, object]) -> None:
        """Take an event; returns once it is durable."""
        ...

    async def command(self, payload: Mapping[str, object]) -> str | None:
        """Take a slash command; the answer, as mrkdwn."""
        ...

    def late(self, payload: Mapping[str, object], answer: str) -> None:
        """Show the answer to a command that Slack no longer waits for. Must not block."""
        ...

    async def interaction(self, payload: Mapping[str, object]) -> dict[str, object] | None:
        """Take a press, a shortcut or a filled modal; what to acknowledge it with, if anything."""
        ...


def bolt_app(api: AsyncWebClient, token: str, me: Me, ears: Ears, clock: Clock) -> AsyncApp:
    """Bolt, with one listener for every event, one for every command and one for every interaction.

    ``api`` is a client without a token: Bolt takes tokens from what authorizes, not from its environment.
    """

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=me.team_id, bot_user_id=me.user_id, bot_id=me.bot_id, bot_token=token
        )

    app = AsyncApp(
        name=_bolt_log.name,  # Bolt sets the level of the logger of this name: it must not be ours
        logger=_bolt_log,
        client=api,
        authorize=authorize,
        signing_secret="checked before Bolt sees it",  # noqa: S106 - no secret; None would be read from the environment
        process_before_response=True,
        request_verification_enabled=False,
        ignoring_self_events_enabled=False,  # the hub knows its echoes, and learns from them what was sent
    )

    async def on_event(event: Mapping[str, object]) -> None:
        await ears.event(event)

    async def on_command(command: Mapping[str, object], ack: AsyncAck) -> None:
        began = clock.monotonic()
        answer = await ears.command(command)
        if answer is None:
            await ack()
        elif clock.monotonic() - began <= _ACK_WITHIN:
            await ack(text=answer, response_type="ephemeral")
        else:
            ears.late(command, answer)
            await ack()

    async def on_interaction(body: Mapping[str, object], ack: AsyncAck) -> None:
        answer = await ears.interaction(body)
        await (ack() if answer is None else ack(answer))

    app.event(_ANYTHING)(on_event)
    app.command(_ANYTHING)(on_command)
    app.action(_ANYTHING)(on_interaction)
    app.shortcut(_ANYTHING)(on_interaction)
    app.view(_ANYTHING)(on_interaction)
    return app


class SocketHandler(AsyncBaseSocketModeHandler):
    """An envelope of Socket Mode: in its conversation's turn through Bolt, then acknowledged."""

    def __init__(self, app: AsyncApp, turns: Turns) -> None:
        self.app: AsyncApp = app
        self._turns = turns

    async def handle(self, client: AsyncBaseSocketModeClient, req: SocketModeRequest) -> None:
        """Handle one envelope; what is none of ours is acknowledged, so that Slack does not send it again."""
        async with self._turns.turn(_turn(req.payload)):
            if req.type in _HANDLED and _is_sane(req.payload):
                answer = await run_async_bolt_app(self.app, req)
                await send_async_response(client, req, answer, 0.0)
            else:
                await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))

    def listen(self, client: SocketModeClient) -> None:
        """Take the envelopes of a client."""
        client.socket_mode_request_listeners.append(self.handle)


class SignedEvents:
    """The HTTP route for events, commands and interactions."""

    def __init__(self, signing_secret: str, clock: Clock, turns: Turns) -> None:
        self._verifier = SignatureVerifier(signing_secret, clock=_Seconds(clock))
        self._turns = turns
        self.app: AsyncApp | None = None
        """None while the channel is not connected."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request of Slack's: 401 unsigned, 400 unreadable, 503 not connected, 500 not stored."""
        body = await request.read()
        if not self._is_signed(body, request.headers):
            return web.Response(status=HTTPStatus.UNAUTHORIZED, text="the signature is missing, wrong or too old")
        payload = _payload(body, request.content_type)
        if payload is None:
            return web.Response(status=HTTPStatus.BAD_REQUEST, text="nothing that this app takes from Slack")
        if self.app is None:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "5"})
        headers: dict[str, str | Sequence[str]] = dict(request.headers)
        async with self._turns.turn(_turn(payload)):
            answer = await self.app.async_dispatch(AsyncBoltRequest(body=body.decode(), headers=headers))
        return _answer(answer)

    def _is_signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        try:
            return self._verifier.is_valid_request(body, dict(headers))
        except (ValueError, TypeError):  # a timestamp that is no number, a body or signature that is no text
            return False


class _Seconds(VerifierClock):
    """Our clock, as the verifier reads it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now() / 1000


def _payload(body: bytes, content_type: str) -> Mapping[str, object] | None:
    try:
        if content_type == "application/x-www-form-urlencoded":
            form: dict[str, object] = dict(parse_qsl(body.decode()))
            payload = form if "payload" not in form else json.loads(str(form["payload"]))
        else:
            payload = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return payload if _is_sane(payload) else None


def _is_sane(payload: object) -> bool:
    """Shaped so that Bolt can read it: it takes the kinds of these members for granted."""
    body = mapping(payload)
    if "event" not in body and "command" not in body and text(body, "type") not in _PLAIN:
        return interactions.is_sane(body)
    event = body.get("event")
    shaped = isinstance(event, dict) and isinstance(event.get("type"), str) if "event" in body else True
    return bool(body) and shaped


def _turn(payload: object) -> str:
    """Whose turn it takes: its conversation's, or its person's where somebody pressed."""
    body = mapping(payload)
    return conversation_of(body) or f"person {interactions.person(body)}"


def _answer(answer: BoltResponse) -> web.Response:
    headers = {name: str(value) for name, value in answer.first_headers().items() if name != "content-type"}
    kind = text(dict(answer.first_headers()), "content-type").partition(";")[0] or "text/plain"
    return web.Response(status=answer.status, text=answer.body, content_type=kind, headers=headers)
