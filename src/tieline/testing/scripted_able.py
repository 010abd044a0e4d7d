"""The scripted adapter with everything that only some platforms have: the kit's reference for it.

Rule: as :mod:`tieline.testing.scripted_adapter`, one call to the platform for each question. The plain one stays
without these abilities, so that a fault test meets no calls but its own.
Next stop: :mod:`tieline.testing.scripted_contract`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import ClassVar, Final

import msgspec

from tieline.model.attachments import FileSource
from tieline.model.capabilities import AttachmentSupport, Capabilities, Support
from tieline.model.delivery import Part
from tieline.model.inbound import NativeAuthor
from tieline.ports.abilities import NativeState
from tieline.ports.adapter import Manifest
from tieline.testing.scripted import US
from tieline.testing.scripted_adapter import CAPABILITIES, MANIFEST, ScriptedAdapter

ABLE: Final = msgspec.structs.replace(
    CAPABILITIES,
    attachment=AttachmentSupport(level=Support.FULL, with_text=True, per_message=3),
    inbound_attachment=True,
    buttons=Support.FULL,
    direct=Support.FULL,
)


class AbleScriptedAdapter(ScriptedAdapter):
    """One connection, with the abilities Directs, Fetches and Surveys."""

    declared: ClassVar[Capabilities] = ABLE

    async def direct(self, native_id: str) -> str:
        """The conversation with one person."""
        return (await self._call("open", native_id, {}))["id"]

    async def fetch(self, source: FileSource) -> AsyncIterator[bytes]:
        """A shared file's bytes."""
        fields = {"id": source.native_id, "name": source.file.name}
        yield bytes.fromhex((await self._call("fetch", source.conversation, fields))["data"])

    async def survey(self, conversation: str, parts: Sequence[Part]) -> Sequence[NativeState]:
        """How these messages are now; asked for one by one."""
        states = []
        for part in parts:
            body = await self._call("state", conversation, {"id": part.native_id})
            if body["there"]:
                set_by = [entry.partition(" ")[::2] for entry in body["reactions"].split("|") if entry]
                people = [
                    (emoji, NativeAuthor(native_id=who, display=who.title())) for emoji, who in set_by if who != US
                ]
                states.append(NativeState(native_id=part.native_id, reactions=tuple(people)))
        return states


ABLE_MANIFEST: Final[Manifest] = msgspec.structs.replace(
    MANIFEST, factory="tieline.testing.scripted_able:AbleScriptedAdapter"
)
