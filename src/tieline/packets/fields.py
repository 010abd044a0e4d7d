"""Read the four values: each reader is a pure function from the bare text of a value to the right value or a `Fault`.

Rule: a fault has a code, a reason and a fix, and carries `mended` only if the right value can be recovered from what
stands there. Quoted input is shortened and made harmless, so that a notice cannot ping anybody or break out of its
line. Not promised: that the task, path or member exists. Next stop: `parser`.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from tieline.model.packet import DONE, PacketState
from tieline.packets.clean import has_entity, is_plain
from tieline.packets.labels import within
from tieline.packets.values import Code, Field

TASK_ID_LIMIT: Final = 128
PATH_LIMIT: Final = 1024
VALUE_LIMIT: Final = 4096
"""Characters of a value that are looked at."""

_SHOWN: Final = 48
_HANDLE_SEARCH_LIMIT: Final = 2000

_TASK: Final = re.compile(r"[A-Za-z0-9#][A-Za-z0-9._~:/#@+=%?-]*")
_HANDLE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_AT_HANDLE: Final = re.compile(r"@[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_MENTION: Final = re.compile(r"<[@!#][^<>\s|]{1,64}(?:\|([^<>]{0,80}))?>")
_HOPS: Final = re.compile(r"(?<![\w@.-])@[A-Za-z0-9][\w.@-]*|<[@!#][^<>]{1,80}>|\bDONE\b")
_MACHINE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}:/(?!/)")
_HTTPS_CASE: Final = re.compile(r"^https://", re.IGNORECASE)
_HTTPS: Final = re.compile(r"https://[^\s/:.][^\s/]*", re.IGNORECASE)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,20}):/{1,3}")
_SCHEME_NAMES: Final = frozenset({"http", "https", "file", "ftp", "ftps", "sftp", "ssh", "git", "s3", "gs", "smb"})
_DRIVE: Final = re.compile(r"([A-Za-z]):[\\/]")
_PATH_FORBIDDEN: Final = re.compile(r"[<>|\"*`\\]")
_PLACEHOLDER: Final = re.compile(
    r"@?<(?!https?:|mailto:|ftp:|tel:)[^<>]*>(?: *\|.*)?|\{\{?[^{}0-9]*\}?\}|(?:TBD|\?{2,}|…|\.{2,}|x{3,8}|X{3,8})"
    r"|@?\[(?:[^\[\]]*\|[^\[\]]*|UUID[^\[\]]*|[^\[\]]*(?:Short Link|Absolute Path|Agent ?Handle)[^\[\]]*)\](?: *\|.*)?"
)
_ANGLES: Final = re.compile(r"<(?!https?:|mailto:|ftp:|tel:)[A-Za-z][^<>]*>", re.IGNORECASE)

FORM: Final[Mapping[Field, str]] = {
    Field.TASK_ID: "<task id, such as dj-waste-014>",
    Field.CURRENT_STATE: "<READY, IN_PROGRESS, BLOCKED or GATE_CLEARED>",
    Field.PAYLOAD_PATH: "<absolute path, machine:/path or https address>",
    Field.NEXT_HOP: "<handle with its @, or DONE>",
}
"""The placeholder of each field in a template; refused if pasted unchanged."""

PLACEHOLDER_CODE: Final[Mapping[Field, Code]] = {
    Field.TASK_ID: Code.TASK_PLACEHOLDER,
    Field.CURRENT_STATE: Code.STATE_PLACEHOLDER,
    Field.PAYLOAD_PATH: Code.PATH_PLACEHOLDER,
    Field.NEXT_HOP: Code.HOP_PLACEHOLDER,
}
"""What a placeholder left in is called."""

NEED: Final[Mapping[Field, str]] = {
    Field.TASK_ID: "an id or short link without spaces, such as dj-waste-014",
    Field.CURRENT_STATE: "one of READY, IN_PROGRESS, BLOCKED, GATE_CLEARED",
    Field.PAYLOAD_PATH: "/an/absolute/path, machine:/a/path or an https:// address",
    Field.NEXT_HOP: "one handle with its @, such as @sam, or DONE",
}
"""What each field wants, in words for a fix."""


class Fault(NamedTuple):
    """Why a value is wrong, what to do, and the right value where it can be recovered."""

    code: Code
    message: str
    fix: str
    mended: str | None = None


class Known(NamedTuple):
    """What the caller knows: the handles there are (None: any), and platform forms of mentions with their handles."""

    handles: Collection[str] | None
    mentions: Mapping[str, str]


def read(field: Field, value: str, known: Known) -> str | Fault:
    """Read a bare value: the canonical value, or the fault. A hop comes back without `@`."""
    if is_placeholder(field, value):
        return Fault(
            PLACEHOLDER_CODE[field],
            f"{shown(value)} is a placeholder that was left in",
            f"put {NEED[field]} in its place",
        )
    match field:
        case Field.TASK_ID:
            return _read_task(value)
        case Field.CURRENT_STATE:
            return _read_state(value)
        case Field.PAYLOAD_PATH:
            return _read_path(value)
        case Field.NEXT_HOP:
            return _read_hop(value, known)


def is_placeholder(field: Field, value: str) -> bool:
    """Whether a value still waits to be filled in: ours, the seed's, or a common one."""
    if field is Field.NEXT_HOP and _MENTION.fullmatch(value):
        return False
    if field is Field.PAYLOAD_PATH and _ANGLES.search(value):
        return True
    return _PLACEHOLDER.fullmatch(value) is not None


