"""Slack's file objects, read; and what may be asked for them. Pure and total.

Rule: a file that Slack keeps comes with what is needed to fetch it later; one that Slack does not hand out (stored
elsewhere, hidden by the plan's limit, deleted, not ours to see) is a line in the text that says so, with its address.
An address is used, and the token shown to it, only where it is Slack's own.
Next stop: :mod:`tieline_slack.downloads` fetches, :mod:`tieline_slack.uploads` sends.

Source: docs.slack.dev, "File object" and "Working with files"; ``file_access: check_file_info`` of Slack Connect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from tieline.model.attachments import NativeFile
from tieline.model.content import Block, Hyperlink, Inline, Paragraph, Text
from tieline.ports.addresses import is_loopback
from tieline_slack import ids
from tieline_slack.shapes import flag, mapping, number, sequence, text

_MOST: Final = 100
_DENIED: Final = frozenset({"access_denied", "file_not_found", "not_visible"})
_WHY: Final[Mapping[str, str]] = {
    "external": "stored outside Slack",
    "tombstone": "deleted",
    "hidden_by_limit": "hidden by the limit of the workspace's plan",
    "quip": "a canvas, to be read in Slack",
    "canvas": "a canvas, to be read in Slack",
    "docs": "a canvas, to be read in Slack",
    "space": "a post, to be read in Slack",
    "post": "a post, to be read in Slack",
    "list": "a list, to be read in Slack",
    "huddle_transcript": "a transcript, to be read in Slack",
}
_DENIED_WHY: Final = "the app may not see it"


def read(message: Mapping[str, object]) -> tuple[NativeFile, ...]:
    """The files of a message that can be fetched."""
    return tuple(native(file) for file in _files(message) if not why_not(file))


def lost(message: Mapping[str, object]) -> tuple[Block, ...]:
    """A line for each file that cannot be had."""
    return tuple(Paragraph(children=_line(file, why)) for file in _files(message) if (why := why_not(file)))


def listed(message: Mapping[str, object]) -> tuple[tuple[str, str, str], ...]:
    """Id, name and what there is against each file: two messages that list the same carry the same files."""
    return tuple((text(file, "id"), name_of(file), why_not(file)) for file in _files(message))


def native(file: Mapping[str, object]) -> NativeFile:
    """A file that can be fetched; without an address where ``files.info`` has to be asked for it."""
    name = name_of(file)
    return NativeFile(
        id=text(file, "id"),
        name=name,
        mime=text(file, "mimetype"),
        size=number(file, "size") if number(file, "size") > 0 else None,
        url=address_of(file) or None,
        alt=text(file, "alt_txt"),
    )


def address_of(file: Mapping[str, object]) -> str:
    """Where its bytes are; empty where Slack does not say."""
    return text(file, "url_private_download") or text(file, "url_private")


def name_of(file: Mapping[str, object]) -> str:
    """Its name in one line; a snippet has a title at least."""
    return " ".join((text(file, "name") or text(file, "title")).split()) or "file"


def why_not(file: Mapping[str, object]) -> str:
    """Why a file cannot be fetched, for people; empty if it can."""
    mode, access = text(file, "mode"), text(file, "file_access")
    if mode in _WHY:
        return _WHY[mode]
    if flag(file, "is_external"):
        return _WHY["external"]
    if access in _DENIED or (mode == "file_access" and access != "check_file_info"):
        return _DENIED_WHY
    return "" if text(file, "id") else "Slack does not say where it is"


def share(file: Mapping[str, object], conversation: str) -> str:
    """The newest message of a conversation in which a file is shown: its ``ts``, or an empty string."""
    stamps = [
        text(mapping(one), "ts")
        for places in mapping(file.get("shares")).values()
        for one in sequence(mapping(places).get(conversation))
    ]
    return max((ts for ts in stamps if ids.order(ts) > (0, 0)), key=ids.order, default="")


def is_slacks(url: str) -> bool:
    """True where an address is one of Slack's own hosts, over https."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and port in {None, 443} and is_slacks_host(host) and "@" not in parts.netloc


def is_slacks_host(host: str) -> bool:
    """``files.slack.com``, a workspace's own host, ``slack.com`` itself."""
    name = host.lower().rstrip(".")
    return name == "slack.com" or name.endswith(".slack.com")


def is_home(url: str) -> bool:
    """True where an address is on this machine: a stand-in's."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host == "localhost" or is_loopback(host)


def _files(message: Mapping[str, object]) -> list[Mapping[str, object]]:
    return [file for file in map(mapping, sequence(message.get("files"))[:_MOST]) if file]


def _line(file: Mapping[str, object], why: str) -> tuple[Inline, ...]:
    name, url = name_of(file), text(file, "permalink") or text(file, "external_url")
    safe = url.startswith(("https://", "http://"))
    shown: Inline = Hyperlink(url=url, children=(Text(text=name),)) if safe else Text(text=name)
    return (Text(text="["), shown, Text(text=f": {why}]"))
