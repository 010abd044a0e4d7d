"""`config.yaml` is read as the contract says, and everything wrong with it is said at once, with place and mend."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from tieline.config import (
    ChannelValidator,
    Config,
    ConfigError,
    Problem,
    load_config,
    masked,
    needs_restart,
    parse_config,
)
from tieline.model.rooms import Place
from tieline.plugins.discovery import discover, validators
from tieline.ports.adapter import SettingProblem

ENVIRONMENT = {
    name: f"value-of-{name.lower()}"
    for name in (
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "DISCORD_BOT_TOKEN",
        "MAIL_PASSWORD",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
    )
}
KNOWN = ("bot_token", "app_token", "signing_secret")


def judge_slack(settings: Mapping[str, object]) -> list[SettingProblem]:
    return [
        SettingProblem(path=(name,), message=f"unknown setting '{name}'", known=KNOWN)
        for name in settings
        if name not in KNOWN
    ]


SLACK = ChannelValidator(judge_slack)


class Home:
    """A folder with a `config.yaml`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "config.yaml"

    def load(
        self,
        text: str,
        env: Mapping[str, str] | None = None,
        adapters: Mapping[str, ChannelValidator] | None = None,
    ) -> Config:
        self.file.write_text(text, "utf-8")
        return load_config(self.file, env=env or {}, adapters=adapters)

    def problems(
        self,
        text: str,
        env: Mapping[str, str] | None = None,
        adapters: Mapping[str, ChannelValidator] | None = None,
    ) -> list[Problem]:
        with pytest.raises(ConfigError) as caught:
            self.load(text, env, adapters)
        return list(caught.value.problems)

    def said(self, text: str, env: Mapping[str, str] | None = None) -> list[str]:
        return [f"{found.line}:{found.column} {found.message} | {found.fix}" for found in self.problems(text, env)]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


# ------------------------------------------------------------------------------------------------- what is accepted


def test_the_example_loads_and_means_what_the_contract_says(repo_root: Path) -> None:
    config = load_config(repo_root / "config.yaml.example", env=ENVIRONMENT)

    assert config.hub.name == "studio"
    assert config.hub.database == "sqlite:///data/tieline.db"
    assert config.channels["team-slack"].adapter == "slack"
    assert config.channels["team-slack"].settings["bot_token"] == "value-of-slack_bot_token"
    assert config.channels["mail"].settings["imap"] == {
        "host": "imap.example.org",
        "port": 993,
        "tls": "implicit",
        "username": "hub",
        "password": "value-of-mail_password",
    }
    assert config.members["priya"].accounts["phones"] == "+447700900123"
    assert config.members["marcus"].model_level == 2
    room = config.rooms["dj-waste"]
    assert [(link.channel, link.direction, link.via) for link in room.links] == [
        ("team-slack", "both", "auto"),
        ("guild", "both", "webhook"),
        ("phones", "out", "auto"),
    ]
    assert room.links[2].carry == ("alert", "handoff")
    assert room.links[2].min_severity == "critical"
    assert config.policies.handoff.accept_within == timedelta(minutes=15)
    assert config.warnings == ()


def test_the_example_names_every_variable_that_is_needed_and_not_set(repo_root: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(repo_root / "config.yaml.example", env={})
    named = {problem.message for problem in caught.value.problems}
    assert named == {f"variable {name} is not set" for name in ENVIRONMENT}


def test_the_example_is_right_with_the_adapters_of_this_version(repo_root: Path) -> None:
    env = {
        **ENVIRONMENT,
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "DISCORD_BOT_TOKEN": "MTAwMDAwMDAwMDAwMDAwMDAx.G0abcd.abcdefghijklmnopqrstuvwxyz0123456789AB",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    }
    config = load_config(repo_root / "config.yaml.example", env=env, adapters=validators(discover()))
    assert config.warnings == ()


def test_the_example_with_the_documented_set_of_members_left_out_only_warns_of_the_gates(home: Home) -> None:
    config = home.load("policies: {gates: [vigil, rowan]}")
    assert [found.severity for found in config.warnings] == ["warning", "warning"]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "{}", "---\n", "\ufeffhub: {name: x}"])
def test_everything_may_be_left_out(home: Home, text: str) -> None:
    assert home.load(text).hub.listen == "127.0.0.1:8080"


