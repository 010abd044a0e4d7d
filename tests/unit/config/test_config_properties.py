"""Whatever the text, `parse_config` answers with a `Config` or a `ConfigError`; and substitution is exact."""

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tieline.config import Config, ConfigError, masked, parse_config
from tieline.config.dotenv import parse_dotenv
from tieline.config.masking import MASK, KnownSecrets, escape_controls, mask_source
from tieline.config.substitution import Variables, resolve

NOWHERE = Path("/nonexistent/config.yaml")

FRAGMENTS = st.sampled_from(
    [
        *("hub:", "channels:", "members:", "rooms:", "policies:", "links:", "accounts:", "adapter: slack", "kind: ai"),
        *(
            "gates:",
            "handoff:",
            "name:",
            "listen:",
            "members: [a]",
            "  ",
            "\t",
            "\n",
            "\n  ",
            "\n    ",
            "- ",
            ": ",
            ", ",
        ),
        *("{", "}", "[", "]", "&a", "*a", "<<: *a", "!tag", "? ", "|", ">", "'", '"', "#", "%YAML 1.1", "---", "..."),
        *(
            "${A}",
            "${",
            "$${",
            "${B:-x}",
            "${file:/etc/hostname}",
            "${file:\0}",
            "42",
            "+4477",
            "1e9",
            ".inf",
            "~",
            "yes",
        ),
        *("true", "2020-01-01", "\x00", "\x85", "\ufeff", "\u2028", "é", "😀", "0x1f", "9" * 5000, "\r", "\\"),
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.one_of(st.text(), st.lists(FRAGMENTS, max_size=30).map("".join)))
@example("? {}\n: 1")
@example("hub: {? }")
@example("'\\ud800'")
@example('hub: {name: "\\ud800"}')
@example("rooms: {r: {links: [[{}]]}}")
@example("channels: {c: {settings: {}, adapter: 1}}")
@example("channels: {model_config: {adapter: x}}")
@example("members: {a: {accounts: [x]}}")
@example("channels: {c: {adapter: x, model_extra: 1, __class__: 2, settings: 3}}")
def test_any_text_gives_a_configuration_or_its_problems(text: str) -> None:
    outcome: Config | ConfigError
    try:
        outcome = parse_config(text, NOWHERE, env={"A": "value"}, adapters=None)
    except ConfigError as error:
        outcome = error
    if isinstance(outcome, Config):
        assert masked(outcome)
    else:
        assert outcome.problems
        assert "\x00" not in str(outcome)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_configuration_or_its_problems(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    from tieline.config import load_config

    file = tmp_path_factory.getbasetemp() / "bytes.yaml"
    file.write_bytes(content)
    with contextlib.suppress(ConfigError):
        load_config(file, env={})


PLAIN = st.text(st.characters(exclude_characters="$}", exclude_categories=["Cs"]))


@given(before=PLAIN, value=st.text(min_size=1), after=PLAIN)
def test_a_variable_is_put_in_exactly_and_not_looked_at_again(before: str, value: str, after: str) -> None:
    found = resolve(f"{before}${{NAME}}{after}", Variables({"NAME": value}, {}, Path()))
    assert found.text == f"{before}{value}{after}"
    assert found.faults == ()


@given(default=PLAIN, value=st.sampled_from(["", None]))
def test_a_default_stands_in_for_an_unset_and_for_an_empty_variable(default: str, value: str | None) -> None:
    environment = {} if value is None else {"NAME": value}
    assert resolve(f"${{NAME:-{default}}}", Variables(environment, {}, Path())).text == default


@given(text=PLAIN)
def test_a_doubled_dollar_is_a_literal_one(text: str) -> None:
    assert resolve(f"$${{{text}}}", Variables({}, {}, Path())).text == f"${{{text}}}"


@given(text=st.text())
def test_text_without_a_mark_is_left_alone(text: str) -> None:
    text = text.replace("${", "")
    assert resolve(text, Variables({}, {}, Path())).text == text


@given(text=st.text())
def test_any_dotenv_text_is_read(text: str) -> None:
    variables, problems = parse_dotenv(text, ".env")
    assert len(variables) + len(problems) <= text.count("\n") + 1


@given(
    name=st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True),
    value=st.text(st.characters(exclude_categories=["Cc", "Cs"])),
)
def test_a_quoted_dotenv_value_comes_back_as_it_was(name: str, value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    assert parse_dotenv(f'export {name}="{escaped}" # note', ".env") == ({name: value}, [])


@given(before=st.text(), secret=st.text(min_size=6, max_size=60), after=st.text())
def test_a_known_secret_never_survives_masking(before: str, secret: str, after: str) -> None:
    shown = KnownSecrets([secret]).mask(f"{before}{secret}{after}")
    # The mask itself may form the secret again only if the secret is made of the mask and its surroundings.
    assert secret not in shown.replace(MASK, "\x00") or secret in (before + "\x00" + after)


@given(secret=st.from_regex(r"[A-Za-z0-9]{6,40}", fullmatch=True), quote=st.sampled_from(["", '"', "'"]))
def test_a_secret_setting_is_never_echoed(secret: str, quote: str) -> None:
    canary = f"canary{secret}"
    for line in (f"bot_token: {quote}{canary}{quote}", f"c: {{x: y, password: {quote}{canary}{quote}, z: {{a: b}}}}"):
        assert canary not in mask_source(line)


@given(st.text())
def test_escaped_text_cannot_drive_a_terminal(text: str) -> None:
    assert not any((ord(char) < 32 and char not in "\n\t") or 127 <= ord(char) < 160 for char in escape_controls(text))


@pytest.mark.parametrize(
    "unit", ["9", "a", "a9", "://", "a: ", "x-", "'", '"', "a:'", "[", "xox", "M", " ", "a: [", "tl_"]
)
def test_masking_takes_linear_time(unit: str) -> None:
    """A quadratic pattern needs minutes for this; the bound leaves room for a busy machine."""
    line = unit * (200_000 // len(unit))
    before = time.process_time()
    mask_source(line)
    escape_controls(line)
    assert time.process_time() - before < 5
