"""Tokens and sign-in links made while a hub runs on the database: they work at once, and stop at once. Both databases."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import aiohttp
import pytest

from tests.services.postgres import Postgres, programs
from tests.unit.cli.conftest import CONFIG, LiveHub, Run, serve, stop


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def hub(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    missing_server: Callable[[str], NoReturn],
) -> Iterator[LiveHub]:
    folder = tmp_path_factory.mktemp("beside")
    if request.param == "sqlite":
        yield from _serving(folder, f"sqlite:///{folder}/data/tieline.db")
        return
    if programs() is None:
        missing_server("PostgreSQL's server programs (initdb, pg_ctl)")
    with Postgres() as server:
        yield from _serving(folder, server.url(server.database()))


def _serving(folder: Path, url: str) -> Iterator[LiveHub]:
    (folder / "config.yaml").write_text(CONFIG.replace("sqlite:///data/tieline.db", url))
    hub = serve(folder)
    yield hub
    stop(hub.process)


@pytest.fixture(autouse=True)
def _in_its_folder(hub: LiveHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hub.folder)


def _post(run: Run, hub: LiveHub, token: str) -> int:
    return run("post", "lobby", "hello", "--url", hub.url, "--token", token).exit_code


def test_a_new_members_new_token_works_in_the_very_next_command(run: Run, hub: LiveHub) -> None:
    token = run("token", "create", "rowan", "--kind", "ai").stdout.strip()

    assert _post(run, hub, token) == 0


def test_a_token_limited_to_a_room_reaches_no_other(run: Run, hub: LiveHub) -> None:
    token = run("token", "create", "marcus", "--rooms", "quiet").stdout.strip()

    assert run("post", "quiet", "x", "--url", hub.url, "--token", token).exit_code == 0
    assert _post(run, hub, token) == 1


def test_a_revoked_token_stops_in_the_very_next_command(run: Run, hub: LiveHub) -> None:
    made = json.loads(run("token", "create", "priya", "--json").stdout)
    assert _post(run, hub, made["token"]) == 0
    assert run("token", "revoke", made["id"]).exit_code == 0

    assert _post(run, hub, made["token"]) == 1


def test_a_revoked_tokens_web_socket_is_closed_within_a_second(run: Run, hub: LiveHub) -> None:
    made = json.loads(run("token", "create", "priya", "--json").stdout)

    async def watch() -> tuple[float, object]:
        headers = {"Authorization": f"Bearer {made['token']}"}
        async with aiohttp.ClientSession() as http, http.ws_connect(f"{hub.url}/ws", headers=headers) as socket:
            assert json.loads((await socket.receive(timeout=10)).data)["type"] == "ready"
            closed = asyncio.create_task(socket.receive(timeout=30))
            await asyncio.get_running_loop().run_in_executor(None, run, "token", "revoke", made["id"])
            since = time.monotonic()
            message = await closed
            return time.monotonic() - since, message.data

    seconds, code = asyncio.run(watch())

    assert code == 4401
    assert seconds < 1.0


def test_a_sign_in_link_opens_once(run: Run, hub: LiveHub) -> None:
    code = run("login-link", "priya").stdout.strip().rpartition("/")[2]

    async def open_twice() -> list[int]:
        async with aiohttp.ClientSession() as http:
            answers = [await http.get(f"{hub.url}/{code}", allow_redirects=False) for _ in range(2)]
            return [answer.status for answer in answers]

    assert asyncio.run(open_twice()) == [303, 401]


def test_the_hub_is_told_who_holds_the_database(run: Run, hub: LiveHub) -> None:
    """What needs the database alone is refused while a hub works on it, with the mend."""
    result = run("serve", "--listen", "127.0.0.1:0")

    assert result.exit_code == 1
    assert "another hub works on this database" in result.stderr


def test_many_tokens_at_once_beside_a_hub_that_writes_all_work(run: Run, hub: LiveHub) -> None:
    writer = run("token", "create", "priya").stdout.strip()

    async def flood() -> list[int]:
        headers = {"Authorization": f"Bearer {writer}"}
        async with aiohttp.ClientSession(hub.url, headers=headers) as http:

            async def post() -> int:
                async with http.post("/api/v1/rooms/lobby/messages", json={"text": "x"}) as answer:
                    return answer.status

            posts = [asyncio.create_task(post()) for _ in range(200)]
            making = asyncio.get_running_loop().run_in_executor(None, _make_five, run)
            statuses = [await one for one in posts]
            made.extend(await making)
            return statuses

    made: list[str] = []
    statuses = asyncio.run(flood())

    assert set(statuses) == {201}
    assert [_post(run, hub, token) for token in made] == [0] * 5


def _make_five(run: Run) -> list[str]:
    return [run("token", "create", f"agent-{number}", "--kind", "ai").stdout.strip() for number in range(5)]
