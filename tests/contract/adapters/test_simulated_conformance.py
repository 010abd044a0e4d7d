"""The simulated platforms fulfil the contract."""

from __future__ import annotations

from typing import ClassVar

from tests.contract.adapters.simulated_contract import SimulatedContract


class TestSimulatedSlack(SimulatedContract):
    """Slack's rendering and parsing, without Slack."""


class TestSimulatedDiscord(SimulatedContract):
    """Discord."""

    plays: ClassVar[str] = "discord"


class TestSimulatedEmail(SimulatedContract):
    """E-mail."""

    plays: ClassVar[str] = "email"


class TestSimulatedSms(SimulatedContract):
    """SMS."""

    plays: ClassVar[str] = "sms"
