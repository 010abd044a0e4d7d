"""One channel: its adapter is made, connected, caught up with, watched, and connected again when it failed.

Rule: what a person must mend is shown and not hammered on; everything else is tried again with backoff. Sending waits
until the channel is up; pausing stops sending only, so that what people write meanwhile still comes in.
Next stop: :class:`tieline.plugins.supervisor.Supervisor` keeps one per configured channel.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Final

import structlog

from tieline.errors import AdapterError, DeliveryError, HubBusy, Misconfigured, MissingExtra, StoreError
from tieline.model.base import Value
from tieline.model.channels import ChannelHealth, ChannelState, Trait
from tieline.model.commands import Command, LearnDirect, ReceiveEvent, RegisterChannel, ResolveLink
from tieline.model.delivery import UNRESOLVED, Fault
from tieline.model.inbound import InboundEvent, Receipt
from tieline.model.outcome import Accepted, Outcome, Refusal
from tieline.model.rooms import Direction, Link
from tieline.plugins.catchup import CatchUp
from tieline.plugins.following import Following
from tieline.plugins.gate import Answer, Gate
from tieline.plugins.homes import home_of
from tieline.plugins.patience import after_sends, must_wait
from tieline.plugins.surveying import missed
from tieline.ports.abilities import Directs, History, Resolves, Surveys
from tieline.ports.adapter import AdapterContext, ChannelAdapter, Factory, Home, Services
from tieline.ports.channels import OnDoubt
from tieline.ports.clock import Clock
from tieline.ports.directory import Directory
from tieline.ports.hub import Hub
from tieline.ports.reading import Reader
from tieline.ports.waiting import rest, within

BASE: Final = 1.0
CAP: Final = 60.0
CONNECT_LIMIT: Final = 60.0
STOP_LIMIT: Final = 5.0
TOGETHER: Final = 4
"""Conversations that are caught up with at a time."""

_SENDING = frozenset({ChannelState.UP, ChannelState.CATCHING_UP})
_log = structlog.get_logger(__name__)


class ConfiguredChannel(Value, kw_only=True, frozen=True):
    """A channel as the configuration wants it; two that are equal need no restart."""

    name: str
    adapter: str
    settings: dict[str, object]
    on_doubt: OnDoubt = OnDoubt.RESEND
    traits: tuple[Trait, ...] = ()
    """As the adapter's manifest says."""
    own: str | None = None
    """The channel's own address."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The inside of the hub that channels need."""

    hub: Hub
    reader: Reader
    directory: Directory
    clock: Clock
    public_url: str | None = None
    services: Services | None = None
    """For adapters that are a way into the hub itself."""
    random: Random = field(default_factory=SystemRandom)
    begun: set[str] = field(default_factory=set)
    """Channels whose epoch this process has begun: a restart of one channel begins no other."""


