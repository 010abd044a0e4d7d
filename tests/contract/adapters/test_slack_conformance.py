"""The Slack adapter fulfils the contract."""

from __future__ import annotations

from tests.contract.adapters.slack_contract import SlackContract


class TestSlack(SlackContract):
    """In Socket Mode, on a scripted Slack."""
