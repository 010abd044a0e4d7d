"""`init`, `check`, `config`: from an empty folder to a configuration that is right, and what is said when it is not."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.unit.cli.conftest import CONFIG, Run, Start
from tieline.cli.called import program

# ── init ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_init_makes_a_configuration_that_is_right(start: Start, tmp_path: Path) -> None:
    made = start("init", "--non-interactive")
    checked = start("check")

    assert made.returncode == checked.returncode == 0
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert (tmp_path / ".gitignore").read_text().split() == [".env", "data/"]
    assert "is right: 0 channels, 1 member, 1 room" in checked.stdout


def test_init_with_slack_is_right_once_the_secrets_are_in_env(run: Run, tmp_path: Path) -> None:
    assert run("init", "--with", "slack", "--non-interactive").exit_code == 0
    before = run("check")
    env = tmp_path / ".env"
    env.write_text(
        env.read_text()
        .replace("SLACK_BOT_TOKEN=", "SLACK_BOT_TOKEN=xoxb-1-abc")
        .replace("SLACK_APP_TOKEN=", "SLACK_APP_TOKEN=xapp-1-abc")
    )
    after = run("check")

    assert before.exit_code == 2
    assert "bot_token" in before.stderr
    assert (after.exit_code, after.stderr) == (0, "")
    assert "xoxb" not in (tmp_path / "config.yaml").read_text()


def test_init_asks_at_most_five_questions_and_uses_the_answers(run: Run, tmp_path: Path) -> None:
    answers = "studio\npriya\ndj-waste\nslack\n#general\n"
    result = run("init", typed=answers + "never read\n")
    written = (tmp_path / "config.yaml").read_text()

    assert result.exit_code == 0
    assert result.stderr.count("?") + result.stderr.count("conversation on") == 5
    for piece in ("name: studio", "priya: {kind: human, level: L4}", "dj-waste:", 'conversation: "#general"'):
        assert piece in written


def test_init_asks_again_when_an_answer_cannot_be(run: Run, tmp_path: Path) -> None:
    result = run("init", typed="Not A Name\nstudio\n")

    assert result.exit_code == 0
    assert "use a-z, 0-9" in result.stderr
    assert "name: studio" in (tmp_path / "config.yaml").read_text()


def test_init_changes_nothing_where_there_is_a_configuration(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("hub: {}\n")
    result = run("init", "--non-interactive")

    assert result.exit_code == 1
    assert "config.yaml exists already" in result.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]


def test_init_leaves_other_files_as_they_are(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MINE=1\n")
    result = run("init", "--non-interactive", "--json")

    assert json.loads(result.stdout)["kept"] == [".env"]
    assert (tmp_path / ".env").read_text() == "MINE=1\n"


def test_init_names_what_an_older_gitignore_lacks_and_no_more(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text(".venv/\n/data/\n")
    steps = json.loads(run("init", "--non-interactive", "--json").stdout)["next"]
    assert steps[0] == "add to .gitignore what it lacks: .env"


def test_init_asks_nothing_of_a_gitignore_that_has_all(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("/data/\n.env\n")
    steps = json.loads(run("init", "--non-interactive", "--json").stdout)["next"]
    assert not [step for step in steps if ".gitignore" in step]


def test_the_next_step_can_be_typed_as_it_stands_where_the_shell_does_not_know_tieline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / ".venv" / "bin" / "tieline"
    own.parent.mkdir(parents=True)
    own.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(own)])
    monkeypatch.setenv("PATH", "")
    assert program() == ".venv/bin/tieline"
    monkeypatch.setenv("PATH", str(own.parent))
    assert program() == "tieline"


def test_init_refuses_a_platform_that_is_not_installed(run: Run, tmp_path: Path) -> None:
    result = run("init", "--with", "telegraph", "--non-interactive")

    assert result.exit_code == 2
    assert "no adapter 'telegraph' is installed" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["true", "7", "null", "x"])
def test_a_folder_of_any_name_makes_a_right_configuration(
    name: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)

    assert run("init", "--non-interactive").exit_code == 0
    assert run("check").exit_code == 0


# ── check ────────────────────────────────────────────────────────────────────────────────────────────────────────────

WRONG = """\
hub: {listen: nowhere}
channels:
  team: {adapter: telegraph}
rooms:
  lobby: {links: [{channel: taem, conversation: "#x"}]}
