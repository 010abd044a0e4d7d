"""An adapter on the scripted Twilio, or on the emulator, for the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.services.scripted_twilio import ACCOUNT, ANA, CHANNEL, OURS, PUBLIC, TOKEN, ScriptedTwilio
from tieline.model.delivery import Endpoint, Frame
from tieline.ports.adapter import AdapterContext, Outgoing
from tieline.ports.clock import SystemClock
from tieline.render.segments import count
from tieline.testing.session import RecordingSession
from tieline_sms.adapter import SmsAdapter, create

SETTINGS: dict[str, object] = {"account_sid": ACCOUNT, "auth_token": TOKEN, "from": OURS}


def make(twilio: ScriptedTwilio, *, public_url: str | None = PUBLIC, **settings: object) -> SmsAdapter:
    """An adapter, not connected; its routes stand where Twilio posts."""
    merged = {**SETTINGS, "api_url": twilio.url, **settings}
    context = AdapterContext(channel=CHANNEL, settings=merged, clock=SystemClock(), public_url=public_url)
    adapter = create(context)
    twilio.adapter = adapter
    return adapter


@asynccontextmanager
async def connected(adapter: SmsAdapter) -> AsyncIterator[RecordingSession]:
    session = RecordingSession()
    await adapter.connect(session)
    try:
        yield session
    finally:
        await adapter.disconnect()


def outgoing(text: str, to: str = ANA, *, delivery: str = "dlv_1", **fields: Any) -> Outgoing:
    """One frame to a number."""
    values: dict[str, Any] = {
        "key": f"{delivery}:0",
        "delivery_id": delivery,
        "endpoint": Endpoint(channel=CHANNEL, conversation=to),
        "frame": Frame(text=text, index=0, total=1, units=count(text)),
        "author": None,
        **fields,
    }
    return Outgoing(**values)
