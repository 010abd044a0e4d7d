"""Why a cell is not *full*: declared by hand, as nothing else of the matrix is, and required wherever it is not.

Rule: a cell that is not full has exactly one reason, a full one has none; so a reason that is no longer true fails.
Where a cell is worse than what the adapter's capabilities declare, the reason says `undeclared`. Next stop: `page.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.e2e.matrix import words as w
from tests.e2e.matrix.words import Level
from tieline.model.capabilities import Capabilities, Support
from tieline_discord import abilities as discord
from tieline_slack import abilities as slack


@dataclass(frozen=True)
class Reason:
    """A sentence or two, and its cells: `origin action destination`, each a name or `*`."""

    text: str
    cells: tuple[str, ...]
    undeclared: bool = False

    def is_for(self, origin: str, action: str, destination: str) -> bool:
        """True where it explains this cell."""
        return any(
            all(mine in {"*", theirs} for mine, theirs in zip(cell.split(), (origin, action, destination), strict=True))
            for cell in self.cells
        )


REASONS: Final = (
    Reason("Slack has no reply to one message; people there answer in threads.", ("slack reply *",)),
    Reason(
        "Slack has no reply to one message: a short quotation of what is answered stands above the answer.",
        ("* reply slack",),
    ),
    Reason(
        "Discord's webhooks cannot reply, and people's own names need the webhook: a short quotation stands above the "
        "answer. A link with `as: bot` replies natively, with the name in the text.",
        ("web reply discord",),
    ),
    Reason(
        "A bot reacts as itself, and once: its reaction stands for all who reacted elsewhere. Who did is seen on the web.",
        ("* react slack", "* react discord", "* react_custom slack", "* react_custom discord"),
    ),
    Reason(
        "Both platforms refuse a reaction with an emoji that they do not have. The delivery says so; the web shows it.",
        ("* react_unknown slack", "* react_unknown discord"),
        undeclared=True,
    ),
    Reason(
        "Slack shows uploaded files as a message of their own, under the author's name; the text stands above it.",
        ("* attach slack",),
    ),
    Reason(
        "One message holds at most 4,000 characters on Slack (where `&` counts five) and 2,000 on Discord: the text comes "
        "in numbered parts.",
        ("* long slack", "* long discord"),
    ),
    Reason(
        "More than five parts on Slack, or ten on Discord, would bury the conversation: the text goes as a file, with its "
        "beginning shown.",
        ("web very_long slack", "* very_long discord"),
    ),
    Reason(
        "An edited message holds no more than a new one: what no longer fits follows as new messages, below whatever was "
        "said since.",
        ("* edit_longer slack", "* edit_longer discord"),
        undeclared=True,
    ),
    Reason("A message on Discord has at most 2,000 characters.", ("discord very_long *",)),
    Reason(
        "Slack's mrkdwn has code blocks without a language: it is left out.",
        ("discord code slack", "web code slack"),
    ),
    Reason(
        "Tieline writes Slack's mrkdwn, which has no lists (its blocks have): bullets and indentation draw them.",
        ("* bullets slack",),
    ),
    Reason("Discord has no tables, so nobody writes one there.", ("discord table *",)),
    Reason(
        "Discord has no tables, nor has Slack's mrkdwn (its blocks have): the table is shown in aligned columns, in a code "
        "block.",
        ("web table slack", "slack table discord", "web table discord"),
    ),
    Reason(
        "In a text Discord wants the id of its server's emoji, which Tieline looks up for reactions only: `:name:` is shown.",
        ("* custom_emoji discord",),
    ),
    Reason(
        "The web room has no pictures of emoji, since loading one would tell its server who reads: `:name:` is shown.",
        ("* custom_emoji web",),
    ),
)


def numbers_of(origin: str, action: str, destination: str) -> list[int]:
    """Numbers of the reasons for a cell, from 1."""
    return [number for number, one in enumerate(REASONS, 1) if one.is_for(origin, action, destination)]


# ─────────────────────────────────────────────────────────────────────────────────────────────────── what is declared

CAPABILITIES: Final[Mapping[str, Capabilities]] = {
    "slack": slack.capabilities(names=True, files=True),
    "discord": discord.capabilities(),
}
"""Of the two links as the bridge has them. The web has no links: it is the room itself."""

_LEVELS: Final = {
    Support.REJECTED: Level.NOT_POSSIBLE,
    Support.DROPPED: Level.NOT_POSSIBLE,
    Support.FALLBACK: Level.FALLBACK,
    Support.PARTIAL: Level.PARTIAL,
    Support.FULL: Level.FULL,
}


def _edit(can: Capabilities) -> Level:
    return _LEVELS[can.edit.level]


def _delete(can: Capabilities) -> Level:
    return _LEVELS[can.delete.level]


def _react(can: Capabilities) -> Level:
    return min(_LEVELS[can.reaction.level], Level.PARTIAL if can.reaction.as_bot else Level.FULL)


def _attach(can: Capabilities) -> Level:
    return min(_LEVELS[can.attachment.level], Level.FULL if can.attachment.with_text else Level.PARTIAL)


def _very_long(can: Capabilities) -> Level:
    return Level.FALLBACK if len(w.VERY_LONG) > can.text.max * can.text.max_parts else Level.PARTIAL


_DECLARED: Final[Mapping[str, Callable[[Capabilities], Level]]] = {
    "post": lambda can: _LEVELS[can.identity.level],
    "reply": lambda can: _LEVELS[can.reply],
    "thread": lambda can: _LEVELS[can.thread],
    "edit": _edit,
    "edit_parts": _edit,
    "edit_longer": _edit,
    "edit_shorter": _edit,
    "delete": _delete,
    "delete_parts": _delete,
    "react": _react,
    "react_custom": _react,
    "react_unknown": _react,
    "attach": _attach,
    "mention": lambda can: _LEVELS[can.mention.by_id],
    "very_long": _very_long,
    "code": lambda can: _LEVELS[can.code_block],
    "bullets": lambda can: _LEVELS[can.rich_text],
    "table": lambda can: _LEVELS[can.table],
    "link": lambda can: _LEVELS[can.link],
}


def declared(action: str, place: str) -> Level | None:
    """What the place's capabilities promise of an action; None: nothing of it."""
    ask, can = _DECLARED.get(action), CAPABILITIES.get(place)
    return None if ask is None or can is None else ask(can)
