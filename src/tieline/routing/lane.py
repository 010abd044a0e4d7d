"""One lane: the deliveries of one endpoint, one after another, in rising position.

Rule (laws 2, 3, 4): whatever blocks the head blocks this lane only, and is written on the delivery that waits. A
throttled or uncertain delivery blocks its lane; a failed or held one does not, only what belongs to the same message.
Not promised: memory; a lane knows nothing that the database does not, and may end and be born again at any time.
Next stop: :class:`tieline.routing.outbox_attempt.Attempt` for each delivery.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from tieline.errors import DeliveryError, HubBusy, StoreError
from tieline.model.capabilities import Support
from tieline.model.commands import Command, DigestLane, FinishDelivery, StartDelivery
from tieline.model.delivery import UNRESOLVED, Delivery, DeliveryState, Fault, Operation
from tieline.model.outcome import Accepted
from tieline.ports.adapter import ChannelAdapter
from tieline.ports.waiting import rest
from tieline.routing import budgets, digests
from tieline.routing.breaker import NEVER
from tieline.routing.outbox import Outbox
from tieline.routing.outbox_attempt import Attempt, Line
from tieline.routing.outbox_change import EDIT_CLOSED
from tieline.routing.outbox_place import degraded
from tieline.routing.outbox_steps import End, Later, Wait, Work
from tieline.routing.outbox_traffic import Traffic
from tieline.routing.retry import Verdict, judge

PAGE: Final = 50
"""Deliveries read at a time."""

RECHECK: Final = 3600.0
"""Longest rest, seconds: a jump of the machine's clock is noticed within it."""

STRIKES: Final = 3
"""Refusals of one kind in a row after which the lane goes slowly: 1,000 refusals at once get a bot banned."""

SLOWEST: Final = 30.0
"""Longest wait between such refusals, seconds."""

TOLD: Final = 5.0
"""Seconds of waiting from which the channel's health says why."""

_log = structlog.get_logger(__name__)


class LaneStopped(Exception):
    """Another hub works this lane now."""


