"""What the authors said in the published reply corpora, by line numbers: the texts themselves are third parties'.

They stand in `../shared/standins/corpora/email-replies` (MIT, GitHub's and Zapier's test fixtures). `said` must stay,
`may` may stay or go (a name under the text, a line of greeting), and the rest must go: as quotation of an answer it may
stay where the mail answers in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conftest import ROOT
from tests.services.mail_layouts import squeezed

CORPORA: Final = ROOT.parent / "shared" / "standins" / "corpora" / "email-replies"
ABSENT: Final = "no published reply corpora in ../shared/standins/corpora"

_ALL: Final = 10_000
Lines = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Expected:
    """Lines from 1 on, both ends included."""

    said: Lines
    may: Lines = ()
    inline: bool = False
    unsafe: str = ""
    """What the publishers' tests cut and we judge to be the author's."""


_SIGN_OFF: Final = "the name under the text"
_OF: Final = {
    "correct_sig": Expected(((1, 1),)),
    "email_1_1": Expected(((1, 5),), ((7, 7),), unsafe=_SIGN_OFF),
    "email_1_2": Expected(((1, 1), (9, 34)), inline=True),
    "email_1_3": Expected(((1, 3),), ((5, 5),), unsafe=_SIGN_OFF),
    "email_1_4": Expected(((1, 1),)),
    "email_1_5": Expected(((1, _ALL),)),
    "email_1_6": Expected(((1, 1),), ((3, 3),)),
    "email_1_7": Expected(((1, 1),)),
    "email_1_8": Expected(((13, 13), (19, 19)), inline=True),
    "email_2_1": Expected(((1, 1),)),
    "email_2_2": Expected(((1, 1),)),
    "email_2_3": Expected(((1, 1),)),
    "email_BlackBerry": Expected(((1, 1),)),
    "email_bullets": Expected(((1, 9),)),
    "email_gmail": Expected(((1, 1),)),
    "email_headers_no_delimiter": Expected(((1, 1),)),
    "email_iPhone": Expected(((1, 1),)),
    "email_long_quote": Expected(((1, 4), (6, 8)), ((5, 5), (10, 10)), unsafe=_SIGN_OFF),
    "email_multi_word_sent_from_my_mobile_device": Expected(((1, 1),)),
    "email_one_is_not_on": Expected(((1, 5),)),
    "email_partial_quote_header": Expected(((1, 6),)),
    "email_sent_from_my_not_signature": Expected(((1, _ALL),)),
    "email_sig_delimiter_in_middle_of_line": Expected(((1, _ALL),)),
    "greedy_on": Expected(((1, 6),)),
    "pathological": Expected(((1, 2),)),
}  # fmt: skip


def files(corpus: str) -> list[Path]:
    """The mails of `github` or `zapier`; empty where the folder is absent."""
    return sorted((CORPORA / corpus).glob("*.txt"))


def expected(path: Path) -> Expected:
    """What is expected of a mail; a KeyError says that a new one has no expectation."""
    return _OF[path.stem]


def judge(path: Path, reply: str) -> str:
    """`exact`, `little` or `much`, as in `mail_layouts`."""
    wanted = expected(path)
    kept = squeezed(reply)
    own = squeezed(
        "\n".join(line for line in reply.splitlines() if not (wanted.inline and line.lstrip().startswith(">")))
    )
    left = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = squeezed(line.lstrip(" >"))
        if _within(number, wanted.said):
            if text not in kept:
                return "much"
        elif len(text) > 3 and not _within(number, wanted.may) and text in own:
            left = left or not _said_too(path, wanted, text)
    return "little" if left else "exact"


def _said_too(path: Path, wanted: Expected, text: str) -> bool:
    lines = path.read_text(encoding="utf-8").splitlines()
    return any(
        text in squeezed(line)
        for number, line in enumerate(lines, start=1)
        if _within(number, (*wanted.said, *wanted.may))
    )


def _within(number: int, lines: Lines) -> bool:
    return any(first <= number <= last for first, last in lines)
