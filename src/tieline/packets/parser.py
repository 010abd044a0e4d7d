"""The packet parser: from any text to a verdict, in linear time, without ever raising.

Rule: what platforms do to a text makes no right packet wrong, and whatever is corrected is itself accepted. The
canonical form takes one bounded `fullmatch`, ordinary text a few searches for single characters; only text with
labels takes the long way: `clean` -> `labels` -> `layout` -> `peel` and `fields`. Not promised: a look beyond
SCAN_LIMIT. Next stop: `judging` for the modes of rooms, `notice` for how a verdict is told.
"""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from tieline.model.packet import DONE, Packet, PacketState, Violation
from tieline.packets.clean import untangle
from tieline.packets.fields import (
    FORM,
    NEED,
    PATH_LIMIT,
    VALUE_LIMIT,
    Fault,
    Known,
    is_placeholder,
    read,
    shown,
)
from tieline.packets.labels import Hit, find_labels
from tieline.packets.layout import own_labels
from tieline.packets.peel import peel, readings, unescape
from tieline.packets.values import ORDINARY, Code, Field, Verdict

SCAN_LIMIT: Final = 65_536
"""Characters of a text that are looked at. A packet stands within them or is not seen."""

TEMPLATE: Final = "\n".join(f"{field.label} {FORM[field]}" for field in Field)
"""A packet with nothing filled in; refused if pasted unchanged."""

_NO_MENTIONS: Final[Mapping[str, str]] = MappingProxyType({})
_CANONICAL: Final = re.compile(
    r"\[TASK_ID\]: ([A-Za-z0-9](?:[A-Za-z0-9._/#-]{0,126}[A-Za-z0-9])?)\n"
    r"\[CURRENT_STATE\]: (READY|IN_PROGRESS|BLOCKED|GATE_CLEARED)\n"
    r"\[PAYLOAD_PATH\]: ((?:/|https://[A-Za-z0-9]|(?!https?:|file:|s?ftps?:|ssh:|git:|s3:|gs:|smb:)"
    rf"[A-Za-z0-9][A-Za-z0-9.-]{{1,62}}:/(?!/))(?:[A-Za-z0-9._/%=+-]{{0,{PATH_LIMIT - 80}}}[A-Za-z0-9])?)\n"
    r"\[NEXT_HOP\]: (?:@(?!done\n?$)([a-z0-9][a-z0-9-]{0,63})|DONE)\n?",
)
_STATES: Final = {state.value: state for state in PacketState}
_BARE: Final = re.compile(r"[A-Za-z0-9@/](?:[A-Za-z0-9._/@:#_-]*[A-Za-z0-9])?")
"""Values with nothing around them, which need no peeling."""
_FIELDS: Final = tuple(Field)
_SEVERAL: Final = 2
_WRAPPED: Final = frozenset({Field.PAYLOAD_PATH, Field.NEXT_HOP})
"""Fields whose value a mail program may have pushed to the next line, and whose values cannot be mistaken for prose."""


class _Sheet(NamedTuple):
    """The text in its two forms, line by line: values are cut from `tidy`, labels were found in `folded`."""

    tidy: list[str]
    folded: list[str]


class _Found(NamedTuple):
    """One label with the value behind it: its canonical text, or why it is wrong."""

    hit: Hit
    outcome: str | Fault


class _Settled(NamedTuple):
    """What became of one field: its canonical text if right or recovered, and the faults found."""

    value: str | None
    violations: tuple[Violation, ...] = ()


def parse(text: str, *, handles: Collection[str] | None = None, mentions: Mapping[str, str] | None = None) -> Verdict:
    """Judge a text: a packet, a broken packet with its violations, or ordinary text. Total, linear, never raises.

    `handles` are the members a NEXT_HOP may name (None: any); `mentions` maps platform forms (`<@U123>`) to handles.
    """
    match = _CANONICAL.fullmatch(text)
    if match is not None:
        task_id, state, path, hop = match.groups()
        if hop is None or handles is None or hop in handles:
            return Verdict(
                packet=Packet(task_id=task_id, state=_STATES[state], payload_path=path, next_hop=hop or DONE)
            )
    elif _is_ordinary(text):
        return ORDINARY
    return _parse_tangled(text[:SCAN_LIMIT], Known(handles, _NO_MENTIONS if mentions is None else mentions))


def _is_ordinary(text: str) -> bool:
    """A cheap look that settles most chat: no line break and no second bracket, or nothing that a label needs."""
    if not text.isascii() or "&" in text:
        return False
    if "[" not in text and ":" not in text and "_" not in text and "=" not in text:
        return True
    if "\n" in text or "<" in text or "\r" in text or "\x0b" in text or "\x0c" in text:
        return False
    return text.count("[") < _SEVERAL


def _parse_tangled(text: str, known: Known) -> Verdict:
    tidy, folded = untangle(text)
    lines = folded.split("\n")
    hits = own_labels(find_labels(lines), lines)
    if not hits:
        return ORDINARY
    sheet = _Sheet(tidy.split("\n"), lines)
    found = {field: _find(field, hits, sheet, known) for field in _FIELDS}
    repeated = [field for field in _FIELDS if len(found[field]) > 1]
    if len(repeated) >= _SEVERAL:
        return Verdict(violations=(_several_packets(found[repeated[0]][1].hit),), template=TEMPLATE)
    return _verdict({field: _settle(field, found[field], hits) for field in _FIELDS}, known)