class Lane:
    """Works one lane until it is empty."""

    def __init__(self, name: str, outbox: Outbox, traffic: Traffic) -> None:
        self.name = name
        self.channel = name.partition("|")[0]
        self._outbox = outbox
        self._traffic = traffic
        self._wake = asyncio.Event()
        self._stopping = False
        self._limit = PAGE
        self._waiting: set[str] = set()
        """Messages of which something earlier than the head waits for a person."""
        self._due: dict[str, tuple[int, float]] = {}
        """Delivery to its ``next_at`` and the same in monotonic seconds."""
        self._strikes = Strikes()
        self._epoch = self._known_epoch()

    @property
    def is_woken(self) -> bool:
        """True if something changed since its last look."""
        return self._wake.is_set()

    def wake(self) -> None:
        """Something changed: look again."""
        self._wake.set()

    def stop(self) -> None:
        """End before the next delivery."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until the lane is empty, or another hub has it, or it is stopped. Raises only CancelledError."""
        while not self._stopping:
            self._wake.clear()
            try:
                delay = await self._round()
            except LaneStopped:
                if self._epoch == self._known_epoch():
                    _log.warning("lane_stopped", lane=self.name, reason="another hub works it")
                    return
                self._epoch = self._known_epoch()  # it was our own start of the channel
                delay = _AT_ONCE
            except Exception:  # noqa: BLE001 - whatever it is, deliveries must not wait for a restart of the hub
                _log.exception("lane_failed", lane=self.name)
                delay = 1.0
            if delay is None and not self._wake.is_set():
                return
            await rest(self._outbox.clock, min(delay or 0.0, RECHECK), self._wake)

    def _known_epoch(self) -> int:
        record = self._outbox.directory.channel(self.channel)
        return record.epoch if record else 0

    async def _round(self) -> float | None:
        """Work through one page. Seconds to rest before the next; None: the lane is empty."""
        page = list(await self._outbox.reader.lane(self.name, self._limit))
        self._waiting.clear()
        if not page:
            return None
        if (gathering := await self._gather(page)) > 0:
            return gathering
        while not self._stopping and (head := pick(page, self._waiting)) is not None:
            later = superseding(head, page)
            if later is not None:
                await self._end(head, End(state=DeliveryState.EXPIRED, fault=_superseded(later)))
                page.remove(head)
                continue
            delay = await self._turn(head)
            if delay > 0:
                return delay
            if head.message_id not in self._waiting:
                page.remove(head)
        return self._after(len(page))

    async def _gather(self, page: Sequence[Delivery]) -> float:
        """Make one message of many where the link or the platform wants that; seconds to rest, 0: go on."""
        adapter = self._outbox.channels.adapter(self.channel)
        if adapter is None:
            return 0.0
        if await self._digest(page):
            return _AT_ONCE
        bundle = adapter.capabilities(page[0].endpoint).bundle
        wait = digests.gathers(page, bundle, self._outbox.clock.now())
        if bundle is None or wait is None or wait > 0:
            return wait or 0.0
        command = DigestLane(lane=self.name, bundle=True, whole=bundle.whole, epoch=self._epoch)
        done = await self._execute(command)
        return _AT_ONCE if done is not None and done.value else 0.0

    async def _digest(self, page: Sequence[Delivery]) -> bool:
        """Put what waited through an outage into one digest, where its link asks for that."""
        link = self._outbox.directory.link(page[0].link_id) if page[0].link_id else None
        if not digests.wanted(page, link, self._outbox.clock.now()):
            return False
        done = await self._execute(DigestLane(lane=self.name, epoch=self._epoch))
        return done is not None and bool(done.value)

    def _after(self, left: int) -> float:
        """What follows a page of which ``left`` deliveries wait for a person."""
        full = left == self._limit
        self._limit = self._limit * 2 if full else PAGE
        return NEVER if left and not full else 0.0

    async def _turn(self, head: Delivery) -> float:
        """The head's turn; seconds to rest if it is not ready, 0 when it was worked on (or is waiting aside)."""
        adapter = self._outbox.channels.adapter(self.channel)
        if adapter is None or self._is_unresolved(head):
            return NEVER
        if head.late and not head.attempts:
            self._strikes.clear()  # a person says it is mended: don't let them wait
        rate = adapter.capabilities(head.endpoint).rate
        delay = max(self._until_due(head), self._strikes.delay(self._outbox.clock.monotonic()))
        delay = max(delay, self._traffic.delay(self.name, rate, self._outbox.clock.monotonic()))
        if delay > 0:
            return delay
        if head.state is DeliveryState.SENDING:
            return await self._interrupted(head)
        probe = self._traffic.enter()
        try:
            return await self._work(head, adapter)
        finally:
            self._traffic.leave(probe=probe)

    def _is_unresolved(self, head: Delivery) -> bool:
        """True while the platform has not told which conversation the link means; then the delivery changes lanes."""
        if head.conversation.startswith(UNRESOLVED):
            return True
        link = self._outbox.directory.link(head.link_id) if head.link_id else None
        return link is not None and link.conversation is None and link.member_id is None

    def _until_due(self, head: Delivery) -> float:
        if head.fault is not None and head.fault.code == budgets.SPENT:
            return 0.0  # the budget is asked each time: somebody may have raised it
        clock = self._outbox.clock
        next_at, monotonic = self._due.get(head.id, (-1, 0.0))
        if next_at == head.next_at:
            return monotonic - clock.monotonic()
        return (head.next_at - clock.now()) / 1000

    async def _interrupted(self, head: Delivery) -> float:
        """The hub ended while this was being sent: now it is in doubt."""
        await self._finish(FinishDelivery(delivery_id=head.id, state=DeliveryState.UNCERTAIN, fault=_RESTARTED))
        return _AT_ONCE

    async def _work(self, head: Delivery, adapter: ChannelAdapter) -> float:
        if (fault := await self._over_budget(head, adapter)) is not None:
            return await self._wait_for_tomorrow(head, fault)
        composed = await self._outbox.composer.compose(head, adapter)
        match composed:
            case End():
                await self._end(head, composed)
            case Wait():
                await self._put_aside(head, composed)
            case Later():
                return composed.delay
            case Work():
                return await self._attempt(head, composed, adapter)
        return 0.0

    async def _over_budget(self, head: Delivery, adapter: ChannelAdapter) -> Fault | None:
        return await budgets.spent(
            head, adapter.capabilities(head.endpoint), self._outbox.reader, self._outbox.clock.now()
        )

    async def _wait_for_tomorrow(self, head: Delivery, fault: Fault) -> float:
        clock = self._outbox.clock
        next_at = budgets.next_day(clock.now())
        rest_for = (next_at - clock.now()) / 1000
        self._due[head.id] = (next_at, clock.monotonic() + rest_for)
        if head.fault != fault or head.next_at != next_at:
            state = head.state if head.state is DeliveryState.UNCERTAIN else DeliveryState.QUEUED
            await self._finish(
                FinishDelivery(delivery_id=head.id, state=state, next_at=next_at, fault=fault, counts_attempt=False)
            )
        self._outbox.channels.report(self.channel, fault, retry_at=next_at)
        return rest_for

    async def _end(self, head: Delivery, end: End) -> None:
        await self._finish(
            FinishDelivery(
                delivery_id=head.id,
                state=end.state,
                fault=end.fault,
                degradations=end.degradations,
                counts_attempt=False,
            )
        )

    async def _put_aside(self, head: Delivery, wait: Wait) -> None:
        if head.fault != wait.fault:
            command = FinishDelivery(
                delivery_id=head.id, state=DeliveryState.QUEUED, fault=wait.fault, counts_attempt=False
            )
            await self._finish(command)
        self._waiting.add(head.message_id)

    async def _attempt(self, head: Delivery, work: Work, adapter: ChannelAdapter) -> float:
        start = StartDelivery(
            delivery_id=head.id,
            frames=work.frames,
            fingerprint=work.fingerprint,
            degradations=work.degradations,
            epoch=self._epoch,
        )
        if not await self._commit(start):
            return _REFUSED
        try:
            await Attempt(head, work, self._line(head, adapter)).run()
        except DeliveryError as error:
            return await self._failed(head, error)
        self._strikes.clear()
        self._due.pop(head.id, None)
        self._outbox.channels.report(self.channel, None)
        return 0.0

    def _line(self, head: Delivery, adapter: ChannelAdapter) -> Line:
        return Line(
            lane=self.name,
            adapter=adapter,
            traffic=self._traffic,
            clock=self._outbox.clock,
            rate=adapter.capabilities(head.endpoint).rate,
            on_doubt=self._outbox.channels.on_doubt(self.channel),
            finish=self._finish,
        )

    async def _failed(self, head: Delivery, error: DeliveryError) -> float:
        verdict = judge(error, head.attempts + 1, self._outbox.backoff, self._outbox.random)
        clock = self._outbox.clock
        self._blame(verdict)
        if head.operation in _REACTIONS and error.code == NOT_SHOWABLE:
            lost = degraded("reaction", Support.DROPPED, f"{head.emoji} is not shown here: {error.detail}")
            await self._end(head, End(state=DeliveryState.SENT, degradations=(lost,)))
            self._due.pop(head.id, None)
            return 0.0
        if head.operation is Operation.EDIT and error.code == EDIT_CLOSED and not _is_closed(head):
            fault = verdict.fault  # told below the old text instead
            await self._finish(FinishDelivery(delivery_id=head.id, state=DeliveryState.QUEUED, fault=fault))
            return _AT_ONCE
        next_at = clock.now() + round(verdict.delay * 1000) if verdict.delay else 0
        self._due[head.id] = (next_at, clock.monotonic() + verdict.delay)
        await self._finish(
            FinishDelivery(
                delivery_id=head.id,
                state=verdict.state,
                next_at=next_at,
                fault=verdict.fault,
                counts_attempt=verdict.counts,
            )
        )
        if verdict.state.is_open:
            return max(verdict.delay, _AT_ONCE)
        del self._due[head.id]
        return 0.0

    def _blame(self, verdict: Verdict) -> None:
        """Tell the channel's breaker, its account and its supervisor what the failure says of them."""
        clock, channels = self._outbox.clock, self._outbox.channels
        if verdict.stops_channel:
            self._traffic.breaker.doubt()
            channels.report(self.channel, verdict.fault, stops=True)
        elif verdict.blames_channel:
            if self._traffic.breaker.failure(clock.monotonic()):
                channels.report(self.channel, verdict.fault, retry_at=self._retry_at())
        else:
            self._traffic.breaker.success()
            if verdict.account_wide:
                self._traffic.pause(verdict.delay, clock.monotonic())
                channels.report(self.channel, verdict.fault, retry_at=clock.now() + round(verdict.delay * 1000))
            elif verdict.stops_lane or self._strikes.count(verdict, clock.monotonic()):
                channels.report(self.channel, verdict.fault)
            elif verdict.state is DeliveryState.QUEUED and verdict.delay >= TOLD:
                channels.report(self.channel, verdict.fault, retry_at=clock.now() + round(verdict.delay * 1000))

    def _retry_at(self) -> int:
        clock = self._outbox.clock
        return clock.now() + round(self._traffic.breaker.delay(clock.monotonic()) * 1000)

    async def _finish(self, command: FinishDelivery) -> bool:
        return await self._commit(msgspec.structs.replace(command, epoch=self._epoch))

    async def _commit(self, command: Command) -> bool:
        """Execute; False: refused."""
        return await self._execute(command) is not None

    async def _execute(self, command: Command) -> Accepted | None:
        """Execute until the store takes it: an effect that happened must not be forgotten. None: refused."""
        while True:
            try:
                outcome = await self._outbox.hub.execute(command)
            except StoreError as error:
                _log.warning("lane_store_error", lane=self.name, error=str(error))
                await self._outbox.clock.sleep(error.retry_after if isinstance(error, HubBusy) else 1.0)
                continue
            if isinstance(outcome, Accepted):
                return outcome
            if outcome.code == "stale_epoch":
                raise LaneStopped
            _log.info("lane_refused", lane=self.name, code=outcome.code, detail=outcome.detail)
            return None


