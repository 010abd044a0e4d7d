"""The `.env` file beside the configuration: `NAME=value` lines, `#` comments, quotes, an optional `export`.

Values are taken as they stand: nothing is substituted inside them. Variables of the real environment win over it.
"""

import re
from pathlib import Path
from typing import Final

from tieline.config.problems import Problem

_LINE: Final = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)", re.DOTALL)
_DOUBLE: Final = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"\s*(?:#.*)?', re.DOTALL)
_SINGLE: Final = re.compile(r"'(?P<text>[^']*)'\s*(?:#.*)?", re.DOTALL)
_COMMENT: Final = re.compile(r"\s+#.*|^#.*", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


def read_dotenv(path: Path) -> tuple[dict[str, str], list[Problem]]:
    """Return the variables of a `.env` file, none if there is no file, and the lines that are wrong."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError):
        return {}, [Problem(file=str(path), message="cannot be read", fix="make it readable UTF-8 text")]
    return parse_dotenv(text, str(path))


def parse_dotenv(text: str, file: str) -> tuple[dict[str, str], list[Problem]]:
    """Read `.env` text; a later line of the same name wins. Values are never echoed in problems."""
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        value = _value(found["value"]) if found else None
        if found is None or value is None:
            message = "quotes are not closed" if found else "is not NAME=value"
            problems.append(Problem(file=file, line=number, column=1, message=message, fix="write NAME=value"))
        else:
            variables[found["name"]] = value
    return variables, problems


def _value(text: str) -> str | None:
    if text.startswith('"'):
        quoted = _DOUBLE.fullmatch(text)
        return _ESCAPED.sub(lambda it: _ESCAPES.get(it[1], it[1]), quoted["text"]) if quoted else None
    if text.startswith("'"):
        quoted = _SINGLE.fullmatch(text)
        return quoted["text"] if quoted else None
    return _COMMENT.sub("", text)
