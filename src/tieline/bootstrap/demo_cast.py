"""The demo's cast: people who type on their platforms, and two agents who use the HTTP API as yours will.

Rule: nobody here has a short cut. People's words go through the platforms' parsers, the agents' through the client that
agents import, with tokens, and their bad packet is refused by the hub like anybody's (law 8). After one scene it is
quiet: the rest is the reader's. Next stop: :mod:`tieline.bootstrap.demo_scene` has the lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import aiohttp
import msgspec
import structlog

from tieline.bootstrap import demo_scene
from tieline.bootstrap.demo_board import Board, Refused
from tieline.bootstrap.demo_world import ROOM, Pane
from tieline.client import Client, ClientError, InboxEvent
from tieline.errors import TielineError
from tieline.model.ids import new_id
from tieline.model.message import Author
from tieline.model.outcome import Refusal
from tieline.model.rooms import MessageType
from tieline.model.shapes import MessageOut, PostBody
from tieline.ports.clock import Clock
from tieline.ports.directory import Directory
from tieline.render.wire import rfc3339
from tieline_simulated.platform import PaneMessage

PATIENCE: Final = 25.0
"""Seconds the reader has to mend the broken packet before its author does."""
_SOON: Final = 15.0
_LOOK: Final = 0.1
T = TypeVar("T")
_log = structlog.get_logger(__name__)


class Missed(Exception):
    """Something the scene waits for did not appear: a channel is cut, say. The scene ends."""


class Cast:
    """Plays one scene at a time. ``pace`` stretches its pauses (0: none)."""

    def __init__(self, board: Board, directory: Directory, clock: Clock, *, pace: float = 1.0) -> None:
        self.board = board
        self._directory = directory
        self._clock = clock
        self._pace = pace
        self._agents: Mapping[str, Client] = {}
        self._playing: asyncio.Task[None] | None = None
        self._mended = asyncio.Event()
        self._began = 0
        """When the scene began: what is older is of an earlier one."""

    def enter(self, agents: Mapping[str, Client]) -> None:
        """Agents can speak from now on."""
        self._agents = agents

    def play(self) -> None:
        """Begin the scene, unless it is being played."""
        if self._playing is None or self._playing.done():
            self._playing = asyncio.get_running_loop().create_task(self._play())

    async def stop(self) -> None:
        """End the scene, and let the agents go."""
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)
        for client in self._agents.values():
            await client.close()

    async def _play(self) -> None:
        self._began = self._clock.now()
        try:
            await demo_scene.play(self)
        except (Missed, TielineError, TimeoutError, aiohttp.ClientError) as error:
            _log.info("scene_ended_early", reason=str(error))
        except Exception:  # noqa: BLE001 - a bug of the scene must not end the demo; it is logged
            _log.exception("scene_failed")
        self.board.stage.tell(demo_scene.YOUR_TURN, playing=False)

    # ── what the scene is made of ────────────────────────────────────────────────────────────────────────────────

    def act(self, line: str) -> None:
        """Tell the reader what is to be seen now."""
        self.board.stage.tell(line)

    async def pause(self, seconds: float) -> None:
        """Let the reader read."""
        await self._clock.sleep(seconds * self._pace)

    def pane(self, channel: str) -> Pane:
        """A conversation."""
        return self.board.panes[channel]

    def says(self, channel: str, handle: str, text: str, *, thread: str | None = None) -> str:
        """A member types on a platform; answers the native id."""
        pane = self.pane(channel)
        return pane.platform.say(pane.native_of(handle), text, thread=thread)

    async def seen(self, channel: str, words: str) -> PaneMessage:
        """The newest message with these words there, once it has arrived."""

        def look() -> PaneMessage | None:
            messages = self.pane(channel).platform.messages()
            found = [message for message in messages if words in message.html and message.at >= self._began]
            return found[-1] if found else None

        return await self._until(look, f"'{words}' on {channel}")

    async def posts(
        self, handle: str, text: str, kind: MessageType = MessageType.CHAT, *, thread: str | None = None
    ) -> MessageOut:
        """An agent posts over HTTP."""
        return await self._agents[handle].post(ROOM, PostBody(text=text, type=kind, thread=thread))

    async def asked(self, handle: str) -> str:
        """The message of this scene an agent was asked in, from its inbox: the id of its thread."""
        began, after = rfc3339(self._began), 0
        async with asyncio.timeout(_SOON):
            while True:
                page = await self._agents[handle].inbox(after=after, limit=500)
                for item in page.items:
                    after = item.seq
                    if isinstance(item, InboxEvent) and item.reason == "mention":
                        message = item.message
                        if str(message["created_at"]) >= began:
                            return str(message.get("thread") or message["id"])
                await self._clock.sleep(_LOOK)

    async def breaks(self, handle: str, text: str) -> None:
        """An agent posts a packet with faults; the refusal is shown until it is mended, by the reader or the agent."""
        self._mended.clear()
        try:
            await self.posts(handle, text, MessageType.HANDOFF)
        except ClientError as error:
            refused = self._refused(handle, text, error)
        else:
            raise Missed("the hub took a packet with faults")
        self.board.stage.refuse(refused)
        try:
            async with asyncio.timeout(PATIENCE * self._pace):
                await self._mended.wait()
        except TimeoutError:
            if refused.corrected is not None:
                await self.mend(refused.id, refused.corrected)

    async def mend(self, refused_id: str, text: str) -> Refusal | None:
        """Post a refused packet as it is now; what is still wrong comes back."""
        refused = next((one for one in self.board.stage.refused if one.id == refused_id), None)
        if refused is None or refused.mended:
            return Refusal(status=409, code="mended_already", detail="That packet is mended already, or there is none.")
        try:
            await self.posts(refused.handle, text, MessageType.HANDOFF)
        except ClientError as error:
            return Refusal(
                status=error.status, code=error.code, detail=error.detail, violations=error.problem.violations
            )
        self.board.stage.refuse(msgspec.structs.replace(refused, mended=True))
        self._mended.set()
        return None

    def _refused(self, handle: str, text: str, error: ClientError) -> Refused:
        member = self._directory.member(handle)
        corrected = error.extra.get("corrected")
        return Refused(
            id=new_id("ref", self._clock.now()),
            at=rfc3339(self._clock.now()),
            handle=handle,
            display=Author.of(member).display if member else handle,
            text=text,
            detail=error.detail,
            violations=error.problem.violations,
            corrected=corrected if isinstance(corrected, str) else None,
        )

    async def _until(self, look: Callable[[], T | None], what: str) -> T:
        end = self._clock.monotonic() + _SOON
        while (found := look()) is None:
            if self._clock.monotonic() > end:
                raise Missed(f"{what} did not appear")
            await self._clock.sleep(_LOOK)
        return found