class Strikes:
    """Refusals of one kind in a row; from the third on, each makes the lane wait longer."""

    def __init__(self) -> None:
        self._code = ""
        self._count = 0
        self._until = 0.0

    def count(self, verdict: Verdict, now: float) -> bool:
        """Count a failure; True if the lane now goes slowly."""
        if verdict.state is not DeliveryState.FAILED:
            return False
        self._count = self._count + 1 if verdict.fault.code == self._code else 1
        self._code = verdict.fault.code
        if self._count < STRIKES:
            return False
        self._until = now + min(SLOWEST, 2.0 ** min(self._count - STRIKES, 30))
        return True

    def clear(self) -> None:
        """Something went well."""
        self._count = 0
        self._until = 0.0

    def delay(self, now: float) -> float:
        """Seconds until the lane may go on."""
        return max(0.0, self._until - now)


_REACTIONS: Final = frozenset({Operation.REACT, Operation.UNREACT})
NOT_SHOWABLE: Final = "not_showable"
"""The platform has no such emoji: what an adapter's Permanent says. Nothing that a person must mend."""


def pick(page: Sequence[Delivery], waiting: set[str]) -> Delivery | None:
    """The first delivery that has its turn; what is held, and what follows it of the same message, stands aside."""
    aside = set(waiting)
    for delivery in page:
        if delivery.state is DeliveryState.HELD:
            aside.add(delivery.message_id)
        elif delivery.message_id not in aside:
            return delivery
    return None


def superseding(head: Delivery, page: Sequence[Delivery]) -> Delivery | None:
    """The last queued edit of the same message, if ``head`` is an earlier one that has not begun."""
    if head.operation is not Operation.EDIT or head.state is not DeliveryState.QUEUED or head.frames is not None:
        return None
    edits = [other for other in page if other.operation is Operation.EDIT and other.message_id == head.message_id]
    return edits[-1] if edits[-1].id != head.id else None


def _is_closed(head: Delivery) -> bool:
    return head.fault is not None and head.fault.code == EDIT_CLOSED


def _superseded(later: Delivery) -> Fault:
    return Fault(code="superseded", detail=f"A later change of the same message carries the text: {later.id}.")


_AT_ONCE = 1e-9
"""Rest that ends at once: read the lane again."""

_REFUSED = 0.1
"""Rest after the hub refused a start: somebody discarded it meanwhile, and the lane is read again."""

_RESTARTED = Fault(code="restarted", detail="The hub ended while this was being sent.")
