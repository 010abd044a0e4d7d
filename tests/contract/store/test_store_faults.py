"""What happens when the database fails (reliability F2, F9, F10, F13, F14): nothing acknowledged is lost or doubled."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest

from tests.contract.store.harness import Open, Opened, Place
from tests.contract.store.small_deciders import ROOM, Join, post_to
from tieline.errors import HubBusy, StoreError
from tieline.model.message import Message
from tieline.model.outcome import Accepted
from tieline.ports.reading import Page
from tieline.store.backup import backup, restore
from tieline.store.writer import FAULT_POINTS, Writer


def writer_of(opened: Opened) -> Writer:
    assert isinstance(opened.store.hub, Writer)
    return opened.store.hub


def raw_connection(opened: Opened) -> Any:
    """The driver's connection of the writer; only while it is idle."""
    return writer_of(opened)._session.connection().connection.driver_connection


async def numbers(opened: Opened) -> list[int]:
    return [event.seq for event in await opened.store.reader.events(ROOM, 0, 100_000)]


# ── one hub ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_second_hub_is_refused_and_told_who_holds_the_database(place: Place, opening: Open) -> None:
    first = await opening(place)
    with pytest.raises(StoreError, match=f"another hub works on this database: pid {os.getpid()} on") as refused:
        await opening(place)
    assert "stop it" in refused.value.fix
    await first.execute(post_to("the first goes on"))
    await first.store.close()
    assert (await opening(place)).store.epoch == 2


async def test_a_hub_that_was_superseded_can_write_nothing(opened: Opened, place: Place) -> None:
    """F16: the epoch fences it off, even if it believes that it holds the lock."""
    await opened.execute(post_to("mine"))
    run_sql(place, "UPDATE hub_lock SET epoch = epoch + 1, holder = 'the usurper'")
    with pytest.raises(StoreError, match="another hub works on this database"):
        await opened.execute(post_to("too late"))
    assert await numbers(opened) == [1]


def run_sql(place: Place, statement: str) -> None:
    if place.file is not None:
        with closing(sqlite3.connect(place.file)) as other, other:
            other.execute(statement)
    elif place.server is not None:
        place.server.sql(statement, place.url.split("@/")[1].split("?")[0])