def test_the_dotenv_beside_the_file_is_read_and_the_environment_wins(home: Home) -> None:
    (home.folder / ".env").write_text("A=from-dotenv\nB='from dotenv' # why\n")
    config = home.load('hub: {name: "${A}/${B}"}', {"A": "from-env"})
    assert config.hub.name == "from-env/from dotenv"
    assert config.sources["hub", "name"] == ("environment A", ".env B")


def test_a_wrong_line_of_the_dotenv_is_named_without_its_value(home: Home) -> None:
    (home.folder / ".env").write_text("GOOD=1\nhunter2 hunter2\n")
    (problem,) = home.problems("{}")
    assert problem.file.endswith(".env")
    assert problem.line == 2
    assert "hunter2" not in problem.render()


def test_a_secret_file_is_read_without_its_last_newline(home: Home) -> None:
    (home.folder / "token").write_text("s3cret-token\n")
    config = home.load('channels: {a: {adapter: slack, bot_token: "${file:token}"}}')
    assert config.channels["a"].settings["bot_token"] == "s3cret-token"
    assert "s3cret-token" in config.secrets


def test_substitution_cannot_change_the_structure_of_the_file(home: Home) -> None:
    config = home.load('hub: {name: "${A}"}', {"A": "x\nlisten: evil #"})
    assert config.hub.name == "x\nlisten: evil #"
    assert config.hub.listen == "127.0.0.1:8080"


def test_a_substituted_number_is_text_where_text_is_meant_and_a_number_where_a_number_is(home: Home) -> None:
    config = home.load(
        'rooms: {r: {project: "${N}"}}\npolicies: {audit_after_hops: "${N}"}\n'
        'channels: {c: {adapter: sms, from: "${N}", enabled: "${F}"}}',
        {"N": "42", "F": "false"},
    )
    assert config.rooms["r"].project == "42"
    assert config.policies.audit_after_hops == 42
    assert config.channels["c"].settings["from"] == "42"
    assert config.channels["c"].enabled is False


def test_yes_and_no_are_words_and_true_is_a_boolean(home: Home) -> None:
    config = home.load("channels: {c: {adapter: sms, answer: yes, flag: true}}\nhub: {name: no}")
    assert config.channels["c"].settings == {"answer": "yes", "flag": True}
    assert config.hub.name == "no"


def test_an_alias_is_followed(home: Home) -> None:
    config = home.load(
        "channels:\n  a: {adapter: email, imap: &server {host: h, port: 1}}\n  b: {adapter: email, imap: *server}\n"
    )
    assert config.channels["b"].settings["imap"] == {"host": "h", "port": 1}


def test_every_setting_knows_its_place(home: Home) -> None:
    config = home.load(
        "channels: {c: {adapter: sms}}\nrooms:\n  one:\n    links:\n      - {channel: c, conversation: x}\n"
    )
    assert config.place("rooms", "one") == Place(file=str(home.file), line=3)
    assert config.marks["rooms", "one", "links", 0] == (5, 9)
    assert config.place("rooms", "two") is None
    assert config.place("hub", "name") is None


# -------------------------------------------------------------------------------------------------- what is refused


