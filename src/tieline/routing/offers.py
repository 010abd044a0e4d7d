"""What messages offer their readers to do. Pure. Next stop: :mod:`tieline.routing.interactions` does it."""

from __future__ import annotations

from typing import Final

from tieline.model.actions import Action, ActionStyle

ACK: Final = "ack"


def alert_actions(message_id: str) -> tuple[Action, ...]:
    """What an alert offers."""
    return (Action(name=ACK, label="Acknowledge", target=message_id, style=ActionStyle.PRIMARY),)
