"""Where people meet the hub in Slack besides writing: presses, "Send to room", and the App Home.

Rule: a press or a forwarded message is handed to the session before Slack is answered (law 1); what is shown about it
goes to that person alone, and never holds up Slack's three seconds: it is sent beside, once, and a failure is logged.
Asking a hub that does not answer costs a second and a half, then the person is told.
Not promised: an answer that Slack lost, or that was under way at a shutdown. Next stop: :mod:`tieline_slack.wire`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from http import HTTPStatus
from typing import Final

import aiohttp
import msgspec
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tieline.errors import DeliveryError
from tieline.model.inbound import InboundForward, InboundMessage, NativeAuthor
from tieline.ports.adapter import Session
from tieline.render import commonmark
from tieline_slack import files, home, inbound, interactions
from tieline_slack.dialect import SlackDialect
from tieline_slack.inbound import Me
from tieline_slack.interactions import Json, Submission
from tieline_slack.names import Names
from tieline_slack.outbound import Outbound
from tieline_slack.shapes import mapping, sequence, text
from tieline_slack.wire import log

_PATIENCE: Final = 1.5
"""Seconds: a modal must be open, and a press acknowledged, within three."""
_ANSWER_WITHIN: Final = 10

Payload = Mapping[str, object]


class Desk:
    """One workspace's, while it is connected."""

    def __init__(
        self, calls: Outbound, names: Names, session: Session, me: Me, http: aiohttp.ClientSession, *, local: bool
    ) -> None:
        self._calls = calls
        self._names = names
        self._session = session
        self._me = me
        self._http = http
        self._is_local = local
        self._tasks: set[asyncio.Task[None]] = set()
        self._publishing: set[str] = set()

    async def take(self, payload: Payload) -> Json | None:
        """Take an interaction; what to acknowledge it with, if more than that it was taken.

        Raises what the session raises: then it was not stored, and Slack shows the person that it did not work.
        """
        match text(payload, "type"):
            case "block_actions":
                await self._pressed(payload)
            case "message_action":
                await self._shortcut(payload)
            case "view_submission":
                return await self._submitted(payload)
            case _:
                pass
        return None

    def opened(self, user: str) -> None:
        """Somebody looks at the App Home: fill it, beside. Never raises; what is under way is not begun twice."""
        if user and user not in self._publishing:
            self._publishing.add(user)
            self._beside(self._publish(user))

    def tell(self, command: Payload, answer: str) -> None:
        """Show mrkdwn to who gave a slash command, beside."""
        self._tell(answer, interactions.answer_url(command), text(command, "channel_id"), text(command, "user_id"), "")

    async def close(self) -> None:
        """Abandon what is under way."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ── buttons ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _pressed(self, payload: Payload) -> None:
        if interactions.is_refresh(payload):
            self.opened(interactions.person(payload))
            return
        press = interactions.read_press(payload, self._me)
        if press is None:
            return
        receipt = await self._session.receive(msgspec.structs.replace(press, author=await self._named(press.author)))
        thread = text(mapping(payload.get("message")), "thread_ts")
        self._tell(
            _written(receipt.answer),
            interactions.answer_url(payload),
            press.conversation,
            press.author.native_id,
            thread,
        )

    async def _named(self, author: NativeAuthor) -> NativeAuthor:
        """With the name that people see, where it can be had within a moment."""
        people = await self._names.look_up([author.native_id])
        profile = people.get(author.native_id)
        if profile is None:
            return author
        return msgspec.structs.replace(author, display=profile.display, avatar=profile.avatar, is_bot=profile.is_bot)

    # ── the message shortcut ─────────────────────────────────────────────────────────────────────────────────────────

    async def _shortcut(self, payload: Payload) -> None:
        shortcut = interactions.read_shortcut(payload)
        if shortcut is None:
            return
        try:
            known = await asyncio.wait_for(self._session.home(shortcut.user), _PATIENCE)
            view = interactions.rooms_modal(known, shortcut)
            await self._calls.call("views.open", {"trigger_id": shortcut.trigger, "view": view})
        except Exception:  # noqa: BLE001 - nothing is lost: the person is told, and tries again
            log.warning("the rooms could not be shown to %s", shortcut.user, exc_info=True)
            words = "The rooms could not be shown just now. Nothing was sent; try again."
            self._tell(words, shortcut.answer_url, shortcut.conversation, shortcut.user, "")

    async def _submitted(self, payload: Payload) -> Json | None:
        picked = interactions.read_submission(payload)
        if picked is None:
            return None
        original = await self._original(picked)
        if original is None:
            why = "This message cannot be read here. Invite the bot to its channel (/invite @tieline) and try again."
            return interactions.refused(why)
        forward = InboundForward(
            conversation=picked.conversation,
            native_id=picked.native_id,
            author=await self._named(interactions.author(picked.user, picked.name, self._me)),
            room=picked.room,
            original=original,
        )
        receipt = await self._session.receive(forward)
        self._tell(_written(receipt.answer), picked.answer_url, picked.conversation, picked.user, picked.thread)
        return None

    async def _original(self, picked: Submission) -> InboundMessage | None:
        message = picked.message
        try:
            if not message:
                message = await asyncio.wait_for(self._fetched(picked), _PATIENCE)
        except (DeliveryError, TimeoutError):
            log.warning("a message of %s could not be read for forwarding", picked.conversation, exc_info=True)
            return None
        event = {**message, "channel": picked.conversation, "type": "message"}
        people = await self._names.look_up(inbound.people_in(event))
        read = inbound.read(event, self._me, people)
        return read if isinstance(read, InboundMessage) else None

    async def _fetched(self, picked: Submission) -> Payload:
        """The message as it stands there; empty where it is gone."""
        place = {"channel": picked.conversation, "oldest": picked.ts, "latest": picked.ts, "inclusive": "true"}
        method = "conversations.history"
        if picked.thread:
            method, place["ts"] = "conversations.replies", picked.thread
        answer = await self._calls.read(method, place)
        found = (mapping(message) for message in sequence(answer.get("messages")))
        return next((message for message in found if text(message, "ts") == picked.ts), {})

    # ── the App Home ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _publish(self, user: str) -> None:
        try:
            view = home.page(await asyncio.wait_for(self._session.home(user), _ANSWER_WITHIN))
        except Exception:  # noqa: BLE001 - whatever it is, the person sees that it did not work
            log.warning("the App Home of %s could not be made", user, exc_info=True)
            view = home.trouble()
        finally:
            self._publishing.discard(user)
        await self._calls.call("views.publish", {"user_id": user, "view": view})

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _tell(self, answer: str, url: str, conversation: str, user: str, thread: str) -> None:
        if answer:
            self._beside(self._answer(answer, url, conversation, user, thread))

    async def _answer(self, answer: str, url: str, conversation: str, user: str, thread: str) -> None:
        """Show mrkdwn to one person: by the address Slack gave, else as an ephemeral message."""
        words = {"text": answer, "parse": "none", "link_names": False}
        in_thread = {"thread_ts": thread} if thread else {}
        if not await self._posted(url, {**words, **in_thread, "response_type": "ephemeral", "replace_original": False}):
            await self._calls.call("chat.postEphemeral", {**words, **in_thread, "channel": conversation, "user": user})

    async def _posted(self, url: str, body: Json) -> bool:
        if not (files.is_slacks(url) or (self._is_local and files.is_home(url))):
            return False
        hook = AsyncWebhookClient(url, timeout=_ANSWER_WITHIN, session=self._http, retry_handlers=[], logger=log)
        if self._is_local:
            hook.proxy = None
        try:
            answer = await hook.send_dict(body)
        except (aiohttp.ClientError, OSError) as error:
            log.info("an answer could not be posted: %s", error)
            return False
        return answer.status_code == HTTPStatus.OK

    def _beside(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _written(answer: str | None) -> str:
    return SlackDialect().write(commonmark.parse(answer).blocks) if answer else ""


async def _logged(work: Coroutine[object, object, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - it is shown nowhere else, and nothing waits for it
        log.warning("Slack did not take what one person was to see: %s", error)
