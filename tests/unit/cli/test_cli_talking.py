"""The commands that talk to a hub, against `tieline serve` as a process: what they print, and how they fail."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import Result

from tests.unit.cli.conftest import CONFIG, LiveHub, Run, Start, clean_environment, serve, stop


@pytest.fixture(scope="module")
def tokens(live_hub: LiveHub) -> dict[str, str]:
    made = {}
    for handle in ("priya", "marcus"):
        done = subprocess.run(
            [sys.executable, "-m", "tieline", "token", "create", handle],
            cwd=live_hub.folder,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        made[handle] = done.stdout.strip()
    return made


@pytest.fixture
def priya(run: Run, live_hub: LiveHub, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run commands as priya (L4), by the environment."""
    monkeypatch.setenv("TIELINE_URL", live_hub.url)
    monkeypatch.setenv("TIELINE_TOKEN", tokens["priya"])
    return run


@pytest.fixture
def marcus(run: Run, live_hub: LiveHub, tokens: dict[str, str]) -> Run:
    """Run commands as marcus, an agent of L2, by options."""

    def call(*arguments: str, typed: str | None = None) -> Result:
        return run(*arguments, "--url", live_hub.url, "--token", tokens["marcus"], typed=typed)

    return call


def _events(run: Run, room: str, after: str = "0") -> list[dict[str, object]]:
    return [json.loads(line) for line in run("tail", room, "--after", after, "--once", "--json").stdout.splitlines()]


# ── post and tail ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_post_prints_the_id_alone_and_the_message_is_there(
    start: Start, live_hub: LiveHub, priya: Run, tokens: dict[str, str]
) -> None:
    done = start("post", "lobby", "hello **all**", TIELINE_URL=live_hub.url, TIELINE_TOKEN=tokens["priya"])
    posted = next(event for event in _events(priya, "lobby") if event["id"] == done.stdout.strip())

    assert (done.returncode, done.stderr) == (0, "")
    assert posted["text"] == "hello **all**"
    assert posted["author"]["handle"] == "priya"  # type: ignore[index] # an author is an object


def test_post_takes_standard_input_type_and_thread(priya: Run) -> None:
    root = priya("post", "lobby", "root").stdout.strip()
    answer = json.loads(
        priya("post", "lobby", "-", "--type", "sync", "--thread", root, "--json", typed="two\nlines\n").stdout
    )

    assert (answer["text"], answer["type"], answer["thread"]) == ("two\nlines", "sync", root)


def test_post_keeps_text_that_looks_like_an_option(priya: Run) -> None:
    answer = json.loads(priya("post", "lobby", "--json", "--", "--help").stdout)

    assert answer["text"] == "--help"


@pytest.mark.parametrize(
    ("arguments", "code"), [(["lobby", "x", "--file", "a.png"], 2), (["lobby", ""], 2), (["nowhere", "x"], 1)]
)
def test_what_cannot_be_posted_is_refused(arguments: list[str], code: int, priya: Run) -> None:
    result = priya("post", *arguments)

    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("tieline: ")


def test_an_agents_broken_packet_is_refused_with_the_way_out(marcus: Run) -> None:
    result = marcus("post", "lobby", "[TASK_ID]: a-1\n[CURRENT_STATE]: ready\n[PAYLOAD_PATH]: /x\n[NEXT_HOP]: priya")

    assert result.exit_code == 1
    assert "PV0" in result.stderr and "→" in result.stderr
    assert "[CURRENT_STATE]: READY" in result.stderr