def test_all_problems_are_reported_at_once_in_order_of_place(home: Home) -> None:
    said = home.said(
        """\
hub:
  listn: "127.0.0.1:8080"
channels:
  phones: {adapter: sms, from: +15005550006}
members:
  priya: {kind: humn, accounts: {phnes: "+447700900123"}}
rooms:
  r:
    links:
      - {channel: phones, member: pria, as: bot}
      - {channel: phones}
policies:
  handoff: {accept_within: 15}
"""
    )
    assert said == [
        "2:3 unknown setting 'listn' | did you mean 'listen'?",
        '4:32 from must be text, and without quotes this is a number | quote it: "+15005550006"',
        "6:17 kind must be one of human, ai, service | did you mean 'human'?",
        "6:34 there is no channel 'phnes' in this file | did you mean 'phones'?",
        "10:35 there is no member 'pria' in this file | did you mean 'priya'?",
        "11:9 a link needs either a conversation or a member | keep one of the two",
        "13:28 accept_within is not a duration | write a number with a unit: 30s, 15m, 2h or 1d",
    ]


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("hub: {}\nhub: {}", "2:1 duplicate key 'hub'", "line 1"),
        ("hub:\n\tname: x", "2:1 a tab indents this line", "spaces"),
        ("hub: {name: x, name: y}", "1:16 duplicate key 'name'", "keep one"),
        ("hub: {name: 7}", "1:13 name must be text", 'quote it: "7"'),
        ("hub: {name: 2020-01-01}", "", ""),
        ("hub: {name: }", "1:7 name must be text", "remove the setting"),
        ("hub: {listen: nowhere}", "1:15 listen is not an address", "host:port"),
        ("hub: {listen: 'a:99999'}", "1:15 listen is not an address", "host:port"),
        ("hub: {database: 'mysql://x'}", "1:17 database is not a database", "sqlite:///"),
        ("hub: {public_url: example.org}", "1:19 public_url is not a web address", "https://"),
        ("hub: []", "1:6 hub must be a mapping", ""),
        ("- a", "1:1 the file must be a mapping", ""),
        ("plain text", "1:1 the file must be a mapping", ""),
        ("channels: {c: {}}", "1:12 missing setting 'adapter'", "add adapter"),
        ("channels: {web: {adapter: slack}}", "1:12 'web' is the hub's own channel", "another name"),
        ("channels: {C_1: {adapter: slack}}", "1:12 'C_1' is not a name", "a-z"),
        ("channels: {c: {adapter: slack, enabled: yes}}", "1:41 enabled is neither true nor false", "true or false"),
        ("channels: {c: {adapter: slack, team_id: 0123}}", "1:41 team_id must be text", '"0123"'),
        ("channels: {c: {adapter: sms, auth_token: 123456}}", "1:42 auth_token must be text", 'quote it: "…"'),
        ("members: {42: {kind: ai}}", "1:11 a key must be text", 'quote it: "42"'),
        ("members: {? [a] : {kind: ai}}", "1:13 a key must be text", "name: value"),
        ("members: {a: {kind: ai, level: 3}}", "1:32 level must be one of L1, L2, L3, L4", ""),
        ("policies: {audit_after_hops: 0}", "1:30 audit_after_hops is wrong", ""),
        ("policies: {audit_after_hops: true}", "1:30 audit_after_hops is not a number", "whole number"),
        (
            "rooms: {r: {links: [{channel: c, carry: [chta]}]}}",
            "1:42 carry must be one of chat",
            "did you mean 'chat'?",
        ),
        ("rooms: {r: {members: [nobody]}}", "1:23 there is no member 'nobody'", "members"),
        ("hub: {name: !secret x}", "1:13 YAML tags", "plain value"),
        ("hub: &h {name: x, <<: *h}", "1:19 merge keys", "write the values out"),
        ("hub: &h {name: *h}", "1:6 an alias contains itself", "write the values out"),
        ("hub: {name: *nobody}", "1:13 YAML: found undefined alias", "quote text that begins with *"),
        ("hub: [", "YAML: expected the node content", ""),
        ("a: 1\n---\nb: 2", "2:1 YAML: but found another document", "remove the '---'"),
        ("%YAML 1.1\n---\nhub: {}", "1:1 this YAML version is not read here", "1.2"),
        ("hub: {name: '${NOPE}'}", "1:13 variable NOPE is not set", ".env"),
        ("hub: {name: '${EMPTY}'}", "1:13 variable EMPTY is empty", "${EMPTY:-}"),
        ("hub: {name: '${HOM}'}", "1:13 variable HOM is not set", "did you mean 'HOME'?"),
        ("hub: {name: '${a b}'}", "1:13 '${a b}' names no variable", "${NAME}"),
        ("hub: {name: '${A'}", "1:13 '${' is not closed", "$${"),
        ("hub: {name: '${file:/no/such/file}'}", "1:13 file /no/such/file is not there", "make the file"),
        ("hub: {name: '${file:}'}", "1:13 '${file:…}' names no file", ""),
        ("[" * 5000, "nested too deeply", ""),
        ("\x00", "is not YAML", "UTF-8"),
    ],
)
def test_a_fault_is_named_with_its_place_and_its_mend(home: Home, text: str, message: str, fix: str) -> None:
    if not message:  # a date is text in YAML 1.2
        assert home.load(text).hub.name == "2020-01-01"
        return
    said = home.said(text, {"EMPTY": "", "HOME": "/home/x"})
    assert any(message in line and fix in line.partition(" | ")[2] for line in said), said


