"""Copies what platforms hold into the file store: the rows that wait for their bytes are the queue.

Rule: an attachment is fetched by one task at a time, at most four of a channel at once, and channels never wait for
one another (law 3). Where a channel is away its files wait for it. What fails for good is told; what may work later is
tried again after 1 s, doubling to 60 s, for ten minutes. Nothing is kept between two runs of the hub but the rows: a
restart takes them up again. Not promised: that a file is fetched once only; a hub that was killed fetches it anew.
Next stop: :mod:`tieline.files.copying_one`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

import structlog

from tieline.errors import StoreError
from tieline.files.copying_one import Again, copied, failed
from tieline.model.attachments import Attachment, FileState
from tieline.model.commands import FinishAttachment
from tieline.model.outcome import Refusal
from tieline.ports.channels import Channels
from tieline.ports.clock import Clock
from tieline.ports.files import Files, FilesError
from tieline.ports.hub import Bus, Committed, Hub
from tieline.ports.reading import Reader
from tieline.ports.waiting import rest

AT_ONCE: Final = 4
"""Files of one channel that are fetched at a time."""
PATIENCE: Final = 600.0
"""Seconds from the first attempt (of this run of the hub) after which a file is given up."""
CAP: Final = 60.0
"""Seconds between two attempts, at most."""
LOOK: Final = 60.0
"""Seconds after which the rows are looked at again, whatever was heard."""
PAGE: Final = 500

_NOT_FOUND: Final = 404
_log = structlog.get_logger(__name__)


class Copying:
    """The worker. ``max_size`` in bytes. Start it once the channels are known, stop it before the store closes."""

    def __init__(
        self, *, hub: Hub, reader: Reader, files: Files, channels: Channels, bus: Bus, clock: Clock, max_size: int
    ) -> None:
        self._hub = hub
        self._reader = reader
        self._files = files
        self._channels = channels
        self._bus = bus
        self._clock = clock
        self._max_size = max_size
        self._queues: dict[str, _Queue] = {}
        self._woken = asyncio.Event()
        self._look_at = 0.0
        self._running: asyncio.Task[None] | None = None
        self._leave: list[Callable[[], None]] = []

    async def start(self) -> None:
        """Listen, and begin with what waits already."""
        self._leave = [self._bus.subscribe(self._heard), self._channels.subscribe(lambda _: self._woken.set())]
        self.wake()
        self._running = asyncio.get_running_loop().create_task(self._run(), name="copying files")

    async def stop(self, grace: float = 2.0) -> None:
        """Break everything off; whoever does not let go within ``grace`` seconds is left behind. Idempotent."""
        for leave in self._leave:
            leave()
        self._leave = []
        tasks = [task for queue in self._queues.values() for task in queue.tasks.values()]
        tasks += [self._running] if self._running else []
        self._running = None
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=grace)

    def wake(self) -> None:
        """There may be new rows: look. Cheap; may be called for every commit."""
        self._look_at = 0.0
        self._woken.set()

    def _heard(self, committed: Committed) -> None:
        for value in committed.changed:
            if isinstance(value, Attachment) and _waits(value):
                self._queue_of(value).rows.setdefault(value.id, value)
                self._woken.set()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            if self._clock.monotonic() >= self._look_at:
                await self._look()
            due = min([self._begin_due(queue) for queue in self._queues.values()], default=LOOK)
            self._queues = {name: queue for name, queue in self._queues.items() if queue.rows or queue.tasks}
            await rest(self._clock, min(due, self._look_at - self._clock.monotonic()), self._woken)

    async def _look(self) -> None:
        """Take up all rows that wait, also those behind many of a channel that is away."""
        self._look_at = self._clock.monotonic() + LOOK
        limit = PAGE
        try:
            while len(rows := await self._reader.receiving(limit)) == limit:
                limit *= 2
        except StoreError as error:
            _log.warning("attachments_not_read", error=str(error))
            self._look_at = self._clock.monotonic() + CAP / 10
            return
        for row in rows:
            if _waits(row):
                self._queue_of(row).rows.setdefault(row.id, row)

    def _queue_of(self, row: Attachment) -> _Queue:
        channel = row.source.channel if row.source else ""
        if channel not in self._queues:
            self._queues[channel] = _Queue(channel)
        return self._queues[channel]

    def _begin_due(self, queue: _Queue) -> float:
        """Begin what may begin now; answers the seconds until more may, where time alone decides."""
        now = self._clock.monotonic()
        adapter = self._channels.adapter(queue.channel)
        if adapter is None and not queue.is_lost(now, known=self._channels.known(queue.channel) is not None):
            return LOOK  # the channel tells when it is back
        for row in list(queue.rows.values()):
            if len(queue.tasks) >= AT_ONCE:
                return LOOK  # whoever ends wakes us
            if row.id not in queue.tasks and queue.due(row.id) <= now:
                task = asyncio.get_running_loop().create_task(self._copy(row, queue, adapter), name=f"copy {row.id}")
                queue.tasks[row.id] = task
                task.add_done_callback(partial(self._ended, queue, row.id))
        return queue.next_due(now)

    def _ended(self, queue: _Queue, name: str, task: asyncio.Task[None]) -> None:
        del queue.tasks[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("copying_failed", attachment=name, error=repr(error))
            queue.again(name, self._clock.monotonic(), self._clock.monotonic(), 0.0)
        self._woken.set()

    async def _copy(self, row: Attachment, queue: _Queue, adapter: object | None) -> None:
        began = self._clock.monotonic()
        result = await self._attempt(row, adapter)
        if isinstance(result, Again):
            if queue.again(row.id, began, self._clock.monotonic(), result.after):
                return
            result = failed(row, f"{result.detail}; it was tried for {PATIENCE / 60:.0f} minutes")
        if result is not None:
            await self._finish(result)
        queue.forget(row.id)

    async def _attempt(self, row: Attachment, adapter: object | None) -> FinishAttachment | Again | None:
        """None: there is nothing to do any more (finished, or its message was deleted)."""
        try:
            fresh = await self._reader.attachment(row.id)
        except StoreError:
            return Again(detail="the hub's database did not answer")
        if fresh is None or not _waits(fresh):
            return None
        if adapter is None:
            return failed(row, "its channel is not configured any more")
        return await copied(fresh, adapter, self._files, clock=self._clock, max_size=self._max_size)

    async def _finish(self, command: FinishAttachment) -> None:
        delay = 1.0
        while True:
            try:
                outcome = await self._hub.execute(command)
            except StoreError as error:
                _log.warning("attachment_not_finished", attachment=command.attachment_id, error=str(error))
                await self._clock.sleep(delay)
                delay = min(CAP, delay * 2)
                continue
            if isinstance(outcome, Refusal):
                _log.warning("attachment_refused", attachment=command.attachment_id, code=outcome.code)
                if outcome.status == _NOT_FOUND:  # forgotten meanwhile: nobody would ever remove the bytes
                    with suppress(FilesError):
                        await self._files.remove(command.attachment_id)
            return


class _Queue:
    """The files of one channel."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.rows: dict[str, Attachment] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._tries: dict[str, tuple[float, int, float]] = {}
        """Id → second of the first attempt, number of attempts, second before which there is no other."""
        self._paused_until = 0.0
        self._unknown_since: float | None = None

    def due(self, name: str) -> float:
        """Second from which a file may be tried."""
        return max(self._paused_until, self._tries[name][2] if name in self._tries else 0.0)

    def next_due(self, now: float) -> float:
        """Seconds until the next attempt."""
        return min((self.due(name) - now for name in self.rows if name not in self.tasks), default=LOOK)

    def again(self, name: str, began: float, now: float, after: float) -> bool:
        """Note a failed attempt; False: patience has ended. ``after`` pauses the whole channel."""
        first, count, _ = self._tries.get(name, (began, 0, 0.0))
        if now - first >= PATIENCE:
            return False
        self._tries[name] = (first, count + 1, now + min(CAP, 2.0**count))
        if after > 0:
            self._paused_until = max(self._paused_until, now + min(after, PATIENCE))
        return True

    def forget(self, name: str) -> None:
        """It is finished."""
        self.rows.pop(name, None)
        self._tries.pop(name, None)

    def is_lost(self, now: float, *, known: bool) -> bool:
        """True once the channel was unknown for as long as patience lasts (a reload may bring it back)."""
        if known:
            self._unknown_since = None
            return False
        if self._unknown_since is None:
            self._unknown_since = now
        return now - self._unknown_since >= PATIENCE


def _waits(row: Attachment) -> bool:
    return row.state is FileState.RECEIVING and row.source is not None
