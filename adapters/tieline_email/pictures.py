"""Pictures that stand in what was cut: the logo of a signature, what a quoted mail showed. Pure.

Rule: such a picture is no file of the message, else a logo would be posted with every reply. It is left out only where
it surely stands in a quotation or signature of the HTML and nowhere in the reply; what is an attachment always stays.
How: each picture is given a word in its place, and it is seen where the word is after the cutting.
Not promised: a picture left out is still in the mailbox, not in the hub. Next stop: :mod:`tieline_email.inbound`.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from tieline_email import replies
from tieline_email.mime import Mail

_IMAGE: Final = re.compile(r"<img\b[^<>]{0,3000}>", re.IGNORECASE)
_CID: Final = re.compile(r"""\bsrc\s{0,9}=\s{0,9}["']?cid:([^"'\s<>]{1,300})""", re.IGNORECASE)
_WORD: Final = "tielinepicture{}end"


def cut(mail: Mail) -> frozenset[str]:
    """Ids of the files that stand only in what was cut."""
    if not mail.inline or not mail.html:
        return frozenset()
    ids = dict(mail.inline)
    words = {name: _WORD.format(number) for number, name in enumerate(ids)}

    def word(found: re.Match[str]) -> str:
        named = _CID.search(found.group())
        return f" {words.get(unquote(named.group(1)), '')} " if named else ""

    stripped = replies.strip_html(_IMAGE.sub(word, mail.html))
    gone = stripped.rest + stripped.signature
    return frozenset(ids[name] for name, said in words.items() if said in gone and said not in stripped.reply)
