"""Logs are one format for our code and every SDK's, without secrets and without control characters."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from tieline.config.logs import LogFormat, _Handler, configure_logging

CANARY = "canary-secret-value"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    levels = {
        logger: logger.level for logger in (root, *map(logging.getLogger, ("aiohttp.access", "asyncio", "urllib3")))
    }
    yield
    root.handlers[:] = [handler for handler in root.handlers if not isinstance(handler, _Handler)]
    for logger, level in levels.items():
        logger.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def start(stream: io.StringIO, log_format: LogFormat = "auto", **environment: str) -> None:
    logging.getLogger().handlers.clear()  # pytest's own, which raise where a running hub goes on
    configure_logging(log_format=log_format, environment=environment, stream=stream, secrets=[CANARY])


def test_off_a_terminal_each_line_is_json_with_its_ids() -> None:
    stream = io.StringIO()
    start(stream)
    structlog.get_logger("tieline.routing").info("delivered", room="dj-waste", seq=7, delivery="dlv_1", trace="t")
    line = json.loads(stream.getvalue())
    assert line.pop("ts").endswith("Z")
    assert line == {
        "level": "info",
        "event": "delivered",
        "room": "dj-waste",
        "seq": 7,
        "delivery": "dlv_1",
        "trace": "t",
        "logger": "tieline.routing",
    }


def test_on_a_terminal_each_line_is_coloured_and_wears_its_channels_badge() -> None:
    stream = Terminal()
    start(stream)
    structlog.get_logger().warning("paused", channel="team-slack", attempts=3)
    assert "[team-slack]" in stream.getvalue()
    assert "paused" in stream.getvalue()
    assert "\x1b[" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_no_color_is_honoured() -> None:
    stream = Terminal()
    start(stream, NO_COLOR="1")
    structlog.get_logger().info("up", channel="team-slack")
    assert "\x1b" not in stream.getvalue()
    assert "INFO    [team-slack] up" in stream.getvalue()


def test_json_can_be_asked_for_on_a_terminal() -> None:
    stream = Terminal()
    start(stream, "json")
    structlog.get_logger().info("up")
    assert json.loads(stream.getvalue())["event"] == "up"


def test_log_level_is_honoured_and_an_unknown_one_is_said() -> None:
    stream = io.StringIO()
    start(stream, LOG_LEVEL="error")
    structlog.get_logger().warning("quiet")
    logging.getLogger("slack_bolt").warning("quiet too")
    assert stream.getvalue() == ""
    start(stream, LOG_LEVEL="loud")
    assert "LOG_LEVEL" in stream.getvalue()


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_secret_is_masked_wherever_it_turns_up(log_format: LogFormat) -> None:
    stream = io.StringIO()
    start(stream, log_format)
    log = structlog.get_logger("tieline")
    event = f"in the event {CANARY}"
    log.info(event, value=f"a {CANARY} b", deep={"list": [(CANARY,)]}, thing=Exception(CANARY))
    log.info("by name", bot_token="short", settings={"password": "short", "port": 1})
    try:
        raise ValueError(CANARY)  # noqa: TRY301
    except ValueError:
        log.exception("in a traceback")
        logging.getLogger("slack_sdk").exception("the same through the standard library")
    logging.getLogger("discord").error("as an argument: %s", CANARY, extra={"more": CANARY})
    text = stream.getvalue()
    assert CANARY not in text
    assert "short" not in text
    assert "Traceback" in text
    assert "port" in text


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-12-34-abcDEF",
        "xapp-1-A0-99-abc",
        "whsec_MfKQ9r8GKYqrTwjU",
        "SK" + "0123456789abcdef" * 2,
        "tl_abcdefgh12345678",
    ],
)
def test_a_secret_nobody_told_of_is_known_by_its_shape(secret: str) -> None:
    stream = io.StringIO()
    start(stream)
    logging.getLogger("x").error("got %s here", secret)
    assert secret not in stream.getvalue()
    assert "got" in stream.getvalue()


def test_the_password_of_an_address_and_the_authorization_header_are_masked() -> None:
    stream = io.StringIO()
    start(stream, "console")
    logging.getLogger("x").error("postgresql://hub:hunter2@db/tieline Authorization: Bearer abc.def")
    assert "hunter2" not in stream.getvalue()
    assert "abc.def" not in stream.getvalue()
    assert "@db/tieline" in stream.getvalue()


def test_secrets_of_a_reload_are_masked_too_and_the_old_ones_still() -> None:
    stream = io.StringIO()
    known = configure_logging(environment={}, stream=stream, secrets=["old-secret"])
    known.learn(["new-secret"])
    logging.getLogger("x").error("old-secret new-secret")
    assert "secret" not in stream.getvalue()


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_text_from_outside_cannot_forge_a_line_or_drive_the_terminal(log_format: LogFormat) -> None:
    stream = io.StringIO()
    start(stream, log_format)
    evil = "x\n12:00:00 INFO forged\x1b[2J\x9b31m\u202e"
    structlog.get_logger().info(evil, channel=evil, **{evil: evil})
    assert stream.getvalue().count("\n") == 1
    assert not {"\x1b", "\x9b", "\u202e"} & set(stream.getvalue())


def test_a_record_that_cannot_be_formatted_costs_one_short_line_without_its_arguments() -> None:
    stream = io.StringIO()
    start(stream)
    logging.getLogger("sdk").error("%d", CANARY)
    assert stream.getvalue() == "a log line of sdk could not be written (TypeError)\n"


def test_setting_up_again_replaces_the_earlier_set_up() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure_logging(environment={}, stream=first)
    configure_logging(environment={}, stream=second)
    logging.getLogger("x").error("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1