# ── commits ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("took_place", [True, False], ids=["took place", "did not take place"])
async def test_a_commit_whose_answer_was_lost_is_looked_up(
    opened: Opened, took_place: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F13: every command is carried out once, whether it has a key or not."""
    await opened.execute(post_to("before"))
    dialect = writer_of(opened)._session._engine.dialect
    real = dialect.do_commit
    losses: list[str] = []

    def lose_the_answer(connection: Any) -> None:
        if losses:
            real(connection)
            return
        losses.append("lost")
        if took_place:
            real(connection)
        failure = psycopg.OperationalError if opened.store._location.file is None else sqlite3.OperationalError
        raise failure("disk I/O error: the answer is lost")

    monkeypatch.setattr(dialect, "do_commit", lose_the_answer)
    outcomes = await opened.together(post_to("a"), post_to("b", key="k"), Join(native_id="U1"))
    failed = opened.store._location.file is not None and not took_place
    assert losses == ["lost"]
    if failed:  # SQLite refused for a reason of its own: that is an answer, the batch is carried out again in halves
        assert [type(outcome) for outcome in outcomes] == [Accepted] * 3
    assert [
        outcome.value.seq
        for outcome in outcomes
        if isinstance(outcome, Accepted) and isinstance(outcome.value, Message)
    ] == [2, 3]
    assert await numbers(opened) == [1, 2, 3]
    assert opened.heard_events(ROOM) == [1, 2, 3]
    assert opened.directory.account("slack", "U1") is not None


@pytest.mark.parametrize("took_place", [True, False], ids=["took place", "did not take place"])
async def test_a_commit_that_stays_in_doubt_is_told_as_uncertain_and_settled_later(
    postgres_place: Place, opening: Open, took_place: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F13: the caller hears that it is uncertain; whoever listens hears of it once the database is back."""
    opened = await opening(postgres_place)
    session = writer_of(opened)._session
    session._patience = 0.2
    server = postgres_place.server
    assert server is not None
    await opened.execute(post_to("before"))
    real = session._engine.dialect.do_commit

    def go_away(connection: Any) -> None:
        if took_place:
            real(connection)
        server.stop()
        raise psycopg.OperationalError("the connection is lost")

    with monkeypatch.context() as patched:
        patched.setattr(session._engine.dialect, "do_commit", go_away)
        outcomes = await opened.together(post_to("a", key="a"), Join(native_id="U1"))
    server.start_again()
    assert all(isinstance(outcome, HubBusy) and "uncertain" in str(outcome) for outcome in outcomes)
    assert opened.heard_events(ROOM) == [1]
    assert await once(opened, "b") == (3 if took_place else 2)
    assert await once(opened, "a") == (2 if took_place else 3)
    assert await numbers(opened) == opened.heard_events(ROOM) == [1, 2, 3]
    # The first batch ends with the member's account, so it is there exactly if that batch took place.
    assert (opened.directory.account("slack", "U1") is not None) == took_place


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_restart_of_postgresql_loses_and_doubles_nothing(
    postgres_place: Place, opening: Open, mode: str
) -> None:
    """F13: writers go on through the restart; the hub is back within five seconds."""
    opened = await opening(postgres_place)
    acknowledged: list[int] = []
    stop = asyncio.Event()

    async def write(who: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            outcome = await once(opened, f"{who}/{number}")
            acknowledged.append(outcome)

    writers = [asyncio.ensure_future(write(who)) for who in range(4)]
    await opened.until(lambda: len(acknowledged) > 50)
    assert postgres_place.server is not None
    await asyncio.get_running_loop().run_in_executor(None, postgres_place.server.restart, mode)
    before = len(acknowledged)
    await asyncio.wait_for(opened.until(lambda: len(acknowledged) > before + 50), 5)
    stop.set()
    await asyncio.gather(*writers)
    assert sorted(acknowledged) == await numbers(opened) == list(range(1, len(acknowledged) + 1))
    assert opened.heard_events(ROOM) == sorted(acknowledged)


async def once(opened: Opened, text: str) -> int:
    """Post under a key until it is accepted, as a client does."""
    while True:
        try:
            outcome = await opened.execute(post_to(text, key=text))
        except HubBusy:
            continue
        assert isinstance(outcome, Accepted)
        assert isinstance(outcome.value, Message)
        return outcome.value.seq


async def test_connections_that_are_terminated_again_and_again_lose_nothing(
    postgres_place: Place, opening: Open
) -> None:
    """F13: a storm of pg_terminate_backend."""
    opened = await opening(postgres_place)
    storm = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'tieline'"
    assert postgres_place.server is not None
    for number in range(1, 21):
        if number % 4 == 0:
            postgres_place.server.sql(storm)
        assert await once(opened, str(number)) == number
    assert await numbers(opened) == list(range(1, 21))


async def test_a_database_that_stays_away_is_told_and_comes_back(postgres_place: Place, opening: Open) -> None:
    opened = await opening(postgres_place)
    await opened.execute(post_to("before"))
    writer_of(opened)._session._patience = 0.2
    assert postgres_place.server is not None
    postgres_place.server.stop()
    try:
        with pytest.raises(HubBusy, match="does not answer"):
            await opened.execute(post_to("nobody home"))
        with pytest.raises(StoreError):
            await opened.store.reader.ping()
    finally:
        postgres_place.server.start_again()
    assert await once(opened, "after") == 2
    await opened.store.reader.ping()


# ── SQLite's own ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_full_database_refuses_acknowledges_nothing_and_recovers(sqlite_place: Place, opening: Open) -> None:
    """F9."""
    opened = await opening(sqlite_place)
    await opened.execute(post_to("before"))
    connection = raw_connection(opened)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 4}")
    big = "x" * 20_000
    outcomes = await opened.together(*(post_to(big, key=str(number)) for number in range(20)))
    assert all(isinstance(outcome, HubBusy) for outcome in outcomes)
    assert isinstance(outcomes[0], HubBusy)
    assert (outcomes[0].fix, outcomes[0].retry_after) == ("free space on its disk", 5.0)
    assert await numbers(opened) == [1]
    assert [message.text for message in await opened.store.reader.messages(ROOM, Page())] == ["before"]
    raw_connection(opened).execute(f"PRAGMA max_page_count = {pages + 10_000}")
    assert [await once(opened, f"after {number}") for number in range(3)] == [2, 3, 4]
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_locked_database_refuses_and_goes_on_when_the_lock_is_gone(sqlite_place: Place, opening: Open) -> None:
    """F10."""
    opened = await opening(sqlite_place, busy=0.1)
    assert sqlite_place.file is not None
    with closing(sqlite3.connect(sqlite_place.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HubBusy, match="locked by another program"):
            await opened.execute(post_to("in vain"))
        other.execute("ROLLBACK")
    assert await once(opened, "now") == 1


async def test_a_lock_that_is_let_go_in_time_is_only_waited_for(sqlite_place: Place, opening: Open) -> None:
    opened = await opening(sqlite_place, busy=10)
    assert sqlite_place.file is not None
    with closing(sqlite3.connect(sqlite_place.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(opened.execute(post_to("patient")))
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert not done
        other.execute("ROLLBACK")
    assert isinstance(await waiting, Accepted)


async def test_what_is_acknowledged_survives_a_power_cut(sqlite_place: Place, opening: Open) -> None:
    """Law 1: synchronous=FULL (2) flushes the log at every commit."""
    connection = raw_connection(await opening(sqlite_place))
    settings = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]
    assert settings == [2, "wal"]


async def test_readers_cannot_write(sqlite_place: Place, opening: Open) -> None:
    opened = await opening(sqlite_place)
    reader: Any = opened.store.reader
    with pytest.raises(StoreError, match="readonly"):
        await reader._ask("DELETE FROM events")


KILLED = textwrap.dedent("""
    import asyncio, os, signal, sys
    from tests.contract.store.small_deciders import DECIDERS, post_to
    from tieline.directory.memory import MemoryDirectory
    from tieline.ports.clock import SystemClock
    from tieline.ports.local_bus import LocalBus
    from tieline.store import Store

    url, point, left = sys.argv[1], sys.argv[2], [int(sys.argv[3])]

    def fault(reached):
        if reached == point:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    async def main():
        store = Store(url, directory=MemoryDirectory(), deciders=DECIDERS, bus=LocalBus(), clock=SystemClock(), fault=fault)
        await store.start()
        number = 0
        while True:
            number += 1
            outcome = await store.hub.execute(post_to(str(number), key=str(number)))
            print(number, outcome.value.seq, flush=True)

    asyncio.run(main())
""")


@pytest.mark.parametrize("point", FAULT_POINTS)
async def test_killed_at_any_point_of_the_write_path_nothing_acknowledged_is_lost(
    place: Place, opening: Open, point: str, repo_root: Path
) -> None:
    """F2: and the command that was under way took effect wholly or not at all; its repeat settles it."""
    command = (sys.executable, "-c", KILLED, place.url, point, "4")
    killed = await asyncio.create_subprocess_exec(
        *command,
        stdout=subprocess.PIPE,
        cwd=repo_root,
        env={**os.environ, "PYTHONPATH": f"{repo_root}:{repo_root / 'src'}"},
    )
    output, _ = await asyncio.wait_for(killed.communicate(), 60)
    assert killed.returncode == -signal.SIGKILL
    acknowledged = [tuple(map(int, line.split())) for line in output.decode().splitlines()]
    assert len(acknowledged) == 3
    opened = await opening(place)
    stored = {message.text: message.seq for message in await opened.store.reader.messages(ROOM, Page())}
    assert all(stored[str(number)] == seq for number, seq in acknowledged)
    assert (len(stored) == 4) == (point in {"after_commit", "before_publish"})
    assert await once(opened, "4") == 4
    assert await numbers(opened) == [1, 2, 3, 4]


# ── copies ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_backup_made_under_load_is_whole_and_can_be_restored(
    place: Place, opening: Open, tmp_path: Path, missing_server: Callable[[str], NoReturn]
) -> None:
    """F26."""
    if place.file is None and shutil.which("pg_dump") is None:
        missing_server("pg_dump")
    opened = await opening(place)
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            await opened.together(*(post_to("x" * 500) for _ in range(20)))

    writing = asyncio.ensure_future(write())
    await opened.until(lambda: len(opened.heard) > 5)
    target = tmp_path / "kept"
    await asyncio.get_running_loop().run_in_executor(None, backup, place.url, target)
    stop.set()
    await writing
    last = await opened.store.reader.last_seq(ROOM)
    with pytest.raises(StoreError, match="exists already"):
        backup(place.url, target)
    if place.file is not None:
        with pytest.raises(StoreError, match="another hub works"):
            restore(target, place.url)
    await opened.store.close()
    restore(target, place.url)
    again = await opening(place)
    kept = await again.store.reader.last_seq(ROOM)
    assert 0 < kept <= last
    assert await numbers(again) == list(range(1, kept + 1))
    assert await once(again, "goes on") == kept + 1


async def test_a_file_that_is_no_backup_is_not_restored(sqlite_place: Place, opening: Open, tmp_path: Path) -> None:
    opened = await opening(sqlite_place)
    await opened.execute(post_to("kept"))
    await opened.store.close()
    junk = tmp_path / "junk"
    junk.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError, match="no database of Tieline's"):
        restore(junk, sqlite_place.url)
    assert await numbers(await opening(sqlite_place)) == [1]
