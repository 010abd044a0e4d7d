"""What the matrix says and does: its levels, its places, its actions, and the words that are written.

Rule: an action is the same everywhere; only the way to do it is the platform's own. Words are told apart by what stands
in them, so no two actions say the same. Next stop: `hands.py` does them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Level(IntEnum):
    """How well people see what was done elsewhere."""

    NOT_POSSIBLE = 0
    FALLBACK = 1
    PARTIAL = 2
    FULL = 3

    @property
    def word(self) -> str:
        """As the page has it."""
        return self.name.lower().replace("_", " ")


PLACES: Final = {"slack": "Slack", "discord": "Discord", "web": "Web"}
"""Names of the origins and destinations on the page."""


@dataclass(frozen=True)
class Action:
    """One row: its title, and the message that must be there first, if any.

    `across`: it is done twice, on a message of its own side and on one that came from elsewhere; the worse one counts.
    """

    title: str
    root: str = ""
    """`short` or `long`."""
    across: bool = False


ACTIONS: Final = {
    "post": Action("post"),
    "reply": Action("reply to one message", "short", across=True),
    "thread": Action("answer in a thread", "short", across=True),
    "edit": Action("edit", "short"),
    "edit_parts": Action("edit a message in several parts", "long"),
    "edit_longer": Action("edit, so that it needs more parts", "short"),
    "edit_shorter": Action("edit, so that it needs fewer parts", "long"),
    "delete": Action("delete", "short"),
    "delete_parts": Action("delete a message in several parts", "long"),
    "react": Action("react", "short", across=True),
    "react_custom": Action("react with a custom emoji that both have", "short", across=True),
    "react_unknown": Action("react with a custom emoji that the other lacks", "short", across=True),
    "attach": Action("attach a file"),
    "mention": Action("mention a member with an account there"),
    "long": Action("long text"),
    "very_long": Action("very long text"),
    "code": Action("code block"),
    "bullets": Action("list, nested"),
    "table": Action("table"),
    "link": Action("link with a label"),
    "emoji": Action("emoji"),
    "custom_emoji": Action("custom emoji that both have"),
}

POST: Final = "the herons are back"
ROOT: Final = "who feeds the herons today?"
REPLY: Final = "I feed them at noon"
THREAD: Final = "the little ones too"
EDITED: Final = "who feeds the herons tomorrow?"
CAPTION: Final = "the plan of the pond"
FILE: Final = ("pond.txt", b"reeds, then water\n")
MENTION: Final = "and @everyone else, will you count them?"
"""Only the member is named; everyone is a word."""
CODE: Final = "for heron in pond:\n    count(heron)"
LANGUAGE: Final = "python"
LABEL, URL = "the pond's page", "https://pond.example/herons?year=2026"
REACTION, EMOJI = "👍", "🎉"
TABLE: Final = (("bird", "eggs"), ("heron", "4"), ("coot", "12"))

LONG: Final = {
    "slack": [f"Heron {number} stood in the reeds and looked at the water for a while." for number in range(1, 91)],
    "discord": [f"H{number}&&R{number}&&W" for number in range(1, 151)],
    "web": [f"Heron {number} stood in the reeds and looked at the water for a while." for number in range(1, 141)],
}
"""What is long for each origin: on Discord a message has at most 2,000 characters, which become more where `&` is
written as `&amp;`."""


VERY_LONG: Final = " ".join(f"Heron {number} stood in the reeds and looked for a while." for number in range(1, 501))
"""More parts than any platform shows: some 25,000 characters."""


def long(origin: str) -> str:
    """A long text, as the origin's people can write it."""
    return " ".join(LONG[origin])


def long_edited(origin: str) -> str:
    """The same, changed at its beginning and at its end."""
    return " ".join(["Corrected.", *LONG[origin][1:-1], "And gone."])