def _find(field: Field, hits: list[Hit], sheet: _Sheet, known: Known) -> list[_Found]:
    """Read every label of a field; near misses count only where no label is exact, and what repeats counts once."""
    of_field = [hit for hit in hits if hit.field is field]
    exact = [hit for hit in of_field if hit.exact]
    found: list[_Found] = []
    for hit in exact or of_field:
        outcome = _read_hit(hit, sheet, known)
        if all(outcome != other.outcome for other in found):
            found.append(_Found(hit, outcome))
    filled = [one for one in found if not _is_empty(one.outcome)]
    return filled or found


def _read_hit(hit: Hit, sheet: _Sheet, known: Known) -> str | Fault:
    tidy, folded = sheet.tidy[hit.row][hit.start : hit.end], sheet.folded[hit.row][hit.start : hit.end]
    outcome = _read_value(hit, tidy, folded, known)
    if not _is_empty(outcome) or hit.field not in _WRAPPED or hit.row + 1 >= len(sheet.folded):
        return outcome
    wrapped = _read_value(hit, _unquoted(sheet.tidy[hit.row + 1]), _unquoted(sheet.folded[hit.row + 1]), known)
    return outcome if isinstance(wrapped, Fault) else wrapped


def _unquoted(line: str) -> str:
    return line.lstrip("> \t")


def _read_value(hit: Hit, tidy: str, folded: str, known: Known) -> str | Fault:
    """Read a value in each form it may have; the first right one wins, and the first wrong one is told."""
    field, loose = hit.field, "" if hit.exact else " -:=\t"
    first: Fault | None = None
    for text in (tidy, folded) if field is Field.PAYLOAD_PATH else (folded,):
        plain = text[:VALUE_LIMIT].strip().lstrip(loose)
        if _BARE.fullmatch(plain) and not hit.open_underscores:
            outcome = read(field, plain, known)
            if not isinstance(outcome, Fault):
                return outcome
        plain = unescape(plain)
        if is_placeholder(field, plain):
            return first or _fault_of(field, plain, known)
        bare = peel(plain, hit.open_underscores, ascii_only=field is not Field.PAYLOAD_PATH)
        for reading in readings(bare):
            outcome = _read_bare(field, reading, known)
            if not isinstance(outcome, Fault):
                return outcome
            first = first or outcome
    return first or _empty(field)


def _read_bare(field: Field, reading: str, known: Known) -> str | Fault:
    bare = peel(reading, ascii_only=field is not Field.PAYLOAD_PATH)
    return read(field, bare, known) if bare else _empty(field)


def _fault_of(field: Field, placeholder: str, known: Known) -> Fault:
    outcome = read(field, placeholder, known)
    return outcome if isinstance(outcome, Fault) else _empty(field)


def _empty(field: Field) -> Fault:
    return Fault(Code.VALUE_EMPTY, f"nothing stands behind {field.value}", f"write {NEED[field]}")


def _is_empty(outcome: str | Fault) -> bool:
    return isinstance(outcome, Fault) and outcome.code is Code.VALUE_EMPTY


def _settle(field: Field, found: list[_Found], hits: list[Hit]) -> _Settled:
    if not found:
        fix = f"add a line {field.value} with {NEED[field]}"
        return _Settled(
            None, (_violation(Fault(Code.FIELD_MISSING, f"{field.value} is missing", fix), field, hits[-1]),)
        )
    if len(found) > 1:
        fault = Fault(
            Code.FIELD_CONFLICT, f"{field.value} stands here twice, with two values", "keep the line that is right"
        )
        return _Settled(None, (_violation(fault, field, found[1].hit),))
    hit, outcome = found[0]
    label = () if hit.exact else (_violation(_miswritten(field, hit), field, hit),)
    if isinstance(outcome, Fault):
        return _Settled(outcome.mended, (*label, _violation(outcome, field, hit)))
    return _Settled(outcome, label)


def _miswritten(field: Field, hit: Hit) -> Fault:
    return Fault(
        Code.LABEL_MISWRITTEN,
        f"{shown(hit.written)} is not how the label {field.value} is written",
        f"begin the line with `{field.label}`",
    )


def _several_packets(second: Hit) -> Violation:
    fault = Fault(Code.SEVERAL_PACKETS, "a second packet begins here", "send each packet in a message of its own")
    return _violation(fault, None, second)


def _violation(fault: Fault, field: Field | None, hit: Hit) -> Violation:
    return Violation(
        code=fault.code.value,
        field=None if field is None else field.value,
        line=hit.row + 1,
        message=fault.message,
        fix=fault.fix,
    )


def _verdict(settled: dict[Field, _Settled], known: Known) -> Verdict:
    found = [violation for field in _FIELDS for violation in settled[field].violations]
    violations = tuple(sorted(found, key=lambda violation: violation.line or 0))
    task_id, state, path, hop = (settled[field].value for field in _FIELDS)
    if task_id is None or state is None or path is None or hop is None:
        return Verdict(violations=violations, template=_template(settled))
    packet = Packet(task_id=task_id, state=_STATES[state], payload_path=path, next_hop=hop)
    if not violations:
        return Verdict(packet=packet)
    if parse(packet.text(), handles=known.handles).packet == packet:
        return Verdict(violations=violations, corrected=packet.text())
    return Verdict(violations=violations, template=TEMPLATE)


def _template(settled: dict[Field, _Settled]) -> str:
    """The packet with what is known filled in, and placeholders for the rest."""
    return "\n".join(f"{field.label} {_filled(field, settled[field].value)}" for field in _FIELDS)


def _filled(field: Field, value: str | None) -> str:
    if value is None:
        return FORM[field]
    return f"@{value}" if field is Field.NEXT_HOP and value != DONE else value
