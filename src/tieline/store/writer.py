"""The command writer: implements :class:`tieline.ports.hub.Hub` with one thread and one transaction at a time.

The loop's side appends to a list; the first append schedules one ``call_soon``; what has gathered goes to the thread,
which merges what waits into one transaction and, after COMMIT, tells the loop once. No timer, no task and no thread hop
per message. Rule: nobody is told before the commit (law 1). One poisoned command hurts no neighbour: a batch that fails
is rolled back and halved until the culprit stands alone. Not promised: fairness beyond the order of arrival.
Next stop: :class:`tieline.ports.local_bus.LocalBus`, which tells everybody else.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue

from sqlalchemy.exc import SQLAlchemyError

from tieline.errors import HubBusy, StoreError
from tieline.model.commands import Command
from tieline.model.outcome import Outcome
from tieline.ports.clock import Clock
from tieline.ports.deciding import Deciders
from tieline.ports.directory import Directory
from tieline.ports.hub import Bus, Committed
from tieline.store.batch import Answer, Batch, Done, Job, failed
from tieline.store.database import explain, is_environment
from tieline.store.session import Session
from tieline.store.view import Streams

log = logging.getLogger(__name__)

Fault = Callable[[str], None]
"""Called with a named point of the write path; tests kill or fail there."""

FAULT_POINTS = ("before_begin", "after_decide", "before_commit", "after_commit", "before_publish")

BATCH = 1_000
"""Commands per transaction at most."""

_AFTER_DIRECTORY = 32
"""Commands per transaction after one that changed the directory: more such may follow, each ending its batch."""

WAITING = 100_000
"""Commands that may wait; beyond it callers are told to come again."""


class Writer:
    """See the module. ``execute`` and ``submit`` belong to the loop that called :meth:`start`."""

    def __init__(
        self,
        session: Session,
        *,
        deciders: Deciders,
        directory: Directory,
        bus: Bus,
        clock: Clock,
        fault: Fault | None = None,
    ) -> None:
        self._session = session
        self._deciders = deciders
        self._directory = directory
        self._bus = bus
        self._clock = clock
        self._fault = fault or (lambda _point: None)
        self._streams = Streams()
        self._size = BATCH
        self._queue: SimpleQueue[list[Job] | None] = SimpleQueue()
        self._gathering: list[Job] = []
        self._unanswered = 0
        self._closed = True
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Future[None] | None = None
        self._doubtful: Batch | None = None

    # ── the loop's side ──────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Start the thread; called on the loop."""
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        self._closed = False
        threading.Thread(target=self._work, name="tieline-writer", daemon=True).start()

    async def execute(self, command: Command) -> Outcome:
        """See :meth:`tieline.ports.hub.Hub.execute`."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.submit(command, partial(_settle, future))
        return await future

    def submit(self, command: Command, done: Done) -> None:
        """See :meth:`tieline.ports.hub.Hub.submit`."""
        if self._closed or self._unanswered >= WAITING:
            self._refuse(done)
            return
        self._unanswered += 1
        gathering = self._gathering
        gathering.append(Job(command, done))
        if len(gathering) == 1 and self._loop is not None:
            self._loop.call_soon(self._flush)

    def _refuse(self, done: Done) -> None:
        reason = "the hub is closing" if self._closed else f"{WAITING} commands are waiting already"
        asyncio.get_running_loop().call_soon(done, HubBusy(reason, fix="try again in a moment"))

    def _flush(self) -> None:
        if self._gathering:
            self._queue.put(self._gathering)
            self._gathering = []

    async def close(self) -> None:
        """Take no more, carry out what was queued, end the thread."""
        if self._closed or self._ended is None:
            return
        self._closed = True
        self._flush()
        self._queue.put(None)
        await self._ended

    def _announce(self, answers: Sequence[tuple[Done, Answer]], committed: Committed | None) -> None:
        """On the loop, once per commit: first those who asked, then everybody."""
        self._unanswered -= len(answers)
        for done, answer in answers:
            try:
                done(answer)
            except Exception:
                log.exception("a caller failed over the answer to its command")
        if committed is not None:
            self._bus.publish(committed)

    # ── the thread's side ────────────────────────────────────────────────────────────────────────────────────────────

    def _work(self) -> None:
        more = True
        while more:
            jobs, more = self._gather()
            try:
                self._carry_out(jobs)
            except BaseException:
                log.critical("the writer failed; it goes on with the next batch", exc_info=True)
        if self._ended is not None:
            self._tell(self._ended.set_result, None)

    def _gather(self) -> tuple[list[Job], bool]:
        """What waits, in order of arrival, and whether there is more to come."""
        jobs = self._queue.get()
        if jobs is None:
            return [], False
        while len(jobs) < BATCH:
            try:
                more = self._queue.get_nowait()
            except Empty:
                break
            if more is None:
                return jobs, False
            jobs += more
        return jobs, True

    def _carry_out(self, jobs: Sequence[Job]) -> None:
        while jobs:
            part = jobs[: self._size]
            jobs = jobs[self._attempt(part) :]

    def _attempt(self, jobs: Sequence[Job]) -> int:
        """Carry out some of the jobs, at least one; the answer is how many have been answered."""
        try:
            batch = self._transact(jobs)
        except SQLAlchemyError as error:
            return self._fail(jobs, explain(error)) if is_environment(error) else self._halve(jobs, explain(error))
        except StoreError as error:  # fenced off, or in doubt: no command is to blame
            return self._fail(jobs, error)
        except Exception as error:
            log.exception("a batch of %d commands failed", len(jobs))
            return self._halve(jobs, failed(error))
        return self._finish(batch)

    def _halve(self, jobs: Sequence[Job], error: StoreError) -> int:
        if len(jobs) == 1:
            return self._fail(jobs, error)
        middle = len(jobs) // 2
        self._carry_out(jobs[:middle])
        self._carry_out(jobs[middle:])
        return len(jobs)

    def _fail(self, jobs: Sequence[Job], error: StoreError) -> int:
        log.warning("%d commands failed: %s", len(jobs), error)
        self._tell(self._announce, [(job.done, error) for job in jobs], None)
        return len(jobs)

    def _transact(self, jobs: Sequence[Job]) -> Batch:
        """One transaction; a database that went away before its commit is waited for a while."""
        since = time.monotonic()
        while True:
            try:
                return self._transact_once(jobs)
            except SQLAlchemyError as error:
                if not self._session.await_database(error, since):
                    raise

    def _transact_once(self, jobs: Sequence[Job]) -> Batch:
        self._fault("before_begin")
        batch: Batch | None = None
        try:
            connection = self._session.begin()
            self._settle_doubt()
            batch = Batch(
                connection,
                self._session.dialect,
                deciders=self._deciders,
                directory=self._directory,
                streams=self._streams,
                now=self._clock.now(),
            )
            batch.decide(jobs)
            self._fault("after_decide")
            self._write(batch)
        except BaseException:
            self._streams.forget()
            self._session.rollback()
            raise
        self._commit(batch)
        return batch

    def _write(self, batch: Batch) -> None:
        if not batch.is_empty:
            self._session.stamp()
            batch.write()
            self._fault("before_commit")

    def _commit(self, batch: Batch) -> None:
        if batch.is_empty:
            self._session.rollback()
            return
        try:
            self._session.commit()
        except BaseException:
            self._streams.forget()
            self._doubtful = batch
            raise
        self._streams.keep(batch.taken)

    def _settle_doubt(self) -> None:
        """A commit whose callers heard 'uncertain' took place after all: the others still have to hear of it."""
        batch, self._doubtful = self._doubtful, None
        if self._session.settle_doubt() and batch is not None:
            self._publish([], batch)

    def _finish(self, batch: Batch) -> int:
        self._publish(batch.answers, batch)
        self._size = _AFTER_DIRECTORY if batch.changes_directory else min(BATCH, self._size * 4)
        return len(batch.answers)

    def _publish(self, answers: Sequence[tuple[Done, Answer]], batch: Batch) -> None:
        committed = None if batch.is_empty else batch.committed()
        try:
            self._fault("after_commit")
            if batch.changes_directory and committed is not None:
                self._directory.apply(committed.changed, committed.dropped)
            self._fault("before_publish")
        except Exception:  # it is committed: whatever fails now, the callers have to hear so
            log.exception("a commit could not be made known to the whole hub")
        self._tell(self._announce, answers, committed)

    def _tell(self, function: Callable[..., None], *arguments: object) -> None:
        if self._loop is None:
            return
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            log.warning("the loop is closed; nobody hears of the last commands")


def _settle(future: asyncio.Future[Outcome], answer: Answer) -> None:
    if future.done():  # the caller gave up; the command counts all the same
        return
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
