"""One transaction's worth of commands: decide each in order, then write everything at once.

Rule: identities are looked up first, for all commands in one statement, and inserted last, for the accepted ones only:
a refusal must not be remembered. A command that changes the directory ends the batch, so that the next one decides on
the directory as committed. Used by the writer's thread only. Next stop: :mod:`tieline.store.writer`.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from tieline.errors import StoreError
from tieline.model.alerts import Climb
from tieline.model.attachments import Attachment
from tieline.model.base import Value
from tieline.model.commands import Command, ForgetIdentities, Identity
from tieline.model.delivery import Delivery
from tieline.model.events import Event
from tieline.model.outcome import Accepted, Outcome, Refusal
from tieline.ports.deciding import Decider, Deciders, Decision
from tieline.ports.directory import Directory
from tieline.ports.hub import Committed
from tieline.store.mapping import DIRECTORY_KINDS, EVENT, Key, Mapping, mapping_of
from tieline.store.scrubbing import scrub_pending, scrub_stored
from tieline.store.sql import Dialect
from tieline.store.view import BatchView, Changes, Streams

log = logging.getLogger(__name__)

Answer = Outcome | BaseException
Done = Callable[[Answer], None]

KEEP_IDENTITIES = 7 * 24 * 3600 * 1000
"""Milliseconds for which a key is remembered at the least (contract: seven days)."""

_TOLD = DIRECTORY_KINDS | {Delivery, Attachment, Climb}
"""Kinds of which the bus is told."""

_IDENTITY_COLUMNS = ("key", "fingerprint", "result", "created_at")


class Job(NamedTuple):
    """A command and whom to tell."""

    command: Command
    done: Done


class Batch:
    """Decides and writes one batch on an open transaction."""

    def __init__(
        self,
        connection: Connection,
        dialect: Dialect,
        *,
        deciders: Deciders,
        directory: Directory,
        streams: Streams,
        now: int,
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._deciders = deciders
        self._directory = directory
        self._view = BatchView(connection, dialect, streams, directory, now)
        self._identities: dict[str, tuple[str, str]] = {}
        self._new_identities: list[tuple[str, str, str, int]] = []
        self._events: list[Event] = []
        self._lanes: set[str] = set()
        self._scrub: set[str] = set()
        self._forget_before: int | None = None
        self._dropped: list[Value] = []
        self._changes: list[Changes] = []
        self._numbers: list[tuple[str, int]] = []
        self.is_empty = True
        self.answers: list[tuple[Done, Answer]] = []
        self.changes_directory = False

    # ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def decide(self, jobs: Sequence[Job]) -> None:
        """Decide the jobs in order; stops after one that changes the directory (``len(answers)`` says how far)."""
        identities = [job.command.identity() for job in jobs]
        self._look_up([identity.key for identity in identities if identity])
        self._preload(jobs, identities)
        for job, identity in zip(jobs, identities, strict=True):
            self.answers.append((job.done, self._answer(job.command, identity)))
            if self.changes_directory:
                break
        self._seal()

    def _look_up(self, keys: list[str]) -> None:
        if keys:
            wanted = [(key,) for key in dict.fromkeys(keys)]
            rows = self._dialect.select(self._connection, "identities", _IDENTITY_COLUMNS[:3], ("key",), wanted)
            self._identities = {key: (fingerprint, result) for key, fingerprint, result in rows}

    def _preload(self, jobs: Sequence[Job], identities: Sequence[Identity | None]) -> None:
        wanted: dict[type[Value], list[Key]] = defaultdict(list)
        for job, identity in zip(jobs, identities, strict=True):
            if identity is None or identity.key not in self._identities:
                decider = self._deciders.get(type(job.command))
                for kind, key in decider.needs(job.command) if decider else ():
                    wanted[kind].append(key)
        for kind, keys in wanted.items():
            self._view.load(kind, dict.fromkeys(keys))

    def _answer(self, command: Command, identity: Identity | None) -> Answer:
        self._view.start_command()
        try:
            if isinstance(command, ForgetIdentities):
                return self._forget(command)
            return self._judge(self._decider(command), command, identity)
        except SQLAlchemyError:
            raise  # the transaction is lost; the writer begins again
        except Exception as error:
            self._view.give_back()
            log.exception("the decider of %s failed", type(command).__name__)
            return failed(error)

    def _decider(self, command: Command) -> Decider:
        decider = self._deciders.get(type(command))
        if decider is None:
            raise StoreError(f"nobody decides {type(command).__name__}", fix="register its decider in bootstrap")
        return decider

    def _judge(self, decider: Decider, command: Command, identity: Identity | None) -> Outcome:
        known = self._identities.get(identity.key) if identity else None
        if identity and known:
            return self._repeat(decider, identity, known)
        decision = decider.decide(command, self._view)
        if isinstance(decision, Refusal):
            self._view.give_back()
            return decision
        self._take(decision)
        if identity:
            self._identities[identity.key] = (identity.fingerprint, decision.result)
            self._new_identities.append((identity.key, identity.fingerprint, decision.result, self._view.now))
        return Accepted(value=decision.value)

    def _repeat(self, decider: Decider, identity: Identity, known: tuple[str, str]) -> Outcome:
        fingerprint, result = known
        if fingerprint != identity.fingerprint:
            return Refusal(
                status=409,
                code="idempotency_mismatch",
                detail="This key was used before with another body. Use a new key for a new request.",
            )
        return Accepted(value=decider.recall(result, self._view), repeat=True)

    def _take(self, decision: Decision) -> None:
        if [(event.stream, event.seq) for event in decision.events] != self._view.journal:
            self._compare_numbers(decision)
        self._view.take(decision.puts, decision.drops)
        self._events += decision.events
        self._dropped += decision.drops
        if decision.lanes:
            self._lanes.update(decision.lanes)
        if decision.scrub:
            self._scrub.update(decision.scrub)
        for value in (*decision.puts, *decision.drops):
            if type(value) in DIRECTORY_KINDS:
                self.changes_directory = True

    def _compare_numbers(self, decision: Decision) -> None:
        given = sorted((event.stream, event.seq) for event in decision.events)
        if given != sorted(self._view.journal):
            raise StoreError(f"a decision took the numbers {self._view.journal} and made the events {given}")

    def _forget(self, command: ForgetIdentities) -> Outcome:
        refusal = self._directory.authorize(command.actor, "admin")
        if refusal:
            return refusal
        if command.before > self._view.now - KEEP_IDENTITIES:
            return Refusal(status=422, code="too_recent", detail="Keys are kept for seven days; name an earlier time.")
        self._forget_before = max(command.before, self._forget_before or 0)
        return Accepted()

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _seal(self) -> None:
        """All is decided: see what there is to write."""
        self._changes = self._view.changes()
        self._numbers = self._view.numbers()
        if self._scrub:
            self._events = scrub_pending(self._events, frozenset(self._scrub))
        pending = (self._changes, self._numbers, self._events, self._new_identities, self._scrub, self._forget_before)
        self.is_empty = not any(pending)

    def write(self) -> None:
        """Write everything: a statement or two per table."""
        if self._scrub:
            scrub_stored(self._connection, self._dialect, frozenset(self._scrub))
        if self._numbers:
            self._dialect.upsert(self._connection, "streams", ("name", "last_seq"), ("name",), self._numbers)
        if self._events:
            self._dialect.insert(self._connection, EVENT.table, EVENT.columns, [EVENT.row(e) for e in self._events])
        for changes in self._changes:
            self._write_kind(*changes)
        self._write_identities()

    def _write_kind(self, mapping: Mapping[Any], puts: Sequence[Value], drops: Sequence[Key]) -> None:
        if drops:
            self._dialect.delete(self._connection, mapping.table, mapping.key, drops)
        if puts:
            rows = [mapping.row(value) for value in puts]
            self._dialect.upsert(self._connection, mapping.table, mapping.columns, mapping.key, rows)

    def _write_identities(self) -> None:
        if self._forget_before is not None:
            self._dialect.run(self._connection, "DELETE FROM identities WHERE created_at < ?", self._forget_before)
        if self._new_identities:
            self._dialect.insert(self._connection, "identities", _IDENTITY_COLUMNS, self._new_identities)

    # ── after the commit ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def taken(self) -> dict[str, int]:
        """Last numbers of the streams that were used."""
        return self._view.taken

    def committed(self) -> Committed:
        """What the bus is told."""
        changed: list[Value] = []
        for mapping, puts, _drops in self._changes:
            if mapping.kind in _TOLD:
                changed += puts
        dropped = tuple(value for value in self._dropped if type(value) in DIRECTORY_KINDS and self._is_gone(value))
        return Committed(
            events=tuple(self._events), lanes=frozenset(self._lanes), changed=tuple(changed), dropped=dropped
        )

    def _is_gone(self, value: Value) -> bool:
        kind = type(value)
        return self._view.get(kind, *mapping_of(kind).key_of(value)) is None


def failed(error: BaseException) -> StoreError:
    """What a caller is told whose command raised an exception nobody expected."""
    if isinstance(error, StoreError):
        return error
    told = StoreError(
        f"the command could not be carried out: {type(error).__name__}", fix="this is a fault of Tieline: see its log"
    )
    told.__cause__ = error
    return told
