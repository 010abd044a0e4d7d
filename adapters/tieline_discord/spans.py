"""Bold, italic and struck-out text of Discord's markdown: a stack of open marks, in linear time.

The rules: ``**``, ``__``, ``~~``, ``*`` and ``_`` open and close; at most one of each is open, so the stack is short;
the next mark of a kind closes it, and what was opened in between and not closed is text; an empty span is text.
``*`` stands beside what it styles, ``_`` beside words and not in them. Underlined text (``__``) is emphasised.

Next stop: :mod:`tieline_discord.markup` feeds it.
"""

from __future__ import annotations

from typing import Final

from tieline.model.content import Break, Emphasis, Inline, Strike, Strong, Text

_LONGEST: Final = 3
"""A run of more marks is text."""
_PAIR: Final = 2


class Spans:
    """Gathers inlines; :meth:`close` answers them."""

    def __init__(self) -> None:
        self._frames: list[tuple[str, list[Inline]]] = [("", [])]

    def add(self, inline: Inline) -> None:
        """An inline that holds no marks."""
        self._frames[-1][1].append(inline)

    def say(self, text: str) -> None:
        """Some text without line breaks."""
        if text:
            self.add(Text(text=text))

    def mark(self, run: str, before: str, after: str) -> None:
        """A run of one delimiter, or a line break, with the characters beside it."""
        if run == "\n":
            self.add(Break())
        elif len(run) > _LONGEST or (run[0] == "~" and len(run) != _PAIR):
            self.say(run)
        else:
            self._run(run, before, after)

    def close(self) -> tuple[Inline, ...]:
        """All inlines; marks still open are text."""
        self._drop(1)
        return tuple(self._frames[0][1])

    def _run(self, run: str, before: str, after: str) -> None:
        left = len(run)
        while left:
            at = self._closed_by(run[0], left, before, after)
            if at is not None:
                left -= len(self._frames[at][0])
                self._end(at)
                continue
            mark = run[0] * min(left, _PAIR)
            left -= len(mark)
            if self._may_open(mark, before, after):
                self._frames.append((mark, []))
            else:
                self.say(mark)

    def _closed_by(self, char: str, left: int, before: str, after: str) -> int | None:
        """Place of the innermost open mark that the run closes."""
        for at in range(len(self._frames) - 1, 0, -1):
            mark, children = self._frames[at]
            fits = left >= _PAIR if len(mark) == _PAIR else left % _PAIR == 1
            said = bool(children) or at < len(self._frames) - 1
            if mark[0] == char and fits and said and _may_close(mark, before, after):
                return at
        return None

    def _may_open(self, mark: str, before: str, after: str) -> bool:
        if not after or any(open_mark == mark for open_mark, _ in self._frames):
            return False
        if len(mark) == _PAIR:
            return True
        return not after.isspace() and not (mark == "_" and before.isalnum())

    def _end(self, at: int) -> None:
        self._drop(at + 1)
        mark, children = self._frames.pop()
        self.add(_styled(mark, tuple(children)))

    def _drop(self, first: int) -> None:
        """Marks from a place on as text."""
        while len(self._frames) > first:
            mark, children = self._frames.pop()
            self.say(mark)
            self._frames[-1][1].extend(children)


def _may_close(mark: str, before: str, after: str) -> bool:
    if mark == "*":
        return not before.isspace()
    return mark != "_" or not after.isalnum()


def _styled(mark: str, children: tuple[Inline, ...]) -> Inline:
    match mark:
        case "**":
            return Strong(children=children)
        case "~~":
            return Strike(children=children)
        case _:
            return Emphasis(children=children)
