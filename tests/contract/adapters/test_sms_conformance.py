"""The adapter for phones fulfils the contract, with webhooks and by polling."""

from __future__ import annotations

from tests.contract.adapters.sms_contract import PollingSmsContract, SmsContract


class TestSms(SmsContract):
    """On a scripted Twilio that posts."""


class TestPollingSms(PollingSmsContract):
    """On a scripted Twilio that cannot reach us."""
