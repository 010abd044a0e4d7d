"""Logs: one coloured line with the channel's badge on a terminal, JSON lines everywhere else, secrets masked in both.

Everything logs through the standard library in the end: our own code (structlog or `logging`) and every SDK, so one
handler formats, masks and escapes all of it. The rule: no log line carries a secret or a control character. Not
promised: that a secret the configuration never named, and that has no known shape, is recognized.
"""

import logging
import os
import sys
import zlib
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.typing import Processor

from tieline.config.masking import MASK, KnownSecrets, escape_controls, is_secret

LogFormat = Literal["auto", "console", "json"]

_LEVELS: Final = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "WARN": 30, "ERROR": 40, "CRITICAL": 50}
_NOISY: Final = {
    "aiohttp.access": logging.WARNING,
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
    "urllib3": logging.WARNING,
}
_FIRST: Final = ("ts", "level", "event", "channel", "room", "seq", "delivery", "trace", "logger")
_DEEPEST: Final = 6

_RESET: Final = "\x1b[0m"
_LEVEL_COLOURS: Final = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "1;31"}
_BADGE_COLOURS: Final = (34, 35, 36, 32, 33, 94, 95, 96)

_Event = MutableMapping[str, Any]  # structlog's own type of an event


def configure_logging(
    *,
    log_format: LogFormat = "auto",
    environment: Mapping[str, str] | None = None,
    stream: TextIO | None = None,
    secrets: Iterable[str] = (),
) -> KnownSecrets:
    """Send every log of this process to `stream` (standard error), and return the secrets, for a reload to add to.

    `auto`: console on a terminal, else JSON. `LOG_LEVEL` sets the level (an unknown one is `INFO`, said in the log);
    `NO_COLOR`, set and not empty, switches colour off (no-color.org). Calling it again replaces the earlier set-up.
    """
    variables = os.environ if environment is None else environment
    out = sys.stderr if stream is None else stream
    known = KnownSecrets(secrets)
    console = log_format == "console" or (log_format == "auto" and out.isatty())
    colour = console and out.isatty() and not variables.get("NO_COLOR")
    wanted = variables.get("LOG_LEVEL", "INFO").strip().upper() or "INFO"

    handler = _Handler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_shared(), structlog.stdlib.ExtraAdder(), _drop_formatted],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _Masker(known),
                _Console(colour=colour) if console else _json,
            ],
        )
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(_LEVELS.get(wanted, logging.INFO))
    for name, level in _NOISY.items():
        logging.getLogger(name).setLevel(max(level, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    if wanted not in _LEVELS:
        logging.getLogger("tieline").warning("LOG_LEVEL is none of %s; using INFO", ", ".join(_LEVELS))
    return known


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S.%fZ", utc=True, key="ts"),
        structlog.processors.StackInfoRenderer(),
    ]


def _drop_formatted(logger: object, method: str, event: _Event) -> _Event:
    """Drop what another handler's formatter left on the record: it would repeat the event."""
    del logger, method
    return {name: value for name, value in event.items() if name not in {"message", "asctime"}}


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines; a record that cannot be formatted becomes a short line, never a traceback with its arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Say which logger failed, and nothing of what it wanted to say."""
        error = sys.exc_info()[0]
        if error is None or issubclass(error, OSError):
            return  # the stream itself is gone; there is nowhere to say it
        text = f"a log line of {escape_controls(record.name)} could not be written ({error.__name__})"
        self.stream.write(text + self.terminator)


class _Masker:
    """Masks secrets in every text of an event, however deep, and in settings whose name says secret."""

    def __init__(self, known: KnownSecrets) -> None:
        self._known = known

    def __call__(self, logger: object, method: str, event: _Event) -> _Event:
        """Return the event with text only where text was, and nothing secret in it."""
        del logger, method
        return {
            name: MASK if is_secret(name) and value else self._clean(value, _DEEPEST) for name, value in event.items()
        }

    def _clean(self, value: object, depth: int) -> object:
        if isinstance(value, bool | int | float) or value is None:
            return value
        if depth and isinstance(value, Mapping):
            return {
                str(name): MASK if is_secret(str(name)) and inner else self._clean(inner, depth - 1)
                for name, inner in value.items()
            }
        if depth and isinstance(value, list | tuple | set | frozenset):
            return [self._clean(inner, depth - 1) for inner in value]
        return self._known.mask(value if isinstance(value, str) else _repr(value))


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a value's own fault must not lose the line
        return f"<{type(value).__name__}: {type(error).__name__}>"


def _json(logger: object, method: str, event: _Event) -> str:
    """Render one JSON line; ASCII only, so that nothing in it can act on a terminal."""
    del logger, method
    stamp = {"ts": _milliseconds(str(event.get("ts", "")))}
    first = {name: event[name] for name in _FIRST if name in event}
    return str(structlog.processors.JSONRenderer()(None, "", {**first, **event, **stamp}))


class _Console:
    """Renders one line: time, level, channel, what happened, the rest as `name=value`; a traceback below it."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, logger: object, method: str, event: _Event) -> str:
        """Return the line, every control character of the event made visible."""
        del logger, method
        level, channel = str(event.get("level", "info")), str(event.get("channel", ""))
        shown = {"ts", "level", "event", "channel", "logger", "exception", "stack"}
        rest = ((_line(name), _value(value)) for name, value in event.items() if name not in shown)
        pieces = [
            self._paint(_milliseconds(str(event.get("ts", "")))[11:19], "2"),
            self._paint(f"{level.upper():<7}", _LEVEL_COLOURS.get(level, "0")),
            self._badge(_line(channel)) if channel else "",
            _line(str(event.get("event", ""))),
            *(self._paint(f"{name}=", "2") + value for name, value in rest),
        ]
        below = [escape_controls(str(event[name])) for name in ("exception", "stack") if event.get(name)]
        return "\n".join([" ".join(filter(None, pieces)), *below])

    def _badge(self, channel: str) -> str:
        colour = _BADGE_COLOURS[zlib.crc32(channel.encode("utf-8", "replace")) % len(_BADGE_COLOURS)]
        return self._paint(f"[{channel}]", str(colour))

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}{_RESET}" if self._colour else text


def _value(value: object) -> str:
    text = _line(value if isinstance(value, str) else repr(value))
    return f'"{text}"' if isinstance(value, str) and (" " in text or not text) else text


def _line(text: str) -> str:
    return escape_controls(text).replace("\n", "\\n").replace("\t", "\\t")


def _milliseconds(stamp: str) -> str:
    """`…:04.123456Z` → `…:04.123Z`."""
    return stamp[:-4] + "Z" if stamp.endswith("Z") else stamp
