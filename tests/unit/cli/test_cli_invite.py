"""`tieline invite`: one line, from the token or from what is given."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import Run

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnop"
CONFIG = 'hub: {name: studio}\nchannels: {team: {adapter: discord, bot_token: "${DISCORD_BOT_TOKEN}"}}\n'


def test_the_address_is_alone_on_standard_output(run: Run) -> None:
    result = run("invite", "discord", "--client-id", "123456789012345678")

    assert result.exit_code == 0
    assert result.stdout.startswith("https://discord.com/oauth2/authorize?client_id=123456789012345678&")
    assert result.stdout.count("\n") == 1


def test_the_application_is_read_from_the_token_which_is_not_shown(run: Run, tmp_path: Path) -> None:
    from_environment = run("invite", "discord", DISCORD_BOT_TOKEN=TOKEN)
    (tmp_path / "config.yaml").write_text(CONFIG)
    from_configuration = run("invite", "discord", DISCORD_BOT_TOKEN=TOKEN)

    for result in (from_environment, from_configuration):
        assert result.exit_code == 0, result.stderr
        assert "client_id=123456789012345678" in result.stdout
        assert TOKEN not in result.stdout + result.stderr


def test_what_is_missing_is_told_with_its_mend(run: Run) -> None:
    nothing = run("invite", "discord")
    without_bots = run("invite", "slack")

    assert nothing.exit_code == without_bots.exit_code == 2
    assert "--client-id" in nothing.stderr
    assert "channels setup" in without_bots.stderr