def test_tabs_are_all_reported_together_with_what_else_is_wrong(home: Home) -> None:
    said = home.said("hub:\n\tnme: x\n\tlisten: nowhere\n")
    assert [line.partition(" | ")[0] for line in said] == [
        "2:1 a tab indents this line",
        "2:3 unknown setting 'nme'",
        "3:1 a tab indents this line",
        "3:11 listen is not an address to listen on",
    ]


def test_one_account_cannot_belong_to_two_members(home: Home) -> None:
    (said,) = home.said(
        'channels: {s: {adapter: slack}}\nmembers:\n  a: {kind: ai, accounts: {s: "U1"}}\n  b: {kind: ai, accounts: {s: "U1"}}'
    )
    assert said == "4:28 this account is already a's | an account belongs to one member"


def test_a_link_that_stands_twice_in_a_room_is_refused(home: Home) -> None:
    link = "{channel: s, conversation: x}"
    (said,) = home.said(
        f"channels: {{s: {{adapter: slack}}}}\nrooms:\n  r:\n    links:\n      - {link}\n      - {link}"
    )
    assert said == "6:9 this link stands twice | the first one is in line 5"


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="tieline init"):
        load_config(tmp_path / "none.yaml", env={})


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"hub: \xc3\x28"])
def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(tmp_path / "config.yaml", env={})


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path, env={})


def test_aliases_cannot_multiply_without_end(home: Home) -> None:
    """The billion laughs: each line ten times the one before."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (said,) = [line for line in home.said("\n".join(lines)) if "aliases" in line]
    assert "means more than 50000 values" in said


# -------------------------------------------------------------------------------------------------------- adapters


def test_an_adapter_that_is_not_installed_is_named_with_the_nearest(home: Home) -> None:
    (problem,) = home.problems("channels: {c: {adapter: slak}}", adapters={"slack": SLACK})
    assert problem.message == "no adapter 'slak' is installed"
    assert problem.fix == "did you mean 'slack'?"


def test_a_setting_the_adapter_does_not_know_is_shown_in_rustc_style(home: Home) -> None:
    """The form is the one of the project's friendliness table."""
    text = 'channels:\n  team-slack:\n    adapter: slack\n    app_tokn: "${SLACK_APP_TOKEN}"\n'
    (problem,) = home.problems(text, ENVIRONMENT, {"slack": SLACK})
    assert problem.render().replace(str(home.file), "config.yaml") == (
        "config.yaml:4:5: unknown setting 'app_tokn'\n"
        '    4 |     app_tokn: "${SLACK_APP_TOKEN}"\n'
        "      |     ^^^^^^^^ did you mean 'app_token'?"
    )


def test_the_adapters_own_findings_get_their_places(home: Home) -> None:
    def judge(settings: Mapping[str, object]) -> list[SettingProblem]:
        assert settings == {"imap": {"port": 0}}
        return [
            SettingProblem(path=("imap", "port"), message="port must be 1 to 65535"),
            SettingProblem(path=("smtp",), message="missing setting 'smtp'", fix="add smtp: …"),
        ]

    found = home.problems(
        "channels:\n  m: {adapter: email, imap: {port: 0}}", adapters={"email": ChannelValidator(judge)}
    )
    assert [(problem.line, problem.column, problem.message, problem.fix) for problem in found] == [
        (2, 3, "missing setting 'smtp'", "add smtp: …"),
        (2, 36, "port must be 1 to 65535", ""),
    ]


def test_what_only_follows_from_a_variable_that_is_not_set_is_not_told_too(home: Home) -> None:
    def judge(settings: Mapping[str, object]) -> list[SettingProblem]:
        whole = [] if settings.get("app_token") else [SettingProblem(path=(), message="no way in")]
        return [*whole, SettingProblem(path=("odd",), message="odd")]

    text = 'channels:\n  c: {adapter: slack, app_token: "${NOPE}", odd: 1}'
    said = [problem.message for problem in home.problems(text, adapters={"slack": ChannelValidator(judge)})]
    assert said == ["variable NOPE is not set", "odd"]


def test_a_disabled_channel_is_not_judged_by_its_adapter(home: Home) -> None:
    config = home.load("channels: {c: {adapter: slack, enabled: false, odd: 1}}", adapters={"slack": SLACK})
    assert config.channels["c"].enabled is False


# --------------------------------------------------------------------------------------------------------- secrets


