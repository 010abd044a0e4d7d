"""Pictures and files that people sent: fetched from Twilio, with the account's credential.

Rule: only Twilio's own hosts are asked, through the port that guards all fetching; the credential goes to its
API, never to where that redirects. Not promised: a file that Twilio deleted. Next stop: the hub keeps the bytes.

Source: Twilio, "Media resource".
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import aiohttp

from tieline.errors import Permanent
from tieline.model.attachments import FileSource
from tieline.ports.fetching import Fetcher
from tieline_sms.client import API
from tieline_sms.config import Settings

FILE_MAX: Final = 100 * 1024 * 1024
"""Bytes; WhatsApp's documents are the largest."""
_HOSTS: Final = ("api.twilio.com", "mms.twiliocdn.com", "media.twiliocdn.com")
_STORAGE: Final = ".amazonaws.com"


async def fetch(fetcher: Fetcher, settings: Settings, source: FileSource) -> AsyncIterator[bytes]:
    """The file's bytes, in pieces. Raises DeliveryError while it is iterated."""
    url = source.file.url
    if url is None:
        raise Permanent("file_gone", "it is not known where it stands")
    user, secret = settings.api_key or settings.account_sid, settings.api_secret or settings.auth_token or ""
    ours = aiohttp.encode_basic_auth(user, secret)
    headers = {"Authorization": ours} if url.startswith((f"{API}/", f"{settings.api_url or API}/")) else {}
    async for piece in fetcher.get(url, limit=FILE_MAX, headers=headers, allow=_is_twilios):
        yield piece


def _is_twilios(host: str) -> bool:
    return host in _HOSTS or host.endswith(_STORAGE)
