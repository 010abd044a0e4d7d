"""YAML text → plain values, each with its place in the file, and every fault of form at once.

The YAML is 1.2: `yes` and `no` are words, not booleans. Scalars are substituted here, after parsing. Duplicate keys,
keys that are not text, tags and merge keys are faults; aliases are followed, but not in circles and not without end.
Any text at all is answered with a tree and problems, never with another exception. Next stop:
`tieline.config.validation`, which judges the values.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tieline.config.masking import mask_source
from tieline.config.problems import Problem
from tieline.config.substitution import Resolved, Variables, resolve

_TAG: Final = "tag:yaml.org,2002:"
MOST_VALUES: Final = 50_000
"""Aliases can make a small file mean a huge tree; no honest configuration is near this."""
LARGEST_TEXT: Final = 1_000_000
MOST_PROBLEMS: Final = 200
WIDEST_LINE: Final = 160

_LINE_END: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_OLD_YAML: Final = re.compile(r"^%YAML\s+(?!1\.2)", re.MULTILINE)
_INTEGER: Final = re.compile(r"[-+]?\d{1,18}", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)

Path: TypeAlias = tuple[str | int, ...]
Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands (lines and columns start at 1), and what was written there."""

    line: int
    column: int
    width: int
    value_line: int
    value_column: int
    raw: str = field(repr=False)
    """The scalar before substitution; empty for lists and mappings."""
    bare: bool
    """A number, boolean or null without quotes."""
    sources: tuple[str, ...] = ()
    """Where substituted parts came from."""
    unresolved: bool = False
    """Substitution failed, so the value means nothing."""


@dataclass(slots=True)
class Document:
    """A parsed file: its values, their spots by path, and the problems found so far."""

    file: str
    lines: list[str] = field(repr=False)
    data: Plain = None
    spots: dict[Path, Spot] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list)
    secret_names: frozenset[str] = frozenset()
    """Settings that adapters call secret, besides those whose name says so."""
    _masked: dict[int, str] = field(default_factory=dict, repr=False)

    def report(self, path: Path, message: str, fix: str = "", *, at_value: bool = False, warning: bool = False) -> None:
        """Add a problem at a path, or at the nearest path above it that stands in the file."""
        spot = self.spot(path)
        column = spot.value_column if at_value else spot.column
        line = spot.value_line if at_value else spot.line
        width = max(1, len(spot.raw)) if at_value else spot.width
        self.report_at(line, column, message, fix, width=width, warning=warning)

    def report_at(
        self, line: int, column: int, message: str, fix: str = "", *, width: int = 1, warning: bool = False
    ) -> None:
        """Add a problem at a line and column (from 1)."""
        if len(self.problems) == MOST_PROBLEMS:
            message = f"there are more than {MOST_PROBLEMS} problems; mend these first"
            self.problems.append(Problem(file=self.file, message=message))
        if len(self.problems) > MOST_PROBLEMS:
            return
        source, caret = self._picture(line, column)
        self.problems.append(
            Problem(
                file=self.file,
                line=line,
                column=column,
                width=width,
                caret=caret,
                message=message,
                fix=fix,
                source=source,
                severity="warning" if warning else "error",
            )
        )

    def _picture(self, line: int, column: int) -> tuple[str, int]:
        """Return a masked line, of a long one the part around the column, and the caret's place in it."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        if line not in self._masked:
            self._masked[line] = mask_source(text, self.secret_names)
        masked = self._masked[line]
        caret = len(mask_source(text[: column - 1], self.secret_names))
        start = max(0, caret - WIDEST_LINE // 2) if len(masked) > WIDEST_LINE else 0
        shown = masked[start : start + WIDEST_LINE]
        return ("…" if start else "") + shown, caret - start + bool(start) + 1

    def spot(self, path: Path) -> Spot:
        """Return the spot of a path, or of the nearest path above it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.spots:
                return self.spots[path[:length]]
        return Spot(1, 1, 1, 1, 1, "", bare=False)

    def forgive(self, path: Path) -> None:
        """Take back the faults of substitution below a path: what is switched off needs no secrets."""
        places = {
            (spot.value_line, spot.value_column)
            for place, spot in self.spots.items()
            if spot.unresolved and place[: len(path)] == path and place[-1] not in {"adapter", "enabled"}
        }
        self.problems = [one for one in self.problems if (one.line, one.column) not in places]

    def unresolved(self, path: Path) -> bool:
        """Say whether the value at a path could not be substituted, so that judging it would only add noise."""
        return path in self.spots and self.spots[path].unresolved


