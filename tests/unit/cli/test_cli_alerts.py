"""`tieline alert`, `alerts`, `kept` and `hook`, against `tieline serve` as a process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.unit.cli.conftest import LiveHub, Run


@pytest.fixture
def priya(run: Run, live_hub: LiveHub, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run commands as priya (L4), in the hub's folder."""
    monkeypatch.chdir(live_hub.folder)
    monkeypatch.setenv("TIELINE_URL", live_hub.url)
    monkeypatch.setenv("TIELINE_TOKEN", run("token", "create", "priya").stdout.strip())
    return run


def _alert(run: Run, *arguments: str, typed: str | None = None) -> str:
    done = run("alert", *arguments, typed=typed)
    assert done.exit_code == 0, done.stderr
    return done.stdout.strip()


def _post(url: str, body: bytes, method: str = "POST") -> int:
    request = urllib.request.Request(url, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_an_alert_is_raised_counted_acknowledged_and_closed(priya: Run) -> None:
    made = _alert(priya, "lobby", "disk full", "--severity", "critical", "--dedup", "disk")
    again = priya("alert", "lobby", "disk full", "--dedup", "disk")
    assert (again.stdout.strip(), "number 2" in again.stderr) == (made, True)
    listed = json.loads(priya("alerts", "--open", "--json").stdout)["items"]
    assert [(one["id"], one["count"]) for one in listed if one["id"] == made] == [(made, 2)]
    assert priya("alert", "ack", made).stdout == f"{made} acknowledged by priya via api\n"
    assert made not in priya("alerts", "--open").stdout
    assert made in priya("alerts").stdout
    closed = priya("alert", "close", "--dedup", "disk", "--room", "lobby", "--json")
    assert json.loads(closed.stdout)["state"] == "closed"
    assert made not in priya("alerts").stdout
    assert made in priya("alerts", "--all").stdout


def test_details_come_from_standard_input_and_options_may_stand_first(priya: Run) -> None:
    made = _alert(priya, "--details", "-", "lobby", "backup failed", typed="line one\nline two\n")
    listed = json.loads(priya("alerts", "--json").stdout)["items"]
    assert next(one for one in listed if one["id"] == made)["details"] == "line one\nline two"
    json.loads(_alert(priya, "raise", "lobby", "once more", "--json"))


def test_an_alert_to_a_member_is_answered_there(priya: Run) -> None:
    made = _alert(priya, "@marcus", "look", "--dedup", "x")
    done = priya("alert", "ack", "--dedup", "x", "--room", "@marcus")
    assert done.stdout.startswith(f"{made} acknowledged")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("alert", "nowhere", "x"), 1, "no room 'nowhere'"),
        (("alert", "lobby"), 2, "SUMMARY"),
        (("alert", "lobby", "x", "--severity", "mild"), 2, "--severity"),
        (("alert", "ack"), 2, "name one alert"),
        (("alert", "ack", "a", "--dedup", "k", "--room", "r"), 2, "name one alert"),
        (("alert", "close", "--dedup", "k"), 2, "--dedup KEY --room ROOM"),
        (("alert", "close", "absent"), 1, "absent"),
        (("alerts", "--open", "--all"), 2, "leave one of them out"),
        (("kept", "discard", "absent"), 1, "Nothing is kept as 'absent'"),
        (("kept", "release", "absent"), 1, "Nothing is kept as 'absent'"),
        (("hook", "revoke", "absent"), 1, "no hook 'absent'"),
        (("hook", "create", "nowhere"), 1, "nowhere"),
        (("hook", "create", "lobby", "--name", "priya"), 1, "human already"),
    ],
)
def test_what_is_wrong_is_said_in_a_line_with_the_right_exit_code(
    priya: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = priya(*arguments)
    assert done.exit_code == code, done.stderr
    assert said in done.stderr


def test_nothing_kept_is_said_to_the_person_and_is_an_empty_list_to_a_program(priya: Run) -> None:
    done = priya("kept")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "Nothing is kept aside.\n")
    assert json.loads(priya("kept", "--json").stdout) == {"items": []}


def test_a_hook_works_in_the_very_next_call_and_stops_when_it_is_revoked(priya: Run, live_hub: LiveHub) -> None:
    done = priya("hook", "create", "quiet", "--name", "alertmanager")
    url = done.stdout.strip()
    assert url.startswith(f"{live_hub.url}/api/v1/hooks/tl_")
    assert _post(url, b"from the hook") == 200
    assert _post(url, b"", "GET") == 405
    _, line = priya("hook", "list").stdout.splitlines()
    assert line.split()[1:3] == ["alertmanager", "quiet"]
    assert priya("hook", "revoke", line.split()[0]).exit_code == 0
    assert _post(url, b"from the hook") == 404
    assert "There are no hooks yet" in priya("hook", "list").stderr
    second = json.loads(priya("hook", "create", "quiet", "--json").stdout)
    assert second["rooms"] == ["quiet"]
    assert "token" not in second
    assert _post(second["url"], b"again") == 200


def test_every_line_of_the_page_about_alerts_works_as_it_stands(priya: Run, live_hub: LiveHub, repo_root: Path) -> None:
    """With a room and a member of this hub for its own."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    blocks = re.findall(r"```sh\n(.*?)```", (repo_root / "docs" / "alerts.md").read_text("utf-8"), re.DOTALL)
    script = "set -e\n" + "\n".join(blocks).replace("dj-waste", "lobby").replace("@priya", "@marcus")
    here = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["sh"],
        input=script,
        cwd=live_hub.folder,
        env={**os.environ, "PATH": here},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count('"raised":1') == 3
    assert '"closed":1' in done.stdout
    assert "backup failed" in priya("alerts", "--open").stdout
