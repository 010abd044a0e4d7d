"""The commands that coordination decides, and what the actions of its messages do."""

from __future__ import annotations

from typing import Final

from tieline.coordination import alerts, ladder
from tieline.model.commands import AnswerAlert, ClimbOn, RaiseAlert
from tieline.ports.deciding import Deciders, Rule
from tieline.routing.hearing import Acts

ACTS: Final[Acts] = {alerts.ACK: alerts.pressed_ack, alerts.CLOSE: alerts.pressed_close}
"""What the actions do."""


def deciders() -> Deciders:
    """All commands that coordination decides; ``bootstrap`` joins them with the others'."""
    return {
        RaiseAlert: Rule(alerts.raise_alert, recalled=alerts.recall),
        AnswerAlert: Rule(alerts.answer),
        ClimbOn: Rule(ladder.climb_on),
    }