class Runner:
    """Runs one channel. Implements :class:`tieline.ports.adapter.Session` for its adapter."""

    def __init__(
        self,
        channel: ConfiguredChannel,
        make: Factory,
        inside: Inside,
        changed: Callable[[], None],
    ) -> None:
        self.channel = channel
        self._make = make
        self._inside = inside
        self._changed = changed
        self._gate = Gate(self._let_in)
        self._following = Following(inside.clock, lambda place, fault: self._note(f"follow {place}", fault))
        self._again = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._main: asyncio.Task[None] | None = None
        self._slots = asyncio.Semaphore(TOGETHER)
        self._notes: dict[str, Fault] = {}
        """What is not well though the channel works, by who told: ``lanes``, a conversation, a link."""
        self._settling: asyncio.Task[None] | None = None
        self._asked: set[str] = set()
        """People whose direct conversation is being asked for."""
        self._state = ChannelState.CONNECTING
        self._fault: Fault | None = None
        self._since = inside.clock.now()
        self._retry_at: int | None = None
        self.adapter: ChannelAdapter | None = None
        self._renew()

    # ── what others ask ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def is_paused(self) -> bool:
        """True while a person paused it."""
        record = self._inside.directory.channel(self.channel.name)
        return record is not None and record.paused

    @property
    def sends(self) -> bool:
        """True while lanes may send."""
        return self._state in _SENDING and not self.is_paused

    def health(self) -> ChannelHealth:
        """How it is now."""
        paused = self._state in _SENDING and self.is_paused
        return ChannelHealth(
            name=self.channel.name,
            adapter=self.channel.adapter,
            state=ChannelState.PAUSED if paused else self._state,
            since=self._since,
            fault=self._fault or next(iter(self._notes.values()), None),
            retry_at=self._retry_at,
        )

    def report(self, fault: Fault | None, *, stops: bool, retry_at: int | None) -> None:
        """A lane tells what it met."""
        if stops and fault is not None:
            self._become(ChannelState.MISCONFIGURED, fault)
            return
        if self._state in _SENDING:
            self._retry_at = retry_at
        self._note("lanes", fault)

    def _note(self, source: str, fault: Fault | None) -> None:
        """Remember what ``source`` met; None: it is over."""
        if self._notes.get(source) == fault:
            return
        if fault is None:
            del self._notes[source]
        else:
            self._notes[source] = fault
        self._changed()

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin; returns at once."""
        self._main = asyncio.get_running_loop().create_task(self._run(), name=f"channel {self.channel.name}")

    async def stop(self) -> None:
        """Disconnect within a bound. Idempotent; does not raise."""
        if self._main is not None:
            self._main.cancel()
            await asyncio.gather(self._main, return_exceptions=True)
            self._main = None
        await self._drop()
        self._gate.dismiss()

    def again(self) -> None:
        """Try a stopped channel again at once: a person says it is mended."""
        if self._state is ChannelState.MISCONFIGURED or self._retry_at is not None:
            self._again.set()

    async def _run(self) -> None:
        attempt = 0
        while True:
            self._again.clear()
            self._gate.close()
            attempt += 1
            failed = await self._connect()
            if failed is None:
                attempt = 0
                await self._again.wait()  # until a credential failed and was mended
            else:
                await self._rest(failed, attempt)
            await self._drop()
            self._notes.clear()
            self._become(ChannelState.CONNECTING)

    async def _connect(self) -> Exception | None:
        self._become(ChannelState.CONNECTING)
        try:
            await self._register()
            if self.adapter is None:
                self._renew()
            if self.adapter is None:
                return Misconfigured("the adapter could not be made")
            await within(self._inside.clock, CONNECT_LIMIT, self.adapter.connect(self))
        except Exception as error:  # noqa: BLE001 - an adapter may raise anything; all of it is shown
            return error
        await self.came_up()
        return None

    async def _register(self) -> None:
        channel, begun = self.channel, self._inside.begun
        bump = channel.name not in begun
        await self._execute(
            RegisterChannel(
                name=channel.name, adapter=channel.adapter, traits=channel.traits, own=channel.own, bump=bump
            )
        )
        begun.add(channel.name)

    async def _rest(self, failed: Exception, attempt: int) -> None:
        """After a failed connect: wait for a person, or for a while."""
        if isinstance(failed, Misconfigured | MissingExtra):
            if self._state is not ChannelState.MISCONFIGURED:
                self._become(ChannelState.MISCONFIGURED, _fault_of("misconfigured", failed))
            await self._again.wait()
            return
        if not isinstance(failed, AdapterError | TimeoutError | StoreError):
            _log.error("adapter_bug", channel=self.channel.name, exc_info=failed)
        delay = self._inside.random.uniform(BASE / 2, min(CAP, BASE * 2.0 ** min(attempt - 1, 30)))
        fault = _fault_of("cannot_connect", failed)
        self._become(ChannelState.DOWN, fault, retry_at=self._inside.clock.now() + round(delay * 1000))
        await rest(self._inside.clock, delay, self._again)

    def _renew(self) -> None:
        """Make the adapter; its fault is shown by the next connect."""
        context = AdapterContext(
            channel=self.channel.name,
            settings=self.channel.settings,
            clock=self._inside.clock,
            public_url=self._inside.public_url,
            services=self._inside.services,
        )
        try:
            self.adapter = self._make(context)
        except Exception as error:  # noqa: BLE001 - an adapter may raise anything; all of it is shown
            self._become(ChannelState.MISCONFIGURED, _fault_of("adapter_cannot_be_made", error))

    async def _drop(self) -> None:
        """Disconnect the adapter, and end what works for it."""
        self._following.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        adapter, self.adapter = self.adapter, None
        if adapter is None:
            return
        try:
            await within(self._inside.clock, STOP_LIMIT, adapter.disconnect())
        except Exception:  # noqa: BLE001 - a bug of the adapter must not keep the hub from stopping
            _log.exception("disconnect_failed", channel=self.channel.name)

    def _become(self, state: ChannelState, fault: Fault | None = None, *, retry_at: int | None = None) -> None:
        if (state, fault) != (self._state, self._fault):
            self._since = self._inside.clock.now()
            _log.info("channel", channel=self.channel.name, state=state.value, code=fault.code if fault else "")
        self._state, self._fault, self._retry_at = state, fault, retry_at
        self._notes.pop("lanes", None)
        self._changed()

    # ── Session ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def receive(self, event: InboundEvent) -> Receipt:
        """Hand over what happened; see the port."""
        answer: Answer = asyncio.get_running_loop().create_future()
        self._gate.arrive(event, answer)
        try:
            outcome = await answer
        except StoreError:
            self._read_again(event.conversation)
            raise
        if must_wait(outcome):
            outcome = await self._after_sends(event)
        match outcome:
            case Accepted(value=Receipt() as receipt):
                return receipt
            case Refusal(code=code, detail=detail):
                _log.warning("event_refused", channel=self.channel.name, code=code, detail=detail)
        return Receipt(status="ignored")

    async def _after_sends(self, event: InboundEvent) -> Outcome:
        """The event may speak of what is being sent: it waits, and its conversation with it."""
        held = self._gate.hold(event.conversation)
        try:
            return await self._patient(event)
        finally:
            if held:
                self._gate.open(event.conversation)

    async def _patient(self, event: InboundEvent) -> Outcome:
        inside = self._inside
        command = ReceiveEvent(channel=self.channel.name, event=event)
        return await after_sends(command, inside.hub, inside.reader, inside.directory, inside.clock)

    def _read_again(self, conversation: str) -> None:
        """What was refused is read from history before anything later, whose cursor would else stand behind it."""
        if isinstance(self.adapter, History) and conversation in self._inward() and self._gate.hold(conversation):
            self._spawn(self._catch_up(conversation))

    def went_down(self, reason: str, *, fix: str = "") -> None:
        """The connection is lost; see the port."""
        if self._state in _SENDING:
            self._gate.close()
            self._following.stop()
            if self._settling is not None:
                self._settling.cancel()
        if self._state in _SENDING or self._state is ChannelState.DOWN:  # a later reason knows more: a revoked token
            self._become(ChannelState.DOWN, Fault(code="connection_lost", detail=reason, fix=fix))

    async def came_up(self) -> None:
        """The connection is back; see the port."""
        if self._state in _SENDING:
            return
        places = self._inward()
        self._gate.hold_only(places)
        self._become(ChannelState.CATCHING_UP)
        self._settling = self._spawn(self._settle_in(places))

    def troubled(self, conversation: str, problem: str | None, *, fix: str = "") -> None:
        """What is wrong with one conversation; see the port."""
        fault = None if problem is None else Fault(code="conversation", detail=f"{conversation}: {problem}", fix=fix)
        self._note(f"trouble {conversation}", fault)

    def renamed(self, conversation: str, label: str) -> None:
        """A conversation has another name; see the port."""
        for link in self._inside.directory.links_on(self.channel.name):
            if link.conversation == conversation and link.label != label:
                self._spawn(self._rename(link, label))

    async def _rename(self, link: Link, label: str) -> None:
        await self._execute(ResolveLink(link_id=link.id, conversation=link.conversation or "", label=label))

    async def home(self, native_id: str) -> Home:
        """What concerns a person of the platform; see the port."""
        return await home_of(self.channel.name, native_id, self._inside.directory, self._inside.reader)

    async def _settle_in(self, places: list[str]) -> None:
        await self._resolve_links()
        await self._learn_waiting()
        await asyncio.gather(*(self._following.follow(self.adapter, place) for place in self._linked()))
        await asyncio.gather(*(self._catch_up(place) for place in places))
        if self._state is ChannelState.CATCHING_UP:
            self._become(ChannelState.UP)

    async def _catch_up(self, conversation: str) -> None:
        if isinstance(self.adapter, History):
            async with self._slots:
                await self._history(self.adapter, conversation).run(conversation)
                await self._survey(conversation)
        self._gate.open(conversation)

    async def _survey(self, conversation: str) -> None:
        """What history does not tell: deletions, reactions, edits of what is old."""
        if not isinstance(self.adapter, Surveys):
            return
        inside = self._inside
        events = await missed(self.channel.name, conversation, self.adapter, inside.directory, inside.reader)
        for event in events:
            await self._execute(ReceiveEvent(channel=self.channel.name, event=event, final=True))

    def _history(self, history: History, conversation: str) -> CatchUp:
        inside = self._inside
        return CatchUp(
            channel=self.channel.name,
            history=history,
            hub=inside.hub,
            reader=inside.reader,
            clock=inside.clock,
            random=inside.random,
            told=lambda fault: self._note(conversation, fault),
            patient=self._patient,
        )

    def _inward(self) -> list[str]:
        own = {self.channel.own} if self.channel.own else set()
        return sorted({*self._linked(but=Direction.OUT), *own})

    def _linked(self, *, but: Direction | None = None) -> list[str]:
        links = [link for link in self._inside.directory.links_on(self.channel.name) if link.direction is not but]
        return sorted({link.conversation for link in links if link.conversation})

    def _let_in(self, event: InboundEvent, answer: Answer) -> None:
        def done(outcome: object) -> None:
            if answer.done():
                return
            if isinstance(outcome, BaseException):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

        self._inside.hub.submit(ReceiveEvent(channel=self.channel.name, event=event), done)

    # ── links ────────────────────────────────────────────────────────────────────────────────────────────────────

    def link_changed(self, link: Link) -> None:
        """A link of this channel was made or changed."""
        if self._state not in _SENDING or link.archived_at is not None:
            return
        if link.conversation is None and link.member_id is None:
            self._spawn(self._resolve_links())
        elif link.conversation:
            self._spawn(self._begin_reading(link.conversation, link.direction))

    async def _begin_reading(self, conversation: str, direction: Direction) -> None:
        """Remember where reading begins, so that the first outage loses nothing."""
        await self._following.follow(self.adapter, conversation)
        if direction is Direction.OUT:
            return
        if await self._inside.reader.cursor(self.channel.name, conversation) is None:
            await self._catch_up(conversation)

    async def _resolve_links(self) -> None:
        for link in self._inside.directory.links_on(self.channel.name):
            if link.conversation is None and link.member_id is None:
                await self._resolve(link)

    async def _resolve(self, link: Link) -> None:
        try:
            place, label = link.label, link.label
            if isinstance(self.adapter, Resolves):
                place, label = await self.adapter.resolve(link.label)
        except (AdapterError, DeliveryError) as error:
            fix = error.fix or "mend the link's conversation"
            detail = f"{link.label}: {error}"
            self._note(link.id, Fault(code="link_not_resolved", detail=detail, fix=fix))
            return
        outcome = await self._execute(ResolveLink(link_id=link.id, conversation=place, label=label))
        self._note(link.id, None)
        if isinstance(outcome, Refusal):
            self._note(link.id, Fault(code=outcome.code, detail=outcome.detail))

    def direct_wanted(self, native_id: str) -> None:
        """Something waits for the direct conversation with a person."""
        if self._state in _SENDING and native_id not in self._asked:
            self._asked.add(native_id)
            self._spawn(self._learn_direct(native_id))

    async def _learn_direct(self, native_id: str) -> None:
        try:
            if isinstance(self.adapter, Directs):
                place = await within(self._inside.clock, CONNECT_LIMIT, self.adapter.direct(native_id))
                await self._execute(LearnDirect(channel=self.channel.name, native_id=native_id, conversation=place))
                self._note(f"direct {native_id}", None)
        except (AdapterError, DeliveryError, TimeoutError) as error:
            fix = getattr(error, "fix", "") or "resume the channel to try again"
            self._note(f"direct {native_id}", Fault(code="no_direct", detail=f"{native_id}: {error}", fix=fix))
        finally:
            self._asked.discard(native_id)

    async def _learn_waiting(self) -> None:
        head = f"{self.channel.name}|{UNRESOLVED}"
        for lane in await self._inside.reader.open_lanes():
            if lane.startswith(head):
                self.direct_wanted(lane.removeprefix(head).rpartition("|")[0])

    async def _execute(self, command: Command) -> object:
        while True:
            try:
                return await self._inside.hub.execute(command)
            except HubBusy as error:
                await self._inside.clock.sleep(error.retry_after)

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("channel_task_failed", channel=self.channel.name, exc_info=error)


def _fault_of(code: str, error: Exception) -> Fault:
    fix = error.fix if isinstance(error, AdapterError | StoreError) else ""
    detail = str(error) or type(error).__name__
    return Fault(code=code, detail=detail, fix=fix)