def read_document(text: str, file: str, variables: Variables, secret_names: frozenset[str] = frozenset()) -> Document:
    """Parse configuration text; the faults of form are in the document's problems."""
    document = Document(file, _LINE_END.split(text), secret_names=secret_names)
    if len(text) > LARGEST_TEXT:
        document.report_at(1, 1, f"is larger than {LARGEST_TEXT} characters")
        return document
    old = _OLD_YAML.search(text)
    if old is not None:
        line = len(_LINE_END.split(text[: old.start()]))
        document.report_at(line, 1, "this YAML version is not read here", "remove the line: the file is YAML 1.2")
    node = _compose(text, document)
    if node is not None:
        document.data = _Reader(document, variables).read(node)
    return document


# ----------------------------------------------------------------------------------------------------- text → nodes


def _compose(text: str, document: Document) -> Node | None:
    """Parse text; where tabs indent it, report them all and go on as if they were spaces."""
    try:
        return _parse(text)
    except MarkedYAMLError as error:
        tabs = list(_tab_indents(document.lines)) if "'\\t'" in str(error) else []
        for line, column in tabs:
            document.report_at(line, column, "a tab indents this line", "indent with spaces: YAML forbids tabs here")
        if not tabs:
            _report_syntax(error, document)
            return None
        return _compose_without_tabs(document)
    except RecursionError:
        document.report_at(1, 1, "is nested too deeply")
    except YAMLError as error:
        document.report_at(1, 1, f"is not YAML: {_first_line(str(error))}", "save it as plain UTF-8 text")
    except Exception as error:  # noqa: BLE001 - on garbage ruamel raises ValueError, KeyError, AssertionError …
        document.report_at(1, 1, f"is not YAML: {_first_line(str(error)) or type(error).__name__}")
    return None


def _parse(text: str) -> Node | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        node: Node | None = YAML(typ="safe", pure=True).compose(text)
    return node


def _compose_without_tabs(document: Document) -> Node | None:
    for width in (2, 4, 8):
        spaced = [_spaced(line, width) for line in document.lines]
        try:
            return _parse("\n".join(spaced))
        except Exception:  # noqa: BLE001, S112 - the tabs are reported; what follows from them is noise
            continue
    return None


def _spaced(line: str, width: int) -> str:
    body = line.lstrip(" \t")
    return line[: len(line) - len(body)].replace("\t", " " * width) + body


def _tab_indents(lines: Iterable[str]) -> Iterator[tuple[int, int]]:
    for number, line in enumerate(lines, start=1):
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indent and line.strip():
            yield number, indent.index("\t") + 1


def _report_syntax(error: MarkedYAMLError, document: Document) -> None:
    mark = error.problem_mark or error.context_mark
    message = _first_line(str(error.problem or error.context or "is not YAML"))
    context = f" ({error.context}, line {error.context_mark.line + 1})" if error.context and error.context_mark else ""
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    document.report_at(line, column, f"YAML: {message}{context}", _syntax_fix(message))


def _syntax_fix(message: str) -> str:
    fixes = {
        "found undefined alias": "quote text that begins with *",
        "mapping values are not allowed": "quote text that contains ': ', and check the indentation",
        "that cannot start any token": "quote text that begins with @, ` or %",
        "another document": "one file holds one document: remove the '---'",
        "could not find expected ':'": "write `name: value`",
        "<block end>": "check the indentation of this line against the lines above",
        "end of stream": "close the quote",
    }
    return next((fix for words, fix in fixes.items() if words in message), "")


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


# --------------------------------------------------------------------------------------------------- nodes → values


class _TooLarge(Exception):
    """More values than `MOST_VALUES`."""


