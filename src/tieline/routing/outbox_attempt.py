"""One attempt at one delivery: look where in doubt, call frame by frame, and make each outcome durable.

Rule (laws 1, 2): what is out is committed before the next call is made, so that a crash leaves at most one frame in
doubt, and that one is looked up before it is sent again. Errors are not judged here; the lane does.
Next stop: ``execute(FinishDelivery(...))``, then the next frame.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import structlog

from tieline.errors import DeliveryError, Uncertain
from tieline.model.capabilities import RateLimit, Support
from tieline.model.commands import FinishDelivery, SentPart
from tieline.model.delivery import Degradation, Delivery, DeliveryState, Fault
from tieline.ports.abilities import Looks
from tieline.ports.adapter import ChannelAdapter, Sent
from tieline.ports.channels import OnDoubt
from tieline.ports.clock import Clock
from tieline.ports.waiting import NoAnswer, within
from tieline.routing.outbox_steps import SendStep, Step, Work, perform
from tieline.routing.outbox_traffic import Traffic

T = TypeVar("T")

CALL_LIMIT: Final = 60.0
"""Seconds after which a call without an answer is in doubt."""

SLOWEST_UPLOAD: Final = 64 * 1024.0
"""Bytes a second below which an upload is given up."""

LOOK_BACK: Final = 60_000
"""Milliseconds before the making of a delivery from which its message is looked for: clocks differ."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """How one delivery reaches its channel."""

    lane: str
    adapter: ChannelAdapter
    traffic: Traffic
    clock: Clock
    rate: RateLimit | None
    on_doubt: OnDoubt
    finish: Callable[[FinishDelivery], Awaitable[bool]]
    """Commit an outcome; False if the delivery is no longer ours."""

    def delay(self) -> float:
        """Seconds until the next call may be made."""
        return self.traffic.delay(self.lane, self.rate, self.clock.monotonic())

    async def call(self, make: Callable[[], Awaitable[T]], carried: int = 0) -> T:
        """Make one call, counted by the lane's pace and the channel's breaker. Raises DeliveryError, nothing else.

        ``carried`` is how many bytes of files go with it.
        """
        self.traffic.spend(self.lane, self.rate, self.clock.monotonic())
        try:
            answer = await within(self.clock, CALL_LIMIT + carried / SLOWEST_UPLOAD, make())
        except DeliveryError:
            raise
        except NoAnswer as error:
            raise Uncertain("no_answer", str(error)) from error
        except Exception as error:
            _log.exception("adapter_bug", lane=self.lane)
            raise Uncertain(
                "adapter_bug", f"{type(error).__name__}: {error}", fix="report it to the adapter"
            ) from error
        self.traffic.breaker.success()
        return answer


class Attempt:
    """One attempt; make it, run it once."""

    def __init__(self, delivery: Delivery, work: Work, line: Line) -> None:
        self._delivery = delivery
        self._work = work
        self._line = line
        self._doubt = delivery.state is DeliveryState.UNCERTAIN or delivery.late
        self._marks: tuple[Degradation, ...] = ()

    async def run(self) -> None:
        """Do what is left of the delivery. Raises DeliveryError where a call did not end well."""
        steps = self._work.steps
        for number, step in enumerate(steps):
            if number and self._line.delay() > 0 and not await self._patience():
                await self._finish(DeliveryState.QUEUED, counts=False)
                return
            sent = await self._found(step)
            if sent is None:
                if await self._stops_here(step):
                    return
                sent = await self._line.call(partial(perform, self._line.adapter, step), _carried(step))
            if not await self._report(step, sent, last=number == len(steps) - 1):
                return
        if not steps:
            await self._finish(DeliveryState.SENT)

    async def _patience(self) -> bool:
        """Wait for the lane's pace between two frames; False where the wait is longer than that."""
        while (delay := self._line.delay()) > 0:
            if delay > _SHORT:
                return False
            await self._line.clock.sleep(delay)
        return True

    async def _found(self, step: Step) -> Sent | None:
        """Look an uncertain send up, where the platform lets us."""
        adapter = self._line.adapter
        if not self._doubt or not isinstance(step, SendStep) or not self._can_look():
            return None
        assert isinstance(adapter, Looks)  # noqa: S101 - _can_look saw it
        since = self._delivery.created_at - LOOK_BACK
        sent = await self._line.call(lambda: adapter.look_up(step.outgoing, since))
        self._doubt = False
        if sent is None and self._work.abandon is not None:
            self._doubt = True
        return sent

    def _can_look(self) -> bool:
        adapter = self._line.adapter
        return isinstance(adapter, Looks) and adapter.capabilities(self._delivery.endpoint).lookup

    async def _stops_here(self, step: Step) -> bool:
        """True if the delivery ends without the call: nothing may be sent anew, or a person must decide."""
        if self._work.abandon is not None:
            await self._finish(DeliveryState.EXPIRED, fault=self._work.abandon)
            return True
        if not self._doubt or not isinstance(step, SendStep):
            return False
        self._doubt = False
        if self._delivery.late or self._line.adapter.capabilities(self._delivery.endpoint).idempotent_send:
            return False
        if self._line.on_doubt is OnDoubt.HOLD:
            await self._finish(DeliveryState.HELD, fault=_HELD)
            return True
        self._marks = (_TWICE,)
        return False

    async def _report(self, step: Step, sent: Sent | None, *, last: bool) -> bool:
        if last:
            return await self._finish(DeliveryState.SENT, parts=_parts(step, sent))
        if sent is None:
            return True  # an edit or a removal may be repeated; there is nothing to remember
        return await self._finish(DeliveryState.SENDING, parts=_parts(step, sent), counts=False)

    async def _finish(
        self,
        state: DeliveryState,
        *,
        parts: tuple[SentPart, ...] = (),
        fault: Fault | None = None,
        counts: bool = True,
    ) -> bool:
        return await self._line.finish(
            FinishDelivery(
                delivery_id=self._delivery.id,
                state=state,
                parts=parts,
                fault=fault,
                counts_attempt=counts,
                degradations=self._marks,
            )
        )


_SHORT = 30.0
_HELD = Fault(
    code="in_doubt",
    detail="It may have been shown, and the platform cannot be asked.",
    fix="look there, then retry or discard the delivery",
)
_TWICE = Degradation(feature="once", level=Support.PARTIAL, detail="it may be shown twice: an answer was lost")


def _carried(step: Step) -> int:
    return sum(file.size for file in step.outgoing.files) if isinstance(step, SendStep) else 0


def _parts(step: Step, sent: Sent | None) -> tuple[SentPart, ...]:
    if sent is None or not isinstance(step, SendStep):
        return ()
    return (SentPart(native_id=sent.native_id, index=step.index, thread_native=sent.thread, url=sent.url),)
