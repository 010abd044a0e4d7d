"""Events that speak of a message which is on its way: somebody answers before we know what we have sent.

Rule: an event that names a native message unknown to the hub waits while a send into its conversation is open or in
doubt, because that may be the one; then it is taken as it is. Its conversation waits with it, so that order is kept.
Not promised: more than :data:`PATIENCE`. Next stop: :class:`tieline.plugins.runner.Runner`, and catch-up.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tieline.model.commands import NOT_YET, ReceiveEvent
from tieline.model.delivery import DeliveryState, Endpoint
from tieline.model.outcome import Outcome, Refusal
from tieline.ports.clock import Clock
from tieline.ports.directory import Directory
from tieline.ports.hub import Hub
from tieline.ports.reading import Reader

PATIENCE: Final = 10.0
"""Seconds."""
_LOOK: Final = 0.05
_LONGEST: Final = 1.0
_OPEN: Final = frozenset({DeliveryState.SENDING, DeliveryState.UNCERTAIN})


def must_wait(outcome: object) -> bool:
    """Tell whether the hub asks to come again."""
    return isinstance(outcome, Refusal) and outcome.code == NOT_YET


async def after_sends(command: ReceiveEvent, hub: Hub, reader: Reader, directory: Directory, clock: Clock) -> Outcome:
    """Execute once the sends into the event's conversation are done. Raises what executing raises."""
    until, pause = clock.monotonic() + PATIENCE, _LOOK
    while clock.monotonic() < until and await _is_sending(command, reader, directory):
        await clock.sleep(pause)
        pause = min(_LONGEST, pause * 2)
        outcome = await hub.execute(command)
        if not must_wait(outcome):
            return outcome
    return await hub.execute(msgspec.structs.replace(command, final=True))


async def _is_sending(command: ReceiveEvent, reader: Reader, directory: Directory) -> bool:
    channel, conversation = command.channel, command.event.conversation
    endpoints = {Endpoint(channel=channel, conversation=conversation)} | {
        Endpoint(channel=channel, conversation=conversation, via=link.via)
        for link in directory.links_at(channel, conversation)
    }
    heads = [await reader.lane(endpoint.lane, 1) for endpoint in endpoints]
    return any(head and head[0].state in _OPEN for head in heads)
