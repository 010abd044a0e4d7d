"""`migrate`, `backup`, `restore`, and tokens made while no hub runs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.cli.conftest import CONFIG, Run, Start


@pytest.fixture(autouse=True)
def _configured(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)


def test_migrate_makes_the_database_and_does_nothing_the_second_time(run: Run, tmp_path: Path) -> None:
    told = run("migrate", "--dry-run")
    assert "would be made" in told.stdout and not (tmp_path / "data").exists()

    assert run("migrate").exit_code == 0
    before = (tmp_path / "data/tieline.db").read_bytes()
    again = run("migrate")

    assert "is current" in again.stdout
    assert (tmp_path / "data/tieline.db").read_bytes() == before


def test_a_database_of_a_newer_version_is_refused_and_left_alone(run: Run, tmp_path: Path) -> None:
    run("migrate")
    with closing(sqlite3.connect(tmp_path / "data/tieline.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    results = [run("migrate"), run("migrate", "--dry-run"), run("token", "list")]

    assert [result.exit_code for result in results] == [1, 1, 1]
    assert all("newer" in result.stderr for result in results)


def test_a_password_in_the_databases_address_is_never_printed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text('hub: {database: "postgresql://u:hunter22@127.0.0.1:1/x"}\n')
    results = [run("migrate"), run("migrate", "--dry-run"), run("token", "list"), run("backup", "x")]

    assert all(result.exit_code in {1, 75} for result in results)
    assert all("hunter22" not in result.output for result in results)


def test_a_backup_brings_everything_back_and_overwrites_nothing(run: Run) -> None:
    run("token", "create", "priya")
    saved = json.loads(run("token", "list", "--json").stdout)

    assert run("backup", "monday.db").exit_code == 0
    run("token", "create", "priya")
    assert run("backup", "monday.db").exit_code == 1
    refused = run("restore", "monday.db", typed="n\n")
    assert len(json.loads(run("token", "list", "--json").stdout)["items"]) == 2
    restored = run("restore", "monday.db", typed="y\n")

    assert (refused.exit_code, restored.exit_code) == (1, 0)
    assert json.loads(run("token", "list", "--json").stdout) == saved


def test_what_is_no_backup_is_refused_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    run("token", "create", "priya")
    (tmp_path / "letter.txt").write_text("dear all")
    result = run("restore", "letter.txt", "--yes")

    assert result.exit_code == 1
    assert len(json.loads(run("token", "list", "--json").stdout)["items"]) == 1


def test_a_backup_that_is_not_there_is_said_before_anything_is_asked(run: Run) -> None:
    result = run("restore", "tuesday.db")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no backup at tuesday.db" in result.stderr


def test_a_database_that_cannot_be_names_the_setting_that_is_to_be_mended(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("dear all, this is no database at all")
    for address in ("sqlite:///file", "sqlite:///file/tieline.db", "sqlite:///."):
        (tmp_path / "config.yaml").write_text(f'hub: {{database: "{address}"}}\n')
        result = run("migrate")
        assert (result.exit_code, "hub.database" in result.stderr) == (1, True), result.stderr


def test_a_sign_in_link_leads_to_the_hub_that_this_shell_talks_to(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIELINE_URL", "http://127.0.0.1:18080/")
    assert run("login-link", "priya").stdout.startswith("http://127.0.0.1:18080/login?code=")


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_stands_alone_on_standard_output_on_a_fresh_folder(start: Start) -> None:
    done = start("token", "create", "priya")

    assert done.returncode == 0
    assert done.stdout.startswith("tl_") and len(done.stdout.split()) == 1
    assert done.stderr == ""


def test_the_secret_itself_is_nowhere_in_the_database(start: Start, tmp_path: Path) -> None:
    secret = start("token", "create", "priya").stdout.strip()
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())

    assert secret.encode() not in stored
    assert secret not in start("token", "list", "--json").stdout


def test_a_member_of_the_file_is_taken_from_the_file(run: Run) -> None:
    assert run("token", "create", "priya").exit_code == 0
    listed = json.loads(run("token", "list", "--json").stdout)["items"]

    assert [(one["handle"], one["level"], one["rooms"]) for one in listed] == [("priya", "L4", None)]


def test_an_unknown_handle_needs_a_kind_and_is_created(run: Run) -> None:
    without = run("token", "create", "rowan")
    with_kind = run("token", "create", "@rowan", "--kind", "ai")

    assert without.exit_code == 1
    assert "--kind human|ai|service" in without.stderr
    assert with_kind.exit_code == 0
    assert json.loads(run("token", "list", "--json").stdout)["items"][0]["level"] == "L2"


def test_level_rooms_and_expiry_are_kept(run: Run) -> None:
    result = run(
        *("token", "create", "priya", "--level", "l1", "--rooms", "lobby,quiet", "--expires", "30d"),
        *("--label", "ci", "--json"),
    )
    made = json.loads(result.stdout)

    assert made["token"].startswith("tl_")
    assert (made["level"], made["rooms"], made["label"]) == ("L1", ["lobby", "quiet"], "ci")
    assert made["expires_at"] > made["created_at"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["marcus", "--level", "L4"], 1, "L4"),
        (["priya", "--level", "L9"], 2, "write L1, L2, L3 or L4"),
        (["priya", "--expires", "soon"], 2, "30d"),
        (["priya", "--expires", "30"], 2, "30d"),
        (["priya", "--rooms", "nowhere"], 1, "nowhere"),
        (["priya", "--kind", "ai"], 1, "human already"),
        (["Not A Handle", "--kind", "ai"], 1, "is no handle"),
        (["priya", "--kind", "robot"], 2, "robot"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason_and_makes_nothing(
    arguments: list[str], code: int, said: str, run: Run
) -> None:
    result = run("token", "create", *arguments)

    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert json.loads(run("token", "list", "--all", "--json").stdout)["items"] == []


def test_a_revoked_token_leaves_the_list_and_revoking_it_again_is_no_fault(run: Run) -> None:
    made = json.loads(run("token", "create", "priya", "--json").stdout)

    assert run("token", "revoke", made["id"]).exit_code == 0
    assert run("token", "revoke", made["id"]).exit_code == 0
    assert json.loads(run("token", "list", "--json").stdout)["items"] == []
    assert len(json.loads(run("token", "list", "--all", "--json").stdout)["items"]) == 1
    assert run("token", "revoke", "tok_nowhere").exit_code == 1


def test_an_empty_list_says_how_to_begin(run: Run) -> None:
    result = run("token", "list")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "tieline token create" in result.stderr


def test_a_login_link_points_at_the_public_address(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG.replace("name: studio", 'name: s, public_url: "https://t.example"'))
    result = run("login-link", "priya")

    assert result.exit_code == 0
    assert result.stdout.startswith("https://t.example/login?code=tlc_") and len(result.stdout.split()) == 1
    assert run("login-link", "nobody").exit_code == 1


def test_tables_are_plain_and_aligned(run: Run) -> None:
    for handle in ("priya", "marcus"):
        run("token", "create", handle)
    lines = run("token", "list").stdout.splitlines()

    assert len({line.index(word) for line, word in zip(lines, ("HANDLE", "priya", "marcus"), strict=True)}) == 1
    assert not any("\x1b" in line or line != line.rstrip() for line in lines)


def test_only_members_and_tokens_can_be_written_beside_a_hub(run: Run) -> None:
    """A running hub keeps rooms and links in memory; store/offline.py refuses them before anything is written."""
    from tieline.directory import MemoryDirectory, deciders
    from tieline.errors import StoreError
    from tieline.model.commands import Command, CreateMember, CreateRoom
    from tieline.model.members import MemberKind
    from tieline.store.offline import execute_beside, read_beside

    run("migrate")
    url = "sqlite:///data/tieline.db"
    commands: list[Command] = [CreateMember(handle="rowan", kind=MemberKind.AI), CreateRoom(name="attic")]
    with pytest.raises(StoreError, match="CreateRoom"):
        execute_beside(url, commands, deciders=deciders(), make_directory=MemoryDirectory, now=1)

    assert read_beside(url) == []