def test_tail_without_a_number_shows_the_last_ten_and_waits_for_more(
    priya: Run, live_hub: LiveHub, tokens: dict[str, str]
) -> None:
    for number in range(12):
        priya("post", "quiet", f"line {number}")
    process = subprocess.Popen(
        [sys.executable, "-m", "tieline", "tail", "quiet"],
        env=clean_environment(TIELINE_URL=live_hub.url, TIELINE_TOKEN=tokens["priya"]),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        shown = [process.stdout.readline().strip() for _ in range(10)]
        priya("post", "quiet", "the one after")
        live = process.stdout.readline().strip()
    finally:
        process.send_signal(2)
        _, errors = process.communicate(timeout=30)

    assert [line.split()[-1] for line in shown] == [str(number) for number in range(2, 12)]
    assert live.endswith("@priya: the one after")
    assert process.returncode == 130
    assert errors == ""


def test_tail_goes_on_after_a_restart_of_the_hub_without_gap_or_repeat(
    tmp_path_factory: pytest.TempPathFactory, run: Run
) -> None:
    folder = tmp_path_factory.mktemp("restarted")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "config.yaml").write_text(CONFIG.replace("127.0.0.1:0", f"127.0.0.1:{port}"))
    hub = serve(folder)
    token = subprocess.run(
        [sys.executable, "-m", "tieline", "token", "create", "priya"],
        cwd=folder, env=clean_environment(), capture_output=True, text=True, timeout=60, check=True,
    ).stdout.strip()  # fmt: skip
    environment = clean_environment(TIELINE_URL=hub.url, TIELINE_TOKEN=token)
    tail = subprocess.Popen(
        [sys.executable, "-m", "tieline", "tail", "lobby", "--after", "0", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert tail.stdout is not None
        assert run("post", "lobby", "before", "--url", hub.url, "--token", token).exit_code == 0
        first = json.loads(tail.stdout.readline())
        stop(hub.process)
        hub = serve(folder)
        assert run("post", "lobby", "after", "--url", hub.url, "--token", token).exit_code == 0
        second = json.loads(tail.stdout.readline())
    finally:
        tail.terminate()
        tail.communicate(timeout=30)
        stop(hub.process)

    assert [(one["seq"], one["text"]) for one in (first, second)] == [(1, "before"), (2, "after")]


def test_who_reads_only_the_beginning_gets_it_without_a_complaint(
    live_hub: LiveHub, priya: Run, tokens: dict[str, str]
) -> None:
    for _ in range(3):
        priya("post", "lobby", "long " * 10_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "tieline", "tail", "lobby", "--after", "0", "--json"],
        env=clean_environment(TIELINE_URL=live_hub.url, TIELINE_TOKEN=tokens["priya"]),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()

    assert process.wait(timeout=30) == 1
    assert errors == ""


def test_what_others_write_cannot_drive_the_terminal(priya: Run) -> None:
    priya("post", "lobby", "red \x1b[31m and \u202e back")
    shown = priya("tail", "lobby", "--once").stdout

    assert "\x1b" not in shown and "\u202e" not in shown
    assert "\\x1b[31m" in shown


def test_an_empty_room_says_what_to_do(priya: Run) -> None:
    from tieline.cli.hub import ask
    from tieline.model.shapes import RoomBody

    ask(os.environ["TIELINE_URL"], os.environ["TIELINE_TOKEN"], lambda hub: hub.create_room(RoomBody(name="empty")))
    result = priya("tail", "empty", "--once")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "tieline post empty" in result.stderr


# ── inbox, preview, lists ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_mention_is_in_the_inbox_until_it_was_shown(priya: Run, marcus: Run) -> None:
    priya("post", "lobby", "@marcus look here")
    kept = marcus("inbox", "--keep")
    shown = marcus("inbox", "--json")
    again = marcus("inbox")

    assert "@priya: @marcus look here" in kept.stdout
    item = json.loads(shown.stdout.splitlines()[-1])
    assert (item["reason"], item["message"]["text"]) == ("mention", "@marcus look here")
    assert (again.exit_code, again.stdout) == (0, "")
    assert "--wait" in again.stderr


def test_waiting_for_the_inbox_ends_with_what_came(priya: Run, live_hub: LiveHub, tokens: dict[str, str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tieline", "inbox", "--wait"],
        env=clean_environment(TIELINE_URL=live_hub.url, TIELINE_TOKEN=tokens["marcus"]),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        priya("post", "lobby", "@marcus wake up")
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()

    assert process.returncode == 0
    assert "wake up" in out


def test_rooms_and_members_are_listed(priya: Run) -> None:
    rooms = json.loads(priya("rooms", "--json").stdout)["items"]
    members = priya("members")

    assert {"lobby", "quiet"} <= {room["name"] for room in rooms}
    assert "marcus" in members.stdout and members.stdout.startswith("HANDLE")


def test_channels_can_be_listed_paused_and_resumed(priya: Run, marcus: Run) -> None:
    assert "websocket" in priya("channels").stdout
    assert priya("channels", "pause", "web").exit_code == 0
    assert json.loads(priya("channels", "--json").stdout)["items"][0]["paused"] is True
    assert priya("channels", "resume", "web").exit_code == 0
    assert priya("channels", "pause", "nowhere").exit_code == 1
    refused = marcus("channels", "pause", "web")
    assert refused.exit_code == 1 and "L4" in refused.stderr


def test_nothing_to_show_is_said_not_shown(priya: Run) -> None:
    for command in (["deliveries"], ["deliveries", "--failed"], ["preview", "lobby", "x"], ["channels", "test", "web"]):
        result = priya(*command)
        assert (result.exit_code, result.stdout) == (0, ""), command
        assert result.stderr


def test_deliveries_need_one_id_or_a_channel(priya: Run) -> None:
    assert priya("deliveries", "retry").exit_code == 2
    assert priya("deliveries", "discard", "x", "--channel", "web").exit_code == 2
    assert priya("deliveries", "retry", "dlv_nowhere").exit_code == 1
    assert priya("deliveries", "retry", "--channel", "web").exit_code == 0


def test_the_configuration_can_be_exported_by_who_administers(priya: Run, marcus: Run) -> None:
    from ruamel.yaml import YAML

    exported = YAML(typ="safe", pure=True).load(priya("config", "export").stdout)

    assert {"lobby", "quiet"} <= set(exported["rooms"])
    assert marcus("config", "export").exit_code == 1


# ── when it cannot be ────────────────────────────────────────────────────────────────────────────────────────────────

TALKING = (
    ["post", "lobby", "x"],
    ["tail", "lobby"],
    ["tail", "lobby", "--after", "0"],
    ["inbox"],
    ["inbox", "--wait"],
    ["preview", "lobby", "x"],
    ["rooms"],
    ["members"],
    ["channels"],
    ["channels", "pause", "web"],
    ["deliveries"],
    ["deliveries", "retry", "x"],
    ["config", "export"],
)


@pytest.fixture(scope="module")
def nobody() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize("command", TALKING, ids=" ".join)
def test_a_hub_that_is_not_there_is_75_with_the_mend(command: list[str], run: Run, nobody: str) -> None:
    result = run(*command, "--url", nobody, "--token", "tl_x")

    assert (result.exit_code, result.stdout) == (75, "")
    assert "does not answer" in result.stderr and "tieline serve" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", TALKING, ids=" ".join)
def test_an_unknown_token_is_1_and_none_at_all_is_2(command: list[str], run: Run, live_hub: LiveHub) -> None:
    unknown = run(*command, "--url", live_hub.url, "--token", "tl_unknown")
    none = run(*command, "--url", live_hub.url)

    assert (unknown.exit_code, none.exit_code) == (1, 2)
    assert "tieline token create" in unknown.stderr and "tieline token create" in none.stderr


@pytest.mark.parametrize("url", ["nonsense", "ftp://x", "http://", "http://127.0.0.1:99999", "http://[::1"])
def test_an_address_that_cannot_be_is_wrong_usage(url: str, run: Run) -> None:
    assert run("rooms", "--url", url, "--token", "tl_x").exit_code == 2


def test_a_token_of_the_environment_is_not_shown_in_help(run: Run) -> None:
    assert "tl_secret" not in run("post", "--help", TIELINE_TOKEN="tl_secret").output


class _Site(BaseHTTPRequestHandler):
    """Answers as its path says: a busy hub, a proxy's page, an empty 200."""

    def do_GET(self) -> None:
        kind = self.path.partition("/")[2].partition("/")[0]
        status, headers, body = {
            "busy": (
                503,
                {"Retry-After": "7"},
                b'{"type":"x","title":"t","status":503,"code":"hub_busy","detail":"Busy."}',
            ),
            "limited": (429, {}, b'{"type":"x","title":"t","status":429,"code":"rate_limited","detail":"Slowly."}'),
            "proxy": (502, {}, b"<html>bad gateway</html>"),
            "stranger": (404, {}, b"<html>not here</html>"),
            "page": (200, {}, b"<html>welcome</html>"),
        }[kind]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Site)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


@pytest.mark.parametrize(("kind", "code", "said"), [
    ("busy", 75, "try again in 7 s"),
    ("limited", 75, "try again"),
    ("proxy", 75, "try again"),
    ("stranger", 1, "no Tieline hub"),
    ("page", 1, "no Tieline hub"),
])  # fmt: skip
def test_whatever_answers_is_told_in_one_line(kind: str, code: int, said: str, run: Run, site: str) -> None:
    result = run("rooms", "--url", f"{site}/{kind}", "--token", "tl_x")

    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr and "<html>" not in result.stderr


def test_a_port_that_is_taken_is_one_line_with_another_to_choose(
    start: Start, live_hub: LiveHub, tmp_path: Path
) -> None:
    address = live_hub.url.removeprefix("http://")
    (tmp_path / "config.yaml").write_text(CONFIG)
    done = start("serve", "--listen", address)

    assert done.returncode == 1
    assert f"cannot listen on {address}" in done.stderr and "--listen" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("address", ["8080", ":8080", "localhost", "127.0.0.1:http", "127.0.0.1:70000"])
def test_an_address_to_listen_on_that_cannot_be_is_wrong_usage(address: str, run: Run) -> None:
    result = run("serve", "--listen", address)

    assert result.exit_code == 2
    assert "--listen" in result.stderr