class _Reader:
    """Walks the nodes once, and builds values and spots together."""

    def __init__(self, document: Document, variables: Variables) -> None:
        self._document = document
        self._variables = variables
        self._open: set[int] = set()
        self._count = 0

    def read(self, node: Node) -> Plain:
        """Return the values of a whole document."""
        try:
            return self._value(node, (), None)
        except _TooLarge:
            self._document.report_at(1, 1, f"means more than {MOST_VALUES} values", "use fewer aliases")
        except RecursionError:
            self._document.report_at(1, 1, "is nested too deeply")
        return None

    def _value(self, node: Node, path: Path, key: Node | None) -> Plain:
        self._count += 1
        if self._count > MOST_VALUES:
            raise _TooLarge
        if isinstance(node, ScalarNode):
            return self._scalar(node, path, key)
        self._document.spots[path] = _spot(node, key)
        if id(node) in self._open:
            self._document.report(path, "an alias contains itself", "write the values out", at_value=True)
            return None
        self._open.add(id(node))
        value: Plain = self._mapping(node, path) if isinstance(node, MappingNode) else self._sequence(node, path)
        self._open.discard(id(node))
        return value

    def _sequence(self, node: Node, path: Path) -> list[Plain]:
        assert isinstance(node, SequenceNode)  # noqa: S101 - YAML has three kinds of node
        self._check_tag(node, path, "seq")
        return [self._value(item, (*path, index), None) for index, item in enumerate(node.value)]

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Plain]:
        self._check_tag(node, path, "map")
        values: dict[str, Plain] = {}
        lines: dict[str, int] = {}
        for key, item in node.value:
            name = self._key(key)
            if name is None:
                continue
            if name in values:
                where = f"the first one is in line {lines[name]}: keep one of them"
                self._at(key, f"duplicate key '{name}'", where)
                continue
            lines[name] = key.start_mark.line + 1
            values[name] = self._value(item, (*path, name), key)
        return values

    def _key(self, key: Node) -> str | None:
        if not isinstance(key, ScalarNode):
            self._at(key, "a key must be text", "write `name: value`")
            return None
        if key.tag == f"{_TAG}merge":
            self._at(key, "merge keys (<<) are not read here", "write the values out")
            return None
        if key.tag in {f"{_TAG}{kind}" for kind in ("int", "float", "bool", "null")}:
            self._at(key, f"a key must be text, and {key.value or 'nothing'} is not", f'quote it: "{key.value}"')
            return None
        return str(key.value)

    def _scalar(self, node: ScalarNode, path: Path, key: Node | None) -> Plain:
        self._check_tag(node, path, "")
        resolved = resolve(str(node.value), self._variables)
        self._document.spots[path] = _spot(node, key, resolved)
        for fault in resolved.faults:
            self._document.report(path, fault.message, fault.fix, at_value=True)
        return resolved.text if resolved.sources or resolved.faults else _typed(node, resolved.text)

    def _check_tag(self, node: Node, path: Path, kind: str) -> None:
        tag = str(node.tag or "")
        if tag and (not tag.startswith(_TAG) or (kind and tag != _TAG + kind)):
            self._document.spots.setdefault(path, _spot(node, None))
            self._at(node, "YAML tags (!…) are not read here", "write the plain value")

    def _at(self, node: Node, message: str, fix: str) -> None:
        start = node.start_mark
        width = len(node.value) if isinstance(node, ScalarNode) else 1
        self._document.report_at(start.line + 1, start.column + 1, message, fix, width=width)


def _spot(node: Node, key: Node | None, resolved: Resolved | None = None) -> Spot:
    own, at = node.start_mark, (key or node).start_mark
    raw = str(node.value) if isinstance(node, ScalarNode) else ""
    plain = isinstance(node, ScalarNode) and node.tag != f"{_TAG}str" and node.style is None
    return Spot(
        at.line + 1,
        at.column + 1,
        len(key.value) if isinstance(key, ScalarNode) else max(1, len(raw)),
        own.line + 1,
        own.column + 1,
        raw,
        bare=plain and node.tag in {f"{_TAG}{kind}" for kind in ("int", "float", "bool", "null", "timestamp")},
        sources=resolved.sources if resolved else (),
        unresolved=bool(resolved and resolved.faults),
    )


def _typed(node: ScalarNode, text: str) -> Plain:
    """Give a plain scalar its YAML 1.2 type; what fits none is text."""
    match str(node.tag).removeprefix(_TAG):
        case "int" if _INTEGER.fullmatch(text):
            return int(text)
        case "float" if _FLOAT.fullmatch(text):
            return float(text)
        case "bool" if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        case "null":
            return None
        case _:
            return text