def test_a_secret_in_the_file_is_warned_of_and_never_echoed(home: Home) -> None:
    config = home.load('channels: {team-slack: {adapter: slack, bot_token: "xoxb-123-canary"}}')
    (warning,) = config.warnings
    assert warning.fix == 'put it into .env as TEAM_SLACK_BOT_TOKEN=… and write "${TEAM_SLACK_BOT_TOKEN}"'
    assert "canary" not in warning.render()
    assert "canary" not in repr(config)


def test_no_problem_ever_shows_a_secret_value(home: Home) -> None:
    text = (
        "channels:\n"
        "  c: {adapter: slak, password: canary-one, nested: {api_key: 'canary-two'}, token: 12345678, app_tokn: canary-three}\n"
        "hub: {database: 'mysql://u:canary-four@h/d', name: '${UNSET} xoxb-canary-five'}\n"
    )
    shown = "\n".join(
        problem.render() + repr(problem.document()) for problem in home.problems(text, adapters={"slack": SLACK})
    )
    assert "canary" not in shown
    assert "12345678" not in shown
    assert "adapter: slak" in shown


def test_the_effective_configuration_has_defaults_and_no_secret(home: Home) -> None:
    (home.folder / "db").write_text("postgresql://u:canary@h/d")
    config = home.load(
        "hub: {database: '${file:db}'}\nchannels: {c: {adapter: x, bot_token: '${T}', deep: {password: '${T}', port: 5}}}",
        {"T": "canary-token"},
    )
    shown = masked(config)
    assert "canary" not in repr(shown)
    assert shown["channels"] == {
        "c": {
            "adapter": "x",
            "enabled": True,
            "on_doubt": "resend",
            "bot_token": "•••",
            "deep": {"password": "•••", "port": 5},
        }
    }
    assert shown["policies"] == {
        "gates": [],
        "audit_after_hops": 5,
        "handoff": {"accept_within": "15m", "escalate": ["mention"]},
        "alerts": {"ladder": [], "on_call": []},
    }
    assert config.secrets == {"canary-token", "postgresql://u:canary@h/d"}


def test_an_adapter_says_which_of_its_settings_are_secret(home: Home) -> None:
    sms = ChannelValidator(lambda _: (), secrets=("account_sid",))
    config = home.load("channels: {p: {adapter: sms, account_sid: '${SID}'}}", {"SID": "AC-canary"}, {"sms": sms})
    assert config.secrets == {"AC-canary"}
    assert "canary" not in repr(masked(config))
    config = home.load("channels: {p: {adapter: sms, account_sid: AC-canary}}", {}, {"sms": sms})
    assert "canary" not in config.warnings[0].render()


def test_a_long_line_is_shown_around_the_caret(home: Home) -> None:
    text = "hub: {" + ", ".join(f"setting-{n}: {n}" for n in range(100)) + "}"
    problems = home.problems(text)
    assert len(problems) == 100
    for problem in problems:
        _, source, caret = problem.render().splitlines()
        assert len(source) < 180
        assert source[caret.index("^") :].startswith(problem.message.split("'")[1])


def test_problems_without_end_are_cut_off_and_that_is_said(home: Home) -> None:
    text = "hub: {" + ", ".join(f"setting-{n}: {n}" for n in range(5000)) + "}"
    problems = home.problems(text)
    assert len(problems) == 201
    assert "more than 200 problems" in str([problem.message for problem in problems])


# ---------------------------------------------------------------------------------------------------------- reload


def test_settings_that_a_reload_cannot_apply_are_named(home: Home) -> None:
    old = home.load("hub: {listen: '127.0.0.1:1', name: a}")
    new = home.load("hub: {listen: '127.0.0.1:2', name: b}")
    assert needs_restart(old, new) == ("hub.listen",)
    assert needs_restart(new, new) == ()


def test_an_endpoint_that_an_adapter_does_not_offer_is_named_with_those_that_it_does(tmp_path: Path) -> None:
    text = (
        "channels:\n  guild: {adapter: talk}\nrooms:\n  a:\n    links:\n"
        "      - {channel: guild, conversation: c, as: webhook}\n      - {channel: guild, conversation: d, as: hook}\n"
    )
    talk = ChannelValidator(validate=lambda _: (), endpoints=("auto", "webhook"))
    with pytest.raises(ConfigError) as caught:
        parse_config(text, tmp_path / "config.yaml", env={}, adapters={"talk": talk})
    (problem,) = caught.value.problems
    assert (problem.line, problem.message) == (7, "talk has no endpoint 'hook'")
    assert problem.fix == "write one of: auto, webhook; or leave it out"
