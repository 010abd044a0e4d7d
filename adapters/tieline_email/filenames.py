"""Names of files, as mails tell them: made harmless, or made up. Pure, total.

Rules: a name is one step of a path, never more; it has nothing that a file system or a header cannot hold, and no sign
that turns the direction of reading (``gpj.exe``). Not promised: that the name tells what is in the file.
Next stop: :mod:`tieline_email.mime`.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from typing import Final

from tieline.render.normal import clean

_BYTES: Final = 120
_EXTENSION: Final = 10
_UNNAMABLE: Final = re.compile(r"[\\/:*?\"<>|\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")
_NAMES: Final[Mapping[str, str]] = {
    "text/calendar": "invite.ics",
    "application/ics": "invite.ics",
    "application/ms-tnef": "winmail.dat",
    "application/pgp-signature": "signature.asc",
    "application/pgp-encrypted": "version.asc",
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-signature": "smime.p7s",
    "message/rfc822": "message.eml",
}


def filename(name: str) -> str:
    """A file's name without folders and without what no file system takes; empty where nothing is left."""
    name = _UNNAMABLE.sub("_", clean(name.replace("\\", "/").rpartition("/")[2])).replace("\n", " ").strip(" ._")
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > _EXTENSION:
        stem, extension = name, ""
    room = _BYTES - len(extension.encode()) - 1
    stem = stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore").strip()
    return f"{stem}.{extension}" if extension else stem


def usual_name(mime: str, path: str) -> str:
    """A name for a file that has none, by its type."""
    return _NAMES.get(mime) or f"part-{path}{mimetypes.guess_extension(mime) or '.bin'}"
