"""Tell the author's own packet from what stands around it: quotations, quoted replies, signatures, the hub's notices.

Rules, in order: what stands in a notice of the hub is nobody's packet (so a notice can never cause a notice, law 5);
what follows the head of a quoted reply belongs to somebody else; what follows a signature's `--` counts only if no
packet stands before it; of several quotation depths the shallowest packet is the author's; and a quoted packet that
the author's own words follow is a quotation. Not promised: reply heads in every language. Next stop: `parser`.
"""

import re
from typing import Final

from tieline.model.packet import DONE
from tieline.packets.labels import Hit, quote_depth
from tieline.packets.values import Field

NOTICE_HEAD: Final = "Tieline packet check"
NOTICE_FOOT: Final = "End of the Tieline packet check"

_NOTICE: Final = re.compile(
    r"(?P<foot>end[\W_]{1,8}of[\W_]{1,8}the[\W_]{1,8})?tieline[\W_]{1,8}packet[\W_]{1,8}check"
    r"(?(foot)|[\W_]{0,8}:[\W_]{0,8}(?:\d|no[\W_]{1,8}packet))",
    re.IGNORECASE,
)
_MEANT_FIELDS: Final = 2
_CERTAIN_FIELDS: Final = 3
_WROTE: Final = re.compile(
    r"^[>\s*_]*(?:On|Am|Le|El|Il|Op|Em|Den|Dnia)\b.{4,240}\b"
    r"(?:wrote|schrieb|écrit|escribió|scritto|schreef|escreveu|skrev|napisał)\b.{0,120}:\s*$"
)
_WROTE_START: Final = re.compile(r"^[>\s*_]*(?:On|Am|Le|El|Il|Op|Em|Den|Dnia)\b.{4,240}$")
_ORIGINAL: Final = re.compile(
    r"^[>\s*_]*-{3,12} ?(?:Original Message|Ursprüngliche Nachricht|Message d'origine) ?-{3,12}\s*$"
)
_FROM: Final = re.compile(r"^[>\s*_]*(?:From|Von|De|Da|Van)\s?:")
_SENT: Final = re.compile(r"^[>\s*_]*(?:Sent|Gesendet|Envoyé|Enviado|Inviato|Verzonden)[*\s]{0,3}:")
_SIGNATURE: Final = re.compile(r"^[>\s]*--\s*$")
_SIGN_OFF: Final = re.compile(r"^[>\s*_]*(?:Sent from my|Get Outlook for|Von meinem|Envoyé de mon)\b", re.IGNORECASE)
_FENCE: Final = re.compile(r"^[>\s]*(?:`{3,}|~{3,})[\w+-]{0,20}\s*$")


def own_labels(hits: list[Hit], lines: list[str]) -> list[Hit]:
    """Return the labels of the author's own packet, or an empty list if the text is not meant as one."""
    if not meant(hits, lines):
        return []
    hits = _without_notices(hits, lines)
    hits, last_row = _without_replies(hits, lines)
    hits, last_row = _without_signature(hits, lines, last_row)
    hits = _shallowest(hits, lines)
    if not meant(hits, lines) or _is_quotation(hits, lines, last_row):
        return []
    return hits


def meant(hits: list[Hit], lines: list[str]) -> bool:
    """Whether labels are a packet's: two fields, unless they look like prose ("Next hop: …")."""
    fields = {hit.field for hit in hits}
    if len(fields) < _MEANT_FIELDS:
        return False
    if len(fields) >= _CERTAIN_FIELDS or any(hit.strong for hit in hits):
        return True
    return any(
        hit.field is Field.NEXT_HOP and lines[hit.row][hit.start :].startswith(("@", "<@", DONE)) for hit in hits
    )


def _without_notices(hits: list[Hit], lines: list[str]) -> list[Hit]:
    text = "\n".join(lines)
    if "check" not in text.casefold():
        return hits
    marks = [(text.count("\n", 0, found.start()), bool(found["foot"])) for found in _first_marks(text)]
    if not marks:
        return hits
    if marks[0][1]:
        marks.insert(0, (0, False))
    depth = min(quote_depth(lines[row]) for row, _ in marks)
    return [hit for hit in hits if hit.depth < depth or not _in_notice(hit.row, marks)]


def _first_marks(text: str) -> list[re.Match[str]]:
    """The marks of notices; a text with more of them than anybody quotes is cut off there, which keeps this linear."""
    found = []
    for match in _NOTICE.finditer(text):
        found.append(match)
        if len(found) == 32:  # noqa: PLR2004 - sixteen notices in one text
            break
    return found


def _in_notice(row: int, marks: list[tuple[int, bool]]) -> bool:
    inside = False
    for mark, is_foot in marks:
        if mark > row:
            break
        inside = not is_foot
    return inside


def _without_replies(hits: list[Hit], lines: list[str]) -> tuple[list[Hit], int]:
    """Drop what stands behind the head of a quoted reply; also return the row where the author's words end."""
    head = _reply_head(lines)
    if head is None:
        return hits, len(lines)
    depth = quote_depth(lines[head])
    after = next((row for row in range(head + 1, len(lines)) if lines[row].strip()), None)
    if after is not None and quote_depth(lines[after]) > depth:
        kept = [hit for hit in hits if hit.row < head or hit.depth <= depth]
        return kept, head if all(hit.row < head for hit in kept) else len(lines)
    return [hit for hit in hits if hit.row < head], head


def _reply_head(lines: list[str]) -> int | None:
    """The row where the head of a quoted reply ends: `On …, Bob wrote:`, `From:` and `Sent:`, `Original Message`."""
    for row, line in enumerate(lines):
        if len(line) > 480:  # noqa: PLR2004 - no head of a reply is that long
            continue
        if _WROTE.match(line) or _ORIGINAL.match(line):
            return row
        following = lines[row + 1] if row + 1 < len(lines) else ""
        if _FROM.match(line) and any(_SENT.match(other) for other in lines[row + 1 : row + 4]):
            return row
        if following.endswith(":") and len(following) < 240 and _WROTE_START.match(line):  # noqa: PLR2004 - one wrapped line
            joined = f"{line} {following.lstrip('> ')}"
            if _WROTE.match(joined):
                return row + 1
    return None


def _without_signature(hits: list[Hit], lines: list[str], last_row: int) -> tuple[list[Hit], int]:
    for row in range(last_row):
        if not _SIGNATURE.match(lines[row]):
            continue
        before = [hit for hit in hits if hit.row < row]
        if meant(before, lines):
            return before, row
    return hits, last_row


def _shallowest(hits: list[Hit], lines: list[str]) -> list[Hit]:
    """The packet at the smallest depth, with fields of neighbouring lines that only another depth has (lazy quotes)."""
    for depth in sorted({hit.depth for hit in hits}):
        main = [hit for hit in hits if hit.depth == depth]
        if not meant(main, lines):
            continue
        fields = {hit.field for hit in main}
        rows = range(main[0].row - 1, main[-1].row + 2)
        main.extend(hit for hit in hits if hit.field not in fields and hit.row in rows)
        return sorted(main, key=lambda hit: (hit.row, hit.start))
    return hits


def _is_quotation(hits: list[Hit], lines: list[str], last_row: int) -> bool:
    depth = min(hit.depth for hit in hits)
    if depth == 0:
        return False
    behind = lines[hits[-1].row + 1 : last_row]
    return any(
        line.strip("> \t") and quote_depth(line) < depth and not _FENCE.match(line) and not _SIGN_OFF.match(line)
        for line in behind
    )