def shown(value: str) -> str:
    """Quote input in a notice: one line, short, as code, without what could ping or end the quotation."""
    plain = "".join(char if char.isprintable() and char != "`" else "·" for char in value[: _SHOWN + 1])
    return f"`{plain[:_SHOWN]}…`" if len(plain) > _SHOWN else f"`{plain}`"


def _read_task(value: str) -> str | Fault:
    if len(value) > TASK_ID_LIMIT:
        return Fault(Code.TASK_TOO_LONG, f"the task id has more than {TASK_ID_LIMIT} characters", "use the short id")
    if _TASK.fullmatch(value):
        return value
    bare = re.sub(r"^[\[({<:=\s-]+|[\])}>\s]+$", "", value)
    mended = bare if _TASK.fullmatch(bare) else None
    return Fault(
        Code.TASK_CHARACTERS,
        f"{shown(value)} has characters that a task id cannot have",
        f"write {shown(mended)}" if mended else "use letters, digits and - . _ ~ : / # @ + = % ? only, without spaces",
        mended,
    )


def _read_state(value: str) -> str | Fault:
    if value in PacketState.__members__:
        return value
    named = {word for word in re.findall(r"[A-Z_]+", value) if word in PacketState.__members__}
    if len(named) > 1:
        return Fault(Code.STATE_SEVERAL, f"{shown(value)} names several states", "keep the one that holds now")
    mended = named.pop() if named else _nearest_state(value)
    return Fault(
        Code.STATE_UNKNOWN,
        f"{shown(value)} is not a state",
        f"write {mended}" if mended else f"write {NEED[Field.CURRENT_STATE]}",
        mended,
    )


def _nearest_state(value: str) -> str | None:
    compact = re.sub("[^A-Z0-9]", "", value.upper()[:VALUE_LIMIT])
    for state in PacketState:
        target = state.value.replace("_", "")
        if within(compact, target, 2):
            return state.value
    return None


def _read_path(value: str) -> str | Fault:
    value = _HTTPS_CASE.sub("https://", value)
    fault = _path_form(value) or _path_characters(value)
    return fault or value


def _path_form(value: str) -> Fault | None:
    """The fault of a path's beginning, if any. `C:/x` has the form of machine:/path, hence drives come first."""
    drive = _DRIVE.match(value)
    if drive or value.startswith("\\\\"):
        return _windows(value)
    scheme = _SCHEME.match(value)
    if scheme and (scheme[1].lower() in _SCHEME_NAMES or scheme[0].endswith("//")):
        return None if _HTTPS.match(value) else _other_scheme(value, scheme)
    if value.startswith("/") or _MACHINE.match(value):
        return None
    bare = re.sub(r"^[\[({:=\s-]+|[\])}\s]+$", "", value)
    right = bare != value and _path_form(bare) is None
    return Fault(
        Code.PATH_NOT_ABSOLUTE,
        f"{shown(value)} is not an absolute path",
        f"write {shown(bare)}" if right else f"write {NEED[Field.PAYLOAD_PATH]}; other machines read it too",
        bare if right else None,
    )


def _windows(value: str) -> Fault:
    slashed = value.replace("\\", "/")
    if slashed.startswith("//"):
        machine, _, rest = slashed.lstrip("/").partition("/")
        mended = f"{machine}:/{rest}"
    else:
        mended = f"/{slashed}"
    return Fault(
        Code.PATH_WINDOWS,
        f"{shown(value)} is a Windows path, which names a drive but no machine",
        f"write {shown(mended)}, better with the machine in front: machine:{'/C:/path'}",
        mended if _path_characters(mended) is None and _path_form(mended) is None else None,
    )


def _other_scheme(value: str, scheme: re.Match[str]) -> Fault:
    name, rest = scheme[1].lower(), value[scheme.end() :]
    if name in {"http", "https"}:
        mended = f"https://{rest}"
    elif name == "file" and scheme[0].endswith("//") and not scheme[0].endswith("///"):
        mended = rest.replace("/", ":/", 1)
    else:
        mended = f"/{rest}" if name == "file" else ""
    right = mended and _path_form(mended) is None and _path_characters(mended) is None
    return Fault(
        Code.PATH_SCHEME,
        f"{shown(value)} is neither a path nor an https:// address",
        f"write {shown(mended)}" if right else f"write {NEED[Field.PAYLOAD_PATH]}",
        mended if right else None,
    )


