"""What is cut off e-mail replies, beside the best libraries alone: `python -m benchmarks.email_replies`.

Four sets: two published ones (GitHub's, Zapier's), replies composed from clients' layouts in sixteen languages, and
texts that only look like clients' marks. For each: cut exactly, too little, too much (a line of the author's is gone).
The libraries read plain text only, mail-parser-reply with all languages it has.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.services import mail_corpora, mail_layouts, mail_traps
from tieline_email.replies import strip_html, strip_plain

LIBRARIES: Final = ("mail-parser-reply", "email-reply-parser")
"""Tried and left out, cutting worse on these sets: quotequail 0.5.4, talon 1.4.4 (which needs scikit-learn)."""
_LANGUAGES: Final = ["en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "cs", "ja", "ko", "zh"]

Cut = Callable[[str], str]


@dataclass
class Row:
    """One set by one cutter."""

    what: str
    by: str
    counts: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    too_much: list[str] = field(default_factory=list)
    too_little: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many mails."""
        return sum(self.counts.values())

    @property
    def exact(self) -> float:
        """Share cut exactly."""
        return self.counts["exact"] / max(self.total, 1)

    def add(self, name: str, verdict: str) -> None:
        """Count a verdict."""
        self.counts[verdict] += 1
        if verdict == "much":
            self.too_much.append(name)
        if verdict == "little":
            self.too_little.append(name)


Case = tuple[str, str, Callable[[str], str]]
"""Name, text, and what judges the reply."""


def plain_cases() -> Iterator[tuple[str, list[Case]]]:
    """The sets of plain text; a published one that is absent is left out."""
    for corpus in ("github", "zapier"):
        cases: list[Case] = [
            (path.stem, _read(path), partial(mail_corpora.judge, path)) for path in mail_corpora.files(corpus)
        ]
        if cases:
            yield corpus, cases
    yield "composed", [(mail.name, mail.plain, partial(mail_layouts.judge, mail)) for mail in mail_layouts.mails()]
    yield (
        "traps",
        [(name, text, partial(_whole, text)) for name, text in {**mail_traps.KEPT, **mail_traps.FORWARDED}.items()],
    )


def html_cases() -> list[Case]:
    """The composed mails as HTML."""
    return [(mail.name, mail.html, partial(mail_layouts.judge, mail)) for mail in mail_layouts.mails()]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _whole(text: str, reply: str) -> str:
    return "exact" if mail_layouts.squeezed(text) == mail_layouts.squeezed(reply) else "much"


def libraries() -> dict[str, Cut]:
    """The libraries that are installed, each by its call that cuts best on these sets, by name."""
    out: dict[str, Cut] = {}
    with contextlib.suppress(ModuleNotFoundError):
        parser: Any = importlib.import_module("mailparser_reply").EmailReplyParser(languages=_LANGUAGES)
        out["mail-parser-reply"] = lambda text: next((str(reply.body) for reply in parser.read(text=text).replies), "")
    with contextlib.suppress(ModuleNotFoundError):
        older: Any = importlib.import_module("email_reply_parser").EmailReplyParser
        out["email-reply-parser"] = lambda text: str(older.parse_reply(text))
    return out


def measure(what: str, by: str, cases: list[Case], cut: Cut) -> Row:
    """One set by one cutter."""
    row = Row(what, by)
    for name, text, judge in cases:
        started = time.perf_counter()
        reply = cut(text)
        row.seconds += time.perf_counter() - started
        row.add(name, judge(reply))
    return row


def rows() -> list[Row]:
    """All sets, by Tieline and by each library alone."""
    alone = libraries()
    out: list[Row] = []
    for what, cases in plain_cases():
        out.append(measure(what, "tieline", cases, lambda text: strip_plain(text).reply))
        out += [measure(what, name, cases, cut) for name, cut in alone.items()]
    out.append(measure("composed, HTML", "tieline", html_cases(), lambda text: strip_html(text).reply))
    return out


def table(found: list[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| set | mails | by | exact | too little | too much | µs a mail |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {row.what} | {row.total} | {row.by} | {row.exact:.1%} | {row.counts['little']} | {row.counts['much']}"
        f" | {row.seconds / max(row.total, 1) * 1e6:,.0f} |"
        for row in found
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    measured = rows()
    print(table(measured))
    for line in measured:
        if line.by == "tieline" and (line.too_much or line.too_little):
            print(f"{line.what}: too much {line.too_much}, too little {line.too_little}")
    if len(libraries()) < len(LIBRARIES):
        print(f"not all libraries are installed: pip install {' '.join(LIBRARIES)}")
