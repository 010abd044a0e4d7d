"""What a durable command costs in the writer, beside a bare `executemany` into one table, interleaved in one run.

    python benchmarks/writer.py [--rounds 5] [--commands 30000] [--window 500] [--url postgresql://…] [--profile]

The command is a post with a key: an event, a message and an identity, decided by a trivial decider, acknowledged after
the commit (`synchronous=FULL`). The control writes 210-byte rows into one table, in batches of the same size, with the
same durability, and decides and acknowledges nothing. Only the ratio may be quoted. The process stays on one core.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import os
import pstats
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import msgspec

from tieline.directory.memory import MemoryDirectory
from tieline.model.commands import PostMessage
from tieline.model.events import Event, EventKind
from tieline.model.message import Author, Message, Origin
from tieline.ports.clock import SystemClock
from tieline.ports.deciding import Deciders, Decision, Rule, View
from tieline.ports.local_bus import LocalBus
from tieline.store import Store
from tieline.store.migrating import migrate

TEXT = "The quick brown fox jumps over the lazy dog and writes it down. " * 2
_encode = msgspec.json.Encoder().encode


class Cost(NamedTuple):
    """What a number of commands cost: commands per second, and processor seconds each (all threads)."""

    rate: float
    cpu: float


class Watch:
    """Measures from its making on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def cost(self, commands: int) -> Cost:
        """The cost of each of so many."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return Cost(commands / wall, cpu / commands)


def decide(command: PostMessage, view: View) -> Decision:
    """The least that a post does."""
    seq = view.take_seq(command.room)
    message = Message(
        id=view.new_id("msg"),
        room_id=command.room,
        seq=seq,
        type=command.type,
        text=command.text,
        format=command.format,
        author=Author(handle="priya", kind="human", display="Priya"),
        author_id="mem_1",
        origin=Origin(channel="web"),
        created_at=view.now,
    )
    body = _encode({"id": message.id, "text": message.text, "author": message.author})
    event = Event(
        stream=message.room_id, seq=seq, kind=EventKind.MESSAGE, at=view.now, message_id=message.id, body=body
    )
    return Decision(value=message, result=message.id, puts=(message,), events=(event,))


async def measure(store: Store, commands: int, window: int, *, keyed: bool, rooms: int) -> Cost:
    """Commands per second with `window` of them under way; the next is made when one is acknowledged."""
    made, answered = 0, 0
    run = os.urandom(4).hex()
    finished = asyncio.get_running_loop().create_future()

    def post() -> None:
        nonlocal made
        made += 1
        key = f"{run}/{made}" if keyed else None
        store.hub.submit(PostMessage(room=f"room_{made % rooms}", text=TEXT, client_id=key), done)

    def done(answer: object) -> None:
        nonlocal answered
        answered += 1
        if isinstance(answer, BaseException):
            finished.set_exception(answer)
        elif made < commands:
            post()
        elif answered == commands:
            finished.set_result(None)

    watch = Watch()
    for _ in range(window):
        post()
    await finished
    return watch.cost(commands)


def bare(folder: Path, rows: int, batch: int) -> Cost:
    """Rows per second of `executemany` into one table."""
    file = folder / f"bare-{time.monotonic_ns()}.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE m (id INTEGER PRIMARY KEY, room TEXT, seq INTEGER, at INTEGER, body BLOB)")
        body = b"x" * 210
        watch = Watch()
        for first in range(0, rows, batch):
            database.execute("BEGIN IMMEDIATE")
            values = [("room_0", seq, 1, body) for seq in range(first, min(first + batch, rows))]
            database.executemany("INSERT INTO m (room, seq, at, body) VALUES (?, ?, ?, ?)", values)
            database.execute("COMMIT")
        return watch.cost(rows)


async def run(options: argparse.Namespace, folder: Path) -> None:
    url = options.url or f"sqlite:///{folder / 'writer.db'}"
    migrate(url)
    rules: Deciders = {PostMessage: Rule(decide, recalled=lambda result, view: view.get(Message, result))}
    store = Store(url, directory=MemoryDirectory(), deciders=rules, bus=LocalBus(), clock=SystemClock())
    await store.start()
    costs: dict[str, list[Cost]] = {"bare": [], "posts": [], "keyed posts": [], "keyed posts, 100 rooms": []}
    try:
        for _ in range(options.rounds):
            costs["bare"].append(bare(folder, options.commands * 3, options.window))
            for name, keyed, rooms in (
                ("posts", False, 1),
                ("keyed posts", True, 1),
                ("keyed posts, 100 rooms", True, 100),
            ):
                cost = await measure(store, options.commands, options.window, keyed=keyed, rooms=rooms)
                costs[name].append(cost)
    finally:
        await store.close()
    show(costs)


def show(found: dict[str, list[Cost]]) -> None:
    print(f"{'':<24} {'per second':>10} {'to bare':>8} {'CPU µs each':>12} {'CPU to bare':>12}")
    for name, costs in found.items():
        pairs = list(zip(costs, found["bare"], strict=True))
        rate = statistics.median(cost.rate for cost in costs)
        cpu = statistics.median(cost.cpu for cost in costs)
        to_bare = statistics.median(cost.rate / control.rate for cost, control in pairs)
        cpu_to_bare = statistics.median(cost.cpu / control.cpu for cost, control in pairs)
        print(f"{name:<24} {rate:>10,.0f} {to_bare:>8.2f} {cpu * 1e6:>12.1f} {cpu_to_bare:>12.1f}")


def profiled(work: Callable[[], None]) -> None:
    """Profile the writer's thread and the loop's, apart."""
    profiles: dict[str, cProfile.Profile] = {"loop": cProfile.Profile()}
    real = threading.Thread.run

    def thread_run(self: threading.Thread) -> None:
        if self.name != "tieline-writer":
            real(self)
            return
        profile = profiles["writer"] = cProfile.Profile()
        profile.runcall(real, self)

    threading.Thread.run = thread_run  # type: ignore[method-assign]
    profiles["loop"].runcall(work)
    for name, profile in profiles.items():
        print(f"── {name}")
        pstats.Stats(profile).sort_stats("tottime").print_stats(22)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--commands", type=int, default=30_000)
    parser.add_argument("--window", type=int, default=500)
    parser.add_argument("--url", default=None)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        if options.profile:
            profiled(lambda: asyncio.run(run(options, Path(folder))))
        else:
            asyncio.run(run(options, Path(folder)))


if __name__ == "__main__":
    main()
