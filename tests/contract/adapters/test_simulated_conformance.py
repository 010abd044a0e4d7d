"""The simulated platforms fulfil the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tests.contract.adapters.simulated_contract import SimulatedContract

NAMED = {"ADP-023": "the pane names the author above every message, though the platform would not"}


class TestSimulatedSlack(SimulatedContract):
    """Slack's rendering and parsing, without Slack."""


class TestSimulatedDiscord(SimulatedContract):
    """Discord."""

    plays: ClassVar[str] = "discord"


class TestSimulatedEmail(SimulatedContract):
    """E-mail."""

    plays: ClassVar[str] = "email"
    exceptions: ClassVar[Mapping[str, str]] = NAMED


class TestSimulatedSms(SimulatedContract):
    """SMS."""

    plays: ClassVar[str] = "sms"
    exceptions: ClassVar[Mapping[str, str]] = NAMED