"""


def test_check_names_everything_at_once_with_line_and_mend(start: Start, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(WRONG)
    done = start("check")

    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for piece in (
        "config.yaml:1:",
        "config.yaml:3:",
        "config.yaml:5:",
        "telegraph",
        "did you mean 'team'?",
        "3 errors",
    ):
        assert piece in done.stderr


def test_check_in_json_is_json_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(WRONG)
    result = run("check", "--json")
    document = json.loads(result.stdout)

    assert result.exit_code == 2
    assert document["ok"] is False
    assert {problem["line"] for problem in document["problems"]} == {1, 3, 5}


@pytest.mark.parametrize("command", ["check", "serve", "migrate", "config show", "token list", "backup x.db"])
def test_without_a_configuration_every_command_says_how_to_make_one(command: str, run: Run) -> None:
    result = run(*command.split())

    assert result.exit_code == 2
    assert "tieline init" in result.stderr
    assert result.stdout == ""


# ── config ───────────────────────────────────────────────────────────────────────────────────────────────────────────

SECRET = "xoxb-123456789-abcdefgh"


@pytest.fixture
def with_secret(tmp_path: Path) -> None:
    text = CONFIG + 'channels:\n  team: {adapter: slack, bot_token: "${SLACK_BOT_TOKEN}"}\n'
    (tmp_path / "config.yaml").write_text(text)
    (tmp_path / ".env").write_text(f"SLACK_BOT_TOKEN={SECRET}\n")


@pytest.mark.parametrize("arguments", [[], ["--effective"], ["--json"], ["--effective", "--json"]])
@pytest.mark.usefixtures("with_secret")
def test_no_way_to_show_the_configuration_shows_a_secret(arguments: list[str], run: Run) -> None:
    result = run("config", "show", *arguments)

    assert result.exit_code == 0
    assert "bot_token" in result.stdout
    assert SECRET not in result.output


@pytest.mark.usefixtures("with_secret")
def test_the_effective_configuration_says_where_each_value_comes_from(run: Run) -> None:
    rows = {line.split()[0]: line for line in run("config", "show", "--effective").stdout.splitlines()}

    assert rows["hub.name"].endswith("line 1")
    assert rows["hub.public_url"].endswith("default")
    assert "SLACK_BOT_TOKEN" in rows["channels.team.bot_token"]


@pytest.mark.usefixtures("with_secret")
def test_what_show_prints_is_yaml_of_the_same_settings(run: Run) -> None:
    from ruamel.yaml import YAML

    shown = YAML(typ="safe", pure=True).load(run("config", "show").stdout)

    assert shown["rooms"] == {"lobby": {}, "quiet": {"project": "dj-waste"}}
    assert shown["members"]["marcus"] == {"kind": "ai"}


def test_the_schema_is_the_one_of_the_models(run: Run) -> None:
    from tieline.config import json_schema

    assert json.loads(run("config", "schema").stdout) == json_schema()


# ── adapters ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_adapters_are_listed_without_loading_an_sdk(start: Start) -> None:
    done = start("adapters", "--json", PYTHONPROFILEIMPORTTIME="1")
    names = [item["name"] for item in json.loads(done.stdout)["items"]]

    assert "slack" in names
    assert " slack_sdk" not in done.stderr and " slack_bolt" not in done.stderr


def test_the_slack_manifest_is_yaml_alone_on_standard_output(run: Run) -> None:
    from ruamel.yaml import YAML

    result = run("manifest", "slack")
    manifest = YAML(typ="safe", pure=True).load(result.stdout)

    assert result.exit_code == 0
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert "chat:write" in manifest["oauth_config"]["scopes"]["bot"]


@pytest.mark.parametrize("command", ["manifest telegraph", "conformance telegraph"])
def test_an_adapter_that_is_not_installed_is_wrong_usage_and_names_those_that_are(command: str, run: Run) -> None:
    result = run(*command.split())

    assert result.exit_code == 2
    assert "installed are: " in result.stderr and "slack" in result.stderr


def test_setting_a_channel_up_is_told_step_by_step_before_its_secrets_are_known(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text('channels: {team: {adapter: slack, bot_token: "${SLACK_BOT_TOKEN}"}}\n')
    result = run("channels", "setup", "team")

    assert result.exit_code == 0
    assert "tieline manifest slack --channel team" in result.stdout
    assert "SLACK_BOT_TOKEN" in result.stdout
    assert run("channels", "setup", "teem").exit_code == 2


def test_the_openapi_document_needs_no_hub(run: Run) -> None:
    document = json.loads(run("openapi").stdout)

    assert document["openapi"].startswith("3.1")
    assert "/api/v1/rooms/{room}/messages" in document["paths"]
