"""The page `docs/channels/matrix.md`: its head, a table for each origin, and the reasons.

Rule: what stands in it is made here, all of it; a section can be replaced by itself, since each origin is played by a
test of its own. Next stop: `test_matrix.py`.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Final

from tests.e2e.matrix.reasons import REASONS, numbers_of
from tests.e2e.matrix.stage import Cells
from tests.e2e.matrix.words import ACTIONS, PLACES

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "channels" / "matrix.md"
REFRESH: Final = "python -m pytest tests/e2e/matrix --update-golden"

HEAD: Final = f"""# What crosses, cell by cell

Whatever people do in Slack and Discord, and agents on the web, is done here once and looked at everywhere else. This
page is written by the test that does it, `tests/e2e/matrix`, and the suite fails where it is no longer so. Written anew
with `{REFRESH}`.

**What was run.** A hub process with the real adapters and their SDKs (slack_bolt, slack_sdk, discord.py), one room with
a link to each platform, and the Python client; Slack and Discord are scripted servers of ours that keep what they are
sent and tell of it as the platforms do. Every request to the scripted Discord is checked with Discord's own OpenAPI
document, where that is at hand, and everyone whom it would notify is counted: the mentioned member once, nobody else,
ever. Not the real platforms: a test that needs accounts, tokens and their networks can be run by nobody else and fails
for others' reasons. So what Slack and Discord show on a screen is read from their documentation, not seen.

**How to read it.** A cell is computed from what the destination then keeps: texts, blocks, threads, references, files,
reactions.

| | what people see |
|---|---|
| full | the platform's own way, nothing lost; as few messages as there were |
| partial | it is shown, and something is missing or made otherwise |
| fallback | it is said in words, or shown in another form |
| not possible | nothing of it; it can't be done at its origin, or can't be shown at the destination |

Replies, answers in threads and reactions are done twice, on a message of the origin's own and on one that came from
elsewhere; the worse counts. "Web" is the hub's own API, where all the others' clients, and the web room, read.
"""

_FROM: Final = {"slack": "From Slack", "discord": "From Discord", "web": "From the web"}
_WHY: Final = "Reasons"
_TITLES: Final = ("", *_FROM.values(), _WHY)


def table(origin: str, cells: Cells) -> str:
    """An origin's section."""
    lines = [f"| | {' | '.join(PLACES.values())} |", "|---|" + "---|" * len(PLACES)]
    for action, row in ACTIONS.items():
        shown = [_cell(origin, action, place, cells) for place in PLACES]
        lines.append(f"| {row.title} | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def _cell(origin: str, action: str, place: str, cells: Cells) -> str:
    if (action, place) not in cells:
        return "–"
    numbers = numbers_of(origin, action, place)
    return cells[action, place].word + "".join(f" ({number})" for number in numbers)


def why() -> str:
    """The section of reasons."""
    return "".join(f"{_wrapped(f'{number}. {one.text}')}\n" for number, one in enumerate(REASONS, 1))


def _wrapped(item: str) -> str:
    return textwrap.fill(item, 118, subsequent_indent=" " * (item.index(" ") + 1), break_on_hyphens=False)


def title_of(origin: str) -> str:
    """An origin's heading."""
    return _FROM[origin]


def frame() -> dict[str, str]:
    """The sections that no play is needed for, by title."""
    return {"": HEAD, _WHY: why()}


def read() -> dict[str, str]:
    """The sections of the page as it stands, by title; the head has none."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    head, *sections = text.split("\n## ")
    found = {"": head}
    for section in sections:
        title, _, body = section.partition("\n\n")
        found[title] = body
    return found


def put(title: str, body: str) -> None:
    """Replace a section."""
    found = {**read(), title: body}
    parts = [found.get("", "")] + [f"## {name}\n\n{found.get(name, '')}" for name in _TITLES[1:]]
    PAGE.write_text("\n".join(part.strip("\n") + "\n" for part in parts), encoding="utf-8")
