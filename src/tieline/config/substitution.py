"""`${NAME}`, `${NAME:-default}`, `${file:/path}` and the literal `$${`, in one parsed scalar.

It acts on values that YAML has already parsed, never on file text, so no value can change the structure of the file;
and what was put in is not looked at again. Like a shell, `:-default` also stands in for an empty variable. Next stop:
`tieline.config.source`, which calls it for each scalar.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tieline.config.problems import did_you_mean

_MARK: Final = re.compile(r"\$\$\{|\$\{(?P<body>[^}]*)\}|\$\{")
_NAME: Final = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>.*))?", re.DOTALL)
_LARGEST_FILE: Final = 65_536
_FORMS: Final = "write ${NAME}, ${NAME:-default} or ${file:/path}; for a literal ${ write $${"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a scalar cannot be resolved, and what would be right."""

    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Variables:
    """Where values come from. `environment` wins over `dotenv`; relative files are beside the configuration."""

    environment: Mapping[str, str] = field(repr=False)
    dotenv: Mapping[str, str] = field(repr=False)
    folder: Path

    def find(self, name: str) -> tuple[str | None, str]:
        """Return a variable's value (None: unset) and a name for its source."""
        if name in self.environment:
            return self.environment[name], f"environment {name}"
        return self.dotenv.get(name), f".env {name}"

    def names(self) -> set[str]:
        """Return the names of all variables, for suggestions."""
        return {*self.environment, *self.dotenv}


@dataclass(frozen=True, slots=True)
class Resolved:
    """A scalar after substitution: its text, where parts of it came from, and faults (then `text` is of no use)."""

    text: str = field(repr=False)
    sources: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def resolve(text: str, variables: Variables) -> Resolved:
    """Put in every variable and file that `text` names."""
    if "${" not in text:
        return Resolved(text)
    pieces: list[str] = []
    sources: list[str] = []
    faults: list[Fault] = []
    end = 0
    for mark in _MARK.finditer(text):
        pieces.append(text[end : mark.start()])
        end = mark.end()
        if mark[0] == "$${":
            pieces.append("${")
            continue
        value, source = _look_up(mark["body"], variables)
        if isinstance(value, Fault):
            faults.append(value)
        else:
            pieces.append(value)
            sources.append(source)
    return Resolved("".join([*pieces, text[end:]]), tuple(sources), tuple(faults))


def _look_up(body: str | None, variables: Variables) -> tuple[str | Fault, str]:
    if body is None:
        return Fault("'${' is not closed", _FORMS), ""
    if body.startswith("file:"):
        return _read(body.removeprefix("file:"), variables.folder), f"file {body.removeprefix('file:')}"
    named = _NAME.fullmatch(body)
    if named is None:
        return Fault(f"'${{{body}}}' names no variable", _FORMS), ""
    name, default = named["name"], named["default"]
    value, source = variables.find(name)
    if default is not None and not value:
        return default, "default"
    if value is None:
        return Fault(f"variable {name} is not set", _how_to_set(name, variables)), source
    if not value:
        return Fault(f"variable {name} is empty", f"set it, or write ${{{name}:-}} if empty is meant"), source
    return value, source


def _how_to_set(name: str, variables: Variables) -> str:
    hint = did_you_mean(name, variables.names())
    return hint if hint.startswith("did") else f"set it in the environment or in .env beside this file: {name}=…"


def _read(name: str, folder: Path) -> str | Fault:
    path = folder / name
    try:
        if not name or "\0" in name:
            return Fault("'${file:…}' names no file", _FORMS)
        if not path.is_file():
            return Fault(f"file {name} is not there", "make the file, or correct the path")
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            return Fault(f"file {name} is larger than {_LARGEST_FILE} bytes", "a secret file holds one value")
        return content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return Fault(f"file {name} is not UTF-8 text", "save it as UTF-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return Fault(f"file {name} cannot be read: {reason}", "check its owner and mode")
