"""The writer's own connection: it holds the hub's lock, opens transactions, and knows whether a commit took place.

Rule: every transaction raises ``hub_lock.batch`` where ``epoch`` is still ours. So a hub that was superseded can write
nothing (it is fenced off), and a commit whose answer was lost is looked up after the reconnect instead of guessed.
Used by the writer's thread only. Next stop: :mod:`tieline.store.writer`.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import SQLAlchemyError

from tieline.errors import HubBusy, StoreError
from tieline.store.database import Location, explain, is_environment, is_lost, open_engine
from tieline.store.holding import ADVISORY_KEY, FileLock, held_by, holder
from tieline.store.schema import require_current

PATIENCE = 5.0
"""Seconds for which a lost database is waited for before callers are told to try again."""

_NOTICED_AFTER = 1.5
"""Seconds after which PostgreSQL has certainly noticed that a process on its own machine is gone."""

_KEEPALIVE = ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3")
"""A hub on another machine that lost its power gives its lock back within half a minute."""


class Session:
    """See the module. Not safe for several threads."""

    def __init__(self, location: Location, *, busy: float, patience: float = PATIENCE) -> None:
        self.dialect = location.dialect
        self.epoch = 0
        self._location = location
        self._engine = open_engine(location, writing=True, busy=busy)
        self._file_lock = None if location.file is None else FileLock(location.file)
        self._patience = patience
        self._connection: Connection | None = None
        self._transaction: RootTransaction | None = None
        self._backend: tuple[int, str] | None = None
        self._batch = 0
        self._doubtful: int | None = None
        self._stop = threading.Event()

    # ── opening and closing ──────────────────────────────────────────────────────────────────────────────────────────

    def open(self, now: int) -> None:
        """Take the lock, check the schema, raise the epoch. Raises :class:`StoreError`."""
        if self._location.file is not None and not self._location.file.exists():
            raise StoreError(f"there is no database at {self._location.file}", fix="run: tieline migrate")
        if self._file_lock is not None:
            self._file_lock.take()
        try:
            with self.connection().begin():
                self._take_over(now)
        except SQLAlchemyError as error:
            self.close()
            raise explain(error) from error
        except BaseException:
            self.close()
            raise

    def _take_over(self, now: int) -> None:
        connection = self.connection()
        require_current(connection)
        rows = self.dialect.one(connection, f"SELECT epoch, batch FROM hub_lock{self.dialect.row_lock}")
        epoch, self._batch = (rows[0][0], rows[0][1]) if rows else (0, 0)
        self.epoch = epoch + 1
        columns = ("id", "epoch", "batch", "holder", "since")
        self.dialect.upsert(connection, "hub_lock", columns, ("id",), [(1, self.epoch, self._batch, holder(), now)])

    def close(self) -> None:
        """Close the connection and give the lock back."""
        self.drop()
        self._engine.dispose()
        if self._file_lock is not None:
            self._file_lock.release()

    def hurry(self) -> None:
        """Wait no longer for a lost database (called from the loop when the hub closes)."""
        self._stop.set()

    def drop(self) -> None:
        """Let a broken connection go; the next transaction opens another."""
        self._transaction = None
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.invalidate()
            with suppress(SQLAlchemyError):
                self._connection.close()
            self._connection = None

    def connection(self) -> Connection:
        """The connection, opened (again) if need be. Raises SQLAlchemy's errors, and :class:`StoreError` if fenced."""
        if self._connection is None:
            self._connection = self._engine.connect()
            try:
                self._introduce(self._connection)
            except BaseException:
                self.drop()
                raise
        return self._connection

    def _introduce(self, connection: Connection) -> None:
        if self._location.file is None:
            self._take_advisory(connection)
        if self.epoch:
            self._look_around(connection)

    def _take_advisory(self, connection: Connection) -> None:
        with connection.begin():
            for setting in _KEEPALIVE:
                connection.exec_driver_sql(f"SET {setting}")
            if self._backend is not None:  # our former session may not have noticed that we are gone
                sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ? AND backend_start::text = ?"
                self.dialect.one(connection, sql, *self._backend)
            if not self._try_advisory(connection):
                rows = self.dialect.one(connection, "SELECT holder FROM hub_lock")
                raise held_by(rows[0][0] if rows else "")
            sql = "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
            self._backend = tuple(self.dialect.one(connection, sql)[0])

    def _try_advisory(self, connection: Connection) -> bool:
        # The server may take a moment to notice that a hub was killed; its successor must not be refused for that.
        deadline = time.monotonic() + _NOTICED_AFTER
        while True:
            if self.dialect.one(connection, "SELECT pg_try_advisory_lock(?)", ADVISORY_KEY)[0][0]:
                return True
            if time.monotonic() >= deadline or self._stop.wait(0.02):
                return False

    def _look_around(self, connection: Connection) -> None:
        """After a reconnect: see that we are still the hub, and how far it came."""
        with connection.begin():
            # FOR UPDATE waits for a commit of ours that is still under way in the server.
            rows = self.dialect.one(connection, f"SELECT epoch, batch, holder FROM hub_lock{self.dialect.row_lock}")
            epoch, batch, who = rows[0]
        if epoch != self.epoch:
            raise held_by(who)
        self._batch = batch

    # ── transactions ─────────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> Connection:
        """Begin a transaction."""
        connection = self.connection()
        self._transaction = connection.begin()
        return connection

    def stamp(self) -> None:
        """Number the transaction, and prove that we are still the hub."""
        sql = "UPDATE hub_lock SET batch = ? WHERE id = 1 AND epoch = ?"
        if self.dialect.run(self.connection(), sql, self._batch + 1, self.epoch) != 1:
            raise held_by("it took over while this hub was away")

    def rollback(self) -> None:
        """Undo; a connection that cannot is dropped."""
        transaction, self._transaction = self._transaction, None
        if transaction is None:
            return
        try:
            transaction.rollback()
        except SQLAlchemyError:
            self.drop()

    def commit(self) -> None:
        """Commit. Returns: it is durable. Raises SQLAlchemy's error: nothing was written. Raises HubBusy: unknown."""
        transaction, self._transaction = self._transaction, None
        if transaction is None:
            raise StoreError("there is no transaction to commit")
        number = self._batch + 1
        try:
            transaction.commit()
        except SQLAlchemyError:
            with suppress(SQLAlchemyError):
                transaction.rollback()
            self.drop()
            if not self._took_place(number):
                raise
        self._batch = number

    def _took_place(self, number: int) -> bool:
        self._doubtful = number
        deadline = time.monotonic() + self._patience
        while not self._answers():
            if time.monotonic() >= deadline or self._stop.is_set():
                raise HubBusy(
                    "the database went away during a commit: whether it took place is uncertain",
                    fix="repeat the command with the same key; it takes effect once",
                )
        self._doubtful = None
        return self._batch == number

    def _answers(self) -> bool:
        try:
            self.connection()
        except SQLAlchemyError as error:
            if not is_environment(error):
                raise
            self._stop.wait(0.05)
            return False
        return True

    def settle_doubt(self) -> bool:
        """True once if a commit that callers were told is uncertain turns out, on the new connection, to be there."""
        doubtful, self._doubtful = self._doubtful, None
        return doubtful is not None and self._batch == doubtful

    def await_database(self, error: SQLAlchemyError, since: float) -> bool:
        """After a loss: wait a little; True where another try is worth it."""
        if not is_lost(error):
            return False
        self.drop()
        return time.monotonic() - since < self._patience and not self._stop.wait(0.05)
