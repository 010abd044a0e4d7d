from collections.abc import AsyncIterator

import pytest

from tests.contract.sms.sms_making import connected, make
from tests.services.scripted_twilio import ScriptedTwilio, scripted
from tieline.testing.session import RecordingSession
from tieline_sms.adapter import SmsAdapter


@pytest.fixture
async def twilio() -> AsyncIterator[ScriptedTwilio]:
    """Our own Twilio, with the hub's routes beside it."""
    async with scripted() as server:
        yield server


@pytest.fixture
def adapter(twilio: ScriptedTwilio) -> SmsAdapter:
    """With webhooks."""
    return make(twilio)


@pytest.fixture
async def session(adapter: SmsAdapter) -> AsyncIterator[RecordingSession]:
    """Of the connected adapter."""
    async with connected(adapter) as opened:
        yield opened
