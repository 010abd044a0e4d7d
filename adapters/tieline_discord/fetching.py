"""Files that people attached: fetched from Discord's CDN, by an address that is asked for anew where it expired.

Rule: only Discord's own hosts are asked, through the port that guards all fetching; a stand-in on this machine only
where the configuration names one. Not promised: a file whose message is gone. Next stop: the hub keeps the bytes.

Source: docs.discord.com, "Signed Attachment CDN URLs".
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final

from tieline.errors import Permanent
from tieline.model.attachments import FileSource
from tieline.ports.fetching import Fetcher
from tieline_discord import ids
from tieline_discord.calls import Calls
from tieline_discord.config import MOST_FILE
from tieline_discord.shapes import mapping, sequence, text

_HOSTS: Final = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
_CHANNEL: Final = re.compile(r"/(?:ephemeral-)?attachments/(\d{2,20})/")
_EXPIRED: Final = frozenset({"no_access", "file_gone"})


async def fetch(fetcher: Fetcher, calls: Calls, source: FileSource) -> AsyncIterator[bytes]:
    """The file's bytes, in pieces. Raises DeliveryError while it is iterated."""
    url = source.file.url or await _fresh(calls, source)
    begun = False
    try:
        async for piece in fetcher.get(url, limit=MOST_FILE, allow=_HOSTS.__contains__):
            begun = True
            yield piece
    except Permanent as error:
        if begun or error.code not in _EXPIRED:
            raise
    else:
        return
    fresh = await _fresh(calls, source)
    async for piece in fetcher.get(fresh, limit=MOST_FILE, allow=_HOSTS.__contains__):
        yield piece


async def _fresh(calls: Calls, source: FileSource) -> str:
    """The file's address as its message has it now. Raises DeliveryError."""
    found = _CHANNEL.search(source.file.url or "")
    channel = found[1] if found else source.conversation
    if not (ids.is_id(channel) and ids.is_id(source.native_id)):
        raise Permanent("file_gone", "it is not known where it stands")
    message = mapping(await calls.read(f"/channels/{channel}/messages/{source.native_id}"))
    snapshots = (mapping(mapping(one).get("message")) for one in sequence(message.get("message_snapshots")))
    for said in (message, *snapshots):
        for attachment in map(mapping, sequence(said.get("attachments"))):
            if text(attachment, "id") == source.file.id and text(attachment, "url"):
                return text(attachment, "url")
    raise Permanent("file_gone", "its message no longer has it")