def _path_characters(value: str) -> Fault | None:
    if len(value) > PATH_LIMIT:
        return Fault(
            Code.PATH_TOO_LONG, f"the path has more than {PATH_LIMIT} characters", "use a shorter path or link"
        )
    link = value.startswith("https://")
    if not is_plain(value) or _PATH_FORBIDDEN.search(value) or has_entity(value) or (link and " " in value):
        return Fault(
            Code.PATH_CHARACTERS,
            f"{shown(value)} has characters that a path cannot have here",
            'leave out < > | " * ` \\ and control characters; in an address write %20 for a space',
        )
    return None


def _read_hop(value: str, known: Known) -> str | Fault:
    if value == DONE:
        return DONE
    if _MENTION.fullmatch(value) or value in known.mentions:
        return _read_mention(value, known)
    if _AT_HANDLE.fullmatch(value):
        return _known_hop(value[1:].lower(), known)
    return _hop_fault(value, known)


def _read_mention(value: str, known: Known) -> str | Fault:
    """A platform's form of a mention: by the caller's map, or by a label that is itself a known handle."""
    bare = re.sub(r"\|[^<>]*>$", ">", value)
    for form in (value, bare, bare.replace("<@!", "<@")):
        handle = known.mentions.get(form)
        if handle is not None:
            handle = handle.removeprefix("@").lower()
            return handle if _HANDLE.fullmatch(handle) else _not_a_handle(value)
    mention = _MENTION.fullmatch(value)
    label = ((mention and mention[1]) or "").strip().removeprefix("@").lower()
    if label and _HANDLE.fullmatch(label) and (known.handles is None or label in known.handles):
        return label
    return Fault(
        Code.HOP_MENTION_UNKNOWN,
        f"{shown(value)} mentions an account that belongs to no member here",
        "write the member's handle, such as @sam",
    )


def _known_hop(handle: str, known: Known) -> str | Fault:
    if handle == DONE.lower():
        return Fault(Code.HOP_NOT_A_HANDLE, "DONE is not a handle", "write DONE without @", DONE)
    if known.handles is None or handle in known.handles:
        return handle
    near = _near_handles(handle, known.handles)
    meant = ", ".join(f"@{name}" for name in near[:3])
    return Fault(
        Code.HOP_UNKNOWN,
        f"nobody here has the handle {shown('@' + handle)}",
        f"did you mean {meant}?" if near else "write the handle of a member, or DONE",
        near[0] if len(near) == 1 else None,
    )


def _near_handles(handle: str, handles: Collection[str]) -> list[str]:
    if len(handles) > _HANDLE_SEARCH_LIMIT:
        return []
    edits = 1 if len(handle) < 5 else 2  # noqa: PLR2004 - two edits make any name of four another name
    near = {edit: sorted(name for name in handles if within(handle, name, edit)) for edit in (1, edits)}
    return near[1] or near[edits]


def _hop_fault(value: str, known: Known) -> Fault:
    hops = _HOPS.findall(value)
    if len(hops) > 1:
        return Fault(Code.HOP_SEVERAL, f"{shown(value)} names several hops", "keep the one who acts next")
    if hops:
        return _not_a_handle(value, _recovered(hops[0], known))
    bare = value.strip("[](){}<>@:=- \t")
    if bare.upper() == DONE:
        return _not_a_handle(value, DONE)
    mended = _recovered(f"@{bare}", known)
    if "@" in value:
        return _not_a_handle(value, mended)
    if mended is None:
        return _not_a_handle(value)
    return Fault(Code.HOP_WITHOUT_AT, f"{shown(value)} lacks the @ of a handle", f"write @{mended}", mended)


def _recovered(hop: str, known: Known) -> str | None:
    """The one handle (or DONE) meant by part of a value, if it reads right alone or is one known handle's near miss."""
    if hop == DONE:
        return DONE
    hop = hop.rstrip(".-")
    if not (_AT_HANDLE.fullmatch(hop) or _MENTION.fullmatch(hop)):
        near = _near_handles(hop[1:].lower(), known.handles or ())
        return near[0] if len(near) == 1 else None
    handle = _read_hop(hop, known)
    return handle.mended if isinstance(handle, Fault) else handle


def _not_a_handle(value: str, mended: str | None = None) -> Fault:
    right = mended if mended in {None, DONE} else f"@{mended}"
    return Fault(
        Code.HOP_NOT_A_HANDLE,
        f"{shown(value)} is not one handle",
        f"write {right}" if right else f"write {NEED[Field.NEXT_HOP]}",
        mended,
    )
