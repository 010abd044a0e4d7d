"""What lanes and the API need of the supervisor of channels.

Rule: a channel that cannot send now answers None, and says so in its health; nobody who waits for it polls, it tells
its listeners. Not promised: that an adapter which was usable a moment ago still is; every call may fail.
Next stop: :mod:`tieline.plugins.supervisor` keeps it, :mod:`tieline.routing.lane` and ``tieline.api`` ask it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from tieline.model.channels import ChannelHealth
from tieline.model.delivery import Fault
from tieline.ports.adapter import ChannelAdapter


class OnDoubt(StrEnum):
    """What becomes of a send that may have happened and cannot be looked up (class C of the delivery promises)."""

    RESEND = "resend"
    """Send it again: it may be shown twice. For chat."""
    HOLD = "hold"
    """Hold it until a person decides. Where a message costs or disturbs."""


ChannelListener = Callable[[str], None]
"""Called with the name of a channel, on the loop, after something about it changed. Must not block nor raise."""


class Channels(Protocol):
    """The channels of this hub, as they are now. All synchronous, from memory."""

    def adapter(self, channel: str) -> ChannelAdapter | None:
        """The adapter to send through; None while the channel is unknown, down, paused or stopped."""
        ...

    def known(self, channel: str) -> ChannelAdapter | None:
        """The channel's adapter, connected or not: for previews and routes; None: no such channel."""
        ...

    def on_doubt(self, channel: str) -> OnDoubt:
        """What to do with a send in doubt on this channel."""
        ...

    def health(self) -> Sequence[ChannelHealth]:
        """Health of every configured channel, by name."""
        ...

    def report(self, channel: str, fault: Fault | None, *, stops: bool = False, retry_at: int | None = None) -> None:
        """A lane tells what it met; ``stops``: a person must mend it, nothing more is sent until then.

        None clears what was reported with ``stops=False`` before. ``retry_at`` in milliseconds, where sending goes on
        by itself. Idempotent; unknown channels are passed over.
        """
        ...

    def subscribe(self, listener: ChannelListener) -> Callable[[], None]:
        """Add a listener; the answer removes it."""
        ...
