"""Sending: one frame is one request, and what is known about it afterwards.

Rule: no retries (law 2). Twilio keeps no key of ours, so a send in doubt is looked up by who got which text when; a
text that another send of ours is known to have made is never taken for it. Not promised: telling two such texts apart
where both sends are in doubt. Who said STOP is reported as such before the lane hears of it.
Next stop: the lane reads the outcome; :mod:`tieline_sms.wire` hears what became of it later.

Sources: Twilio, "Messages resource" (Body, ValidityPeriod, StatusCallback, ContentSid, ContentVariables).
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from tieline.errors import OptedOut, Permanent
from tieline.model.inbound import InboundConsent
from tieline.ports.adapter import AdapterContext, Outgoing, Sent
from tieline_sms import errors, ids, inbound, render
from tieline_sms.client import Api, Json
from tieline_sms.config import Settings
from tieline_sms.shapes import text
from tieline_sms.window import Window

Refusals = Callable[[InboundConsent], None]

_SKEW: Final = 120
"""Seconds that Twilio's clock may differ from ours."""
_MOST: Final = 2000
_SPACE: Final = re.compile(r"\s+")
_TEMPLATE_MAX: Final = 1000
"""Characters of a template's variable; WhatsApp takes 1,024 for the whole."""


class Outbound:
    """Sends the texts of one channel."""

    def __init__(self, api: Api, settings: Settings, context: AdapterContext, window: Window) -> None:
        self._api = api
        self._settings = settings
        self._context = context
        self._window = window
        self._sent: OrderedDict[str, str] = OrderedDict()
        """Key to id, of the last sends."""

    async def send(self, outgoing: Outgoing, refused: Refusals) -> Sent:
        """Make one message. ``refused`` hears of a receiver who wants none. Raises DeliveryError."""
        conversation = outgoing.endpoint.conversation
        said = self._body(outgoing)
        fields = {**self._address(conversation, outgoing.delivery_id), **await self._what(conversation, said)}
        try:
            sid = await self._api.create(fields)
        except OptedOut:
            refused(inbound.refused_by(conversation, f"{outgoing.key}:{errors.OPTED_OUT}"))
            raise
        self._remember(outgoing.key, sid)
        return Sent(native_id=sid)

    async def answer(self, conversation: str, said: str) -> None:
        """Answer a command where it was written: a text that no delivery stands for. Raises DeliveryError."""
        await self._api.create({**self._address(conversation, None), "body": said[: render.BODY_MAX]})

    async def look_up(self, outgoing: Outgoing, since: int) -> Sent | None:
        """The text that a send made after ``since`` (milliseconds); None: there is none. Raises DeliveryError."""
        known = self._sent.get(outgoing.key)
        if known is not None:
            return Sent(native_id=known)
        after = self._api.of(since) - _SKEW
        own, conversation = self._settings.own, outgoing.endpoint.conversation
        said = _even(self._body(outgoing))
        records = await self._api.messages(to=own.there(conversation), sender=own.address, since=after)
        taken = set(self._sent.values())
        for record in reversed(records):
            sid = text(record, "sid")
            if sid and sid not in taken and inbound.is_outbound(record) and self._is_it(record, said, after):
                self._remember(outgoing.key, sid)
                return Sent(native_id=sid)
        return None

    def twilios(self, ours: int) -> int:
        """Milliseconds of our clock as seconds of Twilio's."""
        return self._api.of(ours)

    def _is_it(self, record: Json, said: str, after: int) -> bool:
        told = _even(text(record, "body"))
        is_same = told == said or (bool(self._settings.content_sid) and bool(said) and said[:_TEMPLATE_MAX] in told)
        made = inbound.seconds_of(record)
        return is_same and (made == 0 or made >= after)

    def _address(self, conversation: str, delivery_id: str | None) -> dict[str, object]:
        own, public_url = self._settings.own, self._context.public_url
        fields: dict[str, object] = {"to": own.there(conversation), "validity_period": self._settings.validity}
        fields |= {"messaging_service_sid": own.service} if own.service else {"from_": own.address}
        if public_url and self._settings.auth_token and delivery_id:
            fields["status_callback"] = ids.callback_url(public_url, self._context.channel, delivery_id)
        if own.is_whatsapp(conversation):
            del fields["validity_period"]
        return fields

    async def _what(self, conversation: str, said: str) -> Mapping[str, object]:
        """The text, or on WhatsApp outside the window the template with the text in it."""
        own = self._settings.own
        if not own.is_whatsapp(conversation) or await self._window.is_open(conversation, own, self._api):
            return {"body": said}
        if self._settings.content_sid is None:
            raise Permanent(errors.WINDOW, "they did not write within 24 hours", fix=errors.WINDOW_MEND)
        variables = json.dumps({"1": _even(said)[:_TEMPLATE_MAX]})
        return {"content_sid": self._settings.content_sid, "content_variables": variables}

    def _body(self, outgoing: Outgoing) -> str:
        return render.body(outgoing, whatsapp=self._settings.own.is_whatsapp(outgoing.endpoint.conversation))

    def _remember(self, key: str, sid: str) -> None:
        self._sent[key] = sid
        while len(self._sent) > _MOST:
            self._sent.popitem(last=False)


def _even(said: str) -> str:
    """A text as one line: a template takes no line breaks, and providers trim."""
    return _SPACE.sub(" ", said).strip()
